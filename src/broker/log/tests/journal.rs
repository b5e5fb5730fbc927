//! Journals: nothing that was returned for is lost, whatever the moment of a crash.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use super::*;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Change {
    key: String,
    value: u32,
}

fn change(key: &str, value: u32) -> Change {
    Change { key: key.into(), value }
}

fn open_journal(dir: &Path) -> (Journal<Change>, Vec<Change>) {
    let (journal, records, _) = Journal::open(dir, 1, NOW).unwrap();
    (journal, records)
}

/// A copy of the folder as it is now: what a kill would leave.
fn copy(dir: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for path in files(dir, "") {
        std::fs::copy(&path, copy.path().join(path.file_name().unwrap())).unwrap();
    }
    copy
}

#[test]
fn changes_are_read_back_in_order_without_a_clean_end() {
    let dir = tempfile::tempdir().unwrap();
    let changes = [change("a", 1), change("b", 2), change("a", 3)];
    for written in 0..3 {
        let (mut journal, records) = open_journal(dir.path());
        assert_eq!(records, changes[..written]);
        journal.append(&changes[written], NOW).unwrap();
    }
}

#[test]
fn several_changes_are_kept_together_or_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = open_journal(dir.path());
    journal.append(&change("a", 1), NOW).unwrap();
    let log = files(dir.path(), ".log").remove(0);
    let before = log.metadata().unwrap().len();
    journal.append_all(&[change("b", 1), change("b", 2), change("b", 3)], NOW).unwrap();
    let whole = std::fs::read(&log).unwrap();
    for size in before..whole.len() as u64 {
        std::fs::write(&log, &whole[..size as usize]).unwrap();
        assert_eq!(open_journal(dir.path()).1, [change("a", 1)]);
    }
    std::fs::write(&log, &whole).unwrap();
    assert_eq!(open_journal(dir.path()).1.len(), 4);
}

#[test]
fn a_snapshot_takes_the_place_of_the_history() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = open_journal(dir.path());
    for value in 0..100 {
        journal.append(&change("a", value), NOW).unwrap();
    }
    journal.snapshot(&[change("a", 99)], NOW).unwrap();
    assert_eq!(open_journal(dir.path()).1, [change("a", 99)]);
    journal.append(&change("b", 1), NOW).unwrap();
    assert_eq!(open_journal(dir.path()).1, [change("a", 99), change("b", 1)]);
    journal.snapshot(&[change("a", 99), change("b", 1)], NOW).unwrap();
    assert_eq!(files(dir.path(), ".checkpoint").len(), 2, "the journal's and the log's");
    assert_eq!(files(dir.path(), ".log").len(), 1);
    assert_eq!(open_journal(dir.path()).1, [change("a", 99), change("b", 1)]);
}

#[test]
fn a_snapshot_is_wanted_when_history_outgrows_what_is_true() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = open_journal(dir.path());
    let large = change(&"x".repeat(200_000), 1);
    let mut appended = 0;
    while !journal.wants_snapshot() {
        journal.append(&large, NOW).unwrap();
        appended += 1;
    }
    assert_eq!(appended, 6);
    journal.snapshot(&[large.clone(), large], NOW).unwrap();
    assert!(!journal.wants_snapshot());
}

#[test]
fn a_crash_during_a_snapshot_leaves_one_history_or_the_other() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = open_journal(dir.path());
    journal.append_all(&[change("a", 1), change("a", 2)], NOW).unwrap();
    let before = copy(dir.path());
    journal.snapshot(&[change("a", 2)], NOW).unwrap();
    let snapshot = files(dir.path(), "2.checkpoint").remove(0);
    let name = snapshot.file_name().unwrap();

    // Killed while the snapshot was being written.
    let torn = copy(before.path());
    std::fs::write(torn.path().join(name).with_extension("checkpoint.part"), "half").unwrap();
    let (mut journal, records) = open_journal(torn.path());
    assert_eq!(records, [change("a", 1), change("a", 2)]);
    journal.snapshot(&[change("a", 2)], NOW).unwrap();
    assert!(files(torn.path(), ".part").is_empty());

    // Killed after it took its name, before the history was deleted.
    let both = copy(before.path());
    std::fs::copy(&snapshot, both.path().join(name)).unwrap();
    let (mut journal, records) = open_journal(both.path());
    assert_eq!(records, [change("a", 2)]);
    journal.append(&change("b", 1), NOW).unwrap();
    assert_eq!(open_journal(both.path()).1, [change("a", 2), change("b", 1)]);
}

