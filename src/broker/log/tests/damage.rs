//! Torn writes and flipped bits: found, reported, never served.

use super::*;

/// A folder with one segment of `count` batches of two records, not closed; and the size of one batch.
fn one_segment(count: i64) -> (tempfile::TempDir, std::path::PathBuf, u64) {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open_clean(dir.path(), &Arc::default());
    for _ in 0..count {
        log.append(&batch(2), NOW, 0).unwrap();
    }
    let path = files(dir.path(), ".log").remove(0);
    let size = batch(2).bytes().len() as u64;
    (dir, path, size)
}

/// A folder of several segments with `count` batches of three records, all of which must be scanned; and the size of one
/// batch.
fn unchecked_segments(count: usize) -> (tempfile::TempDir, Vec<std::path::PathBuf>, usize) {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open_clean(dir.path(), &small());
    for _ in 0..count {
        log.append(&batch(3), NOW, 0).unwrap();
    }
    std::fs::remove_file(dir.path().join(checkpoint::FILE_NAME)).unwrap();
    let logs = files(dir.path(), ".log");
    (dir, logs, batch(3).bytes().len())
}

/// Flips these bits of the byte at `at` of a file.
fn flip(path: &Path, at: usize, bits: u8) {
    let mut bytes = std::fs::read(path).unwrap();
    bytes[at] ^= bits;
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn a_tail_torn_at_any_byte_is_cut_at_the_last_whole_batch() {
    let (dir, path, size) = one_segment(3);
    let whole = std::fs::read(&path).unwrap();
    for torn in 1..size {
        std::fs::write(&path, &whole[..(2 * size + torn) as usize]).unwrap();
        let (mut log, recovery) = open(dir.path(), &Arc::default());
        let expected = Cut { file: path.clone(), position: 2 * size, bytes: torn, next_offset: 4 };
        assert_eq!(recovery.cut, Some(expected));
        assert_eq!(recovery.set_aside, Vec::<std::path::PathBuf>::new());
        assert_eq!(path.metadata().unwrap().len(), 2 * size);
        assert_eq!(log.append(&batch(1), NOW, 0).unwrap().base_offset, 4);
        assert_eq!(read_all(&log), [(0, 1), (2, 3), (4, 4)]);
    }
}

#[test]
fn what_a_closed_log_has_lost_is_told() {
    for batches_left in 0..3 {
        let (dir, path, size) = one_segment(3);
        open_clean(dir.path(), &Arc::default()).close().unwrap();
        let left = batches_left * size;
        let file = std::fs::File::options().write(true).open(&path).unwrap();
        file.set_len(left).unwrap();
        if batches_left == 0 {
            std::fs::remove_file(&path).unwrap();
        }
        let (mut log, recovery) = open(dir.path(), &Arc::default());
        let checkpoint = dir.path().join(checkpoint::FILE_NAME);
        let short = Short { file: path, size: left, known: 3 * size, next_offset: 6, checkpoint };
        assert_eq!(recovery.short, Some(short));
        // It goes on behind what is left; where nothing is, behind what was there.
        let next = [6, 2, 4][batches_left as usize];
        assert_eq!(log.append(&batch(1), NOW, 0).unwrap().base_offset, next);
        let kept: Vec<(i64, i64)> = (0..batches_left as i64).map(|at| (2 * at, 2 * at + 1)).collect();
        assert_eq!(read_all(&log), [&kept[..], &[(next, next)]].concat());
        log.close().unwrap();
        assert_eq!(open(dir.path(), &Arc::default()).1, Recovery::default());
    }
}

#[test]
fn zeros_at_the_end_are_cut_as_well() {
    let (dir, path, size) = one_segment(2);
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    file.set_len(2 * size + 5000).unwrap();
    let (log, recovery) = open(dir.path(), &Arc::default());
    assert_eq!(recovery.cut.unwrap().bytes, 5000);
    assert_eq!(log.log_end_offset(), 4);
}

#[test]
fn a_bit_flipped_in_what_must_be_scanned_cuts_the_log_and_sets_the_rest_aside() {
    let (_dir, path, size) = one_segment(3);
    let whole = std::fs::read(&path).unwrap();
    for at in size..2 * size {
        // The leader epoch is outside the checksum, here as in Kafka; so is the offset, which is checked by its order.
        let outside_checksum = (size..size + 8).contains(&at) || (size + 12..size + 16).contains(&at);
        if outside_checksum {
            continue;
        }
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(path.file_name().unwrap());
        let mut bytes = whole.clone();
        bytes[at as usize] ^= 0x10;
        std::fs::write(&path, &bytes).unwrap();
        let (log, recovery) = open(dir.path(), &Arc::default());
        assert_eq!(recovery.cut.unwrap().position, size, "byte {at}");
        assert_eq!(recovery.set_aside.len(), 1, "byte {at}");
        assert_eq!(std::fs::read(&recovery.set_aside[0]).unwrap(), bytes[size as usize..]);
        assert_eq!(read_all(&log), [(0, 1)]);
    }
}

#[test]
fn a_bit_flipped_in_what_a_checkpoint_vouches_for_is_never_served() {
    let (dir, path, size) = one_segment(3);
    open_clean(dir.path(), &Arc::default()).close().unwrap();
    let whole = std::fs::read(&path).unwrap();
    for at in size + 16..2 * size {
        let mut bytes = whole.clone();
        bytes[at as usize] ^= 0x10;
        std::fs::write(&path, &bytes).unwrap();
        let (log, _) = open(dir.path(), &Arc::default());
        let read = |offset| log.read(offset, 10_000, true).and_then(|slice| slice.to_bytes());
        assert_eq!(read(2).unwrap_err().code(), 2, "byte {at}");
        assert_eq!(read(0).unwrap(), whole[..size as usize], "byte {at}: what lies before it");
        // A damaged header may also say that the batch is longer than it is.
        if at >= size + batch::HEADER_LEN as u64 {
            assert_eq!(read(4).unwrap(), whole[2 * size as usize..], "byte {at}: what lies behind it");
        }
    }
}

#[test]
fn what_lies_before_the_damage_is_served_from_wherever_a_reader_begins() {
    let (dir, path, size) = one_segment(5);
    open_clean(dir.path(), &Arc::default()).close().unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[4 * size as usize - 1] ^= 1; // in the fourth batch
    std::fs::write(&path, &bytes).unwrap();
    let log = open_clean(dir.path(), &Arc::default());
    for first in 0..3 {
        let read = log.read(2 * first as i64, 10_000, true).and_then(|slice| slice.to_bytes());
        assert_eq!(read.unwrap(), bytes[first * size as usize..3 * size as usize]);
    }
}

#[test]
fn a_damaged_segment_in_the_middle_sets_later_ones_aside_when_all_must_be_scanned() {
    let (dir, logs, _) = unchecked_segments(40);
    flip(&logs[1], logs[1].metadata().unwrap().len() as usize - 1, 1);
    let (log, recovery) = open(dir.path(), &small());
    assert_eq!(recovery.cut.unwrap().file, logs[1]);
    assert_eq!(recovery.set_aside.len(), logs.len() - 2);
    // And a new one for what comes.
    assert_eq!(files(dir.path(), ".log")[..2], logs[..2]);
    assert_eq!(files(dir.path(), ".log").len(), 3);
    assert_eq!(read_all(&log).last().unwrap().1, log.log_end_offset() - 1);
}

#[test]
fn appends_go_on_behind_a_damaged_batch() {
    let (dir, path, size) = one_segment(3);
    open_clean(dir.path(), &Arc::default()).close().unwrap();
    flip(&path, size as usize + 8, 0x40); // the length of the second batch
    let (mut log, _) = open(dir.path(), &Arc::default());
    assert_eq!(log.append(&batch(1), NOW, 0).unwrap().base_offset, 6);
    assert_eq!(read(&log, 6, 1000).len(), 1);
    assert_eq!(log.read(3, 1000, true).unwrap_err().code(), 2);
}

/// A file that refuses to grow stands for a full disk.
#[cfg(target_os = "linux")]
#[test]
fn a_failed_write_leaves_the_log_as_it_was() {
    let (dir, path, _) = one_segment(2);
    let aside = dir.path().join("aside");
    let mut log = open_clean(dir.path(), &Arc::default());
    let disk_is_full = |full: bool, log: &mut PartitionLog| {
        if full {
            std::fs::rename(&path, &aside).unwrap();
            std::os::unix::fs::symlink("/dev/full", &path).unwrap();
        } else {
            std::fs::rename(&aside, &path).unwrap();
        }
        log.release_files();
    };
    log.read(0, 1000, true).unwrap();
    disk_is_full(true, &mut log);
    for _ in 0..2 {
        assert_eq!(log.append(&from_producer(1, 0, 0, 1), NOW, 0).unwrap_err().code(), 56);
        assert_eq!(log.log_end_offset(), 4);
    }
    disk_is_full(false, &mut log);
    assert_eq!(log.append(&from_producer(1, 0, 0, 1), NOW, 0).unwrap().base_offset, 4);
    assert_eq!(read_all(&log), [(0, 1), (2, 3), (4, 4)]);
    drop(log);
    assert_eq!(read_all(&open_clean(dir.path(), &Arc::default())).len(), 3);
}

#[test]
fn an_offset_that_the_disk_has_changed_is_not_served() {
    let (dir, path, size) = one_segment(3);
    open_clean(dir.path(), &Arc::default()).close().unwrap();
    let whole = std::fs::read(&path).unwrap();
    for (at, bit) in (size..size + 8).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
        let mut bytes = whole.clone();
        bytes[at as usize] ^= 1 << bit;
        std::fs::write(&path, bytes).unwrap();
        let log = open_clean(dir.path(), &Arc::default());
        let read = |offset| log.read(offset, 10_000, true).and_then(|slice| slice.to_bytes());
        assert_eq!(read(0).unwrap(), whole[..size as usize], "byte {at}, bit {bit}: what lies before it");
        // With a lower offset the batch is passed over; with a higher one it is found, and refused.
        let there = read(2);
        let behind = there.as_ref().is_ok_and(|bytes| *bytes == whole[2 * size as usize..]);
        assert!(behind || matches!(there, Err(ReadError::Corrupt { .. })), "byte {at}, bit {bit}: {there:?}");
    }
}

