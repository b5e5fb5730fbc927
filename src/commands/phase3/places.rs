//! Where a group stands in each partition of a topic, beside what the partition holds.

use std::collections::BTreeMap;

use super::side::Side;
use crate::client::raw::admin::offsets::{commit_offsets, committed_offsets};
use crate::client::raw::admin::records::{OffsetAt, list_offsets};
use crate::client::raw::admin::topics::{TopicPartition, describe_topics};
use crate::client::raw::{Cluster, RawError};
use crate::commands::connect;

/// A group's place in one partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// The partition.
    pub partition: i32,
    /// The next offset that the group reads; `None` where it committed nothing.
    pub committed: Option<i64>,
    /// The partition's first offset.
    pub log_start: i64,
    /// The offset that the partition's next record gets.
    pub log_end: i64,
}

impl Place {
    /// The next offset that the group will be given.
    pub(super) fn next(&self) -> i64 {
        self.committed.map_or(self.log_start, |committed| committed.max(self.log_start))
    }

    /// Records that the group has not read; `None` where it committed nothing.
    pub(super) fn lag(&self) -> Option<i64> {
        self.committed.map(|_| (self.log_end - self.next()).max(0))
    }
}

/// The places of a side's own group, by partition, asked with its own credentials.
pub(super) async fn of(side: &Side, topic: &str) -> Result<Vec<Place>, RawError> {
    let mut cluster = cluster(side).await?;
    let mut places = Vec::new();
    let described = describe_topics(&mut cluster, &[topic]).await?.into_values().next();
    let Some(described) = described.transpose()? else { return Ok(places) };
    let committed = committed_offsets(&mut cluster, &side.group).await?;
    let partitions = described.partitions.iter().map(|one| TopicPartition::new(topic, one.partition));
    let partitions: Vec<TopicPartition> = partitions.collect();
    let mut starts = list_offsets(&mut cluster, &all(&partitions, OffsetAt::Earliest)).await?;
    let mut ends = list_offsets(&mut cluster, &all(&partitions, OffsetAt::Latest)).await?;
    for at in partitions {
        let committed = committed.get(&at).and_then(|found| found.as_ref().ok());
        places.push(Place {
            partition: at.partition,
            committed: committed.map(|found| found.offset).filter(|offset| *offset >= 0),
            log_start: starts.remove(&at).transpose()?.unwrap_or(0),
            log_end: ends.remove(&at).transpose()?.unwrap_or(0),
        });
    }
    places.sort_by_key(|place| place.partition);
    Ok(places)
}

/// Lets a side's group begin at the end of the log as it is now, so that a long one costs nothing.
pub(super) async fn begin_at_the_end(side: &Side, topic: &str) -> Result<(), RawError> {
    let places = of(side, topic).await?;
    let ends = places.iter().map(|place| (TopicPartition::new(topic, place.partition), place.log_end));
    let results = commit_offsets(&mut cluster(side).await?, &side.group, &ends.collect()).await?;
    results.into_values().try_for_each(|result| result.map_err(RawError::from))
}

async fn cluster(side: &Side) -> Result<Cluster, RawError> {
    let (address, login) = (&side.profile.bootstrap_server.value, connect::login(&side.profile));
    Cluster::connect(address, login, side.settings.timeout).await
}

fn all(partitions: &[TopicPartition], at: OffsetAt) -> BTreeMap<TopicPartition, OffsetAt> {
    partitions.iter().map(|partition| (partition.clone(), at)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lag_is_what_is_there_and_not_read() {
        let place = |committed| Place { partition: 0, committed, log_start: 2, log_end: 5 };
        assert_eq!(place(Some(4)).lag(), Some(1));
        assert_eq!(place(Some(0)).lag(), Some(3), "what was deleted cannot be read any more");
        assert_eq!(place(None).lag(), None);
    }
}
