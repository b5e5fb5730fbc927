//! `kafkalab topics list | describe | create | delete`, as `admin` unless `--as` says otherwise.

mod watch;

use std::collections::BTreeMap;

use serde_json::json;

use super::{Context, connect, denial, trouble, voices};
use crate::client;
use crate::client::raw::admin::{configs, topics};
use crate::client::raw::{BrokerError, Cluster};
use crate::error::{Error, Kind, Result};
use crate::profile::Profile;
use crate::report::{Block, Report, Table};
use crate::words::topics as words;

/// What to do with topics.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// The topics that the principal may see.
    List {
        /// Kafka's own topics too.
        #[arg(long)]
        internal: bool,
    },
    /// Partitions with leader and replicas, and the settings that differ from the default.
    Describe {
        /// The topic.
        #[arg(value_name = "TOPIC", required = true)]
        topics: Vec<String>,
        /// Show each record in the lane of its partition as it arrives, until Ctrl-C.
        #[arg(short, long)]
        watch: bool,
    },
    /// Create topics.
    Create {
        /// The topic.
        #[arg(value_name = "TOPIC", required = true)]
        topics: Vec<String>,
        /// How many partitions; the broker's num.partitions by default.
        #[arg(long, default_value_t = -1, allow_negative_numbers = true)]
        partitions: i32,
        /// How many replicas; the broker's default.replication.factor by default.
        #[arg(long, default_value_t = -1, allow_negative_numbers = true)]
        replication_factor: i16,
        /// A setting of the topic.
        #[arg(long = "config", value_name = "KEY=VALUE")]
        configs: Vec<String>,
        /// A topic that exists already is no error.
        #[arg(long)]
        if_not_exists: bool,
    },
    /// Delete topics with all their records.
    Delete {
        /// The topic.
        #[arg(value_name = "TOPIC", required = true)]
        topics: Vec<String>,
    },
}

pub(super) async fn run(context: &Context, command: &Command) -> Result<Report> {
    if let Command::Describe { topics, watch: true } = command {
        return match &topics[..] {
            [topic] => watch::run(context, topic).await,
            _ => Err(Error::usage(words::WATCH_ONE)),
        };
    }
    let (profile, mut cluster) = connect::administrator(context, words::ASKING).await?;
    match command {
        Command::List { internal } => list(&profile, &mut cluster, *internal).await,
        Command::Describe { topics, watch: _ } => describe(context, &profile, &mut cluster, topics).await,
        Command::Create { topics, partitions, replication_factor, configs, if_not_exists } => {
            let configs = settings(configs)?;
            let wanted = topics.iter().map(|name| topics::NewTopic {
                name: name.clone(),
                partitions: *partitions,
                replication_factor: *replication_factor,
                configs: configs.clone(),
            });
            create(context, &profile, &mut cluster, &wanted.collect::<Vec<_>>(), *if_not_exists).await
        }
        Command::Delete { topics } => delete(context, &profile, &mut cluster, topics).await,
    }
}

async fn list(profile: &Profile, cluster: &mut Cluster, internal: bool) -> Result<Report> {
    let found = match topics::list_topics(cluster).await {
        Ok(found) => found,
        Err(failure) => return Err(trouble::explain_raw(profile, words::ASKING, &failure).await),
    };
    let shown: Vec<_> = found.iter().filter(|topic| internal || !topic.is_internal).collect();
    let rows = shown.iter().map(|topic| {
        let replicas = topic.partitions.first().map_or(0, |partition| partition.replicas.len());
        vec![topic.name.clone(), topic.partitions.len().to_string(), replicas.to_string()]
    });
    let data: Vec<_> = shown
        .iter()
        .map(|topic| json!({ "name": topic.name, "partitions": topic.partitions.len(), "internal": topic.is_internal }))
        .collect();
    let principal = profile.principal().value;
    Ok(Report::new(json!({ "topics": data }))
        .block(Block::Table(Table { head: vec!["TOPIC", "PARTITIONS", "REPLICAS"], rows: rows.collect() }))
        .explain(words::LISTED.with(&[("principal", &principal)]))
        .same_with(
            "Apache Kafka",
            std::iter::once(format!(
                "kafka-topics.sh --bootstrap-server {}{} --list",
                profile.bootstrap_server.value,
                voices::apache_option(profile)
            ))
            .chain(voices::apache_file(profile)),
        ))
}

async fn describe(
    context: &Context,
    profile: &Profile,
    cluster: &mut Cluster,
    names: &[String],
) -> Result<Report> {
    let asked: Vec<&str> = names.iter().map(String::as_str).collect();
    let found = match topics::describe_topics(cluster, &asked).await {
        Ok(found) => found,
        Err(failure) => return Err(trouble::explain_raw(profile, words::ASKING, &failure).await),
    };
    let (mut rows, mut data, mut report) = (Vec::new(), Vec::new(), Report::default());
    for (name, topic) in found {
        let topic = match topic {
            Ok(topic) => topic,
            Err(error) => return Err(refused(context, profile, ("DESCRIBE", &name), &error).await),
        };
        context.found("topic", name.as_str());
        context.found("partitions", topic.partitions.len());
        let own = own_settings(cluster, &name).await;
        for partition in &topic.partitions {
            let leader = partition.leader.map_or_else(|| "-".to_owned(), |leader| leader.to_string());
            let ids = |ids: &[i32]| ids.iter().map(i32::to_string).collect::<Vec<_>>().join(",");
            let number = partition.partition.to_string();
            rows.push(vec![name.clone(), number, leader, ids(&partition.replicas), ids(&partition.isr)]);
        }
        let partitions: Vec<_> = topic
            .partitions
            .iter()
            .map(|partition| {
                json!({ "partition": partition.partition, "leader": partition.leader,
                        "replicas": partition.replicas, "isr": partition.isr })
            })
            .collect();
        data.push(json!({ "name": name, "partitions": partitions, "configs": own }));
        let own: Vec<String> = own.iter().flatten().map(|(key, value)| format!("{key}={value}")).collect();
        if !own.is_empty() {
            report = report.line(words::OWN_SETTINGS.with(&[("topic", &name), ("settings", &own.join(" "))]));
        }
    }
    let head = vec!["TOPIC", "PARTITION", "LEADER", "REPLICAS", "ISR"];
    let mut made = Report::new(json!({ "topics": data })).block(Block::Table(Table { head, rows }));
    made.body.extend(report.body);
    Ok(made.explain(words::DESCRIBED))
}

