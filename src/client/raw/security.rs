//! How connections to a broker are secured: what encrypts them, and who logs in over them.

use super::{Login, Tls};

/// The four security protocols of Kafka, by what they are made of.
#[derive(Debug, Clone, Default)]
pub struct Security {
    /// `None` on PLAINTEXT and SASL_PLAINTEXT listeners.
    pub tls: Option<Tls>,
    /// `None` on PLAINTEXT and SSL listeners.
    pub login: Option<Login>,
}

impl From<Option<Login>> for Security {
    /// Without encryption.
    fn from(login: Option<Login>) -> Self {
        Self { tls: None, login }
    }
}
