//! Straight to a host: its name, then TCP.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::net::TcpStream;
use url::Host;

use crate::trouble::Trouble;

/// One address of several: a broken IPv6 must leave time for IPv4.
const ADDRESS_TIMEOUT: Duration = Duration::from_secs(8);
/// Lead of one address over the next (RFC 8305 §5).
const HEAD_START: Duration = Duration::from_millis(250);
/// A name with more addresses than this is tried at the first ones only.
const MOST_ADDRESSES: usize = 8;

/// Opens a TCP connection to the first address of a name that answers.
pub(super) async fn connect(host: &Host<String>, port: u16) -> Result<TcpStream, Trouble> {
    let addresses: Vec<SocketAddr> = match host {
        Host::Ipv4(ip) => vec![(*ip, port).into()],
        Host::Ipv6(ip) => vec![(*ip, port).into()],
        Host::Domain(name) => tokio::net::lookup_host((name.as_str(), port))
            .await
            .map_err(|error| {
                tracing::debug!(kind = %error.kind(), "name not found");
                Trouble::NameNotFound
            })?
            .take(MOST_ADDRESSES)
            .collect(),
    };
    first(addresses).await
}

/// The first of the addresses that answers; each has a lead over the next.
async fn first(addresses: Vec<SocketAddr>) -> Result<TcpStream, Trouble> {
    let mut addresses = addresses.into_iter();
    let mut attempts = FuturesUnordered::new();
    let mut trouble = Trouble::NameNotFound;
    loop {
        attempts.extend(addresses.next().map(attempt));
        let outcome = if addresses.len() == 0 {
            attempts.next().await
        } else {
            // Nothing yet: the next one begins beside it.
            let Ok(outcome) = tokio::time::timeout(HEAD_START, attempts.next()).await else { continue };
            outcome
        };
        match outcome {
            Some(Ok(stream)) => return Ok(stream),
            Some(Err(failed)) => trouble = failed,
            None => return Err(trouble),
        }
    }
}

async fn attempt(address: SocketAddr) -> Result<TcpStream, Trouble> {
    match tokio::time::timeout(ADDRESS_TIMEOUT, TcpStream::connect(address)).await {
        Ok(Ok(stream)) => {
            // Only a hint: pings are small.
            stream.set_nodelay(true).ok();
            Ok(stream)
        }
        Ok(Err(error)) => Err(Trouble::of(&error)),
        Err(_elapsed) => Err(Trouble::TimedOut),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn an_address_where_nobody_listens_leaves_the_others_their_turn() {
        let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let there = listener.local_addr().unwrap();
        assert_eq!(first(vec![gone, there]).await.unwrap().peer_addr().unwrap(), there);
        assert_eq!(first(vec![gone, gone]).await.unwrap_err(), Trouble::Refused);
        assert_eq!(first(Vec::new()).await.unwrap_err(), Trouble::NameNotFound);
    }
}
