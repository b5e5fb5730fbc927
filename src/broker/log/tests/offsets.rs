//! ListOffsets and OffsetForLeaderEpoch.

use super::*;

fn log_with(timestamps: &[&[i64]]) -> PartitionLog {
    let mut log = PartitionLog::in_memory(small(), NOW).unwrap();
    for (epoch, batch) in timestamps.iter().enumerate() {
        let record = |timestamp: &i64| NewRecord { key: None, value: b"0123456789", timestamp: *timestamp };
        let batch = Batch::parse(encode(&batch.iter().map(record).collect::<Vec<_>>())).unwrap();
        log.append(&batch, NOW, epoch as i32).unwrap();
    }
    log
}

#[test]
fn by_time_the_first_record_not_before_it_is_found() {
    let log = log_with(&[&[10, 20], &[15, 40, 30], &[50]]);
    let find =
        |timestamp| log.offset_for_timestamp(timestamp).unwrap().map(|found| (found.offset, found.timestamp));
    assert_eq!(find(0), Some((0, 10)));
    assert_eq!(find(10), Some((0, 10)));
    assert_eq!(find(11), Some((1, 20)));
    assert_eq!(find(21), Some((3, 40)));
    assert_eq!(find(41), Some((5, 50)));
    assert_eq!(find(51), None);
}

#[test]
fn by_time_over_many_segments_equals_a_search_of_all_records() {
    let timestamps: Vec<i64> = (0..300).map(|n| (n * 7919) % 1000 + n * 3).collect();
    let log = log_with(&timestamps.chunks(3).collect::<Vec<_>>());
    assert!(log.segment_count() > 5);
    for wanted in 0..2000 {
        let expected = timestamps.iter().position(|timestamp| *timestamp >= wanted);
        let found = log.offset_for_timestamp(wanted).unwrap().map(|found| found.offset as usize);
        assert_eq!(found, expected, "timestamp {wanted}");
    }
}

#[test]
fn records_before_the_log_start_are_not_found() {
    let mut log = log_with(&[&[10, 20, 30], &[40]]);
    log.delete_records_before(1, NOW).unwrap();
    let found = log.offset_for_timestamp(0).unwrap().unwrap();
    assert_eq!((found.offset, found.timestamp), (1, 20));
}

#[test]
fn the_largest_timestamp_is_that_of_its_first_record() {
    assert_eq!(log_with(&[]).max_timestamp().unwrap(), None);
    let log = log_with(&[&[10, 70], &[70, 20], &[5]]);
    let found = log.max_timestamp().unwrap().unwrap();
    assert_eq!((found.offset, found.timestamp, found.leader_epoch), (1, 70, 0));
}

#[test]
fn compressed_batches_are_searched_too() {
    use kafka_protocol::records::{
        Compression, Record, RecordBatchEncoder, RecordEncodeOptions, TimestampType,
    };
    for compression in [Compression::Gzip, Compression::Snappy, Compression::Lz4, Compression::Zstd] {
        let record = |n: i64| Record {
            transactional: false,
            control: false,
            delete_horizon: false,
            partition_leader_epoch: -1,
            producer_id: -1,
            producer_epoch: -1,
            timestamp_type: TimestampType::Creation,
            offset: n,
            sequence: n as i32,
            timestamp: 100 + n,
            key: None,
            value: Some(Bytes::from(vec![b'x'; 100])),
            headers: Default::default(),
        };
        let records: Vec<_> = (0..50).map(record).collect();
        let mut bytes = bytes::BytesMut::new();
        RecordBatchEncoder::encode(&mut bytes, &records, &RecordEncodeOptions { version: 2, compression })
            .unwrap();
        let mut log = PartitionLog::in_memory(Arc::default(), NOW).unwrap();
        log.append(&Batch::parse(bytes.freeze()).unwrap(), NOW, 0).unwrap();
        assert_eq!(log.offset_for_timestamp(117).unwrap().unwrap().offset, 17);
    }
}

#[test]
fn leader_epochs_end_where_the_next_one_begins() {
    let log = log_with(&[&[1, 1], &[2], &[3, 3, 3]]);
    assert_eq!(log.end_offset_for_epoch(0), Some((0, 2)));
    assert_eq!(log.end_offset_for_epoch(1), Some((1, 3)));
    assert_eq!(log.end_offset_for_epoch(2), Some((2, 6)));
    assert_eq!(log.end_offset_for_epoch(3), None);
}

#[test]
fn a_time_is_found_behind_the_start_of_a_log_that_begins_within_a_batch() {
    for timestamp_type in [TimestampType::CreateTime, TimestampType::LogAppendTime] {
        let config = LogConfig { timestamp_type, ..LogConfig::default() };
        let mut log = PartitionLog::in_memory(Arc::new(config), NOW).unwrap();
        log.append(&batch(3), NOW, 0).unwrap();
        log.delete_records_before(1, NOW).unwrap();
        let found =
            [log.offset_for_timestamp(NOW), log.max_timestamp()].map(|it| it.unwrap().map(|it| it.offset));
        assert_eq!(found, [Some(1); 2], "{timestamp_type:?}");
    }
}
