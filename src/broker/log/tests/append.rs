//! What is accepted, what is refused and with which error, and where it goes.

use super::*;

#[test]
fn offsets_follow_without_gaps_in_memory_and_on_disk() {
    let dir = tempfile::tempdir().unwrap();
    let memory = PartitionLog::in_memory(small(), NOW).unwrap();
    for mut log in [memory, open_clean(dir.path(), &small())] {
        for (count, base) in [(1, 0), (3, 1), (10, 4), (1, 14)] {
            let appended = log.append(&batch(count), NOW, 7).unwrap();
            let expected = Appended {
                base_offset: base,
                last_offset: base + count as i64 - 1,
                log_append_time_ms: -1,
                log_start_offset: 0,
                duplicate: false,
            };
            assert_eq!(appended, expected);
        }
        assert_eq!((log.log_end_offset(), log.high_watermark()), (15, 15));
        assert_eq!(read_all(&log), [(0, 0), (1, 3), (4, 13), (14, 14)]);
        assert!(read(&log, 0, 10_000).iter().all(|header| header.leader_epoch == 7));
    }
}

#[test]
fn the_stored_bytes_are_the_producers_but_for_offset_and_epoch() {
    let mut log = PartitionLog::in_memory(small(), NOW).unwrap();
    log.append(&batch(2), NOW, 0).unwrap();
    let sent = batch(3);
    log.append(&sent, NOW, 5).unwrap();
    let stored = log.read(2, 10_000, true).unwrap().to_bytes().unwrap();
    assert_eq!(stored[..8], 2i64.to_be_bytes());
    assert_eq!(stored[12..16], 5i32.to_be_bytes());
    assert_eq!((&stored[8..12], &stored[16..]), (&sent.bytes()[8..12], &sent.bytes()[16..]));
}

#[test]
fn a_refused_batch_has_kafkas_error_code() {
    let good = batch(2).bytes().clone();
    let put =
        |at: usize, bytes: &[u8]| altered(&good, |batch| batch[at..at + bytes.len()].copy_from_slice(bytes));
    let flipped = good.iter().enumerate().map(|(at, byte)| if at == 70 { byte ^ 1 } else { *byte }).collect();
    let twice = [&good[..], &good[..]].concat().into();
    let cases: Vec<(&str, Bytes, i16)> = vec![
        ("nothing", Bytes::new(), 87),
        ("half a batch", good.slice(..80), 87),
        ("two batches", twice, 87),
        ("a flipped bit", flipped, 2),
        ("length 3", put(8, &3i32.to_be_bytes()), 2),
        ("a negative length", put(8, &(-1i32).to_be_bytes()), 2),
        ("magic 1", put(16, &[1]), 87),
        ("magic 3", put(16, &[3]), 2),
        ("base offset 4", put(0, &4i64.to_be_bytes()), 87),
        ("no records", put(57, &0i32.to_be_bytes()), 87),
        ("more records than offsets", put(57, &3i32.to_be_bytes()), 87),
        ("another number of records", put(23, &[0, 0, 0, 4, 0, 0, 0, 0]), 87),
        ("a control batch", put(22, &[0x20]), 87),
        ("a producer without sequence", put(43, &9i64.to_be_bytes()), 87),
        ("codec 6", put(22, &[6]), 76),
        ("a malformed record", put(61, &[0xff]), 87),
    ];
    for (what, bytes, code) in cases {
        let error = Batch::parse(bytes).expect_err(what);
        assert_eq!(error.code(), code, "{what}: {error}");
    }
    assert!(Batch::parse(good).is_ok());
}

#[test]
fn bytes_behind_the_batch_that_are_no_batch_are_dropped_as_kafka_does() {
    let good = batch(2).bytes().clone();
    let trailing: Bytes = [&good[..], &good[..30]].concat().into();
    assert_eq!(Batch::parse(trailing).unwrap().bytes(), &good);
}

