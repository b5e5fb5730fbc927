//! A log that is closed, or killed, and opened again.

use super::*;

/// A log of several segments with an idempotent producer, dropped without being closed.
fn killed(dir: &Path) {
    let mut log = open_clean(dir, &small());
    for sequence in 0..20 {
        log.append(&from_producer(1, 0, sequence, 1), NOW + i64::from(sequence), sequence / 10).unwrap();
    }
}

#[test]
fn a_killed_log_is_scanned_from_its_last_checkpoint_only() {
    let dir = tempfile::tempdir().unwrap();
    killed(dir.path());
    let last_segment = files(dir.path(), ".log").last().unwrap().metadata().unwrap().len();
    let (log, recovery) = open(dir.path(), &small());
    assert_eq!(recovery, Recovery { scanned_bytes: last_segment, ..Recovery::default() });
    assert_eq!(read_all(&log), (0..20).map(|offset| (offset, offset)).collect::<Vec<_>>());
    assert_eq!(log.end_offset_for_epoch(0), Some((0, 10)));
    assert_eq!(log.end_offset_for_epoch(1), Some((1, 20)));
}

#[test]
fn a_closed_log_is_not_scanned_at_all() {
    let dir = tempfile::tempdir().unwrap();
    killed(dir.path());
    open_clean(dir.path(), &small()).close().unwrap();
    let (log, recovery) = open(dir.path(), &small());
    assert_eq!(recovery, Recovery::default());
    assert_eq!(read_all(&log).len(), 20);
}

#[test]
fn producers_are_known_again_with_and_without_a_checkpoint() {
    for (close, lose_checkpoint) in [(true, false), (false, false), (false, true)] {
        let dir = tempfile::tempdir().unwrap();
        killed(dir.path());
        if close {
            open_clean(dir.path(), &small()).close().unwrap();
        }
        if lose_checkpoint {
            std::fs::remove_file(dir.path().join(checkpoint::FILE_NAME)).unwrap();
        }
        let mut log = open_clean(dir.path(), &small());
        let repeated = log.append(&from_producer(1, 0, 15, 1), NOW, 1).unwrap();
        assert_eq!((repeated.base_offset, repeated.duplicate), (15, true));
        assert_eq!(log.append(&from_producer(1, 0, 22, 1), NOW, 1).unwrap_err().code(), 45);
        assert_eq!(log.append(&from_producer(1, 0, 20, 1), NOW, 1).unwrap().base_offset, 20);
    }
}

#[test]
fn a_checkpoint_that_does_not_fit_the_files_is_not_believed() {
    let dir = tempfile::tempdir().unwrap();
    killed(dir.path());
    let other = tempfile::tempdir().unwrap();
    let mut log = open_clean(other.path(), &small());
    log.append(&batch(50), NOW, 0).unwrap();
    log.close().unwrap();
    std::fs::copy(other.path().join(checkpoint::FILE_NAME), dir.path().join(checkpoint::FILE_NAME)).unwrap();
    let log = open_clean(dir.path(), &small());
    assert_eq!(read_all(&log).len(), 20);
}

#[test]
fn a_damaged_checkpoint_is_not_believed() {
    let dir = tempfile::tempdir().unwrap();
    killed(dir.path());
    open_clean(dir.path(), &small()).close().unwrap();
    let path = dir.path().join(checkpoint::FILE_NAME);
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replacen("\"log_start_offset\":0", "\"log_start_offset\":9", 1)).unwrap();
    let log = open_clean(dir.path(), &small());
    assert_eq!((log.log_start_offset(), read_all(&log).len()), (0, 20));
}

#[test]
fn without_index_files_or_with_wrong_ones_the_index_is_built_again() {
    let index = |path: &Path| std::fs::read(path).unwrap();
    for damage in [None, Some(&b"garbage!"[..]), Some(&[0, 0, 0, 1, 0, 0, 0, 9][..])] {
        let dir = tempfile::tempdir().unwrap();
        killed(dir.path());
        open_clean(dir.path(), &small()).close().unwrap();
        assert!(files(dir.path(), ".index").iter().all(|path| index(path).len() % 8 == 0));
        for path in files(dir.path(), ".index") {
            match damage {
                None => std::fs::remove_file(path).unwrap(),
                Some(bytes) => std::fs::write(path, bytes).unwrap(),
            }
        }
        let log = open_clean(dir.path(), &small());
        assert_eq!(read_all(&log).len(), 20);
    }
}

#[test]
fn released_files_are_opened_again_when_needed() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open_clean(dir.path(), &small());
    for _ in 0..5 {
        log.append(&batch(3), NOW, 0).unwrap();
        log.release_files();
        assert_eq!(read_all(&log).len() as i64 * 3, log.log_end_offset());
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_log_that_is_only_open_holds_no_file_handle() {
    let dir = tempfile::tempdir().unwrap();
    let handles = || {
        let links = std::fs::read_dir("/proc/self/fd").unwrap().flatten();
        links
            .filter_map(|link| link.path().read_link().ok())
            .filter(|file| file.starts_with(dir.path()))
            .count()
    };
    let created = open_clean(dir.path(), &small());
    assert_eq!(handles(), 0);
    drop(created);
    killed(dir.path());
    let mut log = open_clean(dir.path(), &small());
    assert_eq!(handles(), 0);
    assert_eq!(read_all(&log).len(), 20);
    assert_eq!(handles(), log.segment_count());
    log.enforce_retention(NOW).unwrap();
    assert_eq!(handles(), 0);
    assert_eq!(read_all(&log).len(), 20);
}

#[test]
fn strange_files_are_reported_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    killed(dir.path());
    for name in ["notes.txt", "7.log", "0000000000000000000x.log"] {
        std::fs::write(dir.path().join(name), "mine").unwrap();
    }
    let (log, recovery) = open(dir.path(), &small());
    assert_eq!(recovery.stray.len(), 3);
    assert_eq!(read_all(&log).len(), 20);
    assert!(dir.path().join("notes.txt").exists());
}

#[test]
fn offsets_are_not_given_out_twice_when_all_segments_are_lost() {
    let dir = tempfile::tempdir().unwrap();
    killed(dir.path());
    open_clean(dir.path(), &small()).close().unwrap();
    files(dir.path(), ".log").iter().for_each(|path| std::fs::remove_file(path).unwrap());
    let (mut log, _) = open(dir.path(), &small());
    assert_eq!(log.append(&batch(1), NOW, 0).unwrap().base_offset, 20);
}
