//! The log made shorter.

use super::*;

/// A log on disk, one batch of one record a segment, stamped a second apart from `NOW` on.
fn one_record_segments(dir: &Path, count: i64, config: LogConfig) -> PartitionLog {
    let config = Arc::new(LogConfig { segment_bytes: 1, ..config });
    let mut log = open_clean(dir, &config);
    for second in 0..count {
        log.append(&batch_at(1, 10, NOW + second * 1000), NOW, 0).unwrap();
    }
    log
}

fn bases(deleted: &[Deleted]) -> Vec<i64> {
    deleted.iter().map(|segment| segment.base_offset).collect()
}

#[test]
fn segments_grow_too_old() {
    let dir = tempfile::tempdir().unwrap();
    let config = LogConfig { retention_ms: Some(10_000), ..LogConfig::default() };
    let mut log = one_record_segments(dir.path(), 5, config);
    assert_eq!(log.next_retention_at(), Some(NOW + 10_001));
    assert!(log.enforce_retention(NOW + 10_000).unwrap().is_empty());
    let deleted = log.enforce_retention(NOW + 12_001).unwrap();
    assert_eq!(bases(&deleted), [0, 1, 2]);
    assert!(deleted.iter().all(|segment| segment.because == DeletedBecause::RetentionTime));
    assert_eq!((log.log_start_offset(), log.log_end_offset()), (3, 5));
    assert_eq!(log.read(2, 100, true).unwrap_err().code(), 1);
    assert_eq!(log.next_retention_at(), Some(NOW + 13_001));
    assert_eq!(files(dir.path(), ".log").len(), 2);
    // In the end even the active one goes, and the offsets go on.
    assert_eq!(bases(&log.enforce_retention(NOW + 20_000).unwrap()), [3, 4]);
    assert_eq!((log.log_start_offset(), log.log_end_offset(), log.next_retention_at()), (5, 5, None));
    drop(log);
    let mut log = open_clean(dir.path(), &Arc::default());
    assert_eq!(log.append(&batch(1), NOW, 0).unwrap().base_offset, 5);
}

#[test]
fn the_log_grows_too_large() {
    let dir = tempfile::tempdir().unwrap();
    let size = batch(1).bytes().len() as u64;
    let config = LogConfig { retention_ms: None, retention_bytes: Some(2 * size), ..LogConfig::default() };
    let mut log = one_record_segments(dir.path(), 5, config);
    assert_eq!(log.next_retention_at(), Some(i64::MIN));
    let deleted = log.enforce_retention(NOW).unwrap();
    assert_eq!(bases(&deleted), [0, 1, 2]);
    assert!(deleted.iter().all(|segment| segment.because == DeletedBecause::RetentionSize));
    assert_eq!((log.size(), log.next_retention_at()), (2 * size, None));
}

#[test]
fn compacted_topics_are_not_deleted_from() {
    let dir = tempfile::tempdir().unwrap();
    let config = LogConfig { delete: false, compact: true, retention_ms: Some(1), ..LogConfig::default() };
    let mut log = one_record_segments(dir.path(), 3, config);
    assert!(log.enforce_retention(NOW + 1_000_000).unwrap().is_empty());
    assert_eq!(log.next_retention_at(), None);
}

#[test]
fn deleted_records_stay_deleted() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = one_record_segments(dir.path(), 4, LogConfig::default());
    assert_eq!(log.delete_records_before(2, NOW).unwrap(), 2);
    assert_eq!(log.delete_records_before(1, NOW).unwrap(), 2, "never backwards");
    assert_eq!(log.delete_records_before(5, NOW).unwrap_err().code(), 1);
    assert_eq!(log.delete_records_before(-2, NOW).unwrap_err().code(), 1);
    assert_eq!(files(dir.path(), ".log").len(), 2);
    drop(log);
    let mut log = open_clean(dir.path(), &Arc::default());
    assert_eq!(read_all(&log), [(2, 2), (3, 3)]);
    assert_eq!(log.delete_records_before(-1, NOW).unwrap(), 4);
    drop(log);
    let log = open_clean(dir.path(), &Arc::default());
    assert_eq!((log.log_start_offset(), log.log_end_offset()), (4, 4));
}

#[test]
fn a_deletion_within_a_batch_keeps_the_batch_but_not_the_offset() {
    let mut log = PartitionLog::in_memory(small(), NOW).unwrap();
    log.append(&batch(10), NOW, 0).unwrap();
    log.delete_records_before(4, NOW).unwrap();
    assert_eq!(log.read(3, 1000, true).unwrap_err().code(), 1);
    assert_eq!(read(&log, 4, 1000)[0].base_offset, 0);
}

#[test]
fn a_slice_outlives_its_segment() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = one_record_segments(dir.path(), 3, LogConfig::default());
    let slice = log.read(0, 1000, true).unwrap();
    log.delete_records_before(-1, NOW).unwrap();
    assert_eq!(slice.to_bytes().unwrap()[..8], 0i64.to_be_bytes());
}

#[test]
fn a_deletion_that_was_interrupted_is_finished_at_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = one_record_segments(dir.path(), 4, LogConfig::default());
    let first = files(dir.path(), ".log").remove(0);
    let bytes = std::fs::read(&first).unwrap();
    log.delete_records_before(2, NOW).unwrap();
    drop(log);
    std::fs::write(&first, bytes).unwrap();
    let log = open_clean(dir.path(), &Arc::default());
    assert_eq!(log.log_start_offset(), 2);
    assert!(!first.exists());
}

#[test]
fn silent_producers_are_forgotten() {
    let mut log = PartitionLog::in_memory(Arc::default(), NOW).unwrap();
    log.append(&from_producer(1, 0, 0, 1), NOW, 0).unwrap();
    log.append(&from_producer(2, 0, 0, 1), NOW + 10, 0).unwrap();
    log.enforce_retention(NOW + 24 * 3_600_000).unwrap();
    assert_eq!(log.append(&from_producer(1, 0, 50, 1), NOW, 0).unwrap().base_offset, 2);
    assert_eq!(log.append(&from_producer(2, 0, 50, 1), NOW, 0).unwrap_err().code(), 45);
}