#[test]
fn the_topics_limits_apply() {
    let append = |config: LogConfig, batch: &Batch| {
        let mut log = PartitionLog::in_memory(Arc::new(config), NOW).unwrap();
        let result = log.append(batch, NOW, 0).map_err(|error| error.code());
        assert_eq!(log.log_end_offset() > 0, result.is_ok());
        result.map(|appended| appended.log_append_time_ms)
    };
    let default = LogConfig::default;
    let large = batch_at(1, 1000, NOW);
    assert_eq!(append(LogConfig { max_message_bytes: 1000, ..default() }, &large), Err(10));
    assert_eq!(append(LogConfig { max_message_bytes: large.bytes().len(), ..default() }, &large), Ok(-1));
    assert_eq!(append(default(), &batch_at(1, 1, NOW + 3_600_000)), Ok(-1));
    assert_eq!(append(default(), &batch_at(1, 1, NOW + 3_600_001)), Err(32));
    assert_eq!(
        append(LogConfig { timestamp_before_max_ms: 50, ..default() }, &batch_at(1, 1, NOW - 51)),
        Err(32)
    );
    assert_eq!(append(default(), &batch_at(1, 1, -1)), Ok(-1));
    let keyless = encode(&[NewRecord { key: None, value: b"v", timestamp: NOW }]);
    let compacted = || LogConfig { compact: true, ..default() };
    for codec in 0..=4 {
        let [keyless, keyed] = [&keyless, batch(1).bytes()].map(|bytes| with_codec(bytes, codec));
        assert_eq!(append(compacted(), &keyless), Err(87), "codec {codec}");
        assert_eq!(append(compacted(), &keyed), Ok(-1), "codec {codec}");
        assert_eq!(append(default(), &keyless), Ok(-1), "codec {codec}");
    }
    // A few kilobytes that stand for more than anybody should wait for.
    let zeros = encode(&[NewRecord { key: Some(b"k"), value: &vec![0; 16 << 20], timestamp: NOW }]);
    assert_eq!(append(compacted(), &with_codec(&zeros, 4)), Err(87));
    assert_eq!(append(default(), &with_codec(&zeros, 4)), Ok(-1));
    let garbage = altered(with_codec(&keyless, 1).bytes(), |bytes| *bytes.last_mut().unwrap() ^= 0xff);
    assert_eq!(append(compacted(), &Batch::parse(garbage).unwrap()), Err(87));
}

#[test]
fn log_append_time_replaces_the_producers_clock() {
    let config = LogConfig { timestamp_type: TimestampType::LogAppendTime, ..LogConfig::default() };
    let mut log = PartitionLog::in_memory(Arc::new(config), NOW).unwrap();
    let appended = log.append(&batch_at(2, 1, 5), NOW + 1, 3).unwrap();
    assert_eq!(appended.log_append_time_ms, NOW + 1);
    let header = read(&log, 0, 1000)[0];
    assert!(header.is_log_append_time());
    assert_eq!((header.max_timestamp, header.leader_epoch), (NOW + 1, 3));
    let found = log.offset_for_timestamp(NOW).unwrap().unwrap();
    assert_eq!((found.offset, found.timestamp), (0, NOW + 1));
}

#[test]
fn segments_roll_by_size_and_by_time() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open_clean(dir.path(), &small());
    for _ in 0..20 {
        log.append(&batch(3), NOW, 0).unwrap();
    }
    let sizes: Vec<u64> =
        files(dir.path(), ".log").iter().map(|path| path.metadata().unwrap().len()).collect();
    assert!(sizes.len() > 2 && sizes.iter().all(|size| *size <= 1000), "{sizes:?}");
    let before = log.segment_count();
    log.set_config(Arc::new(LogConfig { segment_ms: 60_000, ..LogConfig::default() }));
    log.append(&batch_at(1, 1, NOW + 60_000), NOW, 0).unwrap();
    assert_eq!(log.segment_count(), before);
    log.append(&batch_at(1, 1, NOW + 60_001), NOW, 0).unwrap();
    assert_eq!(log.segment_count(), before + 1);
    assert_eq!(read_all(&log).len(), 22);
}

