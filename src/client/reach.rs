//! Whether anything listens at all: a TCP connection and nothing more.

use std::time::Duration;

use tokio::net::TcpStream;

use super::failure::{Code, Failure, Kind};
use super::signals::unreachable;
use crate::error::Speaker;

/// Connects to the addresses one after the other; the first that accepts is enough. The failure carries the
/// operating system's words for the last address, such as `127.0.0.1:9094: Connection refused (os error 111)`.
pub async fn reach(bootstrap: &str, limit: Duration) -> Result<(), Failure> {
    let mut last = unreachable(format!("{bootstrap:?} holds no address"));
    for address in bootstrap.split(',').map(str::trim).filter(|address| !address.is_empty()) {
        match tokio::time::timeout(limit, TcpStream::connect(address)).await {
            Ok(Ok(_)) => return Ok(()),
            Ok(Err(error)) => last = system(address, &error),
            Err(_) => last = Failure::new(Kind::Unreachable, format!("{address}: no answer in {limit:?}")),
        }
    }
    Err(last)
}

fn system(address: &str, error: &std::io::Error) -> Failure {
    let mut failure = unreachable(format!("{address}: {error}"));
    failure.code = error.raw_os_error().map(|number| Code {
        who: Speaker::System,
        name: name_of(error.kind()).into(),
        number,
    });
    failure
}

/// The C name of the usual reasons; the operating systems number them differently.
fn name_of(kind: std::io::ErrorKind) -> &'static str {
    use std::io::ErrorKind as K;
    match kind {
        K::ConnectionRefused => "ECONNREFUSED",
        K::ConnectionReset => "ECONNRESET",
        K::HostUnreachable => "EHOSTUNREACH",
        K::NetworkUnreachable => "ENETUNREACH",
        K::TimedOut => "ETIMEDOUT",
        _ => "OS",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_open_port_is_enough_and_a_closed_one_says_why() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let open = listener.local_addr().unwrap().to_string();
        reach(&format!("127.0.0.1:1, {open}"), Duration::from_secs(5)).await.unwrap();
        drop(listener);
        let failure = reach(&open, Duration::from_secs(5)).await.expect_err("nobody listens now");
        assert_eq!(failure.kind, Kind::Unreachable);
        assert_eq!(failure.code.map(|code| code.name).as_deref(), Some("ECONNREFUSED"));
        assert!(failure.said.starts_with(&open));
    }
}
