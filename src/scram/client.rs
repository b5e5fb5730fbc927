//! The client's side of a login.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use super::message::{ServerFinal, ServerFirst, escape};
use super::{MIN_ITERATIONS, Mechanism, crypto};

/// More rounds than this are refused, so that a hostile server cannot keep a client hashing; Kafka's own limit for
/// credentials is far below.
const ITERATIONS_LIMIT: u32 = 1_000_000;

/// One login as the client sees it: [`start`](Self::start), [`answer`](Self::answer), [`verify`](Self::verify).
pub struct ClientExchange {
    mechanism: Mechanism,
    username: String,
    password: SecretString,
    nonce: String,
    /// What the server must sign, once the challenge has been answered.
    expected_signature: Option<Vec<u8>>,
}

/// Why a client gave a login up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// The server's token does not follow the grammar of RFC 5802.
    #[error("The server sent a SCRAM message that does not follow RFC 5802.")]
    Malformed,
    /// The server's nonce does not begin with the client's.
    #[error("The server answered another client's SCRAM message: its nonce does not begin with ours.")]
    WrongNonce,
    /// The server asks for fewer rounds than the minimum, or for so many that it can only be an attack.
    #[error(
        "The server asks for {0} SCRAM iterations; from {MIN_ITERATIONS} to {ITERATIONS_LIMIT} are acceptable."
    )]
    Iterations(u32),
    /// The server refused, in its own words.
    #[error("The server refused the SCRAM login: {0}.")]
    Server(String),
    /// The server does not know the user's credential: it may not be the broker it claims to be.
    #[error("The server could not prove that it knows this user's credential.")]
    WrongSignature,
}

impl ClientExchange {
    /// A login of `username`; `nonce` is fresh and random, without a comma.
    pub fn new(mechanism: Mechanism, username: &str, password: SecretString, nonce: String) -> Self {
        Self { mechanism, username: username.to_owned(), password, nonce, expected_signature: None }
    }

    /// The client's first message.
    pub fn start(&self) -> Vec<u8> {
        format!("n,,{}", self.first_bare()).into_bytes()
    }

    /// The client's final message, which answers the server's challenge.
    ///
    /// # Errors
    /// A challenge that is malformed, is not for this client, or asks for an unacceptable number of rounds.
    pub fn answer(&mut self, challenge: &[u8]) -> Result<Vec<u8>, ClientError> {
        let first = ServerFirst::parse(challenge).ok_or(ClientError::Malformed)?;
        if !first.nonce.starts_with(&self.nonce) {
            return Err(ClientError::WrongNonce);
        }
        if !(MIN_ITERATIONS..=ITERATIONS_LIMIT).contains(&first.iterations) {
            return Err(ClientError::Iterations(first.iterations));
        }
        let password = self.password.expose_secret();
        let salted = crypto::salted_password(self.mechanism, password, &first.salt, first.iterations);
        let client_key = crypto::hmac(self.mechanism, &salted, b"Client Key");
        let server_key = crypto::hmac(self.mechanism, &salted, b"Server Key");
        let stored_key = crypto::hash(self.mechanism, &client_key);
        let without_proof = format!("c={},r={}", BASE64.encode("n,,"), first.nonce);
        // The server signs its message as it sent it, so the text itself goes in, not what was read from it.
        let challenge = String::from_utf8_lossy(challenge);
        let signed = format!("{},{challenge},{without_proof}", self.first_bare());
        let client_signature = crypto::hmac(self.mechanism, &stored_key, signed.as_bytes());
        let proof = crypto::xor(&client_key, &client_signature);
        self.expected_signature = Some(crypto::hmac(self.mechanism, &server_key, signed.as_bytes()));
        Ok(format!("{without_proof},p={}", BASE64.encode(proof)).into_bytes())
    }

    /// Checks the server's final message: without it, anyone could claim to be the broker.
    ///
    /// # Errors
    /// The server refused, or its signature is not that of someone who knows the credential.
    pub fn verify(&self, token: &[u8]) -> Result<(), ClientError> {
        match ServerFinal::parse(token).ok_or(ClientError::Malformed)? {
            ServerFinal::Error(error) => Err(ClientError::Server(error)),
            ServerFinal::Signature(signature) => {
                let expected = self.expected_signature.as_deref().unwrap_or_default();
                let proven = !expected.is_empty() && bool::from(signature.ct_eq(expected));
                if proven { Ok(()) } else { Err(ClientError::WrongSignature) }
            }
        }
    }

    fn first_bare(&self) -> String {
        format!("n={},r={}", escape(&self.username), self.nonce)
    }
}

impl fmt::Debug for ClientExchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientExchange").field("username", &self.username).finish_non_exhaustive()
    }
}
