//! Where each address of a compose file is on this machine. Pure, apart from asking which ports are free.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};

use super::compose::Service;

/// Which ports the listeners get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ports {
    /// Free ones.
    Free,
    /// What the compose file publishes is where it says; what it does not publish gets a free port.
    Published,
}

/// The port on 127.0.0.1 of every listener of every broker.
#[derive(Debug)]
pub struct Addresses {
    /// (service, port in the container) → port here.
    local: BTreeMap<(String, u16), u16>,
    /// Port that the compose file publishes on the host → port here.
    published: BTreeMap<u16, u16>,
}

impl Addresses {
    /// Gives each listener of `brokers` a port.
    pub fn assign(brokers: &[Service<'_>], ports: Ports) -> Addresses {
        let mut addresses = Addresses { local: BTreeMap::new(), published: BTreeMap::new() };
        for broker in brokers {
            for (_, container) in listeners(&broker.environment()["KAFKA_LISTENERS"]) {
                let host =
                    broker.ports().into_iter().find(|(_, inner)| *inner == container).map(|(host, _)| host);
                let here = host.filter(|_| ports == Ports::Published).unwrap_or_else(free_port);
                addresses.local.insert((broker.name.to_owned(), container), here);
                if let Some(host) = host {
                    let twice = addresses.published.insert(host, here);
                    assert!(twice.is_none(), "port {host} is published twice");
                }
            }
        }
        addresses
    }

    /// The local address of a port of a service.
    pub fn of(&self, service: &str, port: u16) -> String {
        let here = self.local.get(&(service.to_owned(), port));
        format!("127.0.0.1:{}", here.unwrap_or_else(|| panic!("{service} has no listener on port {port}")))
    }

    /// `KAFKA_LISTENERS` of `service`, bound to this machine alone.
    pub fn listeners(&self, service: &str, value: &str) -> String {
        let bind = |(name, port)| format!("{name}://{}", self.of(service, port));
        listeners(value).into_iter().map(bind).collect::<Vec<_>>().join(",")
    }

    /// `text` with each `service:port`, and each `localhost:port` that is published, replaced by where it is here.
    pub fn replace(&self, text: &str) -> String {
        let services = self.local.iter().map(|((service, port), here)| (format!("{service}:{port}"), here));
        let hosts = self.published.iter().map(|(port, here)| (format!("localhost:{port}"), here));
        services.chain(hosts).fold(text.to_owned(), |text, (address, here)| {
            // The number must end there: `kafka:9093` is not in `kafka:90931`.
            let mut parts = text.split(address.as_str());
            let mut replaced = parts.next().unwrap_or_default().to_owned();
            for part in parts {
                let whole = !part.starts_with(|next: char| next.is_ascii_digit());
                replaced += &if whole { format!("127.0.0.1:{here}") } else { address.clone() };
                replaced += part;
            }
            replaced
        })
    }
}

/// `NAME://host:port,…` as names and ports.
pub fn listeners(value: &str) -> Vec<(String, u16)> {
    let parse = |entry: &str| {
        let (name, address) = entry.split_once("://")?;
        Some((name.to_owned(), address.rsplit_once(':')?.1.parse().ok()?))
    };
    let entries = value.split(',');
    entries.map(|entry| parse(entry).unwrap_or_else(|| panic!("`{entry}` is not NAME://host:port"))).collect()
}

/// A port that nothing listens on, below the range from which the system gives outgoing connections theirs, so that
/// none of those takes it before the broker does.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = (std::process::id() % 100) as u16 * 120;
    let mut candidates =
        (0..12_000).map(|_| 20_000 + (start + NEXT.fetch_add(1, Ordering::Relaxed)) % 12_000);
    candidates
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("one port in 12,000 is free")
}
