//! Tide after tide, what the broker's process takes stays the same.

use std::thread;
use std::time::{Duration, Instant};

use jiff::SignedDuration;

use super::sample::{Sample, descriptors, growth, wakeups};
use super::support::embedded::Embedded;
use super::support::{eventually, folder};
use super::tide::Work;

/// How long the tides go on.
fn time() -> Duration {
    let asked = std::env::var("KAFKALAB_SOAK").unwrap_or_else(|_| "30s".to_owned());
    asked.parse::<SignedDuration>().unwrap().try_into().unwrap()
}

/// Everybody may do everything, so that the ACLs that come and go change nothing; short sessions and small logs, so
/// that what has to expire does so within a tide or a few. The interval of retention is also that of closing files.
const ARGUMENTS: [&str; 18] = [
    "--acls",
    "none",
    "-c",
    "super.users=User:admin;User:ANONYMOUS",
    "-c",
    "group.min.session.timeout.ms=100",
    "-c",
    "log.segment.bytes=32768",
    "-c",
    "log.retention.bytes=131072",
    "-c",
    "log.retention.ms=-1",
    "-c",
    "log.retention.check.interval.ms=250",
    "-c",
    "connection.failed.authentication.delay.ms=20",
    "-c",
    "producer.id.expiration.ms=2000",
];

/// What the medians of two thirds of the run may differ by. Memory: the allocator's grain. Data: a few segments.
const MEMORY_KIB: i64 = 512;
const DATA_BYTES: i64 = 256 * 1024;
/// What both journals may take at any moment: each is shortened when it is larger than a megabyte.
const JOURNAL_BYTES: u64 = 2 * 1100 * 1024;

#[test]
fn what_comes_and_goes_leaves_nothing_behind() {
    let data = folder();
    let broker = Embedded::start_in(&data, Some(&data), &ARGUMENTS).unwrap();
    let pid = broker.process.pid();
    let woken = wakeups_while_idle(pid);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut work = runtime.block_on(Work::begin(&broker));
    // The first tide opens what stays open: the journal of offsets, and what the runtimes make when they need it.
    runtime.block_on(work.tide(&broker));
    let idle = settled(pid);
    let mut samples = Vec::new();
    let end = Instant::now() + time();
    while Instant::now() < end || samples.len() < 6 {
        runtime.block_on(work.tide(&broker));
        let left = eventually(|| (descriptors(pid).len() <= idle).then_some(()));
        assert!(left.is_some(), "more than {idle} after tide {}: {:?}", work.tides(), descriptors(pid));
        samples.push(Sample::take(pid, &data));
    }
    let (first, last) = (samples[0], samples[samples.len() - 1]);
    let peak = samples.iter().map(|sample| sample.memory_kib).max().unwrap();
    eprintln!("{} tides, {} records; {first:?} to {last:?}; peak {peak} KiB", work.tides(), work.records());
    assert!(samples.iter().all(|sample| sample.threads == first.threads), "{samples:?}");
    let memory = growth(samples.iter().map(|sample| sample.memory_kib));
    assert!(memory <= MEMORY_KIB, "{memory} KiB more: {samples:?}");
    let bytes = growth(samples.iter().map(|sample| sample.data_bytes));
    assert!(bytes <= DATA_BYTES, "{bytes} bytes more: {samples:?}");
    let journals = samples.iter().map(|sample| sample.journal_bytes).max().unwrap();
    assert!(journals <= JOURNAL_BYTES, "{journals} bytes in journals");
    let woken_then = wakeups_while_idle(pid);
    assert!(woken_then <= woken + 3, "{woken_then} wakeups in two seconds after the load, {woken} before");
}

/// How many files the broker has open once their number no longer changes.
fn settled(pid: u32) -> usize {
    let same = || {
        let before = descriptors(pid).len();
        thread::park_timeout(Duration::from_millis(500));
        (descriptors(pid).len() == before).then_some(before)
    };
    eventually(same).expect("clients that left are gone")
}

/// How often the broker is woken up in two seconds without clients: by retention, and by nothing else.
fn wakeups_while_idle(pid: u32) -> u64 {
    let before = wakeups(pid);
    thread::park_timeout(Duration::from_secs(2));
    wakeups(pid) - before
}
