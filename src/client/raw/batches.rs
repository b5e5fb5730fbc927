//! Record batches as the broker stores them: the codec, which librdkafka decodes away, and the records.

use std::collections::BTreeMap;

use bytes::{Buf, Bytes};
use kafka_protocol::messages::FetchRequest;
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::records::{Record, RecordBatchDecoder};

use super::admin::records::{OffsetAt, list_offsets};
use super::admin::topics::TopicPartition;
use super::cluster::{To, text};
use super::{BrokerError, Cluster, RawError};

/// The last version of Fetch that names topics; later ones have ids.
const FETCH_BY_NAME: i16 = 12;
/// Bytes of one answer.
const FETCH_BYTES: i32 = 1024 * 1024;
/// `base_offset` and `batch_length`, which the length does not count.
const LOG_OVERHEAD: usize = 12;
/// Where the attributes of a batch stand.
const ATTRIBUTES: usize = 21;

/// A record with its place and the codec of its batch.
#[derive(Debug, Clone)]
pub struct Stored {
    /// The partition.
    pub partition: i32,
    /// The codec: `none`, `gzip`, `snappy`, `lz4` or `zstd`.
    pub codec: &'static str,
    /// The record.
    pub record: Record,
}

/// The last records of each partition of a topic, up to `count` each, in order. Needs READ on the topic.
///
/// # Errors
/// As [`Connection::send`](super::Connection::send); [`RawError::Broker`] with 29 without the right, with 3 if there is
/// no such topic.
pub async fn last_records(cluster: &mut Cluster, topic: &str, count: u32) -> Result<Vec<Stored>, RawError> {
    Ok(records_since(cluster, topic, count, |_, _| 0).await?.1)
}

/// The records of each partition from the offset on that `first` names, given the partition and its end; of more than
/// `count` only the last. Also the end of each partition, by number. Needs READ on the topic.
///
/// # Errors
/// As [`last_records`].
pub async fn records_since(
    cluster: &mut Cluster,
    topic: &str,
    count: u32,
    first: impl Fn(i32, i64) -> i64,
) -> Result<(BTreeMap<i32, i64>, Vec<Stored>), RawError> {
    let metadata = cluster.refresh(Some(vec![topic])).await?;
    let described = metadata.topics.into_iter().next();
    let nothing = || RawError::Unsupported(format!("The broker's answer says nothing about {topic}."));
    let described = described.ok_or_else(nothing)?;
    BrokerError::check(described.error_code, None)?;
    let leaders: BTreeMap<i32, i32> =
        described.partitions.iter().map(|one| (one.partition_index, *one.leader_id)).collect();
    let starts = bounds(cluster, topic, &leaders, OffsetAt::Earliest).await?;
    let ends = bounds(cluster, topic, &leaders, OffsetAt::Latest).await?;
    let mut found = Vec::new();
    for (index, leader) in leaders {
        let bound = |offsets: &BTreeMap<i32, i64>| offsets.get(&index).copied().unwrap_or(0);
        let (start, end) = (bound(&starts), bound(&ends));
        let mut next = (end - i64::from(count)).max(start).max(first(index, end));
        while next < end {
            let batches = fetch(cluster, leader, topic, index, next).await?;
            let before = next;
            for stored in decode(index, batches)? {
                let offset = stored.record.offset;
                // A batch is given as a whole, also what stands before the offset that was asked for.
                if offset >= next && offset < end {
                    next = offset + 1;
                    if !stored.record.control {
                        found.push(stored);
                    }
                }
            }
            if next == before {
                break;
            }
        }
    }
    Ok((ends, found))
}

/// Where the logs of a topic's partitions begin or end, by number.
async fn bounds(
    cluster: &mut Cluster,
    topic: &str,
    leaders: &BTreeMap<i32, i32>,
    at: OffsetAt,
) -> Result<BTreeMap<i32, i64>, RawError> {
    let asked = leaders.keys().map(|index| (TopicPartition::new(topic, *index), at)).collect();
    let found = list_offsets(cluster, &asked).await?.into_iter();
    found.map(|(place, offset)| Ok((place.partition, offset?))).collect()
}

async fn fetch(
    cluster: &mut Cluster,
    leader: i32,
    topic: &str,
    index: i32,
    offset: i64,
) -> Result<Bytes, RawError> {
    let partition = FetchPartition::default()
        .with_partition(index)
        .with_fetch_offset(offset)
        .with_partition_max_bytes(FETCH_BYTES);
    let wanted = FetchTopic::default().with_topic(text(topic).into()).with_partitions(vec![partition]);
    let request = FetchRequest::default()
        .with_replica_id((-1).into())
        .with_max_bytes(FETCH_BYTES)
        .with_min_bytes(1)
        .with_session_epoch(-1)
        .with_topics(vec![wanted]);
    let answer = cluster.ask(To::Broker(leader), &request, FETCH_BY_NAME).await?;
    BrokerError::check(answer.error_code, None)?;
    let Some(found) = answer.responses.into_iter().flat_map(|topic| topic.partitions).next() else {
        return Ok(Bytes::new());
    };
    BrokerError::check(found.error_code, None)?;
    Ok(found.records.unwrap_or_default())
}

/// The records of whole batches; a broker may cut the last one off.
fn decode(partition: i32, mut bytes: Bytes) -> Result<Vec<Stored>, RawError> {
    let mut found = Vec::new();
    while let Some(mut length) = bytes.get(8..LOG_OVERHEAD) {
        let length = LOG_OVERHEAD + usize::try_from(length.get_i32()).unwrap_or(usize::MAX - LOG_OVERHEAD);
        if bytes.len() < length || length <= ATTRIBUTES + 1 {
            break;
        }
        let mut batch = bytes.split_to(length);
        let codec = codec(batch[ATTRIBUTES + 1]);
        let broken = |error| RawError::Unsupported(format!("A batch of partition {partition}: {error}."));
        let records = RecordBatchDecoder::decode_all(&mut batch).map_err(broken)?;
        let records = records.into_iter().flat_map(|set| set.records);
        found.extend(records.map(|record| Stored { partition, codec, record }));
    }
    Ok(found)
}

/// The codec in the lowest three bits of a batch's attributes.
fn codec(attributes: u8) -> &'static str {
    match attributes & 0b111 {
        0 => "none",
        1 => "gzip",
        2 => "snappy",
        3 => "lz4",
        4 => "zstd",
        _ => "unknown",
    }
}
