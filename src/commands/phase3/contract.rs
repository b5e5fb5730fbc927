//! `phase3 contract`: what is in the topic, held against the contract, and who broke it.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};

use crate::client::raw::batches::{Stored, last_records};
use crate::commands::{Context, connect, trouble};
use crate::contract::{Contract, Finding, Rule, Sample, producer};
use crate::error::{Error, Kind, Result};
use crate::profile::ProfileName;
use crate::report::{Block, Report, Table};
use crate::words::{Text, contract as words};

/// The flags of `contract`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Look at the last so many records of each partition.
    #[arg(short = 'n', long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    count: u32,
    /// The topic; by default the profile's.
    #[arg(short, long, value_name = "TOPIC")]
    topic: Option<String>,
    /// Exit with 6 if any record breaks the contract.
    #[arg(long)]
    strict: bool,
}

/// A broken rule and where it was broken.
struct Broken {
    producer: &'static str,
    partition: i32,
    offset: i64,
    finding: Finding,
}

/// What a sample of the topic shows.
pub(super) struct Sampled {
    /// Records of each producer.
    producers: BTreeMap<&'static str, usize>,
    broken: Vec<Broken>,
}

impl Sampled {
    /// How many records were looked at.
    pub(super) fn records(&self) -> usize {
        self.producers.values().sum()
    }

    /// Each producer with its records and with how often it broke a rule.
    fn tallies(&self) -> impl Iterator<Item = (&'static str, usize, usize)> {
        self.producers.iter().map(|(name, records)| {
            let broken = self.broken.iter().filter(|one| one.producer == *name).count();
            (*name, *records, broken)
        })
    }

    /// The first record that breaks a rule, for a sentence.
    pub(super) fn first_broken(&self) -> Option<String> {
        let one = self.broken.first()?;
        let (rule, place) = (one.finding.rule.name(), &one.finding.place);
        Some(format!("{} {}/{}: {rule} {place}", one.producer, one.partition, one.offset))
    }
}

pub(super) async fn run(context: &Context, args: &Args) -> Result<Report> {
    let profile = context.lab_profile(ProfileName::Phase3).await?;
    let Some(topic) = args.topic.clone().or_else(|| profile.topic.as_ref().map(|topic| topic.value.clone()))
    else {
        return Err(Error::usage(crate::words::produce::NO_TOPIC));
    };
    let doing = || words::DOING.with(&[("topic", &topic)]);
    let mut cluster = connect::cluster(context, &profile, doing()).await?;
    let stored = match last_records(&mut cluster, &topic, args.count).await {
        Ok(stored) => stored,
        Err(failure) => return Err(trouble::explain_raw(&profile, doing(), &failure).await),
    };
    let sampled = examine(stored)?;
    Ok(report(context, &topic, &sampled, args.strict))
}

/// Holds records against the contract.
pub(super) fn examine(stored: Vec<Stored>) -> Result<Sampled> {
    let contract = Contract::new().map_err(|problem| Error::new(Kind::Failed, problem))?;
    let (mut producers, mut broken) = (BTreeMap::new(), Vec::new());
    let mut partition_of: HashMap<Vec<u8>, i32> = HashMap::new();
    for sample in stored.into_iter().map(sample) {
        let who = producer(&sample).map_or("?", |source| source.name());
        *producers.entry(who).or_default() += 1;
        let mut findings = contract.examine(&sample);
        if let Some(key) = sample.key.as_ref().filter(|key| !key.is_empty()) {
            let first = *partition_of.entry(key.clone()).or_insert(sample.partition);
            if first != sample.partition {
                let place = String::from_utf8_lossy(key).into_owned();
                findings.push(Finding { rule: Rule::Scattered, place });
            }
        }
        let (partition, offset) = (sample.partition, sample.offset);
        let here = findings.into_iter();
        broken.extend(here.map(|finding| Broken { producer: who, partition, offset, finding }));
    }
    broken.sort_by(|a, b| (a.producer, a.partition, a.offset).cmp(&(b.producer, b.partition, b.offset)));
    Ok(Sampled { producers, broken })
}

/// A stored record as plain values.
pub(in crate::commands) fn sample(stored: Stored) -> Sample {
    let record = stored.record;
    let bytes = |bytes: bytes::Bytes| bytes.to_vec();
    let headers = record.headers.into_iter();
    Sample {
        partition: stored.partition,
        offset: record.offset,
        codec: stored.codec,
        key: record.key.map(bytes),
        value: record.value.map(bytes),
        headers: headers.map(|(name, value)| (name.to_string(), value.map(bytes))).collect(),
    }
}

fn report(context: &Context, topic: &str, sampled: &Sampled, strict: bool) -> Report {
    let lang = context.lang();
    let head = vec!["PRODUCER", "PARTITION", "OFFSET", "RULE", "WHERE", "WHAT"];
    let (mut rows, mut data) = (Vec::new(), Vec::new());
    for one in &sampled.broken {
        let (rule, place) = (one.finding.rule, &one.finding.place);
        let says = meaning(rule).get(lang);
        let place_or_none = if place.is_empty() { "-" } else { place };
        rows.push(vec![
            one.producer.to_owned(),
            one.partition.to_string(),
            one.offset.to_string(),
            rule.name().to_owned(),
            place_or_none.to_owned(),
            says.to_owned(),
        ]);
        data.push(json!({
            "producer": one.producer, "partition": one.partition, "offset": one.offset,
            "rule": rule.name(), "where": place, "says": says,
        }));
    }
    let tallies: Vec<(&str, usize, usize)> = sampled.tallies().collect();
    let producers: Vec<Value> = tallies
        .iter()
        .map(|(name, records, broken)| json!({ "producer": name, "records": records, "findings": broken }))
        .collect();
    let mut report = Report::new(json!({
        "topic": topic, "records": sampled.records(), "producers": producers, "findings": data,
    }));
    for (name, records, broken) in &tallies {
        report = report.line(words::BY_PRODUCER.with(&[
            ("producer", name),
            ("records", records),
            ("broken", broken),
        ]));
    }
    if sampled.records() == 0 {
        report = report.line(words::EMPTY.with(&[("topic", &topic)]));
    } else if sampled.broken.is_empty() {
        report = report.line(words::HOLDS);
    } else {
        report = report.block(Block::Gap).block(Block::Table(Table { head, rows }));
    }
    if strict && !sampled.broken.is_empty() {
        report.outcome = Some(Kind::NotMet);
    }
    report.explain(words::WHY).explain(words::SEEN_TOO_LATE)
}

/// What a broken rule does to the other side.
fn meaning(rule: Rule) -> Text {
    match rule {
        Rule::Codec => words::CODEC,
        Rule::Key => words::KEY,
        Rule::KeyDiffers => words::KEY_DIFFERS,
        Rule::Scattered => words::SCATTERED,
        Rule::Header => words::HEADER,
        Rule::Tombstone => words::TOMBSTONE,
        Rule::Utf8 => words::UTF8,
        Rule::Json => words::JSON,
        Rule::Missing => words::MISSING,
        Rule::Type => words::TYPE,
        Rule::Reserved => words::RESERVED,
        Rule::Integer => words::INTEGER,
        Rule::Schema => words::SCHEMA,
    }
}
