//! What may stand between this computer and a server, with real parts: TLS with a made-up authority, an HTTP and a SOCKS
//! proxy, a web server in front that asks for something. REST and websockets must go the same way.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod certificates;
mod fronts;
mod parts;
mod proxies;
