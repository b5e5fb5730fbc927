//! What every engine needs before the first lesson: the profiles' topics and the ACLs of `acls/`. Idempotent.

use serde::Serialize;

use super::{Context, connect, trouble};
use crate::acl::{AclDiff, AclFilter, AclSet};
use crate::client::raw::admin::{acls, topics};
use crate::client::raw::{BrokerError, Cluster};
use crate::error::{Error, Kind, Result};
use crate::lesson::Step;
use crate::profile::{Profile, ProfileName};
use crate::report::{Block, Report};
use crate::source::Sourced;
use crate::words::{Message, up as words};

/// What was created; what was there already is not listed.
#[derive(Debug, Default, Serialize)]
pub struct Prepared {
    topics: Vec<String>,
    acls: usize,
}

impl Prepared {
    /// Puts what was created before what a report says.
    pub(super) fn before(&self, report: Report) -> Report {
        let topics = self.topics.iter().map(|topic| words::TOPIC_CREATED.with(&[("topic", topic)]));
        let acls = (self.acls > 0).then(|| words::ACLS_CREATED.with(&[("count", &self.acls)]));
        let body = topics.chain(acls).map(Block::Line).chain(report.body).collect();
        Report { body, ..report }
    }
}

/// Error 36: somebody created it before.
const TOPIC_ALREADY_EXISTS: i16 = 36;

/// Everything: what `up` does after a broker answers.
pub(super) async fn run(context: &Context) -> Result<Prepared> {
    prepare(context, &context.profile(ProfileName::Admin)?, Complete::Always).await
}

/// What a step takes for granted, on whatever cluster the learner is. ACLs are completed where a phase begins or where
/// there are none at all: in the middle of a phase a missing ACL is the lesson.
pub async fn for_step(context: &Context, step: &Step) -> Result<Prepared> {
    let admin = context.profile_as(ProfileName::Admin, "admin")?;
    let complete = if step.number == 1 { Complete::Always } else { Complete::IfNone };
    prepare(context, &admin, complete).await
}

/// When missing ACLs are added.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Complete {
    Always,
    IfNone,
}

async fn prepare(context: &Context, admin: &Profile, complete: Complete) -> Result<Prepared> {
    let mut cluster = connect::cluster(context, admin, words::PREPARING).await?;
    let topics = topics_of(context, admin, &mut cluster).await?;
    let acls = acls_of(context, admin, &mut cluster, complete).await?;
    Ok(Prepared { topics, acls })
}

/// Creates the topics that are not there; their names.
async fn topics_of(context: &Context, admin: &Profile, cluster: &mut Cluster) -> Result<Vec<String>> {
    let failed = async |failure| trouble::explain_raw(admin, words::PREPARING, &failure).await;
    let mut wanted = wanted_topics(context)?;
    let names: Vec<&str> = wanted.iter().map(|topic| topic.name.as_str()).collect();
    let there = match topics::describe_topics(cluster, &names).await {
        Ok(there) => there,
        Err(failure) => return Err(failed(failure).await),
    };
    wanted.retain(|topic| !there.get(&topic.name).is_some_and(std::result::Result::is_ok));
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    if !context.global.dry_run {
        // Before they are there, so that Ctrl-C in between leaves nothing that nobody knows of.
        let names = wanted.iter().map(|topic| topic.name.clone());
        context.home()?.own(&admin.bootstrap_server.value, names)?;
    }
    let results = match topics::create_topics(cluster, &wanted, context.global.dry_run).await {
        Ok(results) => results,
        Err(failure) => return Err(failed(failure).await),
    };
    let mut created = Vec::new();
    for (topic, result) in results {
        match result {
            Ok(()) => created.push(topic),
            Err(error) if error.code == TOPIC_ALREADY_EXISTS => {}
            Err(error) => {
                return Err(refused(admin, words::CREATING_TOPIC.with(&[("topic", &topic)]), &error));
            }
        }
    }
    Ok(created)
}

/// Adds the ACLs of the files that the cluster lacks; how many.
async fn acls_of(
    context: &Context,
    admin: &Profile,
    cluster: &mut Cluster,
    complete: Complete,
) -> Result<usize> {
    let failed = async |failure| trouble::explain_raw(admin, words::PREPARING, &failure).await;
    let there = match acls::describe_acls(cluster, &AclFilter::default()).await {
        Ok(there) => there.into_iter().collect::<AclSet>(),
        Err(failure) => return Err(failed(failure).await),
    };
    if complete == Complete::IfNone && there.iter().next().is_some() {
        return Ok(0);
    }
    let missing = AclDiff::between(&context.acl_files()?.set(), &there).missing;
    if !missing.is_empty() && !context.global.dry_run {
        let results = match acls::create_acls(cluster, &missing).await {
            Ok(results) => results,
            Err(failure) => return Err(failed(failure).await),
        };
        if let Some(error) = results.into_iter().find_map(Result::err) {
            return Err(refused(admin, words::PREPARING, &error));
        }
    }
    Ok(missing.len())
}

fn refused(admin: &Profile, doing: impl Into<Message>, error: &BrokerError) -> Error {
    let said = error.message.clone().unwrap_or_default();
    Error::new(Kind::Failed, doing).said(said, error.name(), i32::from(error.code)).identity(admin.identity())
}

/// The topics of the phases that begin with a topic. Phase 0 creates its own, as a lesson; phase 4 too.
fn wanted_topics(context: &Context) -> Result<Vec<topics::NewTopic>> {
    let mut wanted = Vec::new();
    for phase in [ProfileName::Phase1, ProfileName::Phase2, ProfileName::Phase3] {
        let profile = context.profile(phase)?;
        let names = [profile.topic, profile.dead_letter_topic];
        let new = |name: Sourced<String>| topics::NewTopic::new(name.value, profile.partitions.value);
        wanted.extend(names.into_iter().flatten().map(new));
    }
    Ok(wanted)
}
