//! What an acknowledgement means, and who chose the partition.

use super::tally::Tally;
use super::{Args, Input};
use crate::client::{Partitioner, ProduceOptions, Topic, Why, escaped};
use crate::commands::{connect, voices};
use crate::profile::{PersonaName, Profile};
use crate::report::Report;
use crate::words::{Message, produce as words};

/// Who chooses partitions in this run.
pub(super) struct Chooser {
    /// The partition is given on the command line or by the record.
    explicit: bool,
    /// The partitioner in force; `None` for one of librdkafka's that this program does not compute.
    partitioner: Option<Partitioner>,
    /// librdkafka's name of it.
    name: String,
    partitions: u32,
}

impl Chooser {
    pub(super) fn new(profile: &Profile, args: &Args, options: &ProduceOptions, topic: &Topic) -> Self {
        // A raw property is the last word, also here.
        let raw = profile.properties.iter().rev().find(|(name, _)| name == "partitioner");
        let partitioner = match raw {
            Some((_, value)) => Partitioner::from_name(&value.value),
            None => options.partitioner,
        };
        let name = raw.map(|(_, value)| value.value.clone());
        Self {
            explicit: args.partition.is_some() || args.keep_partition,
            partitioner,
            name: name
                .or_else(|| partitioner.map(|partitioner| partitioner.name().to_owned()))
                .unwrap_or_default(),
            partitions: u32::try_from(topic.partitions.len()).unwrap_or(0),
        }
    }

    /// A few words for the line of an acknowledgement.
    pub(super) fn short(&self, key: Option<&[u8]>, partition: i32) -> Message {
        if self.explicit {
            return Message::Verbatim(String::new());
        }
        let Some(choice) = self.partitioner.map(|who| who.choose(key, self.partitions)) else {
            return words::CHOSEN_BY.with(&[("partitioner", &self.name)]);
        };
        let (hash_name, hash, partitions) = match choice.why {
            Why::NoKey | Why::EmptyKey => return words::CHOSEN_AT_RANDOM.into(),
            Why::Crc32 { hash, partitions } => ("CRC-32", hash, partitions),
            Why::Murmur2 { hash, partitions } => ("murmur2", hash, partitions),
        };
        // The broker's word counts, not this computation.
        if choice.partition != Some(partition) {
            return words::CHOSEN_BY.with(&[("partitioner", &self.name)]);
        }
        let key = escaped(key.unwrap_or_default());
        words::CHOSEN_BY_HASH.with(&[
            ("name", &hash_name),
            ("key", &key),
            ("hash", &hash),
            ("partitions", &partitions),
            ("partition", &partition),
        ])
    }

    /// The partition that the key leads to; `None` where chance decides, or where librdkafka does in its own way.
    pub(super) fn partition(&self, key: Option<&[u8]>) -> Option<i32> {
        self.partitioner?.choose(key, self.partitions).partition
    }

    /// The partition in which the other framework would put the key, with its name.
    fn other(&self, key: &[u8]) -> Option<(&'static str, i32)> {
        let (name, partitioner) = match self.partitioner? {
            Partitioner::ConsistentRandom => ("murmur2 (Nest, Java)", Partitioner::Murmur2Random),
            Partitioner::Murmur2Random => ("CRC-32 (Laravel)", Partitioner::ConsistentRandom),
        };
        Some((name, partitioner.choose(Some(key), self.partitions).partition?))
    }
}

/// Adds what these acknowledgements mean.
pub(super) fn explain(
    mut report: Report,
    profile: &Profile,
    args: &Args,
    chooser: &Chooser,
    tally: &Tally<'_>,
) -> Report {
    let Some((placed, key)) = tally.last() else { return report };
    let offset = placed.offset.map_or_else(|| "?".to_owned(), |offset| offset.to_string());
    let principal = profile.principal().value;
    report = report.explain(if tally.has_answers() {
        words::WHAT_IT_MEANS.with(&[
            ("partition", &placed.partition),
            ("offset", &offset),
            ("principal", &principal),
        ])
    } else {
        words::NOBODY_KNOWS.into()
    });
    report = report.explain(match (chooser.explicit, key) {
        (true, _) => words::YOU_CHOSE.with(&[("partition", &placed.partition)]),
        (false, Some(key)) if !key.is_empty() => match chooser.other(key) {
            Some((other, there)) => words::WHY_PARTITION.with(&[
                ("partitioner", &chooser.name),
                ("key", &escaped(key)),
                ("partition", &placed.partition),
                ("other", &other),
                ("there", &there),
            ]),
            None => words::WHY_OTHER.with(&[("partitioner", &chooser.name)]),
        },
        _ => words::WHY_RANDOM.with(&[("partitioner", &chooser.name)]),
    });
    same_with(report, profile, args, chooser)
}

