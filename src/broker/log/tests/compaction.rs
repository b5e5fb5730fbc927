//! Compaction: the newest record of each key stays, at its offset, whatever happens in between.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::keyed::*;
use super::*;

#[test]
fn the_newest_record_of_each_key_stays_where_it_is() {
    for codec in [Codec::None, Codec::Gzip, Codec::Snappy, Codec::Lz4, Codec::Zstd] {
        let dir = tempfile::tempdir().unwrap();
        let mut log = open_clean(dir.path(), &compacted());
        let both = keyed(&[("a", Some("1")), ("b", Some("1"))], By(-1, -1, codec));
        log.append(&both, NOW, 0).unwrap();
        put(&mut log, &[("a", Some("2"))]);
        finish(&mut log);
        put(&mut log, &[("a", Some("3"))]);
        finish(&mut log);
        put(&mut log, &[("b", Some("active"))]);
        compact(&mut log, NOW);
        let expected = [(1, "b", "1", NOW + 1), (3, "a", "3", NOW), (4, "b", "active", NOW)];
        let expected =
            expected.map(|(at, key, value, time)| (at, key.to_owned(), Some(value.to_owned()), time));
        assert_eq!(records(&log), expected, "{codec:?}");
        assert_eq!(log.segment_count(), 2, "small neighbours become one segment");
        assert_eq!(log.compaction_due(NOW), Due::Never);
        drop(log);
        assert_eq!(records(&open_clean(dir.path(), &compacted())), expected);
    }
}

#[test]
fn a_tombstone_stays_for_delete_retention_and_its_neighbours_keep_their_times() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open_clean(dir.path(), &compacted());
    put(&mut log, &[("a", Some("1"))]);
    put(&mut log, &[("b", Some("1")), ("a", None), ("c", Some("1"))]);
    finish(&mut log);
    compact(&mut log, NOW);
    let with = records(&log);
    assert_eq!(
        with.iter().map(|(at, .., time)| (*at, *time)).collect::<Vec<_>>(),
        [(1, NOW), (2, NOW + 1), (3, NOW + 2)]
    );
    compact(&mut log, NOW + DAY - 1);
    assert_eq!(records(&log), with);
    compact(&mut log, NOW + DAY);
    assert_eq!(records(&log), [with[0].clone(), with[2].clone()]);
}

#[test]
fn a_producer_is_known_by_its_empty_batch() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open_clean(dir.path(), &compacted());
    let first = keyed(&[("a", Some("1"))], By(7, 0, Codec::Gzip));
    let second = keyed(&[("a", Some("2"))], By(7, 1, Codec::Gzip));
    log.append(&first, NOW, 0).unwrap();
    log.append(&second, NOW, 0).unwrap();
    put(&mut log, &[("a", Some("3"))]);
    finish(&mut log);
    compact(&mut log, NOW);
    assert_eq!(read_all(&log), [(1, 1), (2, 2)]);
    assert_eq!(records(&log).into_iter().map(|(at, ..)| at).collect::<Vec<_>>(), [2], "a client reads on");
    drop(log);
    // Without a checkpoint only the batches tell.
    std::fs::remove_file(dir.path().join("log.checkpoint")).unwrap();
    let mut log = open_clean(dir.path(), &compacted());
    assert!(log.append(&second, NOW, 0).unwrap().duplicate);
    let gap = keyed(&[("a", Some("9"))], By(7, 5, Codec::None));
    assert_eq!(log.append(&gap, NOW, 0).unwrap_err().code(), 45);
}

#[test]
fn it_waits_until_enough_is_new_and_old_enough() {
    let config = LogConfig { min_compaction_lag_ms: 1000, ..(*compacted()).clone() };
    let mut log = PartitionLog::in_memory(Arc::new(config), NOW).unwrap();
    put(&mut log, &[("a", Some("1"))]);
    assert_eq!(log.compaction_due(NOW), Due::Never, "the active segment is not touched");
    finish(&mut log);
    assert_eq!(log.compaction_due(NOW), Due::At(NOW + 1000));
    assert_eq!(log.compaction_due(NOW + 1000), Due::Now);
    compact(&mut log, NOW + 1000);
    assert_eq!(log.compaction_due(NOW + 1000), Due::Never);
    log.set_config(Arc::new(LogConfig { min_cleanable_dirty_ratio: 0.6, ..(*compacted()).clone() }));
    put(&mut log, &[("b", Some("1"))]);
    finish(&mut log);
    assert_eq!(log.compaction_due(NOW + 1000), Due::Never, "half of it is new");
    put(&mut log, &[("c", Some("1"))]);
    finish(&mut log);
    assert_eq!(log.compaction_due(NOW + 1000), Due::Now);
    log.set_config(small());
    assert_eq!(log.compaction_due(NOW + 1000), Due::Never, "it is no compacted topic any more");
}