#[test]
fn a_snapshot_that_outlived_its_log_is_gone_on_from() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = open_journal(dir.path());
    journal.append_all(&[change("a", 1), change("a", 2)], NOW).unwrap();
    journal.snapshot(&[change("a", 2)], NOW).unwrap();
    files(dir.path(), ".log").iter().for_each(|path| std::fs::remove_file(path).unwrap());
    std::fs::remove_file(dir.path().join(checkpoint::FILE_NAME)).unwrap();
    let (mut journal, records) = open_journal(dir.path());
    assert_eq!(records, [change("a", 2)]);
    journal.append(&change("b", 1), NOW).unwrap();
    assert_eq!(open_journal(dir.path()).1, [change("a", 2), change("b", 1)]);
}

#[test]
fn a_folder_that_is_not_there_is_made() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(open_journal(&dir.path().join("new")).1, []);
}

#[test]
fn a_snapshot_stands_for_a_log_of_which_only_the_checkpoint_is_left() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = open_journal(dir.path());
    journal.append_all(&[change("a", 1), change("a", 2)], NOW).unwrap();
    journal.close().unwrap();
    let checkpoint = dir.path().join(checkpoint::FILE_NAME);
    let before = std::fs::read(&checkpoint).unwrap();
    journal.snapshot(&[change("a", 2)], NOW).unwrap();
    drop(journal);
    files(dir.path(), ".log").iter().for_each(|path| std::fs::remove_file(path).unwrap());
    std::fs::write(&checkpoint, before).unwrap();
    let (mut journal, records) = open_journal(dir.path());
    assert_eq!(records, [change("a", 2)]);
    journal.append(&change("b", 1), NOW).unwrap();
    assert_eq!(open_journal(dir.path()).1, [change("a", 2), change("b", 1)]);
}

#[test]
fn a_damaged_snapshot_is_an_error_and_not_an_empty_journal() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = open_journal(dir.path());
    journal.append(&change("a", 1), NOW).unwrap();
    journal.snapshot(&[change("a", 1)], NOW).unwrap();
    let snapshot = files(dir.path(), "1.checkpoint").remove(0);
    let mut bytes = std::fs::read(&snapshot).unwrap();
    bytes[70] ^= 1;
    std::fs::write(&snapshot, bytes).unwrap();
    assert!(matches!(Journal::<Change>::open(dir.path(), 1, NOW), Err(JournalError::Io(_))));
}

#[test]
fn a_change_damaged_before_whole_ones_is_refused_and_nothing_is_touched() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = open_journal(dir.path());
    let log = files(dir.path(), ".log").remove(0);
    let mut ends = Vec::new();
    for value in 0..3 {
        journal.append(&change("a", value), NOW).unwrap();
        ends.push(log.metadata().unwrap().len() as usize);
    }
    let whole = std::fs::read(&log).unwrap();
    for at in ends[0]..ends[1] {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        // Outside of the checksum, here as in Kafka: the leader epoch, which a journal has no use for.
        if (12..16).contains(&(at - ends[0])) {
            continue;
        }
        std::fs::write(&log, &bytes).unwrap();
        let Err(JournalError::Io(error)) = Journal::<Change>::open(dir.path(), 1, NOW) else {
            panic!("byte {at}: no error of the disk")
        };
        assert!(error.to_string().contains(&format!("byte {},", ends[0])), "byte {at}: {error}");
        assert_eq!(std::fs::read(&log).unwrap(), bytes, "byte {at}");
        assert_eq!(files(dir.path(), ".damaged"), [] as [std::path::PathBuf; 0]);
    }
    std::fs::write(&log, &whole).unwrap();
    assert_eq!(open_journal(dir.path()).1.len(), 3);
}

