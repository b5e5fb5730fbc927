//! Records with keys: a log of them, what compaction makes of it, and how a client sees it.

use bytes::BytesMut;
pub(super) use kafka_protocol::records::Compression as Codec;
use kafka_protocol::records::{
    NO_PARTITION_LEADER_EPOCH, Record, RecordBatchDecoder, RecordBatchEncoder, RecordEncodeOptions,
    TimestampType as Clock,
};

use super::*;

/// How long tombstones stay.
pub(super) const DAY: i64 = 24 * 3_600_000;

pub(super) fn compacted() -> Arc<LogConfig> {
    Arc::new(LogConfig { compact: true, delete: false, ..(*small()).clone() })
}

/// What a producer sends: its id (−1: none), the sequence number of the first record, and the codec.
#[derive(Clone, Copy)]
pub(super) struct By(pub(super) i64, pub(super) i32, pub(super) Codec);

pub(super) const ANYBODY: By = By(-1, -1, Codec::None);

/// A batch of keys and values; no value is a tombstone. The records are a millisecond apart.
pub(super) fn keyed(records: &[(&str, Option<&str>)], By(producer_id, sequence, compression): By) -> Batch {
    let record = |(number, (key, value)): (i64, &(&str, Option<&str>))| Record {
        transactional: false,
        control: false,
        delete_horizon: false,
        partition_leader_epoch: NO_PARTITION_LEADER_EPOCH,
        producer_id,
        producer_epoch: if producer_id < 0 { -1 } else { 0 },
        timestamp_type: Clock::Creation,
        offset: number,
        sequence: sequence + number as i32,
        timestamp: NOW + number,
        key: Some(Bytes::from((*key).to_owned())),
        value: value.map(|value| Bytes::from(value.to_owned())),
        headers: Default::default(),
    };
    let records: Vec<Record> = (0..).zip(records).map(record).collect();
    let mut bytes = BytesMut::new();
    RecordBatchEncoder::encode(&mut bytes, &records, &RecordEncodeOptions { version: 2, compression })
        .unwrap();
    Batch::parse(bytes.freeze()).unwrap()
}

/// Offset, key, value and timestamp of every record, as a client decodes them.
pub(super) fn records(log: &PartitionLog) -> Vec<(i64, String, Option<String>, i64)> {
    let text = |bytes: Bytes| String::from_utf8(bytes.to_vec()).unwrap();
    let mut found = Vec::new();
    let mut offset = log.log_start_offset();
    loop {
        let mut bytes = log.read(offset, 700, true).unwrap().to_bytes().unwrap();
        let Some(last) = last_header(&bytes) else { return found };
        while !bytes.is_empty() {
            let set = RecordBatchDecoder::decode(&mut bytes).unwrap();
            let here = set.records.into_iter().filter(|record| record.offset >= offset);
            found.extend(here.map(|r| (r.offset, text(r.key.unwrap()), r.value.map(text), r.timestamp)));
        }
        offset = last.last_offset() + 1;
    }
}

pub(super) fn last_header(mut batches: &[u8]) -> Option<BatchHeader> {
    let mut last = None;
    while let Some(header) = BatchHeader::read(batches) {
        batches = &batches[header.size() as usize..];
        last = Some(header);
    }
    last
}

pub(super) fn compact(log: &mut PartitionLog, now: i64) {
    let plan = log.plan_compaction(now).unwrap();
    log.install(plan.carry_out().unwrap()).unwrap();
}

/// Finishes the active segment, which is never compacted.
pub(super) fn finish(log: &mut PartitionLog) {
    log.roll(NOW).unwrap();
}

pub(super) fn put(log: &mut PartitionLog, records: &[(&str, Option<&str>)]) -> i64 {
    log.append(&keyed(records, ANYBODY), NOW, 0).unwrap().base_offset
}
