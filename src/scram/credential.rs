//! What a broker keeps of a password.

use std::fmt;

use super::{Mechanism, crypto};

/// The fewest iterations that Kafka accepts for either mechanism; also its default.
pub const MIN_ITERATIONS: u32 = 4096;

/// The most iterations that Kafka accepts for either mechanism.
pub const MAX_ITERATIONS: u32 = 16384;

/// A SCRAM credential: enough to check a proof, not enough to log in elsewhere. It belongs to one user *and* one
/// mechanism.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential {
    /// The salt, sent to whoever asks to log in as this user.
    pub salt: Vec<u8>,
    /// Rounds of `Hi`, from [`MIN_ITERATIONS`] to [`MAX_ITERATIONS`] in Kafka.
    pub iterations: u32,
    /// `H(ClientKey)`: checks the client's proof.
    pub stored_key: Vec<u8>,
    /// `HMAC(SaltedPassword, "Server Key")`: proves to the client that the broker knows the user.
    pub server_key: Vec<u8>,
}

impl Credential {
    /// Derives the credential of a password. Costs `iterations` hashes: a few milliseconds.
    pub fn from_password(mechanism: Mechanism, password: &str, salt: Vec<u8>, iterations: u32) -> Self {
        let salted = crypto::salted_password(mechanism, password, &salt, iterations);
        Self::from_salted_password(mechanism, &salted, salt, iterations)
    }

    /// The credential of a password that was salted already, as `AlterUserScramCredentials` carries it.
    pub fn from_salted_password(mechanism: Mechanism, salted: &[u8], salt: Vec<u8>, iterations: u32) -> Self {
        let client_key = crypto::hmac(mechanism, salted, b"Client Key");
        Self {
            salt,
            iterations,
            stored_key: crypto::hash(mechanism, &client_key),
            server_key: crypto::hmac(mechanism, salted, b"Server Key"),
        }
    }
}

impl fmt::Debug for Credential {
    /// Keys and salt stay out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential").field("iterations", &self.iterations).finish_non_exhaustive()
    }
}
