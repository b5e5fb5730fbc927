//! Reads what lies in a dead-letter topic.

use std::collections::BTreeMap;

use super::letter::{self, Death, Origin};
use super::plan::Position;
use crate::client::raw::admin::offsets::committed_offsets;
use crate::client::raw::{Cluster, RawError};
use crate::client::{Failure, Kind, OffsetSpec, ReadRequest, Reader, Record};
use crate::commands::{Context, connect};
use crate::profile::Profile;

/// A record of a dead-letter topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Letter {
    /// The record as it lies there.
    pub record: Record,
    /// What it says of its death; `None` where it does not name its origin.
    pub death: Option<Death>,
    /// How often it was sent back before it died again.
    pub redriven: u32,
}

impl Letter {
    /// Makes sense of a record.
    pub(super) fn of(record: Record) -> Self {
        let (death, redriven) = (letter::death(&record.view()), letter::redriven(&record.view()));
        Self { record, death, redriven }
    }

    /// Where it lies.
    pub(super) fn place(&self) -> Origin {
        let Record { topic, partition, offset, .. } = &self.record;
        Origin { topic: topic.clone(), partition: *partition, offset: *offset }
    }
}

/// As [`read`], but a dead-letter topic that nobody has made yet holds no letters.
pub(super) async fn read_if_there(
    context: &Context,
    profile: &Profile,
    topic: &str,
) -> Result<Vec<Letter>, Failure> {
    match read(context, profile, topic).await {
        Err(failure) if failure.kind == Kind::UnknownTopic => Ok(Vec::new()),
        read => read,
    }
}

/// Every letter that is there now, by partition and offset.
pub(super) async fn read(context: &Context, profile: &Profile, topic: &str) -> Result<Vec<Letter>, Failure> {
    let settings = connect::settings(profile, context.global.timeout);
    let group = redrive_group(topic);
    let request = ReadRequest {
        topic,
        partitions: &[],
        offsets: OffsetSpec::ALL,
        follow: false,
        coordinator_of: &group,
    };
    let mut reader = Reader::open(&settings, &request).await?;
    let mut letters = Vec::new();
    while let Some(record) = reader.next().await? {
        letters.push(Letter::of(record.view().to_record()));
    }
    letters.sort_by_key(|letter| (letter.record.partition, letter.record.offset));
    Ok(letters)
}

/// How far the redrives have come, by partition.
pub(super) async fn positions(
    cluster: &mut Cluster,
    topic: &str,
) -> Result<BTreeMap<i32, Position>, RawError> {
    let committed = committed_offsets(cluster, &redrive_group(topic)).await?;
    let ours = committed.into_iter().filter(|(at, _)| at.topic == topic);
    let known = ours.filter_map(|(at, found)| Some((at.partition, found.ok()?)));
    Ok(known
        .filter(|(_, committed)| committed.offset >= 0)
        .map(|(partition, committed)| (partition, Position::parse(committed.offset, &committed.metadata)))
        .collect())
}

/// The group whose offsets say what was sent back. It begins as every group of the phase, so that the lab's ACLs
/// allow it.
pub(super) fn redrive_group(topic: &str) -> String {
    let prefix = if topic.starts_with("phase4-") { "" } else { "phase4-" };
    format!("{prefix}{topic}-redrive")
}
