//! Phase 0: the environment, without a login.

use super::{Context, checks, connect, consume, produce};
use crate::client::raw::admin::{brokers, topics};
use crate::client::raw::{Cluster, Listener, Probe};
use crate::client::rights::{self, Attempt};
use crate::error::Result;
use crate::profile::{Profile, ProfileName};
use crate::report::{Check, Report, Verdict};
use crate::words::phase0 as words;

/// The commands of phase 0.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Write records and show the broker's acknowledgement of each.
    Produce(produce::Args),
    /// Read records, from chosen partitions or as a member of a group.
    Consume(consume::Args),
    /// Check the environment end to end: broker, listeners, topic, a message there and back, and a refusal.
    Verify,
}

pub(super) async fn run(context: &Context, command: &Command) -> Result<Report> {
    match command {
        Command::Produce(args) => produce::run(context, ProfileName::Phase0, args).await,
        Command::Consume(args) => consume::run(context, ProfileName::Phase0, args).await,
        Command::Verify => verify(context).await,
    }
}

const TOPIC_ALREADY_EXISTS: i16 = 36;

async fn verify(context: &Context) -> Result<Report> {
    let profile = context.lab_profile(ProfileName::Phase0).await?;
    let laravel = context.profile(ProfileName::Phase1)?;
    let mut cluster = connect::cluster(context, &profile, words::REACHING).await?;
    let topic = profile.topic.as_ref().map_or("phase0-hello", |topic| topic.value.as_str());
    let group = profile.actor.group.as_ref().map_or("phase0-readers", |group| group.value.as_str());
    let mut checks = Vec::new();
    let bar = context.ui.waiting(words::REACHING);
    let mut add = |check: Check| {
        bar.set_message(check.goal.in_lang(context.lang()));
        checks.push(check);
    };
    add(reached(&profile, &mut cluster).await);
    add(listeners(&profile, &laravel).await);
    add(topic_is_there(&profile, &mut cluster, topic).await);
    let (message, placed) = checks::there_and_back(context, &profile, topic, group).await;
    add(message);
    if let Some(placed) = placed {
        add(checks::through_a_group(context, &profile, topic, group, &placed).await);
    }
    add(refused(context, &profile, &laravel).await);
    bar.finish_and_clear();
    Ok(Report::checks(checks, context.lang())
        .explain(words::TWO_ADDRESSES)
        .explain(words::LOG_NOT_QUEUE)
        .explain(words::REFUSAL_IS_THE_POINT)
        .same_with(
            "Apache Kafka",
            [
                format!(
                    "kafka-topics.sh --bootstrap-server {} --create --if-not-exists --topic {topic}",
                    profile.bootstrap_server.value
                ),
                format!(
                    "kafka-console-consumer.sh --bootstrap-server {} --topic {topic} --from-beginning",
                    profile.bootstrap_server.value
                ),
            ],
        ))
}

/// The address that was dialled, and the addresses that the broker answers with: clients go on with the latter.
async fn reached(profile: &Profile, cluster: &mut Cluster) -> Check {
    let dialled = &profile.bootstrap_server.value;
    match brokers::describe_cluster(cluster).await {
        Ok(found) => {
            let answered: Vec<String> =
                found.brokers.iter().map(|broker| format!("{}:{}", broker.host, broker.port)).collect();
            let evidence = words::REACHED_EVIDENCE.with(&[
                ("dialled", dialled),
                ("answered", &answered.join(", ")),
                ("brokers", &found.brokers.len()),
                ("cluster", &found.cluster_id),
            ]);
            Check::new("broker", words::REACHED, Verdict::Done, evidence)
        }
        Err(failure) => checks::could_not("broker", words::REACHED, &failure),
    }
}

/// The listener that was dialled, and the one with a login where another address is known for it: `-b` names one.
async fn listeners(plain: &Profile, sasl: &Profile) -> Check {
    let first = connect::probe(plain, connect::address(plain), None).await;
    let mut holds = first.listener == Listener::Plaintext;
    let mut told = vec![told(&first)];
    if connect::address(sasl) != connect::address(plain) {
        let second = connect::probe(sasl, connect::address(sasl), None).await;
        holds &= matches!(second.listener, Listener::Sasl(_) | Listener::SaslSsl(_));
        told.push(self::told(&second));
    }
    let evidence = words::LISTENERS_EVIDENCE.with(&[("listeners", &told.join("; "))]);
    checks::decided("listeners", words::LISTENERS, holds, evidence)
}

/// `localhost:9094 SASL_PLAINTEXT (PLAIN, SCRAM-SHA-256)`.
fn told(probe: &Probe) -> String {
    let kind = match &probe.listener {
        Listener::Sasl(mechanisms) => format!("SASL_PLAINTEXT ({})", mechanisms.join(", ")),
        Listener::SaslSsl(mechanisms) => format!("SASL_SSL ({})", mechanisms.join(", ")),
        Listener::Plaintext => "PLAINTEXT".to_owned(),
        other => format!("{other:?}"),
    };
    format!("{} {kind}", probe.address)
}

/// ANONYMOUS may create topics whose name begins with `phase0-`.
async fn topic_is_there(profile: &Profile, cluster: &mut Cluster, topic: &str) -> Check {
    let goal = words::TOPIC.with(&[("topic", &topic)]);
    let wanted = topics::NewTopic::new(topic, profile.partitions.value);
    let created = match topics::create_topics(cluster, &[wanted], false).await {
        Ok(results) => results.into_values().next(),
        Err(failure) => return checks::could_not("topic", goal, &failure),
    };
    if let Some(Err(error)) = created
        && error.code != TOPIC_ALREADY_EXISTS
    {
        let said =
            format!("{} ({}, {})", error.message.clone().unwrap_or_default(), error.name(), error.code);
        return Check::new("topic", goal, Verdict::NotYet, said);
    }
    match topics::describe_topics(cluster, &[topic]).await {
        Ok(found) => {
            let partitions =
                found.get(topic).and_then(|topic| topic.as_ref().ok()).map(|topic| topic.partitions.len());
            let evidence = words::TOPIC_EVIDENCE.with(&[("partitions", &partitions.unwrap_or(0))]);
            checks::decided("topic", goal, partitions.is_some(), evidence)
        }
        Err(failure) => checks::could_not("topic", goal, &failure),
    }
}

/// The expected failure of the phase: nobody reads Laravel's topic without a login.
async fn refused(context: &Context, profile: &Profile, laravel: &Profile) -> Check {
    let topic = laravel.topic.as_ref().map_or("laravel-events", |topic| topic.value.as_str());
    let goal = words::REFUSED.with(&[("topic", &topic)]);
    let asked = async {
        let mut connection = checks::connection(context, profile).await?;
        rights::attempt(&mut connection, &Attempt::Read(topic.to_owned())).await
    };
    match asked.await {
        Ok(seen) => {
            let name = crate::kafka_error::name(seen.code);
            let evidence = words::REFUSED_EVIDENCE.with(&[("name", &name), ("code", &seen.code)]);
            checks::decided("refused", goal, !seen.allowed(), evidence)
        }
        Err(failure) => checks::could_not("refused", goal, &failure),
    }
}
