//! What topics hold, and what was added to them.

use crate::client::raw::admin::topics::describe_topics;
use crate::client::raw::batches::records_since;
use crate::client::raw::{Cluster, RawError};
use crate::commands::phase3::sample;
use crate::lesson::Baseline;
use crate::lesson::decide::NewRecords;

/// Records of each partition that are looked at: of more than so many, the newest.
const LOOKED_AT: u32 = 2000;

/// How many partitions a topic has; `None` if there is no such topic.
pub(super) async fn partitions(cluster: &mut Cluster, topic: &str) -> Result<Option<u32>, RawError> {
    let described = describe_topics(cluster, &[topic]).await?.into_values().next();
    let counted = described
        .transpose()
        .map_err(RawError::from)
        .map(|topic| topic.map(|topic| u32::try_from(topic.partitions.len()).unwrap_or(u32::MAX)));
    absent_is_none(counted)
}

/// What was added to a topic since a step began; `None` if there is no such topic.
pub(super) async fn since(
    cluster: &mut Cluster,
    topic: &str,
    baseline: &Baseline,
) -> Result<Option<NewRecords>, RawError> {
    let first = |partition, end| baseline.first_new(topic, partition, end);
    let found = records_since(cluster, topic, LOOKED_AT, first).await;
    absent_is_none(found.map(|(ends, stored)| {
        let mut records: Vec<_> =
            stored.into_iter().map(|stored| (stored.record.timestamp, sample(stored))).collect();
        // The newest comes last, as far as the producers' clocks tell.
        records.sort_by_key(|(timestamp, record)| (*timestamp, record.partition, record.offset));
        Some(NewRecords { ends, records: records.into_iter().map(|(_, record)| record).collect() })
    }))
}

/// A topic that does not exist is an answer.
pub(super) fn absent_is_none<T>(answer: Result<Option<T>, RawError>) -> Result<Option<T>, RawError> {
    const UNKNOWN_TOPIC_OR_PARTITION: i16 = 3;
    match answer {
        Err(RawError::Broker(error)) if error.code == UNKNOWN_TOPIC_OR_PARTITION => Ok(None),
        other => other,
    }
}