#[test]
fn what_was_deleted_meanwhile_does_not_come_back() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open_clean(dir.path(), &compacted());
    put(&mut log, &[("a", Some("1")), ("b", Some("1"))]);
    put(&mut log, &[("a", Some("2"))]);
    finish(&mut log);
    put(&mut log, &[("c", Some("1"))]);
    let done = log.plan_compaction(NOW).unwrap().carry_out().unwrap();
    log.delete_records_before(3, NOW).unwrap();
    log.install(done).unwrap();
    assert_eq!(records(&log).into_iter().map(|(at, ..)| at).collect::<Vec<_>>(), [3]);
    assert!(files(dir.path(), ".cleaned").is_empty());
}

#[test]
fn a_reader_goes_on_with_what_it_has_open() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open_clean(dir.path(), &compacted());
    put(&mut log, &[("a", Some("1"))]);
    put(&mut log, &[("a", Some("2"))]);
    finish(&mut log);
    let slice = log.read(0, 10_000, true).unwrap();
    compact(&mut log, NOW);
    assert_eq!(last_header(&slice.to_bytes().unwrap()).unwrap().base_offset, 1);
    assert_eq!(read_all(&log), [(1, 1)]);
}

#[test]
fn the_index_of_what_was_there_before_leads_nobody_astray() {
    let dir = tempfile::tempdir().unwrap();
    let config = LogConfig { segment_bytes: 10_000, index_interval_bytes: 250, ..(*compacted()).clone() };
    let mut log = open_clean(dir.path(), &Arc::new(config));
    for n in 0..60 {
        // One record goes, so that the old positions still lie within the file, between the batches.
        let key = if n == 0 || n == 59 { "same".to_owned() } else { n.to_string() };
        put(&mut log, &[(&key, Some(&"v".repeat(30)))]);
    }
    finish(&mut log);
    assert_eq!(files(dir.path(), ".index").len(), 1);
    compact(&mut log, NOW);
    let left: Vec<i64> = read_all(&log).into_iter().map(|(base_offset, _)| base_offset).collect();
    assert_eq!(left, Vec::from_iter(1..60));
    for offset in 0..60 {
        let next = left.iter().find(|left| **left >= offset);
        assert_eq!(
            read(&log, offset, 50).first().map(|header| header.base_offset),
            next.copied(),
            "{offset}"
        );
    }
}

#[test]
fn a_kill_at_any_step_leaves_a_log_that_says_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open_clean(dir.path(), &compacted());
    for round in ["1", "2", "3"] {
        put(&mut log, &[("a", Some(round)), (round, Some("only"))]);
        finish(&mut log);
    }
    let before: Vec<(std::path::PathBuf, Vec<u8>)> = files(dir.path(), ".log")
        .into_iter()
        .map(|path| (path.clone(), std::fs::read(path).unwrap()))
        .collect();
    compact(&mut log, NOW);
    let after = records(&log);
    assert_eq!(after.iter().map(|(at, ..)| *at).collect::<Vec<_>>(), [1, 3, 4, 5]);
    drop(log);
    // The copy has its place, some of its sources are still there, and the checkpoint may be the old one or none.
    for left_over in [&before[1..2], &before[2..3], &before[1..3]] {
        left_over.iter().for_each(|(path, bytes)| std::fs::write(path, bytes).unwrap());
        std::fs::remove_file(dir.path().join("log.checkpoint")).unwrap();
        let mut log = open_clean(dir.path(), &compacted());
        assert_eq!(records(&log), after);
        assert!(left_over.iter().all(|(path, _)| !path.exists()));
        log.close().unwrap();
    }
    // The copy was not finished.
    std::fs::write(dir.path().join("00000000000000000000.log.cleaned"), b"half").unwrap();
    assert_eq!(records(&open_clean(dir.path(), &compacted())), after);
    assert!(files(dir.path(), ".cleaned").is_empty());
}

#[test]
fn a_damaged_batch_stops_it_and_nothing_is_changed() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open_clean(dir.path(), &compacted());
    put(&mut log, &[("a", Some("1"))]);
    put(&mut log, &[("a", Some("2"))]);
    finish(&mut log);
    let path = files(dir.path(), ".log").remove(0);
    let mut bytes = std::fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    assert!(log.plan_compaction(NOW).unwrap().carry_out().is_err());
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
    log.give_up_compaction();
    assert_eq!(log.compaction_due(NOW), Due::Never);
}

#[test]
fn what_could_not_be_put_in_place_is_done_again() {
    let mut log = PartitionLog::in_memory(compacted(), NOW).unwrap();
    put(&mut log, &[("a", Some("1"))]);
    finish(&mut log);
    put(&mut log, &[("b", Some("1"))]);
    put(&mut log, &[("b", Some("2"))]);
    finish(&mut log);
    let done = log.plan_compaction(NOW).unwrap().carry_out().unwrap();
    // One copy stands for both segments, and the first is gone.
    log.delete_records_before(1, NOW).unwrap();
    log.install(done).unwrap();
    assert_eq!(log.compaction_due(NOW), Due::Now);
    compact(&mut log, NOW);
    assert_eq!(records(&log).into_iter().map(|(at, ..)| at).collect::<Vec<_>>(), [2]);
    assert_eq!(log.compaction_due(NOW), Due::Never);
}

