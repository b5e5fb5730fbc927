//! The login of one connection: Fresh → Handshaken → Proving → Authenticated (`SaslServerAuthenticator.java`). Pure.
//!
//! [`super::dispatch`] asks this gate before any handler sees a request, so a principal exists only after proof.

use super::users::Users;
use crate::scram::{self, ServerExchange, ServerStep};

/// The principal of whoever comes in on the PLAINTEXT listener.
pub const ANONYMOUS: &str = "User:ANONYMOUS";

/// A SASL mechanism that this broker has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mechanism {
    /// User and password in clear (RFC 4616).
    Plain,
    /// Proof without sending the password (RFC 5802).
    Scram(scram::Mechanism),
}

impl Mechanism {
    /// The registered name.
    pub const fn name(self) -> &'static str {
        match self {
            Mechanism::Plain => "PLAIN",
            Mechanism::Scram(mechanism) => mechanism.name(),
        }
    }

    /// The mechanism of a name, which is case-sensitive as in Kafka.
    pub fn from_name(name: &str) -> Option<Mechanism> {
        match name {
            "PLAIN" => Some(Mechanism::Plain),
            _ => scram::Mechanism::from_name(name).map(Mechanism::Scram),
        }
    }

    /// A comma-separated list, as `sasl.enabled.mechanisms` holds it.
    ///
    /// # Errors
    /// Names what is not a mechanism of this broker.
    pub fn list(names: &str) -> Result<Vec<Mechanism>, String> {
        names
            .split(',')
            .map(str::trim)
            .map(|name| {
                Mechanism::from_name(name)
                    .ok_or_else(|| format!("{name:?} is not one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512"))
            })
            .collect()
    }
}

/// How tokens travel after the handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// SaslHandshake v0: length-prefixed tokens without any header.
    Raw,
    /// SaslHandshake v1: inside SaslAuthenticate.
    Kafka,
}

/// How far the login of a connection has come.
#[derive(Debug)]
pub enum Gate {
    /// Nothing but ApiVersions, once, and SaslHandshake is legal.
    Fresh {
        /// Whether ApiVersions was answered already; a second one closes.
        api_versions_answered: bool,
    },
    /// A mechanism is agreed upon and tokens may follow.
    Proving {
        /// How the tokens travel.
        framing: Framing,
        /// What has been proved so far.
        exchange: Exchange,
    },
    /// Proved. All requests are legal except those of the login.
    Authenticated {
        /// `User:name`.
        principal: String,
    },
    /// Refused: the connection is about to be closed.
    Refused,
}

/// The state of one mechanism.
#[derive(Debug)]
pub enum Exchange {
    /// PLAIN has a single message.
    Plain,
    /// SCRAM has two.
    Scram(scram::Mechanism, ServerExchange),
}

impl Exchange {
    /// The exchange of a mechanism, before its first token.
    pub fn new(mechanism: Mechanism) -> Exchange {
        match mechanism {
            Mechanism::Plain => Exchange::Plain,
            Mechanism::Scram(mechanism) => Exchange::Scram(mechanism, ServerExchange::new(mechanism)),
        }
    }

    /// The mechanism of the exchange.
    pub fn mechanism(&self) -> Mechanism {
        match self {
            Exchange::Plain => Mechanism::Plain,
            Exchange::Scram(mechanism, _) => Mechanism::Scram(*mechanism),
        }
    }

    /// Takes one token of the client. `nonce` is the server's part of SCRAM's nonce, fresh for each login.
    ///
    /// # Errors
    /// The text that Kafka puts into SaslAuthenticate's `error_message`.
    pub fn step(&mut self, token: &[u8], users: &Users, nonce: &str) -> Result<Step, String> {
        match self {
            Exchange::Plain => plain(token, users).map(|user| Step::Done { user, token: Vec::new() }),
            Exchange::Scram(mechanism, exchange) => {
                let credential = |user: &str| users.scram(user, *mechanism);
                match exchange.step(token, nonce, credential) {
                    Ok(ServerStep::Challenge(token)) => Ok(Step::Challenge(token)),
                    Ok(ServerStep::Done { username, token }) => Ok(Step::Done { user: username, token }),
                    Err(refused) => Err(refused.to_string()),
                }
            }
        }
    }
}

/// What follows a token that was in order.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// The client has to answer this token.
    Challenge(Vec<u8>),
    /// The user is proved; the last token goes with the good news.
    Done {
        /// The name without `User:`.
        user: String,
        /// SCRAM's server-final message; empty for PLAIN.
        token: Vec<u8>,
    },
}

/// `[authzid] NUL user NUL password`, checked in the order of `PlainSaslServer.java`.
fn plain(token: &[u8], users: &Users) -> Result<String, String> {
    // Java replaces what is not UTF-8; no password holds the replacement.
    let text = String::from_utf8_lossy(token);
    let tokens: Vec<&str> = text.splitn(4, '\0').collect();
    let &[authorization_id, user, password] = tokens.as_slice() else {
        return Err(format!("Invalid SASL/PLAIN response: expected 3 tokens, got {}", tokens.len()));
    };
    if user.is_empty() {
        return Err("Authentication failed: username not specified".into());
    }
    if password.is_empty() {
        return Err("Authentication failed: password not specified".into());
    }
    if !users.plain_password_is(user, password) {
        return Err("Authentication failed: Invalid username or password".into());
    }
    if !authorization_id.is_empty() && authorization_id != user {
        return Err(
            "Authentication failed: Client requested an authorization id that is different from username"
                .into(),
        );
    }
    Ok(user.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(token: &str) -> String {
        let users = Users::new(&crate::broker::config::lab_users());
        Exchange::new(Mechanism::Plain).step(token.as_bytes(), &users, "").unwrap_err()
    }

    #[test]
    fn plain_accepts_a_user_with_the_right_password() {
        let users = Users::new(&crate::broker::config::lab_users());
        for token in ["\0nest\0nest-secret", "nest\0nest\0nest-secret"] {
            let step = Exchange::Plain.step(token.as_bytes(), &users, "").unwrap();
            assert_eq!(step, Step::Done { user: "nest".into(), token: Vec::new() });
        }
    }

    #[test]
    fn plain_refuses_in_kafkas_words() {
        let unknown = "Authentication failed: Invalid username or password";
        assert_eq!(refused("\0nest\0wrong"), unknown);
        assert_eq!(refused("\0nobody\0nest-secret"), unknown);
        assert_eq!(refused("\0\0x"), "Authentication failed: username not specified");
        assert_eq!(refused("\0nest\0"), "Authentication failed: password not specified");
        assert_eq!(refused("nest"), "Invalid SASL/PLAIN response: expected 3 tokens, got 1");
        assert_eq!(refused("a\0b\0c\0d\0e"), "Invalid SASL/PLAIN response: expected 3 tokens, got 4");
        assert_eq!(
            refused("admin\0nest\0nest-secret"),
            "Authentication failed: Client requested an authorization id that is different from username"
        );
        assert_eq!(refused("admin\0nest\0wrong"), unknown, "the password is looked at first");
    }
}
