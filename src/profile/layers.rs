//! Puts the layers on top of each other: flag, then `-X`, then `KAFKALAB_*`, then the profile, then the default.

use secrecy::SecretString;

use super::lab::{LAB_PLAINTEXT, LAB_SASL, RunningLab};
use super::{
    Actor, Mechanism, PersonaName, PrincipalEntry, Profile, ProfileFile, ProfileName, SecurityProtocol, Ssl,
};
use crate::error::{Error, Result};
use crate::source::{Source, Sourced};
use crate::toml_reader::did_you_mean;
use crate::words::{Message, input as words};

/// What the command line and the environment say over a profile.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// `-b`.
    pub bootstrap_server: Option<String>,
    /// `--plaintext-server`.
    pub plaintext_server: Option<String>,
    /// `--as`.
    pub principal: Option<String>,
    /// `-X KEY=VALUE`, in order.
    pub properties: Vec<(String, String)>,
    /// The first line of standard input, with `--sasl-password-stdin`.
    pub password: Option<SecretString>,
    /// Where the running lab listens.
    pub lab: Option<RunningLab>,
}

impl Overrides {
    /// Splits `-X KEY=VALUE`; a password is refused here.
    pub fn property(given: &str) -> Result<(String, String)> {
        let Some((key, value)) = given.split_once('=') else {
            return Err(Error::usage(words::PROPERTY_SHAPE.with(&[("given", &given)])));
        };
        let key = key.trim();
        if key.is_empty() {
            return Err(Error::usage(words::PROPERTY_SHAPE.with(&[("given", &given)])));
        }
        if is_secret(key) {
            return Err(Error::usage(words::PASSWORD_PROPERTY).hint(words::PASSWORD_INSTEAD));
        }
        Ok((key.to_owned(), value.to_owned()))
    }
}

/// Whether a property of librdkafka holds a password or a key. Every process of the machine can read a command line.
pub fn is_secret(property: &str) -> bool {
    let whole = ["sasl.oauthbearer.config", "sasl.kerberos.kinit.cmd"];
    let parts = ["password", "secret", "key.pem"];
    whole.contains(&property) || parts.iter().any(|part| property.contains(part))
}

/// The name of everybody who has not logged in, as Kafka has it.
const NOBODY: &str = "ANONYMOUS";

/// Resolves the settings of a command. `variable` reads the environment.
pub fn resolve(
    name: ProfileName,
    file: ProfileFile,
    over: &Overrides,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Profile> {
    let layers = Layers { over, file: &file, variable };
    let security_protocol = layers.security_protocol()?;
    let has_login = security_protocol.value.has_login();
    let mechanism = if has_login { Some(layers.mechanism()?) } else { None };
    let usual = if has_login { LAB_SASL } else { LAB_PLAINTEXT };
    let (flag, variable) = layers.main_listener(name);
    let bootstrap_server = layers
        .pick(flag, &["bootstrap.servers", "metadata.broker.list"], variable, file.bootstrap_server.clone())
        .unwrap_or_else(|| Sourced::default_value(usual.to_owned()));
    let plaintext_server = layers.pick(
        ("--plaintext-server", over.plaintext_server.as_ref()),
        &[],
        "KAFKALAB_PLAINTEXT_SERVER",
        file.plaintext_server.clone(),
    );
    let moved = |server: Sourced<String>| match &over.lab {
        Some(lab) => lab.moved(server, security_protocol.value),
        None => server,
    };
    let bootstrap_server = moved(bootstrap_server);
    let ssl = layers.ssl(&bootstrap_server.value);
    Ok(Profile {
        name,
        path: file.path.clone(),
        bootstrap_server,
        plaintext_server: plaintext_server.map(moved),
        security_protocol,
        mechanism,
        ssl,
        actor: layers.actor(has_login)?,
        principal_names: file.principals.iter().map(|entry| entry.name.clone()).collect(),
        owner: file.principal.as_ref().map_or_else(|| NOBODY.to_owned(), |name| name.value.clone()),
        topic: file.topic.clone(),
        dead_letter_topic: file.dead_letter_topic.clone(),
        partitions: file.partitions.clone().unwrap_or(Sourced::default_value(3)),
        properties: layers.properties(),
    })
}

struct Layers<'a> {
    over: &'a Overrides,
    file: &'a ProfileFile,
    variable: &'a dyn Fn(&str) -> Option<String>,
}

