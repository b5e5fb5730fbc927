//! What can go wrong on a connection of our own.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::TlsFailure;
use crate::kafka_error;

/// A failure of a raw connection. Which one it is decides the exit code; nobody needs to search the text.
#[derive(Debug, thiserror::Error)]
pub enum RawError {
    /// Nothing listens on the address.
    #[error("{address} refused the connection; nothing listens there.")]
    Refused {
        /// `host:port` as asked for.
        address: String,
    },
    /// The address is not `host:port`, or its name is unknown.
    #[error("{address} is not an address that can be resolved: {source}.")]
    Resolve {
        /// The address as asked for.
        address: String,
        /// The resolver's words.
        source: io::Error,
    },
    /// No answer in time.
    #[error("{address} did not answer within {} ms; kafkalab waited for {waiting_for}.", after.as_millis())]
    TimedOut {
        /// `host:port` of the silent side.
        address: String,
        /// What did not come, such as `the connection` or an API's name.
        waiting_for: String,
        /// The patience that was spent.
        after: Duration,
    },
    /// The other side closed the connection, which is how Kafka answers what it does not understand or allow.
    #[error("{address} closed the connection; kafkalab waited for {waiting_for}.")]
    Closed {
        /// `host:port` of the side that closed.
        address: String,
        /// What was awaited when it closed.
        waiting_for: String,
    },
    /// The operating system refused: no route, no permission, no descriptors.
    #[error("The connection to {address} failed: {source}.")]
    Io {
        /// `host:port` of the other side.
        address: String,
        /// The operating system's words.
        source: io::Error,
    },
    /// No TLS connection came about, or it broke.
    #[error("TLS with {address} failed: {said}.")]
    Tls {
        /// `host:port` of the other side.
        address: String,
        /// What kind of failure it is.
        failure: TlsFailure,
        /// The words of the TLS library.
        said: String,
    },
    /// A file of the profile's `[ssl]` cannot be used.
    #[error("[ssl] {setting} {}: {problem}.", path.display())]
    TlsFile {
        /// The key below `[ssl]`.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong with it, without a final full stop.
        problem: String,
    },
    /// What came is not what the protocol allows: another correlation id, a frame that does not decode.
    #[error("{address} does not speak the Kafka protocol as expected: {message}.")]
    Protocol {
        /// `host:port` of the other side.
        address: String,
        /// What was wrong, without a final full stop.
        message: String,
    },
    /// The broker refused the login.
    #[error("The broker refused the login: {message} ({}, {code})", kafka_error::name(*code))]
    Sasl {
        /// 58 for bad credentials, 33 for a mechanism that is not enabled, 34 for a listener without SASL.
        code: i16,
        /// The broker's words, or the name of the code if it sent none.
        message: String,
        /// The mechanisms that the broker offers; empty on a listener without SASL, or if it did not say.
        mechanisms: Vec<String>,
    },
    /// The broker refused a request as a whole.
    #[error("The broker refused the request: {0}")]
    Broker(BrokerError),
    /// Not possible between these two sides, such as an API that the broker does not have.
    #[error("{0}")]
    Unsupported(String),
}

/// An error that a broker's response carries: for a whole request, or for one entry of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct BrokerError {
    /// Kafka's error code, never 0.
    pub code: i16,
    /// The broker's own words, if the response has a place for them and they were sent.
    pub message: Option<String>,
}

impl BrokerError {
    /// `Ok` for code 0, otherwise the error.
    pub fn check(code: i16, message: Option<&str>) -> Result<(), Self> {
        if code == 0 { Ok(()) } else { Err(Self { code, message: message.map(str::to_owned) }) }
    }

    /// Kafka's name of the code, such as `TOPIC_AUTHORIZATION_FAILED`.
    pub fn name(&self) -> &'static str {
        kafka_error::name(self.code)
    }
}

impl fmt::Display for BrokerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.message.as_deref().filter(|message| !message.is_empty()) {
            Some(message) => write!(f, "{message} ({}, {})", self.name(), self.code),
            None => write!(f, "{} ({})", self.name(), self.code),
        }
    }
}

impl From<BrokerError> for RawError {
    fn from(error: BrokerError) -> Self {
        Self::Broker(error)
    }
}