#[test]
fn a_closed_journal_that_is_shorter_now_is_refused_and_nothing_is_touched() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = open_journal(dir.path());
    journal.append_all(&[change("a", 1), change("a", 2)], NOW).unwrap();
    journal.append(&change("a", 3), NOW).unwrap();
    journal.close().unwrap();
    let log = files(dir.path(), ".log").remove(0);
    let whole = std::fs::read(&log).unwrap();
    let refused = || {
        let Err(JournalError::Io(error)) = Journal::<Change>::open(dir.path(), 1, NOW) else {
            panic!("no error of the disk")
        };
        error.to_string()
    };
    for left in 0..whole.len() {
        std::fs::write(&log, &whole[..left]).unwrap();
        assert!(refused().contains(&format!("has {left} bytes of the {}", whole.len())), "{}", refused());
        assert_eq!(std::fs::read(&log).unwrap(), whole[..left]);
    }
    std::fs::remove_file(&log).unwrap();
    assert!(refused().contains("has 0 bytes"), "{}", refused());
    std::fs::write(&log, &whole).unwrap();
    assert_eq!(open_journal(dir.path()).1.len(), 3);
}

#[test]
fn the_last_change_damaged_is_taken_for_torn() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = open_journal(dir.path());
    journal.append(&change("a", 1), NOW).unwrap();
    let log = files(dir.path(), ".log").remove(0);
    let before = log.metadata().unwrap().len() as usize;
    journal.append(&change("a", 2), NOW).unwrap();
    let whole = std::fs::read(&log).unwrap();
    for at in before + 16..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        std::fs::write(&log, &bytes).unwrap();
        assert_eq!(open_journal(dir.path()).1, [change("a", 1)], "byte {at}");
    }
}

#[test]
fn a_newer_versions_journal_is_refused_and_an_older_ones_is_read() {
    let dir = tempfile::tempdir().unwrap();
    open_journal(dir.path()).0.append(&change("a", 1), NOW).unwrap();
    let (mut newer, records, _) = Journal::<Change>::open(dir.path(), 2, NOW).unwrap();
    assert_eq!(records, [change("a", 1)]);
    newer.append(&change("a", 2), NOW).unwrap();
    let error = Journal::<Change>::open(dir.path(), 1, NOW).unwrap_err();
    assert!(matches!(error, JournalError::Newer { found: 2, known: 1 }), "{error}");
}

#[test]
fn a_journal_in_memory_keeps_nothing() {
    let mut journal = Journal::nowhere();
    journal.append(&change("a", 1), NOW).unwrap();
    journal.snapshot(&[change("a", 1)], NOW).unwrap();
    journal.close().unwrap();
    assert!(!journal.wants_snapshot());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn the_state_survives_any_order_of_appends_snapshots_and_kills(
        steps in prop::collection::vec((0..4u32, "[a-d]", any::<u32>(), any::<bool>()), 1..40),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let (mut journal, _) = open_journal(dir.path());
        let mut state: BTreeMap<String, u32> = BTreeMap::new();
        for (step, key, value, clean) in steps {
            match step {
                0 => {
                    let records: Vec<_> = state.iter().map(|(key, value)| change(key, *value)).collect();
                    journal.snapshot(&records, NOW).unwrap();
                }
                1 => {
                    if clean {
                        journal.close().unwrap();
                    }
                    let (opened, records) = open_journal(dir.path());
                    let found: BTreeMap<_, _> = records.into_iter().map(|change| (change.key, change.value)).collect();
                    prop_assert_eq!(&found, &state);
                    journal = opened;
                }
                _ => {
                    journal.append(&change(&key, value), NOW).unwrap();
                    state.insert(key, value);
                }
            }
        }
    }
}
