//! The state at the moment when a step begins.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::groups;
use crate::client::raw::admin::records::{OffsetAt, list_offsets};
use crate::client::raw::admin::topics::{TopicPartition, describe_topics};
use crate::client::raw::{Cluster, RawError};
use crate::commands::{Context, connect, trouble};
use crate::error::Result;
use crate::lesson::{Baseline, Step};
use crate::profile::ProfileName;
use crate::words::lesson as words;

/// Asks the broker for what a step's goals are measured from, and for nothing else. A step whose goals need nothing
/// asks nothing.
///
/// # Errors
/// The error block of a broker that cannot be reached or does not answer `admin`.
pub async fn baseline(context: &Context, step: &Step) -> Result<Baseline> {
    let mut baseline = Baseline { at_ms: Timestamp::now().as_millisecond(), ..Baseline::default() };
    let (topics, groups) = (Baseline::topics_of(&step.checks), Baseline::groups_of(&step.checks));
    if topics.is_empty() && groups.is_empty() {
        return Ok(baseline);
    }
    let admin = context.profile_as(ProfileName::Admin, "admin")?;
    let mut cluster = connect::cluster(context, &admin, words::BEGINNING).await?;
    match ask(&mut cluster, &topics, &groups, &mut baseline).await {
        Ok(()) => Ok(baseline),
        Err(failure) => Err(trouble::explain_raw(&admin, words::BEGINNING, &failure).await),
    }
}

async fn ask(
    cluster: &mut Cluster,
    topics: &[&str],
    groups: &[&str],
    baseline: &mut Baseline,
) -> Result<(), RawError> {
    if !topics.is_empty() {
        baseline.log_ends = log_ends(cluster, topics).await?;
    }
    for group in groups {
        baseline.committed.insert((*group).to_owned(), groups::committed(cluster, group).await?);
    }
    Ok(())
}

/// Where each partition ends, of those topics that exist.
async fn log_ends(
    cluster: &mut Cluster,
    topics: &[&str],
) -> Result<BTreeMap<String, BTreeMap<i32, i64>>, RawError> {
    let described = describe_topics(cluster, topics).await?;
    let partitions = described.values().flatten().flat_map(|topic| {
        let at = |number| (TopicPartition::new(&topic.name, number), OffsetAt::Latest);
        topic.partitions.iter().map(move |partition| at(partition.partition))
    });
    let mut ends: BTreeMap<String, BTreeMap<i32, i64>> = BTreeMap::new();
    for (at, end) in list_offsets(cluster, &partitions.collect()).await? {
        ends.entry(at.topic).or_default().insert(at.partition, end?);
    }
    Ok(ends)
}
