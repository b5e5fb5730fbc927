//! Layers of settings, checked, each value with its source: flag, then `-X`, then `KAFKALAB_*`, then the profile of
//! the phase, then the default.

mod file;
mod lab;
mod layers;
mod library;
mod password;

use secrecy::SecretString;

pub use self::file::{PersonaName, PrincipalEntry, ProfileFile};
pub use self::lab::{LAB_PLAINTEXT, LAB_PLAINTEXT_LISTEN, LAB_SASL, LAB_SASL_LISTEN, RunningLab, RunningTls};
pub use self::layers::{Overrides, is_secret, resolve};
pub(crate) use self::library::local_folder;
pub use self::library::{Library, ProfileName};
pub use self::password::PasswordPlace;
use crate::error::Identity;
use crate::source::Sourced;

/// How a connection is secured; Kafka's own names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SecurityProtocol {
    /// No login, no encryption: the broker sees `User:ANONYMOUS`.
    Plaintext,
    /// Login, no encryption.
    SaslPlaintext,
    /// Login over TLS.
    SaslSsl,
    /// TLS without a login.
    Ssl,
}

impl SecurityProtocol {
    /// Every protocol with its name.
    pub const ALL: [(&'static str, Self); 4] = [
        ("PLAINTEXT", Self::Plaintext),
        ("SASL_PLAINTEXT", Self::SaslPlaintext),
        ("SASL_SSL", Self::SaslSsl),
        ("SSL", Self::Ssl),
    ];

    /// Whether the client proves who it is.
    pub fn has_login(self) -> bool {
        matches!(self, Self::SaslPlaintext | Self::SaslSsl)
    }

    /// Whether everything goes through TLS.
    pub fn has_tls(self) -> bool {
        matches!(self, Self::Ssl | Self::SaslSsl)
    }
}

/// The SASL mechanisms of the lab; Kafka's own names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mechanism {
    /// User and password as they are (RFC 4616).
    Plain,
    /// Proof without sending the password (RFC 7677).
    ScramSha256,
    /// The same with SHA-512.
    ScramSha512,
}

impl Mechanism {
    /// Every mechanism with its name.
    pub const ALL: [(&'static str, Self); 3] =
        [("PLAIN", Self::Plain), ("SCRAM-SHA-256", Self::ScramSha256), ("SCRAM-SHA-512", Self::ScramSha512)];
}

/// Gives a small enum its Kafka name and back, from one table `ALL`.
macro_rules! named {
    ($($type:ty),*) => {$(
        impl $type {
            /// The name as Kafka or the profile spells it.
            pub fn name(self) -> &'static str {
                Self::ALL.iter().find(|(_, value)| *value == self).map_or("", |(name, _)| name)
            }

            /// The value of a name, whatever its case.
            pub fn parse(text: &str) -> Result<Self, $crate::words::Message> {
                let found = Self::ALL.iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
                found.map(|(_, value)| *value).ok_or_else(|| {
                    let known = Self::ALL.map(|(name, _)| name).join(", ");
                    $crate::words::input::ONE_OF.with(&[("value", &text), ("known", &known)])
                })
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }
    )*};
}
pub(crate) use named;
named!(SecurityProtocol, Mechanism);

/// The principal that a command acts as.
#[derive(Debug, Clone)]
pub struct Actor {
    /// The user name, without `User:`.
    pub name: Sourced<String>,
    /// The password, where the protocol has a login.
    pub password: Option<Sourced<SecretString>>,
    /// Manners on the wire.
    pub persona: Sourced<PersonaName>,
    /// The consumer group of the profile, before the persona's postfix.
    pub group: Option<Sourced<String>>,
    /// What Nest appends to the group instead of `-server`.
    pub postfix: Option<Sourced<String>>,
    /// Another compression than the persona's.
    pub compression: Option<Sourced<String>>,
    /// Another partitioner than the persona's.
    pub partitioner: Option<Sourced<String>>,
}

/// Files for TLS, as librdkafka's `ssl.*.location` takes them.
#[derive(Debug, Clone, Default)]
pub struct Ssl {
    /// The certificate authorities to trust.
    pub ca_file: Option<Sourced<String>>,
    /// The client's certificate.
    pub cert_file: Option<Sourced<String>>,
    /// The client's key.
    pub key_file: Option<Sourced<String>>,
}

/// The settings of one command, complete and checked.
#[derive(Debug, Clone)]
pub struct Profile {
    /// Which profile these come from.
    pub name: ProfileName,
    /// What messages call the profile's file.
    pub path: String,
    /// Where to connect, `host:port`, comma separated.
    pub bootstrap_server: Sourced<String>,
    /// Where `User:ANONYMOUS` is shown refused.
    pub plaintext_server: Option<Sourced<String>>,
    /// How the connection is secured.
    pub security_protocol: Sourced<SecurityProtocol>,
    /// How the principal proves itself; only with a login.
    pub mechanism: Option<Sourced<Mechanism>>,
    /// TLS files.
    pub ssl: Ssl,
    /// Who acts.
    pub actor: Actor,
    /// Every principal of the profile, in the order of the file.
    pub principal_names: Vec<String>,
    /// Whose phase it is: the profile's own principal, whoever acts.
    pub owner: String,
    /// The topic of the phase.
    pub topic: Option<Sourced<String>>,
    /// Where records go that could not be processed.
    pub dead_letter_topic: Option<Sourced<String>>,
    /// How many partitions the phase gives its topic.
    pub partitions: Sourced<i32>,
    /// Raw librdkafka properties, the last word.
    pub properties: Vec<(String, Sourced<String>)>,
}

impl Profile {
    /// `User:laravel`; `User:ANONYMOUS` where nobody logs in.
    pub fn principal(&self) -> Sourced<String> {
        if self.security_protocol.value.has_login() {
            Sourced::new(format!("User:{}", self.actor.name.value), self.actor.name.source.clone())
        } else {
            Sourced::new("User:ANONYMOUS".to_owned(), self.security_protocol.source.clone())
        }
    }

    /// The same profile without a login, on the listener that has none.
    pub fn without_login(&self) -> Option<Self> {
        let plaintext = self.plaintext_server.clone()?;
        let source = plaintext.source.clone();
        Some(Self {
            bootstrap_server: plaintext,
            security_protocol: Sourced::new(SecurityProtocol::Plaintext, source),
            mechanism: None,
            ..self.clone()
        })
    }

    /// Who asks, as the error block shows it.
    pub fn identity(&self) -> Identity {
        Identity {
            principal: self.principal(),
            mechanism: self
                .mechanism
                .as_ref()
                .map(|mechanism| Sourced::new(mechanism.value.to_string(), mechanism.source.clone())),
            security_protocol: Sourced::new(
                self.security_protocol.value.to_string(),
                self.security_protocol.source.clone(),
            ),
            bootstrap_server: self.bootstrap_server.clone(),
        }
    }
}
