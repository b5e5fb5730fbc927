//! What a process has used, from Linux's `/proc`.

use std::process::{Child, ExitStatus};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;
use std::{fs, thread};

/// Processor time of a process and its threads, those that have ended too. `/proc` counts it in hundredths of a second.
pub fn cpu(pid: u32) -> Duration {
    times(&pid.to_string(), 11)
}

/// Processor time of those children of this process that have ended, and of theirs.
pub fn cpu_of_ended_children() -> Duration {
    times("self", 13)
}

/// Two fields of a process's `stat` that follow each other: user and system time. The place of the first is counted
/// from the one after the program's name, which stands in brackets and may hold anything.
fn times(process: &str, first: usize) -> Duration {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let after_name = text.rsplit_once(") ").map_or("", |(_, rest)| rest);
    let ticks: u64 =
        after_name.split(' ').skip(first).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

/// Resident memory in bytes.
pub fn resident(pid: u32) -> u64 {
    status(pid, "VmRSS:") * 1024
}

/// Context switches of all threads, wanted and not: how often the process was awake.
pub fn switches(pid: u32) -> u64 {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let names = threads.filter_map(|thread| thread.file_name().to_str()?.parse().ok());
    names
        .map(|thread: u32| {
            status(thread, "voluntary_ctxt_switches:") + status(thread, "nonvoluntary_ctxt_switches:")
        })
        .sum()
}

/// Waits until a child has ended; its status, and the largest resident memory that was seen, in bytes.
pub fn wait(child: &mut Child) -> (ExitStatus, u64) {
    let pid = child.id();
    let (ended, waits) = mpsc::channel::<()>();
    let watch = thread::spawn(move || {
        let mut peak = 0;
        loop {
            peak = peak.max(status(pid, "VmHWM:") * 1024);
            if waits.recv_timeout(Duration::from_millis(5)) != Err(RecvTimeoutError::Timeout) {
                return peak;
            }
        }
    });
    let status = child.wait().expect("our child");
    drop(ended);
    (status, watch.join().expect("it only reads"))
}

fn status(pid: u32, field: &str) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let value = text.lines().find_map(|line| line.strip_prefix(field));
    value.and_then(|value| value.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
