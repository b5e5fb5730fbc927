//! `kafkalab config show | dump`: every setting with its source. A password is never shown.

use serde_json::{Value, json};

use super::Context;
use crate::error::{Error, Result};
use crate::profile::{Profile, ProfileName, is_secret};
use crate::report::{Block, Report, Table};
use crate::source::{Source, Sourced};
use crate::words::{config as words, input};

/// What to show.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Every setting in force, with its source.
    Show(Args),
    /// The same, as a profile that can be saved and edited; passwords are left out.
    Dump(Args),
}

/// Arguments of `config show` and `config dump`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Whose settings: phase0 to phase4, or admin.
    #[arg(default_value = "phase1", value_parser = parse_name, value_name = "PROFILE")]
    name: ProfileName,
}

pub(super) fn run(context: &Context, command: &Command) -> Result<Report> {
    match command {
        Command::Show(args) => Ok(show(context, &context.profile(args.name)?)),
        Command::Dump(args) => Ok(dump(&context.profile(args.name)?)),
    }
}

fn show(context: &Context, profile: &Profile) -> Report {
    let rows = settings(context, profile);
    let data: Vec<Value> = rows
        .iter()
        .map(|(name, value)| json!({ "setting": name, "value": value.value, "source": value.source }))
        .collect();
    let rows =
        rows.into_iter().map(|(name, value)| vec![name, value.value, value.source.to_string()]).collect();
    Report::new(json!({ "profile": profile.name.name(), "settings": data }))
        .block(Block::Table(Table { head: vec!["SETTING", "VALUE", "SOURCE"], rows }))
        .explain(words::PRECEDENCE)
}

/// Every setting with its value and source, secrets as `(set)`.
fn settings(context: &Context, profile: &Profile) -> Vec<(String, Sourced<String>)> {
    let actor = &profile.actor;
    let text = |value: &Sourced<String>| Some(value.clone());
    let rows: [(&str, Option<Sourced<String>>); 19] = [
        ("bootstrap_server", text(&profile.bootstrap_server)),
        ("plaintext_server", profile.plaintext_server.clone()),
        ("security_protocol", Some(shown(&profile.security_protocol))),
        ("mechanism", profile.mechanism.as_ref().map(shown)),
        ("as", text(&actor.name)),
        ("password", actor.password.as_ref().map(|password| hidden(&password.source))),
        ("persona", Some(shown(&actor.persona))),
        ("group", actor.group.clone()),
        ("postfix", actor.postfix.clone()),
        ("compression", actor.compression.clone()),
        ("partitioner", actor.partitioner.clone()),
        ("topic", profile.topic.clone()),
        ("dead_letters", profile.dead_letter_topic.clone()),
        ("partitions", Some(shown(&profile.partitions))),
        ("ssl.ca_file", profile.ssl.ca_file.clone()),
        ("ssl.cert_file", profile.ssl.cert_file.clone()),
        ("ssl.key_file", profile.ssl.key_file.clone()),
        (
            "timeout",
            Some(Sourced::new(format!("{:?}", context.global.timeout), context.source_of("timeout"))),
        ),
        ("lang", Some(Sourced::new(context.lang().tag().to_owned(), context.source_of("lang")))),
    ];
    let rows = rows.into_iter().filter_map(|(name, value)| value.map(|value| (name.to_owned(), value)));
    let raw = profile.properties.iter().map(|(name, value)| {
        (name.clone(), if is_secret(name) { hidden(&value.source) } else { value.clone() })
    });
    rows.chain(raw).collect()
}

fn shown<T: std::fmt::Display>(value: &Sourced<T>) -> Sourced<String> {
    Sourced::new(value.value.to_string(), value.source.clone())
}

fn hidden(source: &Source) -> Sourced<String> {
    Sourced::new("(set)".to_owned(), source.clone())
}

fn dump(profile: &Profile) -> Report {
    let actor = &profile.actor;
    let mut kafka = toml::Table::new();
    kafka.insert("bootstrap_server".to_owned(), profile.bootstrap_server.value.clone().into());
    if let Some(server) = &profile.plaintext_server {
        kafka.insert("plaintext_server".to_owned(), server.value.clone().into());
    }
    kafka.insert("security_protocol".to_owned(), profile.security_protocol.value.name().into());
    if let Some(mechanism) = &profile.mechanism {
        kafka.insert("mechanism".to_owned(), mechanism.value.name().into());
    }
    kafka.insert("as".to_owned(), actor.name.value.clone().into());

    let mut principal = toml::Table::new();
    principal.insert("password_env".to_owned(), "KAFKALAB_SASL_PASSWORD".into());
    principal.insert("persona".to_owned(), actor.persona.value.name().into());
    for (key, value) in [
        ("group", &actor.group),
        ("postfix", &actor.postfix),
        ("compression", &actor.compression),
        ("partitioner", &actor.partitioner),
    ] {
        if let Some(value) = value {
            principal.insert(key.to_owned(), value.value.clone().into());
        }
    }
    let mut file = toml::Table::new();
    file.insert("kafka".to_owned(), kafka.into());
    if let Some(topic) = &profile.topic {
        let mut table = toml::Table::new();
        table.insert("name".to_owned(), topic.value.clone().into());
        table.insert("partitions".to_owned(), i64::from(profile.partitions.value).into());
        file.insert("topic".to_owned(), table.into());
    }
    let mut principals = toml::Table::new();
    principals.insert(actor.name.value.clone(), principal.into());
    file.insert("principals".to_owned(), principals.into());
    let text = file.to_string();
    Report::new(json!({ "profile": profile.name.name(), "toml": text })).block(Block::File(text))
}

fn parse_name(text: &str) -> Result<ProfileName, Error> {
    let known: Vec<&str> = ProfileName::ALL.iter().map(|(_, name, ..)| *name).collect();
    ProfileName::ALL
        .iter()
        .find(|(_, name, ..)| *name == text)
        .map(|(name, ..)| *name)
        .ok_or_else(|| Error::usage(input::ONE_OF.with(&[("value", &text), ("known", &known.join(", "))])))
}
