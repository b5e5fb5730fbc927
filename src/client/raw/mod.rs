//! Kafka's protocol over a connection of our own: what librdkafka has no call for.
//!
//! [`Connection`] is one socket with a login; it also sends what no proper client would, for the tests that compare
//! brokers. [`Cluster`] finds the broker that a request must reach, [`admin`] holds the requests. [`probe()`] finds out
//! what kind of listener an address is. Why not librdkafka: its Rust binding has no ACL requests, and it hides why a
//! login failed. Both go through [`Tls`] where the listener speaks it.

pub mod admin;
pub mod batches;
mod cluster;
mod connection;
mod error;
pub mod join;
mod login;
mod probe;
mod security;
mod tls;

pub use cluster::Cluster;
pub use connection::{Connection, Pending};
pub use error::{BrokerError, RawError};
pub use login::{Handshake, Login, Mechanism};
pub use probe::{Listener, LoginOutcome, Probe, probe};
pub use security::Security;
pub use tls::{Check, Tls, TlsFailure};

#[cfg(test)]
mod tests;