/// librdkafka's names of settings that have a place of their own here; all others go to librdkafka as they are.
const OWN: [&str; 9] = [
    "bootstrap.servers",
    "metadata.broker.list",
    "security.protocol",
    "sasl.mechanism",
    "sasl.mechanisms",
    "sasl.username",
    "ssl.ca.location",
    "ssl.certificate.location",
    "ssl.key.location",
];

impl Layers<'_> {
    /// The highest layer that has a value. A raw property is the last word, so it comes before the flag.
    fn pick(
        &self,
        (flag, given): (&'static str, Option<&String>),
        properties: &[&str],
        variable: &'static str,
        file: Option<Sourced<String>>,
    ) -> Option<Sourced<String>> {
        let property = self.property(properties);
        property
            .or_else(|| given.map(|value| Sourced::new(value.clone(), Source::Flag(flag))))
            .or_else(|| {
                (self.variable)(variable).map(|value| Sourced::new(value, Source::Variable(variable)))
            })
            .or(file)
    }

    /// Where the main listener of a phase is named. That of phase 0 is the listener without a login, so whoever names
    /// both listeners, as the tutorial does for all phases at once, means that one for phase 0.
    fn main_listener(&self, name: ProfileName) -> ((&'static str, Option<&String>), &'static str) {
        const PLAINTEXT: &str = "KAFKALAB_PLAINTEXT_SERVER";
        let is_plain = name == ProfileName::Phase0;
        let flag = match &self.over.plaintext_server {
            Some(server) if is_plain => ("--plaintext-server", Some(server)),
            _ => ("-b", self.over.bootstrap_server.as_ref()),
        };
        let named = is_plain && (self.variable)(PLAINTEXT).is_some();
        (flag, if named { PLAINTEXT } else { "KAFKALAB_BOOTSTRAP_SERVER" })
    }

    fn property(&self, names: &[&str]) -> Option<Sourced<String>> {
        let given = self.over.properties.iter().rev().find(|(key, _)| names.contains(&key.as_str()));
        given.map(|(_, value)| Sourced::new(value.clone(), Source::Property)).or_else(|| {
            let written = self.file.properties.iter().rev().find(|(key, _)| names.contains(&key.as_str()));
            written.map(|(_, value)| value.clone())
        })
    }

    fn security_protocol(&self) -> Result<Sourced<SecurityProtocol>> {
        let text = self.pick(("", None), &["security.protocol"], "KAFKALAB_SECURITY_PROTOCOL", None);
        let given = text.map(|text| parsed(&text, SecurityProtocol::parse)).transpose()?;
        // A variable is there for all phases at once, and in one of them nobody logs in.
        let somebody = || self.principal().is_some_and(|principal| principal.value != NOBODY);
        let is_meant = |given: &Sourced<SecurityProtocol>| {
            !matches!(given.source, Source::Variable(_)) || !given.value.has_login() || somebody()
        };
        let written = || self.file.security_protocol.clone();
        let usual = || Sourced::default_value(SecurityProtocol::Plaintext);
        Ok(given.filter(is_meant).or_else(written).unwrap_or_else(usual))
    }

    /// Who acts, if anybody is named.
    fn principal(&self) -> Option<Sourced<String>> {
        self.pick(
            ("--as", self.over.principal.as_ref()),
            &["sasl.username"],
            "KAFKALAB_AS",
            self.file.principal.clone(),
        )
    }

    fn mechanism(&self) -> Result<Sourced<Mechanism>> {
        let text = self.pick(("", None), &["sasl.mechanism", "sasl.mechanisms"], "KAFKALAB_MECHANISM", None);
        match text {
            Some(text) => parsed(&text, Mechanism::parse),
            None => Ok(self.file.mechanism.clone().unwrap_or(Sourced::default_value(Mechanism::Plain))),
        }
    }

    /// The files of TLS. At the running lab the authority is known.
    fn ssl(&self, server: &str) -> Ssl {
        let of_the_lab = || self.over.lab.as_ref().and_then(|lab| lab.ca_file_at(server));
        let file = &self.file.ssl;
        let pick = |property, variable, written: &Option<Sourced<String>>| {
            self.pick(("", None), &[property], variable, written.clone())
        };
        Ssl {
            ca_file: pick("ssl.ca.location", "KAFKALAB_SSL_CA_FILE", &file.ca_file).or_else(of_the_lab),
            cert_file: pick("ssl.certificate.location", "KAFKALAB_SSL_CERT_FILE", &file.cert_file),
            key_file: pick("ssl.key.location", "KAFKALAB_SSL_KEY_FILE", &file.key_file),
        }
    }

    fn actor(&self, has_login: bool) -> Result<Actor> {
        let name = self.principal().unwrap_or_else(|| Sourced::default_value(NOBODY.to_owned()));
        let entry = self.file.principals.iter().find(|entry| entry.name == name.value);
        let password = if has_login { Some(self.password(&name, entry)?) } else { None };
        let persona = entry.and_then(|entry| entry.persona.clone());
        Ok(Actor {
            name,
            password,
            persona: persona.unwrap_or(Sourced::default_value(PersonaName::Plain)),
            group: entry.and_then(|entry| entry.group.clone()),
            postfix: entry.and_then(|entry| entry.postfix.clone()),
            compression: entry.and_then(|entry| entry.compression.clone()),
            partitioner: entry.and_then(|entry| entry.partitioner.clone()),
        })
    }

    /// The password: standard input, then the variable, then the profile.
    fn password(
        &self,
        name: &Sourced<String>,
        entry: Option<&PrincipalEntry>,
    ) -> Result<Sourced<SecretString>> {
        if let Some(password) = &self.over.password {
            return Ok(Sourced::new(password.clone(), Source::Flag("--sasl-password-stdin")));
        }
        if let Some(password) = (self.variable)("KAFKALAB_SASL_PASSWORD") {
            let password = SecretString::from(password);
            return Ok(Sourced::new(password, Source::Variable("KAFKALAB_SASL_PASSWORD")));
        }
        let Some(entry) = entry else {
            let known: Vec<&str> = self.file.principals.iter().map(|entry| entry.name.as_str()).collect();
            let problem =
                words::UNKNOWN_PRINCIPAL.with(&[("profile", &self.file.path), ("name", &name.value)]);
            return Err(Error::usage(problem)
                .hint(did_you_mean(&name.value, &known))
                .hint(words::PASSWORD_INSTEAD));
        };
        let Some(place) = &entry.password else {
            let problem = words::NO_LOGIN.with(&[
                ("protocol", &"SASL"),
                ("name", &name.value),
                ("profile", &self.file.path),
            ]);
            return Err(Error::usage(problem).hint(words::PASSWORD_INSTEAD));
        };
        place.fetch(&entry.name, self.variable)
    }

    /// What librdkafka gets as it is: the profile's properties, then those of `-X`.
    fn properties(&self) -> Vec<(String, Sourced<String>)> {
        let written = self.file.properties.iter().cloned();
        let given = self.over.properties.iter();
        written
            .chain(given.map(|(key, value)| (key.clone(), Sourced::new(value.clone(), Source::Property))))
            .filter(|(key, _)| !OWN.contains(&key.as_str()))
            .collect()
    }
}

fn parsed<T>(text: &Sourced<String>, parse: impl FnOnce(&str) -> Result<T, Message>) -> Result<Sourced<T>> {
    match parse(&text.value) {
        Ok(value) => Ok(Sourced::new(value, text.source.clone())),
        Err(problem) => Err(Error::usage(Message::At(text.source.to_string(), Box::new(problem)))),
    }
}

#[cfg(test)]
mod tests;
