//! Where the broker comes from: the engines of the lab. `up` starts one, `down` stops what `up` started, and the
//! lab home remembers which one runs and where it listens.

pub mod docker;
pub mod embedded;
mod home;
pub mod live;
mod ports;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use self::home::{Home, Locked};
pub use self::ports::{Port, look_at};

/// Who runs the broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// This binary, in the background.
    Embedded,
    /// Apache Kafka from docker-compose.yml.
    Docker,
    /// A cluster that the lab only prepares.
    External,
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Embedded => "embedded",
            Self::Docker => "docker",
            Self::External => "external",
        })
    }
}

/// What the lab home remembers of the running engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The version of this file; a newer program may write a newer one.
    pub version: u32,
    /// Which engine.
    pub engine: Engine,
    /// The listener without a login, `host:port`.
    pub plaintext: String,
    /// The listener with a login, `host:port`.
    pub sasl: String,
    /// The listener with a login over TLS, if there is one, `host:port`.
    #[serde(default)]
    pub tls: Option<String>,
    /// The process of the embedded broker.
    pub pid: Option<u32>,
    /// Three brokers instead of one, with Docker.
    #[serde(default)]
    pub cluster: bool,
    /// When it was started, in milliseconds since 1970.
    pub started_at_ms: i64,
}

/// Where the embedded broker is told to listen, `host:port`.
#[derive(Debug, Clone, Copy)]
pub struct Listen<'a> {
    /// Without a login.
    pub plaintext: &'a str,
    /// With a login.
    pub sasl: &'a str,
    /// With a login over TLS, if wanted.
    pub tls: Option<&'a str>,
}

impl State {
    /// The version that this program writes and understands.
    pub const VERSION: u32 = 1;
}
