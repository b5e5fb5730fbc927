//! Fetch (1): records, as they are stored.
//!
//! - Versions 4–12, all with topic names; 13 on would ask by topic id.
//! - READ on each topic, else 29 for its partitions; existence is looked at after that (3).
//! - Whole batches, at least the first even if it is larger than the limits; the client skips what lies before its
//!   offset. An offset outside the log is 1. A leader epoch that is not ours is 74 (older) or 75 (newer).
//! - Waits until `min_bytes` are there or `max_wait_ms` is over; an error in a partition is answered at once. What the
//!   disk refuses while the answer is sent already can only end the connection, as in Kafka.
//! - Not here: fetch sessions. Every answer declines one with session id 0, which is always legal; a client that asks
//!   for one by its id gets 70. Followers and rack-aware reads: there is one broker.

use std::ops::RangeInclusive;
use std::time::Duration;

use bytes::BufMut;
use kafka_protocol::error::ResponseError::{
    FencedLeaderEpoch, FetchSessionIdNotFound, TopicAuthorizationFailed, UnknownLeaderEpoch,
    UnknownTopicOrPartition,
};
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::{FetchRequest, TopicName};

use super::{Api, Body, Reply};
use crate::acl::{Operation, Resource};
use crate::broker::answer::Answer;
use crate::broker::cx::Cx;
use crate::broker::fetches::{FetchPlan, Fetched, FetchedPartition, Wanted, unreadable};
use crate::broker::log::ReadError;
use crate::broker::topics::LEADER_EPOCH;

/// `fetch.max.bytes` of a broker: what one answer may carry, whatever the client asks for.
const MAX_BYTES: usize = 57_671_680;
const READ_COMMITTED: i8 = 1;

/// The handler.
pub struct Fetch;

impl Api for Fetch {
    type Req = FetchRequest;
    type Res = Fetched;
    const NAME: &'static str = "Fetch";
    const VERSIONS: RangeInclusive<i16> = 4..=12;

    fn handle(cx: &mut Cx<'_>, request: FetchRequest) -> Reply<Fetched> {
        // 0 begins a session and -1 does without; either asks for everything it names.
        if !matches!(request.session_epoch, -1 | 0) {
            let error_code = FetchSessionIdNotFound.code();
            let events = cx.state.events.clone();
            return Reply::Now(Fetched { error_code, topics: Vec::new(), read_committed: false, events });
        }
        let max_wait = Duration::from_millis(u64::try_from(request.max_wait_ms).unwrap_or(0));
        let plan = plan(cx, request);
        let mut now = plan.collect(&cx.state.topics);
        if now.storage_failed {
            // Its slices hold files too.
            drop(now);
            cx.state.release_files();
            now = plan.collect(&cx.state.topics);
        }
        if now.final_as_is || now.bytes >= plan.min_bytes || max_wait.is_zero() {
            return Reply::Now(now.fetched);
        }
        Reply::Later(cx.state.park_fetch(plan, now.bytes, max_wait, cx.now))
    }
}

fn plan(cx: &mut Cx<'_>, request: FetchRequest) -> FetchPlan {
    let max_bytes = usize::try_from(request.max_bytes).unwrap_or(0).min(MAX_BYTES);
    FetchPlan {
        topics: request.topics.into_iter().map(|topic| (topic.topic.clone(), wanted(cx, &topic))).collect(),
        min_bytes: usize::try_from(request.min_bytes).unwrap_or(0).min(max_bytes),
        max_bytes,
        read_committed: request.isolation_level == READ_COMMITTED,
        events: cx.state.events.clone(),
    }
}

fn wanted(cx: &mut Cx<'_>, topic: &FetchTopic) -> Vec<Wanted> {
    let partitions = &topic.partitions;
    let allowed = cx.authorize_counted(Operation::Read, Resource::topic(&topic.topic), partitions.len());
    let wanted = partitions.iter().map(|partition| Wanted {
        index: partition.partition,
        offset: partition.fetch_offset,
        max_bytes: usize::try_from(partition.partition_max_bytes).unwrap_or(0),
        refused: if allowed {
            refused_epoch(cx, topic, partition)
        } else {
            Some(TopicAuthorizationFailed.code())
        },
    });
    wanted.collect()
}

/// Whether the client knows another leader epoch of an existing partition than the one there is.
fn refused_epoch(cx: &Cx<'_>, topic: &FetchTopic, partition: &FetchPartition) -> Option<i16> {
    cx.state.topics.partition(&topic.topic, partition.partition)?;
    match partition.current_leader_epoch {
        -1 | LEADER_EPOCH => None,
        newer if newer > LEADER_EPOCH => Some(UnknownLeaderEpoch.code()),
        _ => Some(FencedLeaderEpoch.code()),
    }
}

/// Written by hand, because the records must go from the log to the wire without being copied on the way.
impl Body for Fetched {
    fn write(self, version: i16, answer: &mut Answer) -> Result<(), anyhow::Error> {
        let out = &mut answer.bytes;
        out.put_i32(0); // throttle_time_ms
        if version >= 7 {
            out.put_i16(self.error_code);
            out.put_i32(0); // session_id
        }
        let wire = Wire { flexible: version >= 12 };
        wire.put_count(out, self.topics.len());
        for (name, partitions) in self.topics {
            let out = &mut answer.bytes;
            wire.put_string(out, &name);
            wire.put_count(out, partitions.len());
            for partition in partitions {
                let start = answer.bytes.len();
                if let Err(error) = write_partition(&name, &partition, version, self.read_committed, answer) {
                    answer.bytes.truncate(start);
                    self.events.emit(|| unreadable(&name, partition.index, &error));
                    let damaged = FetchedPartition::error(partition.index, error.code());
                    // Cannot fail again: there is nothing to read.
                    write_partition(&name, &damaged, version, self.read_committed, answer)?;
                }
            }
            wire.put_tags(&mut answer.bytes);
        }
        wire.put_tags(&mut answer.bytes);
        Ok(())
    }
}