/// The settings that somebody gave the topic; none where the principal may not ask.
async fn own_settings(cluster: &mut Cluster, topic: &str) -> Option<BTreeMap<String, String>> {
    let settings = configs::describe_topic_configs(cluster, topic).await.ok()?;
    let own = settings.into_iter().filter(|setting| !setting.is_default);
    Some(own.map(|setting| (setting.name, setting.value.unwrap_or_default())).collect())
}

async fn create(
    context: &Context,
    profile: &Profile,
    cluster: &mut Cluster,
    wanted: &[topics::NewTopic],
    if_not_exists: bool,
) -> Result<Report> {
    const TOPIC_ALREADY_EXISTS: i16 = 36;
    let dry_run = context.global.dry_run;
    let results = match topics::create_topics(cluster, wanted, dry_run).await {
        Ok(results) => results,
        Err(failure) => return Err(trouble::explain_raw(profile, words::CREATING, &failure).await),
    };
    let mut report = Report::new(
        json!({ "created": results.iter().filter(|(_, result)| result.is_ok()).map(|(name, _)| name).collect::<Vec<_>>(), "dry_run": dry_run }),
    );
    let mut failures = Vec::new();
    for (name, result) in &results {
        let line = match result {
            Ok(()) if dry_run => words::WOULD_CREATE.with(&[("topic", name)]),
            Ok(()) => words::CREATED.with(&[("topic", name)]),
            Err(error) if error.code == TOPIC_ALREADY_EXISTS && if_not_exists => {
                words::EXISTS.with(&[("topic", name)])
            }
            Err(error) => {
                failures.push(refused(context, profile, ("CREATE", name), error).await);
                continue;
            }
        };
        report = report.line(line);
    }
    several(context, report, failures, results.len())
}

async fn delete(
    context: &Context,
    profile: &Profile,
    cluster: &mut Cluster,
    names: &[String],
) -> Result<Report> {
    context.confirm(words::CONFIRM_DELETE.with(&[("topics", &names.join(", "))])).await?;
    if context.global.dry_run {
        let lines = names.iter().map(|name| Block::Line(words::WOULD_DELETE.with(&[("topic", name)])));
        let report = Report::new(json!({ "deleted": [], "dry_run": true }));
        return Ok(Report { body: lines.collect(), ..report });
    }
    let asked: Vec<&str> = names.iter().map(String::as_str).collect();
    let results = match topics::delete_topics(cluster, &asked).await {
        Ok(results) => results,
        Err(failure) => return Err(trouble::explain_raw(profile, words::DELETING, &failure).await),
    };
    let deleted: Vec<_> = results.iter().filter(|(_, result)| result.is_ok()).map(|(name, _)| name).collect();
    let mut report = Report::new(json!({ "deleted": deleted, "dry_run": false }));
    let mut failures = Vec::new();
    for (name, result) in &results {
        match result {
            Ok(()) => report = report.line(words::DELETED.with(&[("topic", name)])),
            Err(error) => failures.push(refused(context, profile, ("DELETE", name), error).await),
        }
    }
    several(context, report, failures, results.len())
}

/// One failure is the command's failure; where only some failed, what was done is shown and the failures are told.
fn several(context: &Context, report: Report, mut failures: Vec<Error>, asked: usize) -> Result<Report> {
    if failures.len() == 1 && asked == 1 {
        return Err(failures.remove(0));
    }
    let all_alike = failures.len() == asked && failures.windows(2).all(|pair| pair[0].kind == pair[1].kind);
    let outcome = failures.first().map(|first| if all_alike { first.kind } else { Kind::Partial });
    for failure in &failures {
        context.ui.show_failure(failure);
    }
    Ok(Report { outcome, ..report })
}

/// What the broker said about one topic; after a denial with the rule that decided.
async fn refused(
    context: &Context,
    profile: &Profile,
    (operation, topic): (&'static str, &str),
    error: &BrokerError,
) -> Error {
    let kind = match error.code {
        29 | 31 => Kind::Authorization,
        17 | 37 | 38 | 40 => Kind::Usage,
        _ => Kind::Failed,
    };
    let said = error.message.clone().unwrap_or_else(|| error.name().to_owned());
    let block = Error::new(kind, words::REFUSED.with(&[("topic", &topic)]))
        .said(said.clone(), error.name(), i32::from(error.code))
        .identity(profile.identity());
    let block = if kind == Kind::Authorization {
        let needs = [client::on_topic(operation, topic)];
        let failure = client::Failure::new(client::Kind::Authorization, said).needing(needs);
        denial::explain(context, profile, block, &failure).await
    } else {
        block
    };
    block.next(format!("kafkalab explain {}", error.code))
}

fn settings(given: &[String]) -> Result<BTreeMap<String, String>> {
    let split = |text: &String| {
        let pair = text.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned()));
        pair.ok_or_else(|| Error::usage(words::CONFIG_SHAPE.with(&[("given", text)])))
    };
    given.iter().map(split).collect()
}
