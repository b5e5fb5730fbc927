//! What the broker knows about one connection.

use std::net::{IpAddr, SocketAddr};

use super::sasl::{ANONYMOUS, Gate};

/// Which of the doors a client came through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listener {
    /// No login; everyone is `User:ANONYMOUS`.
    Plaintext,
    /// Login first.
    SaslPlaintext,
    /// TLS, then the same login.
    SaslSsl,
}

/// One connection, without its socket.
#[derive(Debug)]
pub struct Session {
    /// The door.
    pub listener: Listener,
    /// Our end of the connection: what clients are told as the broker's address, unless another is advertised.
    pub local: SocketAddr,
    /// The client's address as Java prints it, for ACLs and the audit line.
    pub host: String,
    /// How far the login has come.
    pub gate: Gate,
}

impl Session {
    /// A connection that was just accepted.
    pub fn new(listener: Listener, local: SocketAddr, peer: SocketAddr) -> Session {
        let gate = match listener {
            Listener::Plaintext => Gate::Authenticated { principal: ANONYMOUS.into() },
            Listener::SaslPlaintext | Listener::SaslSsl => Gate::Fresh { api_versions_answered: false },
        };
        Session { listener, local, host: java_address(peer.ip()), gate }
    }

    /// `User:name` once it is proved.
    pub fn principal(&self) -> Option<&str> {
        match &self.gate {
            Gate::Authenticated { principal } => Some(principal),
            _ => None,
        }
    }
}

/// An address as `InetAddress.getHostAddress` prints it: IPv6 in eight groups, nothing shortened.
fn java_address(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => address.segments().map(|group| format!("{group:x}")).join(":"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_read_as_in_java() {
        let text = |address: &str| java_address(address.parse().unwrap());
        assert_eq!(text("127.0.0.1"), "127.0.0.1");
        assert_eq!(text("::1"), "0:0:0:0:0:0:0:1");
        assert_eq!(text("::ffff:10.0.0.7"), "10.0.0.7");
        assert_eq!(text("2001:db8::ff"), "2001:db8:0:0:0:0:0:ff");
    }
}
