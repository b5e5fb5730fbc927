//! A clock that is set back: by an hour, while the log is open or between two starts.

use super::*;

const HOUR: i64 = 3_600_000;

fn log_append_time(config: LogConfig) -> Arc<LogConfig> {
    Arc::new(LogConfig { timestamp_type: TimestampType::LogAppendTime, ..config })
}

#[test]
fn records_are_stamped_by_the_clock_as_it_is_and_found_by_it() {
    let dir = tempfile::tempdir().unwrap();
    let config = log_append_time(LogConfig { index_interval_bytes: 1, ..LogConfig::default() });
    let (mut log, _) = PartitionLog::open(dir.path(), config.clone(), NOW).unwrap();
    for now in [NOW, NOW - HOUR, NOW - HOUR + 1, NOW + 1] {
        assert_eq!(log.append(&batch(1), now, 0).unwrap().log_append_time_ms, now);
    }
    let check = |log: &PartitionLog| {
        // As in Kafka: the first record that is at least as late, by offset.
        for (wanted, offset) in [(NOW - HOUR, 0), (NOW, 0), (NOW + 1, 3)] {
            assert_eq!(log.offset_for_timestamp(wanted).unwrap().map(|found| found.offset), Some(offset));
        }
        assert_eq!(log.offset_for_timestamp(NOW + 2).unwrap(), None);
        assert_eq!(log.max_timestamp().unwrap().map(|found| found.offset), Some(3));
    };
    check(&log);
    log.close().unwrap();
    check(&PartitionLog::open(dir.path(), config, NOW - 2 * HOUR).unwrap().0);
}

#[test]
fn nothing_is_taken_for_old_and_segments_roll_on() {
    let dir = tempfile::tempdir().unwrap();
    let config = log_append_time(LogConfig {
        segment_ms: 60_000,
        retention_ms: Some(60_000),
        producer_id_expiration_ms: 60_000,
        ..LogConfig::default()
    });
    let (mut log, _) = PartitionLog::open(dir.path(), config.clone(), NOW).unwrap();
    log.append(&from_producer(1, 0, 0, 1), NOW, 0).unwrap();
    log.close().unwrap();
    let (mut log, _) = PartitionLog::open(dir.path(), config, NOW - HOUR).unwrap();
    for now in [NOW - HOUR, NOW - HOUR / 2, NOW] {
        assert!(log.enforce_retention(now).unwrap().is_empty());
    }
    // The producer is known still: what it sends again is told from what is new.
    assert_eq!(log.append(&from_producer(1, 0, 0, 1), NOW - HOUR, 0).unwrap().base_offset, 0);
    assert_eq!(log.append(&from_producer(1, 0, 1, 1), NOW - HOUR, 0).unwrap().base_offset, 1);
    log.append(&batch(1), NOW + 60_001, 0).unwrap();
    assert_eq!(log.segment_count(), 2);
    assert_eq!(log.enforce_retention(NOW + 60_001).unwrap().len(), 1);
    assert_eq!(read_all(&log), [(2, 2)]);
}

#[test]
fn a_journal_takes_changes_at_any_hour() {
    let dir = tempfile::tempdir().unwrap();
    for (written, now) in [NOW, NOW - 1000 * HOUR, 0, NOW + 1000 * HOUR].into_iter().enumerate() {
        let (mut journal, records, _) = Journal::<usize>::open(dir.path(), 1, now).unwrap();
        assert_eq!(records, (0..written).collect::<Vec<_>>());
        journal.append(&written, now).unwrap();
        journal.close().unwrap();
    }
}
