//! Hosts as ACLs compare them: as text, in the form in which Java prints an address.

use std::net::IpAddr;

/// The text of a client's address, as in ACLs and audit lines: IPv6 is written out (`0:0:0:0:0:0:0:1`), an IPv4
/// address mapped into IPv6 is IPv4 (`InetAddress.getHostAddress`).
pub fn host_text(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => address.segments().map(|segment| format!("{segment:x}")).join(":"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_read_as_java_prints_them() {
        let text = |address: &str| host_text(address.parse().unwrap());
        assert_eq!(text("127.0.0.1"), "127.0.0.1");
        assert_eq!(text("::1"), "0:0:0:0:0:0:0:1");
        assert_eq!(text("2001:db8::00ff"), "2001:db8:0:0:0:0:0:ff");
        assert_eq!(text("::ffff:10.0.0.1"), "10.0.0.1");
    }
}
