//! SCRAM (RFC 5802, RFC 7677) as pure functions, for the broker and for our own client connection.
//!
//! Neither randomness nor a clock is read here: nonces and salts come as arguments. Read [`Credential`] (what a
//! broker keeps instead of a password), then [`ServerExchange`] and [`ClientExchange`] (the two sides of one login);
//! the messages' grammar is in `message`, the hashing in `crypto`. Where the RFC leaves a choice, or Kafka's
//! `ScramSaslServer` reads it differently, this follows Kafka.

mod client;
mod credential;
mod crypto;
mod message;
mod server;

pub use client::{ClientError, ClientExchange};
pub use credential::{Credential, MAX_ITERATIONS, MIN_ITERATIONS};
pub use crypto::salted_password;
pub use server::{Cause, Refused, ServerExchange, ServerStep};

/// A SCRAM mechanism that Kafka knows, with Kafka's names and codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Mechanism {
    /// `SCRAM-SHA-256`, code 1.
    Sha256,
    /// `SCRAM-SHA-512`, code 2.
    Sha512,
}

impl Mechanism {
    /// Both mechanisms, in the order of their codes.
    pub const ALL: [Self; 2] = [Self::Sha256, Self::Sha512];

    /// The SASL name, as in `sasl.enabled.mechanisms`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "SCRAM-SHA-256",
            Self::Sha512 => "SCRAM-SHA-512",
        }
    }

    /// The mechanism of a SASL name; case matters, as in Kafka.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mechanism| mechanism.name() == name)
    }

    /// The code in `DescribeUserScramCredentials` and `AlterUserScramCredentials`.
    pub const fn code(self) -> i8 {
        match self {
            Self::Sha256 => 1,
            Self::Sha512 => 2,
        }
    }

    /// The mechanism of a wire code; `None` for 0 (unknown) and anything later than Kafka 4.
    pub fn from_code(code: i8) -> Option<Self> {
        Self::ALL.into_iter().find(|mechanism| mechanism.code() == code)
    }
}

/// A nonce made of random bytes: Base64, which has no comma and so needs no escape.
pub fn nonce(random: [u8; 24]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(random)
}

#[cfg(test)]
mod tests;
