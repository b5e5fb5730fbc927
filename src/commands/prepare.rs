//! What every engine needs before the first lesson: the profiles' topics and the ACLs of `acls/`. Idempotent.

use serde::Serialize;

use super::{Context, connect, trouble};
use crate::acl::{AclDiff, AclFilter, AclSet};
use crate::client::raw::admin::{acls, topics};
use crate::error::{Error, Kind, Result};
use crate::profile::ProfileName;
use crate::report::{Block, Report};
use crate::words::up as words;

/// What was created; what was there already is not listed.
#[derive(Debug, Default, Serialize)]
pub(super) struct Prepared {
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

pub(super) async fn run(context: &Context) -> Result<Prepared> {
    let admin = context.profile(ProfileName::Admin)?;
    let mut cluster = connect::cluster(context, &admin, words::PREPARING).await?;
    let failed = async |failure| trouble::explain_raw(&admin, words::PREPARING, &failure).await;

    let mut prepared = Prepared::default();
    let wanted = wanted_topics(context)?;
    let created = match topics::create_topics(&mut cluster, &wanted, context.global.dry_run).await {
        Ok(created) => created,
        Err(failure) => return Err(failed(failure).await),
    };
    for (topic, result) in created {
        match result {
            Ok(()) => prepared.topics.push(topic),
            Err(error) if error.code == TOPIC_ALREADY_EXISTS => {}
            Err(error) => {
                let doing = words::CREATING_TOPIC.with(&[("topic", &topic)]);
                let said = error.message.clone().unwrap_or_default();
                return Err(Error::new(Kind::Failed, doing)
                    .said(said, error.name(), i32::from(error.code))
                    .identity(admin.identity()));
            }
        }
    }

    if !prepared.topics.is_empty() && !context.global.dry_run {
        context.home()?.own(&admin.bootstrap_server.value, prepared.topics.iter().cloned())?;
    }

    let wanted = context.acl_files()?.set();
    let there = match acls::describe_acls(&mut cluster, &AclFilter::default()).await {
        Ok(there) => there.into_iter().collect::<AclSet>(),
        Err(failure) => return Err(failed(failure).await),
    };
    let missing = AclDiff::between(&wanted, &there).missing;
    prepared.acls = missing.len();
    if !missing.is_empty() && !context.global.dry_run {
        let results = match acls::create_acls(&mut cluster, &missing).await {
            Ok(results) => results,
            Err(failure) => return Err(failed(failure).await),
        };
        if let Some(error) = results.into_iter().find_map(Result::err) {
            return Err(Error::new(Kind::Failed, words::PREPARING)
                .said(error.message.clone().unwrap_or_default(), error.name(), i32::from(error.code))
                .identity(admin.identity()));
        }
    }
    Ok(prepared)
}

/// The topics of the phases that begin with a topic. Phase 0 creates its own, as a lesson; phase 4 too.
fn wanted_topics(context: &Context) -> Result<Vec<topics::NewTopic>> {
    let mut wanted = Vec::new();
    for phase in [ProfileName::Phase1, ProfileName::Phase2, ProfileName::Phase3] {
        let profile = context.profile(phase)?;
        let names = [profile.topic, profile.dead_letter_topic];
        wanted.extend(names.into_iter().flatten().map(|name| topics::NewTopic {
            name: name.value,
            partitions: profile.partitions.value,
            replication_factor: -1,
            configs: Default::default(),
        }));
    }
    Ok(wanted)
}
