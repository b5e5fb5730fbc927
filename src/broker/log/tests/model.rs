//! Random sequences of operations, compared with a list.

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Op {
    Append {
        count: usize,
        size: usize,
    },
    Close,
    Kill,
    /// Kill while a batch is being written: so many of its bytes arrive.
    Tear {
        bytes: usize,
    },
    DeleteRecords {
        part: usize,
    },
    Release,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        8 => (1..5usize, 0..400usize).prop_map(|(count, size)| Op::Append { count, size }),
        1 => Just(Op::Close),
        1 => Just(Op::Kill),
        1 => (1..100usize).prop_map(|bytes| Op::Tear { bytes }),
        1 => (0..10usize).prop_map(|part| Op::DeleteRecords { part }),
        1 => Just(Op::Release),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn a_log_is_a_list_of_batches(ops in prop::collection::vec(op(), 1..60)) {
        let dir = tempfile::tempdir().unwrap();
        let mut log = open_clean(dir.path(), &small());
        // Base offset, last offset and size of every batch ever appended.
        let mut model: Vec<(i64, i64, usize)> = Vec::new();
        let mut start = 0;
        for op in ops {
            let end = model.last().map_or(0, |batch| batch.1 + 1);
            match op {
                Op::Append { count, size } => {
                    let batch = batch_at(count, size, NOW);
                    let appended = log.append(&batch, NOW, 0).unwrap();
                    prop_assert_eq!(appended.base_offset, end);
                    model.push((end, appended.last_offset, batch.bytes().len()));
                }
                Op::Close => {
                    log.close().unwrap();
                    drop(log);
                    let (opened, recovery) = open(dir.path(), &small());
                    prop_assert_eq!(recovery, Recovery::default());
                    log = opened;
                }
                Op::Kill => {
                    drop(log);
                    log = open_clean(dir.path(), &small());
                }
                Op::Tear { bytes } => {
                    drop(log);
                    let last = files(dir.path(), ".log").pop().unwrap();
                    let mut torn = std::fs::read(&last).unwrap();
                    let batch = altered(batch_at(3, 50, NOW).bytes(), |batch| batch[..8].copy_from_slice(&end.to_be_bytes()));
                    torn.extend_from_slice(&batch[..bytes]);
                    std::fs::write(&last, torn).unwrap();
                    let (opened, recovery) = open(dir.path(), &small());
                    prop_assert_eq!(recovery.cut.map(|cut| (cut.bytes, cut.next_offset)), Some((bytes as u64, end)));
                    log = opened;
                }
                Op::DeleteRecords { part } => {
                    start = start.max(end * part as i64 / 10);
                    prop_assert_eq!(log.delete_records_before(start, NOW).unwrap(), start);
                }
                Op::Release => log.release_files(),
            }
            let end = model.last().map_or(0, |batch| batch.1 + 1);
            prop_assert_eq!((log.log_start_offset(), log.log_end_offset()), (start, end));
        }
        let end = log.high_watermark();
        for offset in start..end {
            let expected = model.iter().find(|batch| batch.1 >= offset).unwrap();
            let found = read(&log, offset, 1)[0];
            prop_assert_eq!((found.base_offset, found.last_offset(), found.size() as usize), *expected);
            for limit in [100, 500, 900] {
                let slice = log.read(offset, limit, false).unwrap();
                prop_assert!(slice.len() <= limit);
                prop_assert!(!slice.is_empty() || expected.2 > limit);
            }
        }
        prop_assert!(log.read(start - 1, 1, true).is_err());
        prop_assert!(log.read(end + 1, 1, true).is_err());
    }
}
