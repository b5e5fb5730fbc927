//! Record batches, and what lies on the disk.

use std::path::Path;
use std::sync::Arc;
use std::{fs, str};

use kafkalab::broker::log::{Batch, BatchHeader, Journal, LogConfig, PartitionLog, records};
use serde_json::Value;

/// The records of a Produce request: what is taken can be walked over.
pub fn batch(bytes: &[u8]) {
    let Ok(batch) = Batch::parse(bytes.to_vec().into()) else { return };
    let header = *batch.header();
    if let Ok(plain) = records::uncompressed(batch.bytes()) {
        let records = records::walk(&plain).filter(Result::is_ok).count();
        let is_plain = header.compression() == Some(records::Compression::None);
        assert!(!is_plain || records == header.record_count as usize);
    }
    let mut log = PartitionLog::in_memory(Arc::new(LogConfig::default()), 0).expect("memory is there");
    if log.append(&batch, header.max_timestamp, 0).is_ok() {
        let read = log.read(0, usize::MAX, true).and_then(|slice| slice.to_bytes()).expect("it was appended");
        assert_eq!(read.len(), batch.bytes().len());
    }
}

/// A partition's folder with a segment of these bytes, and perhaps index and checkpoint: cut at lines of `--`. What is
/// served has its checksum, and a second opening finds nothing to mend.
pub fn segment(bytes: &[u8]) {
    let folder = tempfile::tempdir().expect("the temporary folder is writable");
    let names = [
        "00000000000000000000.log",
        "00000000000000000000.index",
        "log.checkpoint",
        "00000000000000000007.log",
    ];
    write(folder.path(), &names, bytes);
    let Ok((log, _)) = PartitionLog::open(folder.path(), Arc::new(LogConfig::default()), 0) else { return };
    let mut offset = log.log_start_offset();
    while let Ok(slice) = log.read(offset, 1 << 20, true) {
        let Ok(read) = slice.to_bytes() else { break };
        let mut rest = &read[..];
        let before = offset;
        while let Some(header) = BatchHeader::read(rest) {
            assert!(kafkalab::broker::log::batch::crc_matches(&rest[..header.size() as usize]));
            rest = &rest[header.size() as usize..];
            offset = header.last_offset() + 1;
        }
        if offset <= before {
            break;
        }
    }
    let end = log.log_end_offset();
    drop(log);
    let again = PartitionLog::open(folder.path(), Arc::new(LogConfig::default()), 0);
    let (log, recovery) = again.expect("what could be opened can be opened again");
    assert_eq!((log.log_end_offset(), recovery.cut), (end, None));
}

/// A journal's folder, as [`segment`], with a snapshot instead of the index.
pub fn journal(bytes: &[u8]) {
    let folder = tempfile::tempdir().expect("the temporary folder is writable");
    write(folder.path(), &["00000000000000000000.log", "00000000000000000003.checkpoint"], bytes);
    if let Ok((mut journal, ..)) = Journal::<Value>::open(folder.path(), 1, 0) {
        journal.append(&Value::from("more"), 0).expect("what could be opened can be written");
    }
}

/// Writes the parts of the bytes, as far as there are some.
fn write(folder: &Path, names: &[&str], bytes: &[u8]) {
    let mut rest = bytes;
    for name in names {
        let mark = b"\n--\n";
        let cut = rest.windows(mark.len()).position(|window| window == mark);
        fs::write(folder.join(name), &rest[..cut.unwrap_or(rest.len())]).expect("a folder of our own");
        match cut {
            Some(cut) => rest = &rest[cut + mark.len()..],
            None => return,
        }
    }
}
