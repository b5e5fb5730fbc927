//! Requests about records, and the batches in them.

use bytes::{Bytes, BytesMut};
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::*;
use kafka_protocol::records::{
    Compression, NO_PARTITION_LEADER_EPOCH, NO_PRODUCER_EPOCH, NO_PRODUCER_ID, NO_SEQUENCE, Record,
    RecordBatchEncoder, RecordEncodeOptions, TimestampType,
};

use super::text;

/// A time in the past that every record has, in milliseconds: 2024-01-01.
pub const TIME: i64 = 1_704_067_200_000;

/// A record of a value, as a producer without idempotence makes it.
pub fn record(key: Option<&str>, value: Option<&str>, timestamp: i64) -> Record {
    Record {
        transactional: false,
        control: false,
        delete_horizon: false,
        partition_leader_epoch: NO_PARTITION_LEADER_EPOCH,
        producer_id: NO_PRODUCER_ID,
        producer_epoch: NO_PRODUCER_EPOCH,
        timestamp_type: TimestampType::Creation,
        offset: 0,
        sequence: NO_SEQUENCE,
        timestamp,
        key: key.map(|key| Bytes::from(key.to_owned())),
        value: value.map(|value| Bytes::from(value.to_owned())),
        headers: Default::default(),
    }
}

/// A batch of records.
pub fn encode(records: &[Record], compression: Compression) -> Bytes {
    let mut records = records.to_vec();
    for (offset, record) in (0..).zip(&mut records) {
        record.offset = offset;
        record.sequence += i32::try_from(offset).unwrap();
    }
    let mut batch = BytesMut::new();
    let options = RecordEncodeOptions { version: 2, compression };
    RecordBatchEncoder::encode(&mut batch, &records, &options).unwrap();
    batch.freeze()
}

/// A batch of one record for each value.
pub fn batch(values: &[&str]) -> Bytes {
    let records: Vec<_> = values.iter().map(|value| record(Some("key"), Some(value), TIME)).collect();
    encode(&records, Compression::None)
}

/// The first batch of one value that an idempotent producer sends, or a later one.
pub fn idempotent(producer_id: i64, epoch: i16, sequence: i32) -> Bytes {
    let mut record = record(None, Some("once"), TIME);
    (record.producer_id, record.producer_epoch, record.sequence) = (producer_id, epoch, sequence);
    encode(&[record], Compression::None)
}

/// A batch that says that it belongs to a transaction.
pub fn transactional() -> Bytes {
    let mut record = record(None, Some("in a transaction"), TIME);
    (record.transactional, record.producer_id, record.producer_epoch, record.sequence) = (true, 1, 0, 0);
    encode(&[record], Compression::None)
}

/// Produce to one partition. From v3 to v12.
pub fn produce(topic: &str, partition: i32, acks: i16, records: Bytes) -> ProduceRequest {
    let data = PartitionProduceData::default().with_index(partition).with_records(Some(records));
    let topic = TopicProduceData::default().with_name(text(topic).into()).with_partition_data(vec![data]);
    ProduceRequest::default().with_acks(acks).with_timeout_ms(5000).with_topic_data(vec![topic])
}

/// Fetch from one partition, without a session and without waiting. From v4 to v12.
pub fn fetch(topic: &str, partition: i32, offset: i64) -> FetchRequest {
    let partition = FetchPartition::default()
        .with_partition(partition)
        .with_fetch_offset(offset)
        .with_current_leader_epoch(-1)
        .with_last_fetched_epoch(-1)
        .with_log_start_offset(-1)
        .with_partition_max_bytes(1 << 20);
    let topic = FetchTopic::default().with_topic(text(topic).into()).with_partitions(vec![partition]);
    FetchRequest::default()
        .with_replica_id((-1).into())
        .with_max_wait_ms(0)
        .with_min_bytes(0)
        .with_max_bytes(1 << 20)
        .with_session_epoch(-1)
        .with_topics(vec![topic])
}

/// ListOffsets of one partition.
pub fn list_offsets(topic: &str, partition: i32, timestamp: i64) -> ListOffsetsRequest {
    let partition = ListOffsetsPartition::default()
        .with_partition_index(partition)
        .with_current_leader_epoch(-1)
        .with_timestamp(timestamp);
    let topic = ListOffsetsTopic::default().with_name(text(topic).into()).with_partitions(vec![partition]);
    ListOffsetsRequest::default().with_replica_id((-1).into()).with_topics(vec![topic])
}

/// DeleteRecords of one partition.
pub fn delete_records(topic: &str, partition: i32, before: i64) -> DeleteRecordsRequest {
    use delete_records_request::{DeleteRecordsPartition, DeleteRecordsTopic};
    let partition = DeleteRecordsPartition::default().with_partition_index(partition).with_offset(before);
    let topic = DeleteRecordsTopic::default().with_name(text(topic).into()).with_partitions(vec![partition]);
    DeleteRecordsRequest::default().with_topics(vec![topic]).with_timeout_ms(5000)
}

/// OffsetForLeaderEpoch of one partition.
pub fn leader_epoch(topic: &str, partition: i32, epoch: i32) -> OffsetForLeaderEpochRequest {
    use offset_for_leader_epoch_request::{OffsetForLeaderPartition, OffsetForLeaderTopic};
    let partition = OffsetForLeaderPartition::default()
        .with_partition(partition)
        .with_current_leader_epoch(-1)
        .with_leader_epoch(epoch);
    let topic =
        OffsetForLeaderTopic::default().with_topic(text(topic).into()).with_partitions(vec![partition]);
    OffsetForLeaderEpochRequest::default().with_replica_id((-1).into()).with_topics(vec![topic])
}

/// InitProducerId of an idempotent producer.
pub fn init_producer_id() -> InitProducerIdRequest {
    InitProducerIdRequest::default()
        .with_transactional_id(None)
        .with_transaction_timeout_ms(60_000)
        .with_producer_id((-1).into())
        .with_producer_epoch(-1)
}
