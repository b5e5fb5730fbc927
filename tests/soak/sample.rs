//! What a process takes from the machine, read from `/proc`, and whether that grows.

use std::fs;
use std::path::{Path, PathBuf};

/// What the broker takes at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// Memory of its own that is in use: `RssAnon`, KiB. Pages of the program's file come and go as the system likes.
    pub memory_kib: u64,
    /// Threads.
    pub threads: u64,
    /// Bytes in the files of its data folder, but for the journals.
    pub data_bytes: u64,
    /// Bytes in the broker's journals of metadata and offsets, which grow until they are shortened.
    pub journal_bytes: u64,
}

/// The folders of the journals.
const JOURNALS: [&str; 2] = ["__cluster_metadata-0", "__consumer_offsets-0"];

impl Sample {
    pub fn take(pid: u32, data: &Path) -> Sample {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let journal_bytes = JOURNALS.iter().map(|journal| size(&data.join(journal))).sum();
        Sample {
            memory_kib: field(&status, "RssAnon"),
            threads: field(&status, "Threads"),
            // Both grow while they are counted.
            data_bytes: size(data).saturating_sub(journal_bytes),
            journal_bytes,
        }
    }
}

/// The open files and sockets of a process, as `/proc` names them.
pub fn descriptors(pid: u32) -> Vec<PathBuf> {
    let entries = fs::read_dir(format!("/proc/{pid}/fd")).unwrap();
    entries.flatten().filter_map(|entry| fs::read_link(entry.path()).ok()).collect()
}

/// How often the threads of a process were woken up so far.
pub fn wakeups(pid: u32) -> u64 {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let statuses = threads.map(|thread| fs::read_to_string(thread.unwrap().path().join("status")).unwrap());
    statuses.map(|status| field(&status, "voluntary_ctxt_switches")).sum()
}

/// The number in a line such as `RssAnon:     1234 kB`.
fn field(status: &str, name: &str) -> u64 {
    let value = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    value.unwrap().trim().trim_end_matches(" kB").parse().unwrap()
}

/// Files may go while they are counted.
fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let sizes = entries.map(|entry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => size(&entry.path()),
        Ok(metadata) => metadata.len(),
        Err(_) => 0,
    });
    sizes.sum()
}

/// How much higher the last third of a series lies than the third before it, by their medians: what leaks shows
/// there, and neither the first third, when buffers find their size, nor a single peak does.
pub fn growth(series: impl Iterator<Item = u64>) -> i64 {
    let series: Vec<u64> = series.collect();
    let third = series.len() / 3;
    let median = |part: &[u64]| {
        let mut sorted = part.to_vec();
        sorted.sort_unstable();
        sorted[sorted.len() / 2] as i64
    };
    median(&series[series.len() - third..]) - median(&series[series.len() - 2 * third..series.len() - third])
}

#[test]
fn a_leak_is_growth_and_noise_is_none() {
    let noise = [3, 0, 5, 1, 4, 2];
    let at = |leak: u64| (0..60).map(move |at: u64| 1000 + noise[at as usize % 6] + at * leak);
    assert!(growth(at(0)).abs() <= 1);
    assert!(growth(at(10)) >= 190);
    let warming_up = (0..60).map(|at: u64| 1000 - 500 / (at + 1));
    assert!(growth(warming_up) < 20);
    let peak = (0..60).map(|at| if at == 50 { 9000 } else { 1000 });
    assert_eq!(growth(peak), 0);
}
