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
        if key == "sasl.password" || key == "ssl.key.password" {
            return Err(Error::usage(words::PASSWORD_PROPERTY).hint(words::PASSWORD_INSTEAD));
        }
        Ok((key.to_owned(), value.to_owned()))
    }
}

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
        owner: file.principal.as_ref().map_or_else(|| "ANONYMOUS".to_owned(), |name| name.value.clone()),
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
        match text {
            Some(text) => parsed(&text, SecurityProtocol::parse),
            None => Ok(self
                .file
                .security_protocol
                .clone()
                .unwrap_or(Sourced::default_value(SecurityProtocol::Plaintext))),
        }
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
        let name = self
            .pick(
                ("--as", self.over.principal.as_ref()),
                &["sasl.username"],
                "KAFKALAB_AS",
                self.file.principal.clone(),
            )
            .unwrap_or_else(|| Sourced::default_value("ANONYMOUS".to_owned()));
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
mod tests {
    use secrecy::ExposeSecret as _;

    use super::super::Library;
    use super::super::lab::RunningTls;
    use super::*;

    fn lab(tls: Option<RunningTls>) -> RunningLab {
        RunningLab { plaintext: "127.0.0.1:4002".to_owned(), sasl: "127.0.0.1:4004".to_owned(), tls }
    }

    fn phase1(over: &Overrides, variables: &[(&str, &str)]) -> Result<Profile> {
        let file = Library::default().load(ProfileName::Phase1).unwrap();
        let variable =
            |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        resolve(ProfileName::Phase1, file, over, &variable)
    }

    #[test]
    fn the_highest_layer_wins_and_is_named() {
        let mut over = Overrides::default();
        assert_eq!(
            phase1(&over, &[]).unwrap().bootstrap_server.to_string(),
            "localhost:9094 (phases/phase1/profile.toml:4)"
        );
        let variables = [("KAFKALAB_BOOTSTRAP_SERVER", "b:1")];
        assert_eq!(
            phase1(&over, &variables).unwrap().bootstrap_server.to_string(),
            "b:1 (KAFKALAB_BOOTSTRAP_SERVER)"
        );
        over.bootstrap_server = Some("c:1".to_owned());
        assert_eq!(phase1(&over, &variables).unwrap().bootstrap_server.to_string(), "c:1 (-b)");
        over.properties = vec![("bootstrap.servers".to_owned(), "d:1".to_owned())];
        assert_eq!(phase1(&over, &variables).unwrap().bootstrap_server.to_string(), "d:1 (-X)");
    }

    #[test]
    fn the_files_of_tls_have_the_same_layers() {
        let mut over = Overrides::default();
        let variables = [("KAFKALAB_SSL_CA_FILE", "v.pem")];
        let ca_file = |over: &Overrides| phase1(over, &variables).unwrap().ssl.ca_file.unwrap().to_string();
        assert_eq!(ca_file(&over), "v.pem (KAFKALAB_SSL_CA_FILE)");
        over.properties = vec![("ssl.ca.location".to_owned(), "x.pem".to_owned())];
        assert_eq!(ca_file(&over), "x.pem (-X)");
        assert!(phase1(&over, &[]).unwrap().properties.is_empty(), "librdkafka gets it once");
    }

    #[test]
    fn of_two_named_listeners_phase_0_takes_the_one_without_a_login() {
        let over = Overrides {
            bootstrap_server: Some("b:1".to_owned()),
            plaintext_server: Some("p:1".to_owned()),
            ..Overrides::default()
        };
        let phase0 = |over: &Overrides| {
            let file = Library::default().load(ProfileName::Phase0).unwrap();
            let variable = |name: &str| (name == "KAFKALAB_PLAINTEXT_SERVER").then(|| "v:1".to_owned());
            resolve(ProfileName::Phase0, file, over, &variable).unwrap().bootstrap_server.to_string()
        };
        assert_eq!(phase0(&over), "p:1 (--plaintext-server)");
        assert_eq!(phase0(&Overrides { plaintext_server: None, ..over.clone() }), "b:1 (-b)");
        assert_eq!(phase0(&Overrides::default()), "v:1 (KAFKALAB_PLAINTEXT_SERVER)");
        assert_eq!(phase1(&over, &[]).unwrap().bootstrap_server.to_string(), "b:1 (-b)");
    }