#[test]
fn a_read_gives_whole_batches_and_at_least_one() {
    let mut log = PartitionLog::in_memory(small(), NOW).unwrap();
    let size = batch(2).bytes().len();
    for _ in 0..4 {
        log.append(&batch(2), NOW, 0).unwrap();
    }
    let bases =
        |offset, max| read(&log, offset, max).iter().map(|header| header.base_offset).collect::<Vec<_>>();
    assert_eq!(bases(3, size * 2), [2, 4]);
    assert_eq!(bases(3, size * 3 - 1), [2, 4]);
    assert_eq!(bases(3, 1), [2]);
    assert!(log.read(3, size - 1, false).unwrap().is_empty());
    assert!(log.read(8, 1000, true).unwrap().is_empty());
    assert_eq!(log.read(9, 1000, true).unwrap_err().code(), 1);
    assert_eq!(log.read(-1, 1000, true).unwrap_err().code(), 1);
}

#[test]
fn an_idempotent_producer_may_repeat_itself() {
    let mut log = PartitionLog::in_memory(small(), NOW).unwrap();
    let mut append = |batch: Batch| {
        let appended = log.append(&batch, NOW, 0).map_err(|error| error.code())?;
        Ok((appended.base_offset, appended.duplicate))
    };
    // Nothing is known of the producer: any first sequence will do.
    assert_eq!(append(from_producer(1, 0, 7, 2)), Ok((0, false)));
    for (sequence, offset) in [(9, 2), (10, 3), (11, 4), (12, 5)] {
        assert_eq!(append(from_producer(1, 0, sequence, 1)), Ok((offset, false)));
    }
    assert_eq!(append(from_producer(1, 0, 7, 2)), Ok((0, true)), "the fifth last");
    assert_eq!(append(from_producer(1, 0, 13, 1)), Ok((6, false)));
    assert_eq!(append(from_producer(1, 0, 7, 2)), Err(45), "no longer remembered");
    assert_eq!(append(from_producer(1, 0, 12, 2)), Err(45), "not the same batch");
    assert_eq!(append(from_producer(1, 0, 15, 1)), Err(45), "a gap");
    assert_eq!(append(from_producer(1, 1, 3, 1)), Err(45), "a new epoch begins at 0");
    assert_eq!(append(from_producer(1, 1, 0, 1)), Ok((7, false)));
    assert_eq!(append(from_producer(1, 0, 14, 1)), Err(47), "an older epoch");
    assert_eq!(append(from_producer(2, 0, 0, 1)), Ok((8, false)), "another producer");
}

#[test]
fn sequence_numbers_begin_again_after_the_largest() {
    let mut log = PartitionLog::in_memory(small(), NOW).unwrap();
    log.append(&from_producer(1, 0, i32::MAX - 1, 3), NOW, 0).unwrap();
    assert!(log.append(&from_producer(1, 0, i32::MAX - 1, 3), NOW, 0).unwrap().duplicate);
    assert_eq!(log.append(&from_producer(1, 0, 1, 1), NOW, 0).unwrap().base_offset, 3);
}

/// A batch without a codec, in the one of this number.
fn with_codec(batch: &Bytes, codec: u8) -> Batch {
    let header = BatchHeader::read(&altered(batch, |bytes| bytes[22] = codec)).unwrap();
    let records = records::compressed(header.compression().unwrap(), &batch[batch::HEADER_LEN..]).unwrap();
    let length = (batch::HEADER_LEN - batch::LOG_OVERHEAD + records.len()) as i32;
    let bytes = [&batch[..batch::HEADER_LEN], &records[..]].concat();
    let bytes = altered(&bytes.into(), |bytes| {
        bytes[22] = codec;
        bytes[8..12].copy_from_slice(&length.to_be_bytes());
    });
    Batch::parse(bytes).unwrap()
}
