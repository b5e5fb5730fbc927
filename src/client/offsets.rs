//! What a group has committed, beside what the partitions hold.

use rdkafka::Offset;
use rdkafka::consumer::Consumer as _;

use super::consumer;
use super::failure::Failure;
use super::metadata::{on_group, on_topic};
use super::settings::Settings;

/// A group's place in one partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupOffset {
    /// The partition.
    pub partition: i32,
    /// The next offset that the group reads; `None` where it committed nothing.
    pub committed: Option<i64>,
    /// The partition's first offset.
    pub log_start: i64,
    /// The offset that the partition's next record gets.
    pub log_end: i64,
}

impl GroupOffset {
    /// Records that the group has not read; `None` where it committed nothing.
    pub fn lag(&self) -> Option<i64> {
        self.committed.map(|committed| (self.log_end - committed.max(self.log_start)).max(0))
    }
}

/// Committed offsets and bounds of every partition of a topic, in order of number.
pub async fn group_offsets(
    settings: &Settings,
    group: &str,
    topic: &str,
) -> Result<Vec<GroupOffset>, Failure> {
    let (native, ears) = consumer::create(settings, group, Vec::new())?;
    let needs = [on_topic("DESCRIBE", topic), on_group("DESCRIBE", group)];
    let found = consumer::topic(&native, &ears.signals, settings, topic, &needs).await?;
    let (name, limit) = (topic.to_owned(), settings.timeout);
    let asked = consumer::ask(&native, &ears.signals, move |native| {
        let partitions = consumer::list(&name, found.partitions.iter().map(|partition| (partition.id, 0)));
        let committed = native.committed_offsets(partitions.unwrap_or_default(), limit)?;
        let mut offsets = Vec::with_capacity(found.partitions.len());
        for partition in found.partitions.iter().map(|partition| partition.id) {
            let (log_start, log_end) = native.fetch_watermarks(&name, partition, limit)?;
            let committed = match committed.find_partition(&name, partition).map(|found| found.offset()) {
                Some(Offset::Offset(offset)) if offset >= 0 => Some(offset),
                _ => None,
            };
            offsets.push(GroupOffset { partition, committed, log_start, log_end });
        }
        Ok(offsets)
    });
    let answer = tokio::select! {
        answer = asked => answer,
        denied = ears.signals.denied() => Err(denied),
    };
    let [on_topic, on_group] = needs;
    answer.map_err(|failure| failure.needing([on_group, on_topic]))
}