#[test]
fn more_keys_than_there_is_room_for_take_several_runs() {
    let mut log = PartitionLog::in_memory(compacted(), NOW).unwrap();
    for key in ["a", "b", "c", "a", "b", "c"] {
        put(&mut log, &[(key, Some("1"))]);
    }
    finish(&mut log);
    let mut runs = 0;
    while log.compaction_due(NOW) == Due::Now {
        let mut plan = log.plan_compaction(NOW).unwrap();
        plan.max_keys = 2;
        log.install(plan.carry_out().unwrap()).unwrap();
        runs += 1;
        assert!(runs < 10, "no run gets any further");
    }
    assert_eq!(records(&log).into_iter().map(|(at, ..)| at).collect::<Vec<_>>(), [3, 4, 5]);
    // A batch that alone has too many would be tried for ever.
    put(&mut log, &[("a", Some("1")), ("b", Some("1")), ("c", Some("1"))]);
    finish(&mut log);
    let mut plan = log.plan_compaction(NOW).unwrap();
    plan.max_keys = 2;
    assert!(plan.carry_out().is_err());
}

#[test]
fn a_segment_that_it_emptied_does_not_keep_those_behind_it_from_growing_old() {
    let config = LogConfig { delete: true, retention_ms: Some(1000), ..(*compacted()).clone() };
    let config = Arc::new(LogConfig { segment_bytes: 75, ..config });
    let mut log = PartitionLog::in_memory(config, NOW).unwrap();
    put(&mut log, &[("a", Some("1"))]);
    put(&mut log, &[("a", Some("2"))]);
    finish(&mut log);
    compact(&mut log, NOW);
    assert_eq!((log.segment_count(), read_all(&log)), (3, vec![(1, 1)]), "the first is empty");
    assert_eq!(log.next_retention_at(), Some(NOW + 1001));
    assert!(log.enforce_retention(NOW + 1000).unwrap().is_empty());
    log.enforce_retention(NOW + 1001).unwrap();
    assert_eq!((log.log_start_offset(), log.segment_count()), (2, 1));
}

#[test]
fn times_beyond_all_numbers_do_not_stop_it() {
    let mut log = PartitionLog::in_memory(compacted(), NOW).unwrap();
    let two = keyed(&[("a", Some("1")), ("b", Some("1"))], By(-1, -1, Codec::Gzip));
    // The broker believes the header of a compressed batch; its records are a millisecond apart.
    let late = altered(two.bytes(), |bytes| bytes[27..35].copy_from_slice(&i64::MAX.to_be_bytes()));
    log.append(&Batch::parse(late).unwrap(), NOW, 0).unwrap();
    put(&mut log, &[("a", Some("2"))]);
    finish(&mut log);
    compact(&mut log, NOW);
    assert_eq!(read_all(&log), [(0, 1), (2, 2)]);
}

#[derive(Clone, Debug)]
enum Op {
    Put(Vec<(u8, bool)>),
    Compact,
    Reopen,
}

fn op() -> impl Strategy<Value = Op> {
    let record = (0..6u8, prop::bool::weighted(0.8));
    prop_oneof![
        6 => prop::collection::vec(record, 1..6).prop_map(Op::Put),
        2 => Just(Op::Compact),
        1 => Just(Op::Reopen),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn whoever_reads_it_all_knows_the_newest_value_of_each_key(ops in prop::collection::vec(op(), 1..50)) {
        let dir = tempfile::tempdir().unwrap();
        let mut log = open_clean(dir.path(), &compacted());
        let (mut all, mut newest) = (BTreeMap::new(), BTreeMap::new());
        let mut now = NOW;
        for op in ops {
            match op {
                Op::Put(keys) => {
                    let keys: Vec<(String, Option<String>)> = keys
                        .iter()
                        .map(|(key, lives)| (format!("k{key}"), lives.then(|| "v".repeat(usize::from(*key) * 40))))
                        .collect();
                    let borrowed: Vec<_> = keys.iter().map(|(key, value)| (key.as_str(), value.as_deref())).collect();
                    let base = put(&mut log, &borrowed);
                    for (offset, (key, value)) in (base..).zip(keys) {
                        all.insert(offset, (key.clone(), value.clone()));
                        newest.insert(key, (offset, value));
                    }
                }
                Op::Compact => {
                    // Half of a tombstone's time.
                    now += DAY / 2;
                    compact(&mut log, now);
                }
                Op::Reopen => {
                    drop(log);
                    log = open_clean(dir.path(), &compacted());
                }
            }
            let found = records(&log);
            prop_assert!(found.is_sorted_by_key(|(offset, ..)| *offset));
            let mut known = BTreeMap::new();
            for (offset, key, value, _) in found {
                prop_assert_eq!(&all[&offset], &(key.clone(), value.clone()));
                known.insert(key, (offset, value));
            }
            for (key, latest) in &newest {
                // Only a tombstone may be gone.
                let gone = latest.1.is_none() && !known.contains_key(key);
                prop_assert!(gone || known.get(key) == Some(latest), "{}: {:?}", key, known.get(key));
            }
        }
    }
}