fn same_with(report: Report, profile: &Profile, args: &Args, chooser: &Chooser) -> Report {
    let topic = args.topic.clone().or_else(|| profile.topic.as_ref().map(|topic| topic.value.clone()));
    let topic = topic.unwrap_or_default();
    let server = &profile.bootstrap_server.value;
    let keyed = args.key.is_some();
    let report = match console(profile, args, &topic) {
        Some(console) => {
            report.same_with("Apache Kafka", std::iter::once(console).chain(voices::apache_file(profile)))
        }
        None => report,
    };
    match profile.actor.persona.value {
        // It serializes every body, and lets its partitioner choose.
        PersonaName::Laravel if args.tombstone || args.partition.is_some() => report,
        PersonaName::Laravel => {
            let key = if keyed { "->withKafkaKey($key)" } else { "" };
            let headers = if args.headers.is_empty() { "" } else { "->withHeaders($headers)" };
            let codec = args.compression.clone().or(connect::produce_options(profile).compression);
            let partitioner = match chooser.name.as_str() {
                "" | "consistent_random" => None,
                other => Some(format!("    ->withConfigOption('partitioner', '{other}')")),
            };
            let first = [format!("Kafka::publish('{server}')"), format!("    ->onTopic('{topic}')")];
            let last = [
                format!("    {key}{headers}->withBody($body)->send();"),
                format!("// KAFKA_COMPRESSION_TYPE={}", codec.unwrap_or_default()),
            ];
            let lines =
                first.into_iter().chain(voices::laravel_login(profile)).chain(partitioner).chain(last);
            report.same_with("Laravel", lines)
        }
        PersonaName::Nest => {
            let value = if args.tombstone { "value: null" } else { "value" };
            let parts = [
                keyed.then_some("key"),
                Some(value),
                (!args.headers.is_empty()).then_some("headers"),
                args.partition.is_some().then_some("partition"),
            ];
            let parts: Vec<&str> = parts.into_iter().flatten().collect();
            let body =
                if parts == ["value"] { "value".to_owned() } else { format!("{{ {} }}", parts.join(", ")) };
            report.same_with("Nest", [format!("this.client.emit('{topic}', {body});")])
        }
        PersonaName::Plain => report,
    }
}

/// The same with Apache's console producer, which chooses no partition; headers would have to stand in each line.
fn console(profile: &Profile, args: &Args, topic: &str) -> Option<String> {
    if args.partition.is_some() || !args.headers.is_empty() {
        return None;
    }
    let (server, login) = (&profile.bootstrap_server.value, voices::apache_option(profile));
    let input = typed(args).map_or_else(String::new, |line| format!("echo {line} | "));
    let mut console =
        format!("{input}kafka-console-producer.sh --bootstrap-server {server}{login} --topic {topic}");
    if args.key.is_some() {
        console.push_str(" --reader-property parse.key=true --reader-property key.separator=:");
    }
    if args.tombstone {
        console.push_str(&format!(" --reader-property null.marker={NULL}"));
    }
    Some(console)
}

/// What stands for no value in a line for the console producer.
const NULL: &str = "NULL";

/// The one line that was given with `--msg`, as a shell takes it and as Apache's tool reads it; none for other input.
fn typed(args: &Args) -> Option<String> {
    let value = match args.msg.as_slice() {
        [] if args.tombstone => NULL,
        [value] => value,
        _ => return None,
    };
    let line = match &args.key {
        Some(key) => format!("{key}:{value}"),
        None => value.to_owned(),
    };
    (args.input == Input::Text && !line.contains('\n')).then(|| shell_words::quote(&line).into_owned())
}
