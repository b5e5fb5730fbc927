//! One profile file as it is written, before flags and variables.

use super::password::PasswordPlace;
use super::{Mechanism, SecurityProtocol, Ssl, named};
use crate::error::Result;
use crate::source::Sourced;
use crate::toml_reader::{Document, Section};
use crate::words::input as words;

/// Whose manners a principal has on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PersonaName {
    /// laravel-kafka over librdkafka.
    Laravel,
    /// NestJS over KafkaJS.
    Nest,
    /// librdkafka's defaults, nothing added.
    Plain,
}

impl PersonaName {
    /// Every persona with its name.
    pub const ALL: [(&'static str, Self); 3] =
        [("laravel", Self::Laravel), ("nest", Self::Nest), ("plain", Self::Plain)];
}
named!(PersonaName);

/// A `[principals.NAME]` table.
#[derive(Debug, Clone)]
pub struct PrincipalEntry {
    /// NAME.
    pub name: String,
    /// Where its password is.
    pub password: Option<PasswordPlace>,
    /// Its manners; `plain` where absent.
    pub persona: Option<Sourced<PersonaName>>,
    /// Its consumer group.
    pub group: Option<Sourced<String>>,
    /// Nest's `postfixId`.
    pub postfix: Option<Sourced<String>>,
    /// Another compression than the persona's.
    pub compression: Option<Sourced<String>>,
    /// Another partitioner than the persona's.
    pub partitioner: Option<Sourced<String>>,
}

/// A parsed profile file.
#[derive(Debug, Clone)]
pub struct ProfileFile {
    /// What messages call it.
    pub path: String,
    /// `[kafka] bootstrap_server`.
    pub bootstrap_server: Option<Sourced<String>>,
    /// `[kafka] plaintext_server`.
    pub plaintext_server: Option<Sourced<String>>,
    /// `[kafka] security_protocol`.
    pub security_protocol: Option<Sourced<SecurityProtocol>>,
    /// `[kafka] mechanism`.
    pub mechanism: Option<Sourced<Mechanism>>,
    /// `[kafka] as`.
    pub principal: Option<Sourced<String>>,
    /// `[ssl]`.
    pub ssl: Ssl,
    /// `[topic] name`.
    pub topic: Option<Sourced<String>>,
    /// `[topic] dead_letters`.
    pub dead_letter_topic: Option<Sourced<String>>,
    /// `[topic] partitions`.
    pub partitions: Option<Sourced<i32>>,
    /// `[principals.*]`, in the order of the file.
    pub principals: Vec<PrincipalEntry>,
    /// `[properties]`, in the order of the file.
    pub properties: Vec<(String, Sourced<String>)>,
}

impl ProfileFile {
    /// Reads a profile. Every complaint names file, line and column.
    pub fn parse(path: &str, text: &str) -> Result<Self> {
        let document = Document::parse(path, text)?;
        let root = document.root();
        root.only(&["kafka", "ssl", "topic", "principals", "properties"])?;
        let mut profile = Self {
            path: path.to_owned(),
            bootstrap_server: None,
            plaintext_server: None,
            security_protocol: None,
            mechanism: None,
            principal: None,
            ssl: Ssl::default(),
            topic: None,
            dead_letter_topic: None,
            partitions: None,
            principals: Vec::new(),
            properties: Vec::new(),
        };
        if let Some(kafka) = root.section("kafka")? {
            profile.kafka(&kafka)?;
        }
        if let Some(ssl) = root.section("ssl")? {
            ssl.only(&["ca_file", "cert_file", "key_file"])?;
            profile.ssl = Ssl {
                ca_file: ssl.string("ca_file")?,
                cert_file: ssl.string("cert_file")?,
                key_file: ssl.string("key_file")?,
            };
        }
        if let Some(topic) = root.section("topic")? {
            topic.only(&["name", "partitions", "dead_letters"])?;
            profile.topic = topic.string("name")?;
            profile.dead_letter_topic = topic.string("dead_letters")?;
            profile.partitions = topic
                .integer("partitions", 1..10_001)?
                .map(|count| Sourced::new(i32::try_from(count.value).unwrap_or(i32::MAX), count.source));
        }
        if let Some(principals) = root.section("principals")? {
            for name in principals.keys() {
                if let Some(section) = principals.section(&name)? {
                    profile.principals.push(principal(name, &section)?);
                }
            }
        }
        if let Some(properties) = root.section("properties")? {
            for key in properties.keys() {
                if key == "sasl.password" {
                    return Err(properties
                        .problem(words::PASSWORD_PROPERTY.into())
                        .hint(words::PASSWORD_INSTEAD));
                }
                profile.properties.extend(properties.string(&key)?.map(|value| (key, value)));
            }
        }
        Ok(profile)
    }

    fn kafka(&mut self, kafka: &Section<'_, '_>) -> Result<()> {
        kafka.only(&["bootstrap_server", "plaintext_server", "security_protocol", "mechanism", "as"])?;
        self.bootstrap_server = kafka.string("bootstrap_server")?;
        self.plaintext_server = kafka.string("plaintext_server")?;
        self.security_protocol = kafka.parsed("security_protocol", SecurityProtocol::parse)?;
        self.mechanism = kafka.parsed("mechanism", Mechanism::parse)?;
        self.principal = kafka.string("as")?;
        Ok(())
    }
}

fn principal(name: String, section: &Section<'_, '_>) -> Result<PrincipalEntry> {
    section.only(&[
        "password",
        "password_env",
        "password_file",
        "persona",
        "group",
        "postfix",
        "compression",
        "partitioner",
    ])?;
    let places = [
        section.string("password")?.map(PasswordPlace::value),
        section.string("password_env")?.map(PasswordPlace::Variable),
        section.string("password_file")?.map(PasswordPlace::File),
    ];
    let mut places = places.into_iter().flatten();
    let password = places.next();
    if places.next().is_some() {
        return Err(section.problem(words::ONE_PASSWORD.into()));
    }
    Ok(PrincipalEntry {
        name,
        password,
        persona: section.parsed("persona", PersonaName::parse)?,
        group: section.string("group")?,
        postfix: section.string("postfix")?,
        compression: section.string("compression")?,
        partitioner: section.string("partitioner")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_passwords_are_one_too_many() {
        let text = "[principals.a]\npassword = 'x'\npassword_env = 'Y'\n";
        let error = ProfileFile::parse("p.toml", text).unwrap_err();
        assert_eq!(
            error.to_string(),
            "p.toml:1:1: give one of password, password_env and password_file, not several"
        );
    }

    #[test]
    fn a_mechanism_that_does_not_exist_is_refused_with_the_list() {
        let error = ProfileFile::parse("p.toml", "[kafka]\nmechanism = 'SCRAM'\n").unwrap_err();
        assert_eq!(error.to_string(), "p.toml:2:13: `SCRAM` is none of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512");
    }

    #[test]
    fn no_debug_output_shows_a_password() {
        let profile = ProfileFile::parse("p.toml", "[principals.a]\npassword = 'hunter2'\n").unwrap();
        assert!(!format!("{profile:?}").contains("hunter2"));
    }
}
