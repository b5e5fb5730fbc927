//! SASL from the client's side: PLAIN and SCRAM, after either handshake.

use bytes::Bytes;
use kafka_protocol::messages::{SaslAuthenticateRequest, SaslHandshakeRequest, SaslHandshakeResponse};
use kafka_protocol::protocol::StrBytes;
use secrecy::{ExposeSecret, SecretString};

use super::{Connection, RawError};
use crate::{kafka_error, scram};

const SASL_AUTHENTICATION_FAILED: i16 = 58;

/// A SASL mechanism that this client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mechanism {
    /// `PLAIN`: the password itself is sent.
    Plain,
    /// `SCRAM-SHA-256` or `SCRAM-SHA-512`: only proofs are sent.
    Scram(scram::Mechanism),
}

impl Mechanism {
    /// The SASL name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::Scram(mechanism) => mechanism.name(),
        }
    }

    /// The mechanism of a SASL name, if this client speaks it.
    pub fn from_name(name: &str) -> Option<Self> {
        if name == "PLAIN" { Some(Self::Plain) } else { scram::Mechanism::from_name(name).map(Self::Scram) }
    }
}

/// Who logs in, and how.
#[derive(Debug, Clone)]
pub struct Login {
    /// How the password is proven.
    pub mechanism: Mechanism,
    /// The user name; the principal becomes `User:<username>`.
    pub username: String,
    /// Shown by no `Debug` output.
    pub password: SecretString,
}

/// How the tokens of a login travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handshake {
    /// Handshake v0: tokens as bare frames. A broker that refuses just closes the connection.
    V0,
    /// Handshake v1: tokens in SaslAuthenticate requests, whose answers say why.
    V1,
}

impl Connection {
    /// Logs in after a handshake v1.
    ///
    /// # Errors
    /// [`RawError::Sasl`] if the broker refuses, or if it fails to prove itself (SCRAM); else as
    /// [`send`](Self::send).
    pub async fn login(&mut self, login: &Login) -> Result<(), RawError> {
        self.login_after(Handshake::V1, login).await
    }

    /// Logs in after the handshake of the caller's choice.
    ///
    /// # Errors
    /// As [`login`](Self::login); after a v0 handshake a refusal is [`RawError::Closed`].
    pub async fn login_after(&mut self, handshake: Handshake, login: &Login) -> Result<(), RawError> {
        let version = if handshake == Handshake::V0 { 0 } else { 1 };
        let answer = self.handshake(login.mechanism.name(), version).await?;
        let mechanisms: Vec<String> = answer.mechanisms.iter().map(|name| name.to_string()).collect();
        if answer.error_code != 0 {
            let message = kafka_error::name(answer.error_code).to_owned();
            return Err(RawError::Sasl { code: answer.error_code, message, mechanisms });
        }
        self.prove(handshake, login).await.map_err(|error| match error {
            RawError::Sasl { code, message, .. } => RawError::Sasl { code, message, mechanisms },
            error => error,
        })
    }

    /// The part of a login that follows a handshake for its mechanism.
    pub(super) async fn prove(&mut self, handshake: Handshake, login: &Login) -> Result<(), RawError> {
        match login.mechanism {
            Mechanism::Plain => self.plain(handshake, login).await,
            Mechanism::Scram(mechanism) => self.scram(handshake, mechanism, login).await,
        }
    }

    /// Asks for a mechanism by any name; the answer lists what the broker offers.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn handshake(
        &mut self,
        mechanism: &str,
        version: i16,
    ) -> Result<SaslHandshakeResponse, RawError> {
        let request =
            SaslHandshakeRequest::default().with_mechanism(StrBytes::from_string(mechanism.to_owned()));
        self.send(&request, version).await
    }

    /// Sends one token of a login and returns the broker's.
    ///
    /// # Errors
    /// [`RawError::Sasl`] with the broker's words if it refuses; [`RawError::Closed`] after a v0 handshake.
    pub async fn token(&mut self, handshake: Handshake, token: Vec<u8>) -> Result<Bytes, RawError> {
        if handshake == Handshake::V0 {
            self.write_frame(&token).await?;
            return self.read_frame().await?.ok_or_else(|| RawError::Closed {
                address: self.address().to_owned(),
                waiting_for: "the answer to a SASL token".to_owned(),
            });
        }
        let request = SaslAuthenticateRequest::default().with_auth_bytes(token.into());
        let answer = self.send(&request, 1).await?;
        if answer.error_code == 0 {
            return Ok(answer.auth_bytes);
        }
        let message = answer.error_message.map(|message| message.to_string());
        let message = message.unwrap_or_else(|| kafka_error::name(answer.error_code).to_owned());
        Err(RawError::Sasl { code: answer.error_code, message, mechanisms: Vec::new() })
    }

    async fn plain(&mut self, handshake: Handshake, login: &Login) -> Result<(), RawError> {
        let token = format!("\0{}\0{}", login.username, login.password.expose_secret());
        self.token(handshake, token.into_bytes()).await.map(|_| ())
    }

    async fn scram(
        &mut self,
        handshake: Handshake,
        mechanism: scram::Mechanism,
        login: &Login,
    ) -> Result<(), RawError> {
        let mut random = [0; 24];
        getrandom::fill(&mut random).map_err(|error| RawError::Unsupported(format!("{error}.")))?;
        let nonce = scram::nonce(random);
        let mut exchange =
            scram::ClientExchange::new(mechanism, &login.username, login.password.clone(), nonce);
        let challenge = self.token(handshake, exchange.start()).await?;
        let answer = exchange.answer(&challenge).map_err(unproven)?;
        let last = self.token(handshake, answer).await?;
        exchange.verify(&last).map_err(unproven)
    }
}

/// The broker, not the user, failed the exchange.
fn unproven(error: scram::ClientError) -> RawError {
    RawError::Sasl { code: SASL_AUTHENTICATION_FAILED, message: error.to_string(), mechanisms: Vec::new() }
}