#[test]
fn an_offset_changed_in_what_must_be_scanned_ends_the_log_before_it_and_loses_nothing() {
    let (_dir, path, size) = one_segment(4);
    let whole = std::fs::read(&path).unwrap();
    for changed in [1, 3] {
        let begin = changed * size;
        for (at, bit) in (begin..begin + 8).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
            let dir = tempfile::tempdir().unwrap();
            let mut bytes = whole.clone();
            bytes[at as usize] ^= 1 << bit;
            std::fs::write(dir.path().join(path.file_name().unwrap()), &bytes).unwrap();
            let (log, recovery) = open(dir.path(), &Arc::default());
            assert_eq!(recovery.cut.unwrap().position, begin, "byte {at}, bit {bit}");
            assert_eq!(read_all(&log).len() as u64, changed, "byte {at}, bit {bit}");
            assert_eq!(std::fs::read(&recovery.set_aside[0]).unwrap(), bytes[begin as usize..]);
        }
    }
}

#[test]
fn an_offset_changed_in_a_sealed_segment_is_no_gap_of_compaction() {
    let (dir, logs, size) = unchecked_segments(40);
    flip(&logs[1], size + 6, 1); // 256 records further than it is
    let (log, recovery) = open(dir.path(), &small());
    assert_eq!(recovery.cut.map(|cut| (cut.file, cut.position)), Some((logs[1].clone(), size as u64)));
    assert_eq!(recovery.set_aside.len(), 1 + logs.len() - 2, "the rest of the segment, and those behind it");
    assert_eq!(read_all(&log).last().unwrap().1, log.log_end_offset() - 1);
}

