//! Answers that nobody should give.

use std::io::Write as _;

use crate::Seed;

/// Beginnings of answers: a part of the path, and a status.
pub(crate) const HEADS: &[(&str, &str)] = &[
    ("", "raw"),
    ("system/ping", "200"),
    ("config/client", "200"),
    ("license/client", "200"),
    ("users/login", "raw"),
    ("users/login", "401"),
    ("users/logout", "500"),
    ("users/me", "200"),
    ("users/me/preferences", "200"),
    ("users/me/sessions", "200"),
    ("users/me/teams", "200"),
    ("teams/members", "200"),
    ("teams/unread", "200"),
    ("me/status", "200"),
    ("me/channels", "200"),
    ("channel_members", "200"),
    ("channel_members", "404"),
    ("north/channels", "200"),
    ("/members/me", "200"),
    ("channels/new", "200"),
    ("/posts", "200"),
    ("/thread?", "200"),
    ("/threads?", "200"),
    ("users/ids", "200"),
    ("users/ids", "429"),
    ("/image", "200"),
    ("mark_read", "404"),
    ("notify_props", "403"),
    ("calls/config", "200"),
    ("calls/channels", "200"),
    ("websocket", "raw"),
    ("websocket", "429"),
];

/// Lines of the head of an answer.
pub(crate) const LINES: &[&str] = &[
    "HTTP/1.1 200 OK\r\n",
    "HTTP/1.1 101 Switching Protocols\r\n",
    "HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n",
    "Content-Length: 2\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Content-Encoding: gzip\r\n",
    "Retry-After: 1\r\n",
    "Date: Tue, 23 Nov 2027 03:05:00 GMT\r\n",
    "Token: t\r\n",
    "X-Version-Id: 11.1.0\r\n",
    "WWW-Authenticate: Basic\r\n",
    "X-Reject-Reason: pre-auth\r\n",
    "Upgrade: websocket\r\nConnection: Upgrade\r\n",
];

