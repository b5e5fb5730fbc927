//! Produce (0): appends record batches.
//!
//! - Versions 3–12, all with topic names. 0–2 are shown by ApiVersions and refused, see [`super::Row::advertised_min`].
//! - A transactional batch needs WRITE on the transactional id, else 53 for the whole request; then WRITE on each
//!   topic, else 29 for its partitions, whether it exists or not; then existence (3). IDEMPOTENT_WRITE is not asked.
//! - A batch is checked before the state is locked (checksum 2, format 87, codec 76), and told in its turn. zstd needs
//!   version 7 (76). acks other than -1, 0, 1: 21. acks=-1 and fewer than `min.insync.replicas`: 19.
//! - acks=0: no answer, and any error closes the connection.
//! - A batch of a transaction is refused with 48: there are no transactions here.

use std::ops::RangeInclusive;

use kafka_protocol::error::ResponseError::{
    self, InvalidRequiredAcks, InvalidTxnState, NotEnoughReplicas, TopicAuthorizationFailed,
    TransactionalIdAuthorizationFailed, UnknownTopicOrPartition, UnsupportedCompressionType,
};
use kafka_protocol::messages::produce_response::{PartitionProduceResponse, TopicProduceResponse};
use kafka_protocol::messages::{ProduceRequest, ProduceResponse, TopicName};
use kafka_protocol::protocol::StrBytes;

use super::{Api, Input, Reply};
use crate::acl::{Operation, Resource};
use crate::broker::cx::Cx;
use crate::broker::log::records::Compression;
use crate::broker::log::{AppendError, Batch};

/// The handler.
pub struct Produce;

/// A request whose batches are checked.
#[derive(Debug)]
pub struct Checked {
    transactional_id: Option<StrBytes>,
    acks: i16,
    topics: Vec<(TopicName, Vec<CheckedPartition>)>,
}

/// A partition's number with its batch, or with what is wrong with that.
type CheckedPartition = (i32, Result<Batch, AppendError>);

impl Input for Checked {
    type Wire = ProduceRequest;

    fn prepare(wire: ProduceRequest) -> Checked {
        let topics = wire.topic_data.into_iter().map(|topic| {
            let partitions = topic.partition_data.into_iter();
            let checked = partitions.map(|data| (data.index, Batch::parse(data.records.unwrap_or_default())));
            (topic.name, checked.collect())
        });
        Checked {
            transactional_id: wire.transactional_id.map(|id| id.0),
            acks: wire.acks,
            topics: topics.collect(),
        }
    }
}

/// What came of one batch: its place, or an error with a text where Kafka sends one.
type Outcome = Result<crate::broker::log::Appended, Refused>;

/// Why a batch was not taken.
struct Refused {
    code: i16,
    /// Only where Kafka has one as well: clients show their own text for the code otherwise.
    message: Option<&'static str>,
    log_start_offset: i64,
}

impl From<ResponseError> for Refused {
    fn from(error: ResponseError) -> Refused {
        Refused { code: error.code(), message: None, log_start_offset: -1 }
    }
}

impl From<AppendError> for Refused {
    fn from(error: AppendError) -> Refused {
        let message = match error {
            AppendError::InvalidTimestamp { .. } => {
                Some("One or more records have been rejected due to invalid timestamp")
            }
            _ => None,
        };
        Refused { code: error.code(), message, log_start_offset: -1 }
    }
}

impl Api for Produce {
    type Req = Checked;
    type Res = ProduceResponse;
    const NAME: &'static str = "Produce";
    const VERSIONS: RangeInclusive<i16> = 3..=12;

    fn handle(cx: &mut Cx<'_>, request: Checked) -> Reply<ProduceResponse> {
        let no_answer = request.acks == 0;
        let mut failed = false;
        let transactional = request
            .topics
            .iter()
            .flat_map(|(_, partitions)| partitions)
            .any(|(_, batch)| batch.as_ref().is_ok_and(|batch| batch.header().is_transactional()));
        let id = request.transactional_id.as_deref().unwrap_or_default();
        let refused = (transactional && !cx.authorize(Operation::Write, Resource::transactional_id(id)))
            .then_some(TransactionalIdAuthorizationFailed);
        let responses = request.topics.into_iter().map(|(name, partitions)| {
            let refused = refused.or_else(|| {
                (!cx.authorize_counted(Operation::Write, Resource::topic(&name), partitions.len()))
                    .then_some(TopicAuthorizationFailed)
            });
            let partitions = partitions.into_iter().map(|(index, batch)| {
                let outcome = match refused {
                    Some(error) => Err(error.into()),
                    None => append(cx, &name, index, batch, request.acks),
                };
                failed |= outcome.is_err();
                answer(index, outcome)
            });
            let partitions = partitions.collect();
            TopicProduceResponse::default().with_name(name).with_partition_responses(partitions)
        });
        let response = ProduceResponse::default().with_responses(responses.collect());
        match (no_answer, failed) {
            (false, _) => Reply::Now(response),
            (true, false) => Reply::Silent,
            (true, true) => Reply::Close,
        }
    }
}

fn append(cx: &mut Cx<'_>, topic: &str, index: i32, batch: Result<Batch, AppendError>, acks: i16) -> Outcome {
    let Some(in_sync) = cx
        .state
        .topics
        .get(topic)
        .filter(|topic| topic.partition(index).is_some())
        .map(|topic| topic.config().min_insync_replicas)
    else {
        return Err(UnknownTopicOrPartition.into());
    };
    let batch = batch?;
    if cx.version < 7 && batch.header().compression() == Some(Compression::Zstd) {
        return Err(UnsupportedCompressionType.into());
    }
    if batch.header().is_transactional() {
        return Err(InvalidTxnState.into());
    }
    match acks {
        -1 if in_sync > 1 => return Err(NotEnoughReplicas.into()),
        -1..=1 => {}
        _ => return Err(InvalidRequiredAcks.into()),
    }
    cx.state.append(topic, index, &batch, cx.now).map_err(|error| {
        // Kafka tells the start of the log where the batch was looked at in the light of the log.
        let looked_at = !matches!(error, AppendError::MessageTooLarge { .. } | AppendError::Storage(_));
        let partition = cx.state.topics.partition(topic, index).filter(|_| looked_at);
        Refused {
            log_start_offset: partition.map_or(-1, |it| it.log.log_start_offset()),
            ..Refused::from(error)
        }
    })
}

fn answer(index: i32, outcome: Outcome) -> PartitionProduceResponse {
    let response = PartitionProduceResponse::default().with_index(index);
    match outcome {
        Ok(appended) => response
            .with_base_offset(appended.base_offset)
            .with_log_append_time_ms(appended.log_append_time_ms)
            .with_log_start_offset(appended.log_start_offset),
        Err(refused) => response
            .with_error_code(refused.code)
            .with_base_offset(-1)
            .with_log_append_time_ms(-1)
            .with_log_start_offset(refused.log_start_offset)
            .with_error_message(refused.message.map(StrBytes::from_static_str)),
    }
}