#[test]
fn an_offset_changed_to_one_that_a_later_batch_has_is_no_gap_of_compaction() {
    let (dir, logs, size) = unchecked_segments(40);
    assert_eq!(std::fs::read(&logs[0]).unwrap()[size + 7], 3);
    flip(&logs[0], size + 7, 4); // 3 becomes 7, where the next batch begins at 6
    let (log, recovery) = open(dir.path(), &small());
    assert_eq!(recovery.cut.map(|cut| (cut.file, cut.position)), Some((logs[0].clone(), size as u64)));
    assert_eq!(recovery.set_aside.len(), 1 + logs.len() - 1, "the rest of the segment, and those behind it");
    assert_eq!(read_all(&log), [(0, 2)]);
}

#[test]
fn a_compacted_segment_that_becomes_the_newest_keeps_its_gaps() {
    let (dir, logs, size) = unchecked_segments(20);
    let mut bytes = std::fs::read(&logs[0]).unwrap();
    bytes.drain(size..2 * size); // as compaction leaves it
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(&logs[0], bytes).unwrap();
    let (log, recovery) = open(dir.path(), &small());
    assert!(recovery.cut.is_some());
    let kept = read_all(&log);
    drop(log);
    for _ in 0..2 {
        let (log, recovery) = open(dir.path(), &small());
        assert_eq!((read_all(&log), recovery.cut), (kept.clone(), None));
    }
}

