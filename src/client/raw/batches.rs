//! Record batches as the broker stores them: the codec, which librdkafka decodes away, and the records.

use std::collections::BTreeMap;
use std::time::Duration;

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
/// Where it stands how far the last offset of a batch is from the first. Compaction leaves it as it was.
const LAST_OFFSET_DELTA: std::ops::Range<usize> = 23..27;

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
    let log = TopicLog::open(cluster, topic).await?;
    let mut found = Vec::new();
    for bounds in &log.partitions {
        let mut next =
            (bounds.end - i64::from(count)).max(bounds.start).max(first(bounds.partition, bounds.end));
        while next < bounds.end {
            let (records, after) = log.read(cluster, bounds, next, usize::MAX).await?;
            found.extend(records);
            next = after;
        }
    }
    Ok((log.partitions.iter().map(|bounds| (bounds.partition, bounds.end)).collect(), found))
}

/// A topic as it was at one moment: its partitions, in order of number, and where the log of each begins and ends.
#[derive(Debug, Clone)]
pub struct TopicLog {
    topic: String,
    /// The partitions.
    pub partitions: Vec<Bounds>,
}

/// Where a partition's log begins and ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// The partition's number.
    pub partition: i32,
    /// The broker that serves it.
    pub leader: i32,
    /// The first offset that is still there.
    pub start: i64,
    /// The offset that the next record gets.
    pub end: i64,
}

impl TopicLog {
    /// Asks for the bounds. Needs DESCRIBE on the topic.
    ///
    /// # Errors
    /// As [`last_records`].
    pub async fn open(cluster: &mut Cluster, topic: &str) -> Result<Self, RawError> {
        let metadata = cluster.refresh(Some(vec![topic])).await?;
        let described = metadata.topics.into_iter().next();
        let nothing = || RawError::Unsupported(format!("The broker's answer says nothing about {topic}."));
        let described = described.ok_or_else(nothing)?;
        BrokerError::check(described.error_code, None)?;
        let leaders: BTreeMap<i32, i32> =
            described.partitions.iter().map(|one| (one.partition_index, *one.leader_id)).collect();
        let starts = bounds(cluster, topic, &leaders, OffsetAt::Earliest).await?;
        let ends = bounds(cluster, topic, &leaders, OffsetAt::Latest).await?;
        let at = |offsets: &BTreeMap<i32, i64>, index| offsets.get(&index).copied().unwrap_or(0);
        let partitions = leaders.into_iter().map(|(partition, leader)| Bounds {
            partition,
            leader,
            start: at(&starts, partition),
            end: at(&ends, partition),
        });
        Ok(Self { topic: topic.to_owned(), partitions: partitions.collect() })
    }

    /// The records that one answer of the broker brings from an offset on, up to the end and up to `most`, and the offset
    /// to go on at. There may be none where compaction took them, or where only marks of transactions stand. Needs READ
    /// on the topic.
    ///
    /// # Errors
    /// As [`last_records`].
    pub async fn read(
        &self,
        cluster: &mut Cluster,
        bounds: &Bounds,
        from: i64,
        most: usize,
    ) -> Result<(Vec<Stored>, i64), RawError> {
        let places = [(bounds.partition, from)];
        let answer = fetch(cluster, bounds.leader, &self.topic, places, Duration::ZERO).await?;
        let (mut next, mut found) = (from, Vec::new());
        for (partition, batches) in answer {
            take(partition, batches, &mut next, bounds.end, most, &mut found)?;
        }
        // An answer without a record has none to offer up to the end.
        Ok((found, if next == from { bounds.end } else { next }))
    }

    /// What comes to partitions of one leader, from the offset of each on: waits for it as long as `wait`, and moves the
    /// offsets on. Needs READ on the topic.
    ///
    /// # Errors
    /// As [`last_records`]; 1 where a log no longer reaches an offset.
    pub async fn follow(
        &self,
        cluster: &mut Cluster,
        leader: i32,
        offsets: &mut BTreeMap<i32, i64>,
        wait: Duration,
    ) -> Result<Vec<Stored>, RawError> {
        let places: Vec<_> = offsets.iter().map(|(partition, offset)| (*partition, *offset)).collect();
        let mut found = Vec::new();
        for (partition, batches) in fetch(cluster, leader, &self.topic, places, wait).await? {
            if let Some(next) = offsets.get_mut(&partition) {
                take(partition, batches, next, i64::MAX, usize::MAX, &mut found)?;
            }
        }
        Ok(found)
    }
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

/// One Fetch of some partitions of a topic from an offset on each, which their leader may keep for `wait` until there is
/// something. The batches of each partition that has any.
async fn fetch(
    cluster: &mut Cluster,
    leader: i32,
    topic: &str,
    from: impl IntoIterator<Item = (i32, i64)>,
    wait: Duration,
) -> Result<Vec<(i32, Bytes)>, RawError> {
    let partitions = from.into_iter().map(|(index, offset)| {
        FetchPartition::default()
            .with_partition(index)
            .with_fetch_offset(offset)
            .with_partition_max_bytes(FETCH_BYTES)
    });
    let wanted = FetchTopic::default().with_topic(text(topic).into()).with_partitions(partitions.collect());
    let request = FetchRequest::default()
        .with_replica_id((-1).into())
        .with_max_bytes(FETCH_BYTES)
        .with_max_wait_ms(wait.as_millis().try_into().unwrap_or(i32::MAX))
        .with_min_bytes(1)
        .with_session_epoch(-1)
        .with_topics(vec![wanted]);
    let answer = cluster.ask(To::Broker(leader), &request, FETCH_BY_NAME).await?;
    BrokerError::check(answer.error_code, None)?;
    let found = answer.responses.into_iter().flat_map(|topic| topic.partitions).map(|found| {
        BrokerError::check(found.error_code, None)?;
        Ok((found.partition_index, found.records.unwrap_or_default()))
    });
    found.collect()
}

/// Adds the records of whole batches that lie between `next` and `end`, until there are `most` in all, and moves `next`
/// behind what was looked at; a broker may cut the last batch off. A batch is given as a whole, also what stands before
/// the offset that was asked for; marks of transactions are no records.
fn take(
    partition: i32,
    mut bytes: Bytes,
    next: &mut i64,
    end: i64,
    most: usize,
    found: &mut Vec<Stored>,
) -> Result<(), RawError> {
    while let Some(mut length) = bytes.get(8..LOG_OVERHEAD) {
        let length = LOG_OVERHEAD + usize::try_from(length.get_i32()).unwrap_or(usize::MAX - LOG_OVERHEAD);
        if bytes.len() < length || length < LAST_OFFSET_DELTA.end {
            break;
        }
        let mut batch = bytes.split_to(length);
        let codec = codec(batch[ATTRIBUTES + 1]);
        let (mut first, mut delta) = (&batch[..8], &batch[LAST_OFFSET_DELTA]);
        let after = first.get_i64().saturating_add(delta.get_i32().into()).saturating_add(1);
        let broken = |error| RawError::Unsupported(format!("A batch of partition {partition}: {error}."));
        let records = RecordBatchDecoder::decode_all(&mut batch).map_err(broken)?;
        let range = *next..end;
        let records = records.into_iter().flat_map(|set| set.records);
        let asked = records.filter(|record| range.contains(&record.offset) && !record.control);
        found.extend(asked.take(most - found.len()).map(|record| Stored { partition, codec, record }));
        if found.len() == most {
            *next = found.last().map_or(*next, |last| last.record.offset + 1);
            break;
        }
        *next = after.min(end).max(*next);
    }
    Ok(())
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