fn write_partition(
    topic: &TopicName,
    partition: &FetchedPartition,
    version: i16,
    read_committed: bool,
    answer: &mut Answer,
) -> Result<(), ReadError> {
    let wire = Wire { flexible: version >= 12 };
    let out = &mut answer.bytes;
    out.put_i32(partition.index);
    out.put_i16(partition.error_code);
    out.put_i64(partition.high_watermark);
    out.put_i64(partition.high_watermark); // last_stable_offset: without transactions the same
    if version >= 5 {
        out.put_i64(partition.log_start_offset);
    }
    // A partition that is not looked at has an empty list in Kafka too.
    let not_looked_at = [TopicAuthorizationFailed.code(), UnknownTopicOrPartition.code()];
    if read_committed || not_looked_at.contains(&partition.error_code) {
        wire.put_count(out, 0); // aborted_transactions
    } else {
        wire.put_null(out);
    }
    if version >= 11 {
        out.put_i32(-1); // preferred_read_replica
    }
    write_records(topic, partition, wire, answer)?;
    wire.put_tags(&mut answer.bytes);
    Ok(())
}

fn write_records(
    topic: &TopicName,
    partition: &FetchedPartition,
    wire: Wire,
    answer: &mut Answer,
) -> Result<(), ReadError> {
    let records = &partition.records;
    if !answer.is_full()
        && let Some(stretch) = records.stretch()?
    {
        wire.put_count(&mut answer.bytes, stretch.size());
        answer.push(stretch, topic.clone(), partition.index);
        return Ok(());
    }
    let out = &mut answer.bytes;
    let count_at = out.len();
    wire.put_count(out, records.len());
    let records_at = out.len();
    records.read(out)?;
    let whole = out.len() - records_at;
    if whole < records.len() {
        // What lies before the damage is served; a reader that asks for what lies behind it gets the error.
        let records = out.split_off(records_at);
        out.truncate(count_at);
        wire.put_count(out, whole);
        out.extend(records);
    }
    Ok(())
}

/// The two ways of Kafka to write lengths.
#[derive(Clone, Copy)]
struct Wire {
    /// Compact lengths and tagged fields.
    flexible: bool,
}

impl Wire {
    fn put_count(self, out: &mut Vec<u8>, count: usize) {
        if self.flexible {
            put_varint(out, count as u64 + 1);
        } else {
            out.put_i32(count as i32);
        }
    }

    fn put_null(self, out: &mut Vec<u8>) {
        if self.flexible {
            out.put_u8(0);
        } else {
            out.put_i32(-1);
        }
    }

    fn put_string(self, out: &mut Vec<u8>, text: &str) {
        if self.flexible {
            put_varint(out, text.len() as u64 + 1);
        } else {
            out.put_i16(text.len() as i16);
        }
        out.put_slice(text.as_bytes());
    }

    fn put_tags(self, out: &mut Vec<u8>) {
        if self.flexible {
            out.put_u8(0);
        }
    }
}

fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.put_u8(value as u8 | 0x80);
        value >>= 7;
    }
    out.put_u8(value as u8);
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use kafka_protocol::messages::FetchResponse;
    use kafka_protocol::messages::fetch_response::{FetchableTopicResponse, PartitionData};
    use kafka_protocol::protocol::{Encodable, StrBytes};

    use super::*;
    use crate::broker::event::Events;
    use crate::broker::log::Slice;

    #[test]
    fn what_is_written_by_hand_is_what_the_schema_writes() {
        let name = TopicName(StrBytes::from_static_str("orders"));
        for version in Fetch::VERSIONS {
            for read_committed in [false, true] {
                let expected = FetchResponse::default().with_responses(vec![
                    FetchableTopicResponse::default().with_topic(name.clone()).with_partitions(vec![
                        PartitionData::default()
                            .with_partition_index(2)
                            .with_error_code(0)
                            .with_high_watermark(300)
                            .with_last_stable_offset(300)
                            .with_log_start_offset(if version >= 5 { 7 } else { -1 })
                            .with_aborted_transactions(read_committed.then(Vec::new))
                            .with_preferred_read_replica(kafka_protocol::messages::BrokerId(-1))
                            .with_records(Some(Bytes::new())),
                    ]),
                ]);
                let mut schema = Vec::new();
                expected.encode(&mut schema, version).unwrap();
                let partition = FetchedPartition {
                    index: 2,
                    error_code: 0,
                    high_watermark: 300,
                    log_start_offset: 7,
                    records: Slice::empty(),
                };
                let ours = Fetched {
                    error_code: 0,
                    topics: vec![(name.clone(), vec![partition])],
                    read_committed,
                    events: Events::new(),
                };
                let mut hand = Answer::default();
                ours.write(version, &mut hand).unwrap();
                assert_eq!(hand.bytes, schema, "version {version}, read_committed {read_committed}");
            }
        }
    }
}