    #[test]
    fn the_principal_brings_its_password_persona_and_group() {
        let over = Overrides { principal: Some("nest".to_owned()), ..Overrides::default() };
        let profile = phase1(&over, &[]).unwrap();
        assert_eq!(profile.principal().to_string(), "User:nest (--as)");
        assert_eq!(profile.actor.password.unwrap().value.expose_secret(), "nest-secret");
        assert_eq!(profile.actor.persona.value, PersonaName::Nest);
        let over = Overrides { password: Some(SecretString::from("typed")), ..over };
        let profile = phase1(&over, &[("KAFKALAB_SASL_PASSWORD", "from the environment")]).unwrap();
        assert_eq!(profile.actor.password.unwrap().value.expose_secret(), "typed");
    }

    #[test]
    fn an_unknown_principal_is_answered_with_the_nearest() {
        let over = Overrides { principal: Some("larvel".to_owned()), ..Overrides::default() };
        let error = phase1(&over, &[]).unwrap_err();
        assert_eq!(error.to_string(), "the profile phases/phase1/profile.toml has no principal `larvel`");
        assert_eq!(error.hints[0].in_lang(crate::words::Lang::En), "Did you mean `laravel`?");
    }

    #[test]
    fn without_a_login_everybody_is_anonymous() {
        let over = Overrides {
            properties: vec![("security.protocol".to_owned(), "plaintext".to_owned())],
            ..Overrides::default()
        };
        let profile = phase1(&over, &[]).unwrap();
        assert_eq!(profile.principal().to_string(), "User:ANONYMOUS (-X)");
        assert!(profile.mechanism.is_none() && profile.actor.password.is_none());
    }

    #[test]
    fn a_lab_on_other_ports_is_found_unless_another_address_was_given() {
        let over = Overrides { lab: Some(lab(None)), ..Overrides::default() };
        let profile = phase1(&over, &[]).unwrap();
        assert_eq!(profile.bootstrap_server.to_string(), "127.0.0.1:4004 (lab)");
        assert_eq!(profile.plaintext_server.unwrap().to_string(), "127.0.0.1:4002 (lab)");
        let plaintext = Overrides {
            properties: vec![("security.protocol".to_owned(), "PLAINTEXT".to_owned())],
            lab: over.lab.clone(),
            ..Overrides::default()
        };
        assert_eq!(phase1(&plaintext, &[]).unwrap().bootstrap_server.to_string(), "127.0.0.1:4004 (lab)");
        let over = Overrides { bootstrap_server: Some("localhost:9094".to_owned()), ..over };
        assert_eq!(phase1(&over, &[]).unwrap().bootstrap_server.to_string(), "localhost:9094 (-b)");
    }

    #[test]
    fn who_asks_for_tls_means_the_labs_listener_that_has_it() {
        let tls = RunningTls { address: "127.0.0.1:4006".to_owned(), ca_file: "ca.pem".to_owned() };
        let over = Overrides {
            properties: vec![("security.protocol".to_owned(), "SASL_SSL".to_owned())],
            lab: Some(lab(Some(tls))),
            ..Overrides::default()
        };
        let profile = phase1(&over, &[]).unwrap();
        assert_eq!(profile.bootstrap_server.to_string(), "127.0.0.1:4006 (lab)");
        assert_eq!(profile.ssl.ca_file.unwrap().to_string(), "ca.pem (lab)");
        // Whoever names the address is helped with the authority, not with the address.
        let named = Overrides { bootstrap_server: Some("localhost:4006".to_owned()), ..over.clone() };
        let profile = phase1(&named, &[]).unwrap();
        assert_eq!(profile.bootstrap_server.to_string(), "localhost:4006 (-b)");
        assert_eq!(profile.ssl.ca_file.unwrap().to_string(), "ca.pem (lab)");
        let elsewhere = Overrides { bootstrap_server: Some("kafka:4006".to_owned()), ..over.clone() };
        assert!(phase1(&elsewhere, &[]).unwrap().ssl.ca_file.is_none());
        let plain = Overrides { properties: Vec::new(), ..over };
        assert_eq!(phase1(&plain, &[]).unwrap().bootstrap_server.to_string(), "127.0.0.1:4004 (lab)");
    }

    #[test]
    fn a_password_is_refused_as_a_property() {
        assert!(Overrides::property("sasl.password=x").is_err());
        assert_eq!(Overrides::property("a=b=c").unwrap(), ("a".to_owned(), "b=c".to_owned()));
    }
}
