//! What a member and its parent say to each other: one JSON value a line. The parent writes to the member's standard
//! input: first a [`Setup`], then [`Order`]s. The member writes what it lives through to its standard output, as
//! [`Said`]. A pipe is seen by its two ends only, so the password travels here and on no command line.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use crate::client::{self, Failure, Login, Security, Settings, SslFiles, on_group, on_topic};

/// Whom a member connects to, as whom, and what it joins. Deliberately not `Debug`: it holds the password.
#[derive(Serialize, Deserialize)]
pub(super) struct Setup {
    bootstrap: String,
    security: String,
    login: Option<LoginLine>,
    ca: Option<PathBuf>,
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
    properties: Vec<(String, String)>,
    timeout_ms: u64,
    /// The group's id on the wire.
    pub group: String,
    /// The topic.
    pub topic: String,
}

#[derive(Serialize, Deserialize)]
struct LoginLine {
    mechanism: String,
    username: String,
    password: String,
}

impl Setup {
    /// For a member of `group` that reads `topic` with these settings.
    pub(super) fn new(settings: &Settings, group: &str, topic: &str) -> Self {
        let login = settings.login.as_ref().map(|login| LoginLine {
            mechanism: login.mechanism.clone(),
            username: login.username.clone(),
            password: login.password.expose_secret().to_owned(),
        });
        Self {
            bootstrap: settings.bootstrap.clone(),
            security: settings.security.name().to_owned(),
            login,
            ca: settings.ssl.ca.clone(),
            certificate: settings.ssl.certificate.clone(),
            key: settings.ssl.key.clone(),
            properties: settings.properties.clone(),
            timeout_ms: u64::try_from(settings.timeout.as_millis()).unwrap_or(u64::MAX),
            group: group.to_owned(),
            topic: topic.to_owned(),
        }
    }

    /// The settings that it was made from.
    pub(super) fn settings(&self) -> Settings {
        const ALL: [Security; 4] =
            [Security::Plaintext, Security::SaslPlaintext, Security::SaslSsl, Security::Ssl];
        Settings {
            bootstrap: self.bootstrap.clone(),
            security: ALL.into_iter().find(|one| one.name() == self.security).unwrap_or_default(),
            login: self.login.as_ref().map(|login| Login {
                mechanism: login.mechanism.clone(),
                username: login.username.clone(),
                password: SecretString::from(login.password.clone()),
            }),
            ssl: SslFiles {
                ca: self.ca.clone(),
                certificate: self.certificate.clone(),
                key: self.key.clone(),
            },
            properties: self.properties.clone(),
            timeout: Duration::from_millis(self.timeout_ms),
        }
    }
}

/// What a member is told to do. The end of its standard input means [`Order::Leave`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "order")]
pub(super) enum Order {
    /// Commit, say goodbye to the group, and end.
    Leave,
    /// Take no more records, but stay a member.
    Pause,
    /// Take records again, and work on each for so long.
    Resume {
        /// The time that a record costs, in milliseconds.
        per_record_ms: u64,
    },
}

/// What a member says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "event")]
pub(super) enum Said {
    /// The group gave it these partitions, on top of those that it has.
    Assigned {
        /// The partitions.
        partitions: Vec<i32>,
    },
    /// The group took these partitions away.
    Revoked {
        /// The partitions.
        partitions: Vec<i32>,
    },
    /// A record is dealt with.
    Handled {
        /// Its partition.
        partition: i32,
        /// Its offset.
        offset: i64,
    },
    /// It takes no more records, as it was told.
    Paused,
    /// It has left, after committing these offsets in all.
    Left {
        /// The next offset to read of each partition.
        committed: BTreeMap<i32, i64>,
    },
    /// It cannot go on.
    Failed(Problem),
}

/// A failure, as far as it fits on a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Problem {
    kind: client::Kind,
    said: String,
    code: Option<(String, i32)>,
}

impl From<&Failure> for Problem {
    fn from(failure: &Failure) -> Self {
        Self {
            kind: failure.kind,
            said: failure.said.clone(),
            code: failure.code.as_ref().map(|code| (code.name.clone(), code.number)),
        }
    }
}

impl Problem {
    /// The failure of a member of `group` on `topic`, with the rights that it needed.
    pub(super) fn failure(&self, group: &str, topic: &str) -> Failure {
        const GROUP_AUTHORIZATION_FAILED: i32 = 30;
        let mut failure = Failure::new(self.kind, self.said.clone());
        failure.code = self.code.clone().map(|(name, number)| client::Code::new(name, number));
        let (topic, group) = (on_topic("READ", topic), on_group("READ", group));
        match failure.number() {
            Some(GROUP_AUTHORIZATION_FAILED) => failure.needing([group, topic]),
            _ => failure.needing([topic, group]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_gets_the_settings_that_its_parent_has() {
        let mut settings = Settings::plaintext("127.0.0.1:1");
        settings.security = Security::SaslPlaintext;
        let password = SecretString::from("open sesame");
        settings.login = Some(Login { mechanism: "PLAIN".into(), username: "laravel".into(), password });
        settings.properties.push(("client.id".into(), "member-1".into()));
        let line = serde_json::to_string(&Setup::new(&settings, "g", "t")).unwrap();
        let setup: Setup = serde_json::from_str(&line).unwrap();
        let got = setup.settings();
        assert_eq!(format!("{got:?}"), format!("{settings:?}"));
        assert_eq!(got.login.unwrap().password.expose_secret(), "open sesame");
        assert!(!line.contains('\n'), "it is one line");
    }

    #[test]
    fn a_refusal_at_the_group_names_the_group_first() {
        let mut failure = Failure::new(client::Kind::Authorization, "no");
        failure.code = Some(client::Code::new("GROUP_AUTHORIZATION_FAILED", 30));
        let again = Problem::from(&failure).failure("g", "t");
        assert_eq!(again.needs, [on_group("READ", "g"), on_topic("READ", "t")]);
        assert_eq!((again.kind, again.code), (failure.kind, failure.code));
    }
}
