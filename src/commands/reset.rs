//! `kafkalab reset [PHASE]`: deletes the lab's own topics and groups, lists them first, and asks. What the phases
//! begin with is created again, empty.

use serde_json::json;

use super::{Context, connect, prepare, trouble, up};
use crate::client::raw::admin::{groups, topics};
use crate::client::raw::{BrokerError, Cluster};
use crate::error::{Kind, Result};
use crate::profile::{Profile, ProfileName};
use crate::report::{Block, Report};
use crate::words::reset as words;

/// Arguments of `reset`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only this phase: phase0 to phase4.
    #[arg(value_name = "PHASE", value_parser = ["phase0", "phase1", "phase2", "phase3", "phase4"])]
    phase: Option<String>,
}

/// The names of a phase that belong to the lab, as `acls/` grants them.
struct Own {
    phase: ProfileName,
    topics: &'static [&'static str],
    topic_prefixes: &'static [&'static str],
    group_prefixes: &'static [&'static str],
}

const OWN: [Own; 5] = [
    Own {
        phase: ProfileName::Phase0,
        topics: &[],
        topic_prefixes: &["phase0-"],
        group_prefixes: &["phase0-"],
    },
    Own {
        phase: ProfileName::Phase1,
        topics: &["laravel-events"],
        topic_prefixes: &[],
        group_prefixes: &["laravel-"],
    },
    Own {
        phase: ProfileName::Phase2,
        topics: &["nest-events"],
        topic_prefixes: &[],
        group_prefixes: &["nest-"],
    },
    Own {
        phase: ProfileName::Phase3,
        topics: &["integracao-pedidos", "integracao-pedidos-dlq"],
        topic_prefixes: &[],
        group_prefixes: &["laravel-pedidos", "nest-pedidos", "pedidos-shared-"],
    },
    Own {
        phase: ProfileName::Phase4,
        topics: &[],
        topic_prefixes: &["phase4-"],
        group_prefixes: &["phase4-"],
    },
];

impl Own {
    fn topic(&self, name: &str) -> bool {
        self.topics.contains(&name) || starts_with_any(name, self.topic_prefixes)
    }

    /// How much of a group's name is a prefix of this phase; 0 if none is. The phase with the longest owns the group.
    fn group(&self, id: &str) -> usize {
        let own = self.group_prefixes.iter().filter(|prefix| id.starts_with(**prefix));
        own.map(|prefix| prefix.len()).max().unwrap_or(0)
    }
}

pub(super) async fn run(context: &Context, args: &Args) -> Result<Report> {
    let admin = context.lab_profile(ProfileName::Admin).await?;
    let mut cluster = connect::cluster(context, &admin, words::LOOKING).await?;
    let wanted = |own: &&Own| args.phase.as_ref().is_none_or(|phase| phase == own.phase.name());
    let phases: Vec<&Own> = OWN.iter().filter(wanted).collect();
    let listed = async {
        let topics = topics::list_topics(&mut cluster).await?.into_iter().map(|topic| topic.name);
        let groups = groups::list_groups(&mut cluster).await?.into_iter().map(|group| group.group_id);
        Ok((
            topics.filter(|name| phases.iter().any(|own| own.topic(name))).collect::<Vec<_>>(),
            groups.filter(|id| owner(id).is_some_and(|own| wanted(&own))).collect::<Vec<_>>(),
        ))
    };
    let (mut doomed_topics, doomed_groups) = match listed.await {
        Ok(doomed) => doomed,
        Err(failure) => return Err(trouble::explain_raw(&admin, words::LOOKING, &failure).await),
    };
    if up::is_external(context, &admin)? {
        let owned = context.home()?.owned(&admin.bootstrap_server.value)?;
        doomed_topics.retain(|topic| owned.contains(topic));
    }
    if doomed_topics.is_empty() && doomed_groups.is_empty() {
        return Ok(Report::new(json!({ "topics": [], "groups": [] })).line(words::NOTHING));
    }
    context
        .confirm(words::QUESTION.with(&[
            ("topics", &shown(context, &doomed_topics)),
            ("groups", &shown(context, &doomed_groups)),
        ]))
        .await?;
    if context.global.dry_run {
        return Ok(Report::new(json!({ "topics": doomed_topics, "groups": doomed_groups, "dry_run": true }))
            .line(words::WOULD_DELETE.with(&[
                ("topics", &shown(context, &doomed_topics)),
                ("groups", &shown(context, &doomed_groups)),
            ])));
    }
    let report = delete(&admin, &mut cluster, &doomed_topics, &doomed_groups).await?;
    let again = prepare::run(context).await?;
    let lines = again.before(Report::default()).body;
    Ok(Report { body: report.body.into_iter().chain(lines).collect(), ..report })
}

async fn delete(admin: &Profile, cluster: &mut Cluster, names: &[String], ids: &[String]) -> Result<Report> {
    let mut report = Report::new(json!({ "topics": names, "groups": ids, "dry_run": false }));
    let mut kept = Vec::new();
    for id in ids {
        match groups::delete_group(cluster, id).await {
            Ok(()) => report = report.line(words::DELETED.with(&[("name", id)])),
            Err(failure) => kept.push(words::KEPT.with(&[("name", id), ("why", &failure)])),
        }
    }
    let asked: Vec<&str> = names.iter().map(String::as_str).collect();
    let results = match topics::delete_topics(cluster, &asked).await {
        Ok(results) => results,
        Err(failure) => return Err(trouble::explain_raw(admin, words::LOOKING, &failure).await),
    };
    for (name, result) in results {
        match result {
            Ok(()) => report = report.line(words::DELETED.with(&[("name", &name)])),
            Err(error) => kept.push(words::KEPT.with(&[("name", &name), ("why", &said(&error))])),
        }
    }
    if !kept.is_empty() {
        report.outcome = Some(Kind::Partial);
        report.body.extend(kept.into_iter().map(Block::Line));
    }
    Ok(report)
}

/// The phase that a group belongs to.
fn owner(group: &str) -> Option<&'static Own> {
    OWN.iter().max_by_key(|own| own.group(group)).filter(|own| own.group(group) > 0)
}

fn starts_with_any(name: &str, prefixes: &[&str]) -> bool {
    prefixes.iter().any(|prefix| name.starts_with(prefix))
}

fn shown(context: &Context, names: &[String]) -> String {
    if names.is_empty() { words::NONE.get(context.lang()).to_owned() } else { names.join(", ") }
}

fn said(error: &BrokerError) -> String {
    format!("{} ({}, {})", error.message.clone().unwrap_or_default(), error.name(), error.code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_belongs_to_the_phase_with_the_longest_prefix() {
        let phase = |group| owner(group).map(|own| own.phase);
        assert_eq!(phase("laravel-consumers"), Some(ProfileName::Phase1));
        assert_eq!(phase("laravel-mine"), Some(ProfileName::Phase1));
        assert_eq!(phase("laravel-pedidos"), Some(ProfileName::Phase3));
        assert_eq!(phase("nest-pedidos-server"), Some(ProfileName::Phase3));
        assert_eq!(phase("billing"), None);
    }
}
