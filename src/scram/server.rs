//! The broker's side of a login.

use std::fmt;

use subtle::ConstantTimeEq;

use super::message::{ClientFinal, ClientFirst, ServerFirst};
use super::{Credential, MIN_ITERATIONS, Mechanism, crypto};

/// One login as the broker sees it. Feed it each token of the client; it answers with the token to send back.
#[derive(Debug)]
pub struct ServerExchange {
    mechanism: Mechanism,
    state: State,
}

/// Where a login stands.
#[derive(Debug)]
enum State {
    Fresh,
    Challenged(Box<Challenge>),
    /// Done or refused: no further token is legal.
    Over,
}

/// What the challenge promised, to check the client's final message against.
struct Challenge {
    username: String,
    credential: Credential,
    client_first_bare: String,
    server_first: ServerFirst,
}

/// What to do after a client's token that was good.
#[derive(Debug, PartialEq, Eq)]
pub enum ServerStep {
    /// Send this token and wait for the client's final message.
    Challenge(Vec<u8>),
    /// The user is who they say: send this token; the principal is `User:<username>`.
    Done {
        /// The user, unescaped.
        username: String,
        /// The server's final message, which proves the broker to the client.
        token: Vec<u8>,
    },
}

/// A login that failed. Its text is what Kafka sends in `SaslAuthenticateResponse.error_message`, which tells an
/// unknown user and a wrong password apart in nothing; the cause is for the broker's own log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused {
    mechanism: Mechanism,
    /// Why, for whoever runs the broker; never sent.
    pub cause: Cause,
}

/// Why a login failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// A token that does not follow the grammar of the message expected now.
    Malformed,
    /// No credential of this user for this mechanism (also: a delegation token, of which there are none).
    NoCredential,
    /// A credential with fewer iterations than [`MIN_ITERATIONS`].
    TooFewIterations,
    /// An authorization id that is not the user name.
    AuthorizationId,
    /// The final message does not carry client nonce + server nonce. librdkafka up to 2.6.0 repeats its own nonce
    /// only, which Kafka refuses since CVE-2024-56128.
    WrongNonce,
    /// The proof does not fit: wrong password.
    WrongProof,
    /// A token after the end.
    OutOfOrder,
}

impl ServerExchange {
    /// A login of which nothing was received yet.
    pub fn new(mechanism: Mechanism) -> Self {
        Self { mechanism, state: State::Fresh }
    }

    /// Takes a token of the client. `server_nonce` (fresh and random, without a comma) and `credential_of` (the
    /// credential of a user for this mechanism) are used on the first token only.
    ///
    /// # Errors
    /// After an error the exchange is over: whatever comes next is refused too.
    pub fn step(
        &mut self,
        token: &[u8],
        server_nonce: &str,
        credential_of: impl FnOnce(&str) -> Option<Credential>,
    ) -> Result<ServerStep, Refused> {
        let step = match std::mem::replace(&mut self.state, State::Over) {
            State::Fresh => challenge(token, server_nonce, credential_of).map(|challenge| {
                let token = challenge.server_first.to_message().into_bytes();
                self.state = State::Challenged(Box::new(challenge));
                ServerStep::Challenge(token)
            }),
            State::Challenged(challenge) => finish(self.mechanism, *challenge, token),
            State::Over => Err(Cause::OutOfOrder),
        };
        step.map_err(|cause| Refused { mechanism: self.mechanism, cause })
    }
}

/// Kafka looks for the credential before it compares the authorization id, so a stranger learns nothing from either.
fn challenge(
    token: &[u8],
    server_nonce: &str,
    credential_of: impl FnOnce(&str) -> Option<Credential>,
) -> Result<Challenge, Cause> {
    let first = ClientFirst::parse(token).ok_or(Cause::Malformed)?;
    if first.token_authenticated {
        return Err(Cause::NoCredential);
    }
    let credential = credential_of(&first.username).ok_or(Cause::NoCredential)?;
    if !first.authorization_id.is_empty() && first.authorization_id != first.username {
        return Err(Cause::AuthorizationId);
    }
    if credential.iterations < MIN_ITERATIONS {
        return Err(Cause::TooFewIterations);
    }
    let server_first = ServerFirst {
        nonce: format!("{}{server_nonce}", first.nonce),
        salt: credential.salt.clone(),
        iterations: credential.iterations,
    };
    Ok(Challenge { username: first.username, credential, client_first_bare: first.bare, server_first })
}

fn finish(mechanism: Mechanism, challenge: Challenge, token: &[u8]) -> Result<ServerStep, Cause> {
    let Challenge { username, credential, client_first_bare, server_first } = challenge;
    let last = ClientFinal::parse(token).ok_or(Cause::Malformed)?;
    if last.nonce != server_first.nonce {
        return Err(Cause::WrongNonce);
    }
    let signed = format!("{client_first_bare},{},{}", server_first.to_message(), last.without_proof);
    let client_signature = crypto::hmac(mechanism, &credential.stored_key, signed.as_bytes());
    let client_key = crypto::xor(&client_signature, &last.proof);
    let proven: bool = crypto::hash(mechanism, &client_key).ct_eq(&credential.stored_key).into();
    if !proven || last.proof.len() != client_signature.len() {
        return Err(Cause::WrongProof);
    }
    use base64::Engine as _;
    let signature = crypto::hmac(mechanism, &credential.server_key, signed.as_bytes());
    let token = format!("v={}", base64::engine::general_purpose::STANDARD.encode(signature)).into_bytes();
    Ok(ServerStep::Done { username, token })
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.cause {
            Cause::AuthorizationId => f.write_str(
                "Authentication failed: Client requested an authorization id that is different from username",
            ),
            _ => write!(
                f,
                "Authentication failed during authentication due to invalid credentials with SASL mechanism {}",
                self.mechanism.name()
            ),
        }
    }
}

impl std::error::Error for Refused {}

impl fmt::Debug for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Challenge").field("username", &self.username).finish_non_exhaustive()
    }
}