#[test]
fn an_offset_changed_at_the_end_of_a_segment_costs_no_later_segment() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open_clean(dir.path(), &small());
    while files(dir.path(), ".log").len() < 2 {
        log.append(&batch(3), NOW, 0).unwrap();
    }
    std::fs::remove_file(dir.path().join(checkpoint::FILE_NAME)).unwrap();
    let logs = files(dir.path(), ".log");
    let begin = logs[0].metadata().unwrap().len() as usize - batch(3).bytes().len();
    flip(&logs[0], begin + 6, 1);
    let newest = std::fs::read(&logs[1]).unwrap();
    let (_, recovery) = open(dir.path(), &small());
    assert_eq!(recovery.cut.unwrap().position, begin as u64);
    assert!(recovery.set_aside.iter().any(|file| std::fs::read(file).unwrap() == newest));
}

#[test]
fn a_bit_flipped_in_an_index_finds_the_same_records() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open_clean(dir.path(), &small());
    for minute in 0..30 {
        log.append(&batch_at(2, 10, NOW + minute * 60_000), NOW, 0).unwrap();
    }
    log.close().unwrap();
    let all = read_all(&log);
    for file in files(dir.path(), "index") {
        let whole = std::fs::read(&file).unwrap();
        for (at, bit) in (0..whole.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
            let mut bytes = whole.clone();
            bytes[at] ^= 1 << bit;
            std::fs::write(&file, bytes).unwrap();
            let log = open_clean(dir.path(), &small());
            for (first, last) in &all {
                let found = log.read(*last, 1, true).and_then(|slice| slice.to_bytes()).unwrap();
                let header = BatchHeader::read(&found).unwrap();
                assert_eq!(
                    (header.base_offset, header.last_offset()),
                    (*first, *last),
                    "{file:?}, byte {at}, bit {bit}"
                );
            }
            for minute in 0..30 {
                let found = log.offset_for_timestamp(NOW + minute * 60_000).unwrap();
                assert_eq!(
                    found.map(|found| found.offset),
                    Some(2 * minute),
                    "{file:?}, byte {at}, bit {bit}, minute {minute}"
                );
            }
        }
        std::fs::write(&file, whole).unwrap();
    }
}