/// What may stand where JSON should.
fn bodies() -> Vec<(&'static str, u16, Vec<u8>)> {
    let expired = r#"{"id":"api.context.session_expired.app_error","message":"over","status_code":401}"#;
    let mfa = r#"{"id":"api.context.mfa_required.app_error","status_code":403}"#;
    let strange = "{\"id\":\"\u{202E}evil\",\"message\":\"\u{1b}[31m\u{202E}\u{0}red\"}";
    let many = "9".repeat(400);
    let text = |name, status, body: &str| (name, status, body.as_bytes().to_vec());
    vec![
        text("empty", 200, ""),
        text("null", 200, "null"),
        text("list", 200, "[]"),
        text("object", 200, "{}"),
        text("number", 200, "7"),
        text("page", 200, "<!DOCTYPE html><html><body>Sign in to the network</body></html>"),
        text("cut", 200, r#"[{"id":"ops","type":"O"},{"id":"#),
        text("lines", 200, "{\"channel_id\":\"ops\",\"id\":\"ops\"}\nnull\n{"),
        text("deep", 200, &"[".repeat(4000)),
        text(
            "numbers",
            200,
            &format!("[{{\"id\":\"ops\",\"channel_id\":\"ops\",\"msg_count\":{many},\"total_msg_count\":-1e999}}]"),
        ),
        text("not-found", 404, r#"{"id":"api.context.404.app_error"}"#),
        text("none", 404, r#"{"id":"app.channel.get_channels.not_found.app_error"}"#),
        text("expired", 401, expired),
        text("mfa", 403, mfa),
        text("slow-down", 429, "limit exceeded\n"),
        text("gateway", 502, "<html>"),
        text("strange", 400, strange),
        text("moved", 302, ""),
        text("no-content", 204, ""),
        text("not-modified", 304, ""),
        ("not-utf8", 200, b"{\"id\":\"\xFF\xC3\x28\",\"username\":\"\xF0\x9F\x98\"}".to_vec()),
    ]
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    // Stored, not packed: a header, one block, and sums that nobody checks before the end.
    let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    let mut packed = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff, 1];
    packed.extend(length.to_le_bytes());
    packed.extend((!length).to_le_bytes());
    packed.extend(bytes);
    packed.extend([0; 8]);
    packed
}

/// Whole answers.
fn raw() -> Vec<(&'static str, Vec<u8>)> {
    let text = |name, text: &str| (name, text.as_bytes().to_vec());
    let mut packed = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n".to_vec();
    packed.write_all(&gzip(b"{}")).unwrap_or_default();
    vec![
        text("nothing", ""),
        text("noise", "\u{1}\u{2}\u{3}\u{4} nobody speaks this"),
        text("tls", "\u{16}\u{3}\u{1}\u{2}"),
        text("http09", "<html>"),
        text("status-line", "HTTP/1.1 200 OK\r\n"),
        text("no-status", "HTTP/1.1\r\n\r\n"),
        text("continue", &"HTTP/1.1 100 Continue\r\n\r\n".repeat(200)),
        text(
            "early-hints",
            "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        ),
        text(
            "long-header",
            &format!("HTTP/1.1 200 OK\r\nSet-Cookie: {}\r\nContent-Length: 2\r\n\r\n{{}}", "x".repeat(20_000)),
        ),
        text("many-headers", &format!("HTTP/1.1 200 OK\r\n{}\r\n{{}}", "A: b\r\n".repeat(300))),
        text("short", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}"),
        text("negative", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}"),
        text("two-lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}"),
        text("huge-length", "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n{}"),
        text("chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"),
        text("huge-chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n{}"),
        text("odd-chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}"),
        text("redirect-here", "HTTP/1.1 302 Found\r\nLocation: /api/v4/system/ping\r\nContent-Length: 0\r\n\r\n"),
        text(
            "redirect-odd",
            "HTTP/1.1 302 Found\r\nLocation: http://user:pass@[::1]:99999/\r\nContent-Length: 0\r\n\r\n",
        ),
        text("gzip-noise", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nnoise"),
        text("brotli", "HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 5\r\n\r\nnoise"),
        text("never", "HTTP/1.1 429 X\r\nRetry-After: 99999999999999999999\r\nContent-Length: 0\r\n\r\n"),
        text("much-later", "HTTP/1.1 429 X\r\nRetry-After: 18446744073709551615\r\nContent-Length: 0\r\n\r\n"),
        text("another-day", "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nContent-Length: 2\r\n\r\n{}"),
        text("another-age", "HTTP/1.1 200 OK\r\nDate: Fri, 31 Dec 9999 23:59:59 GMT\r\nContent-Length: 2\r\n\r\n[]"),
        text(
            "token",
            &format!(
                "HTTP/1.1 200 OK\r\nToken: {}\r\nContent-Length: 27\r\n\r\n{{\"id\":\"me\",\"username\":\"m\"}}\n",
                "t".repeat(9000)
            ),
        ),
        text("login", "HTTP/1.1 401 X\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n"),
        text("pre-auth", "HTTP/1.1 403 X\r\nX-Reject-Reason: pre-auth\r\nContent-Length: 0\r\n\r\n"),
        text("nginx", "HTTP/1.1 400 X\r\nContent-Length: 40\r\n\r\n400 No required SSL certificate was sent\n"),
        text(
            "switching",
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n",
        ),
        ("gzip", packed),
    ]
}

/// Each of them to every question, and a few where they hurt most.
pub(crate) fn hostile() -> Vec<Seed> {
    let mut seeds = Vec::new();
    let mut add = |name: String, path: &str, status: &str, body: &[u8]| {
        seeds.push((name, [path.as_bytes(), b" ", status.as_bytes(), b"\n", body].concat()));
    };
    for (name, status, body) in bodies() {
        add(format!("hostile-all-{name}"), "", &status.to_string(), &body);
        for path in ["users/me", "config/client", "channel_members", "/posts"] {
            let short = path.rsplit('/').next().unwrap_or_default();
            add(format!("hostile-{short}-{name}"), path, &status.to_string(), &body);
        }
    }
    for (name, answer) in raw() {
        add(format!("hostile-all-raw-{name}"), "", "raw", &answer);
        add(format!("hostile-websocket-raw-{name}"), "websocket", "raw", &answer);
    }
    add(
        "hostile-one-after-another".to_owned(),
        "users/me",
        "500",
        b"{}\x1eusers/me 401\n{\"id\":\"api.context.session_expired.app_error\"}\x1ewebsocket 502\n<html>",
    );
    seeds
}
