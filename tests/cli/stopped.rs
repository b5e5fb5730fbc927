//! Ctrl-C and SIGTERM at the stages of long commands. Each stage is known by what can be seen from outside, so no
//! test waits for a while and hopes.

use std::io::Write as _;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use super::program::command;
use crate::on_every_broker;
use crate::support::embedded::Embedded;
use crate::support::process::Process;
use crate::support::{Lab, eventually, unique};

/// Commands that work for long. Not `doctor`, which waits for nobody longer than a second.
const LONG: [&[&str]; 7] = [
    &["phase1", "produce", "--msg", "x"],
    &["phase1", "consume", "--follow"],
    &["phase1", "consume", "-g", "--follow"],
    &["phase3", "run-scenario-a"],
    &["phase4", "partitions"],
    &["phase4", "groups"],
    &["phase4", "dlq"],
];

fn send(signal: &str, pid: u32) {
    let status = Command::new("kill").args([signal, &pid.to_string()]).status().unwrap();
    assert!(status.success(), "{signal} {pid}");
}

/// A broker that does not run until this is dropped: its connections stay, and it answers nothing.
struct Frozen(u32);

impl Frozen {
    fn freeze(pid: u32) -> Self {
        send("-STOP", pid);
        Self(pid)
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        send("-CONT", self.0);
    }
}

/// Whether a thread of this process that reads its input is still there.
fn reads_input(child: &Child) -> bool {
    let threads = std::fs::read_dir(format!("/proc/{}/task", child.id())).unwrap();
    let name = |thread: std::io::Result<std::fs::DirEntry>| {
        std::fs::read_to_string(thread.ok()?.path().join("comm")).ok()
    };
    threads.filter_map(name).any(|name| name.trim() == "input")
}

/// The broker takes the connection and says nothing.
fn stopped_while_it_connects(arguments: &[&str], signal: &str, code: i32) {
    let home = tempfile::tempdir().unwrap();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap().to_string();
    let more = ["-b", &address, "--plaintext-server", &address, "--timeout", "5s"];
    let mut process = Process::start(&command(home.path(), &[arguments, &more].concat()), None);
    let _connection = silent.accept().unwrap();
    assert_eq!(process.end_with(signal), code, "{arguments:?} {:?}", process.log().lines());
}

#[test]
fn while_it_connects() {
    // Some wait for the broker as long as they may, so all do it at the same time.
    std::thread::scope(|all| {
        for (signal, code) in [("-INT", 130), ("-TERM", 143)] {
            for arguments in LONG {
                all.spawn(move || stopped_while_it_connects(arguments, signal, code));
            }
        }
    });
}

#[test]
fn in_the_final_flush_of_a_broker_that_stands_still() {
    let broker = Embedded::start().unwrap();
    let pid = broker.process.pid();
    let lab = Lab::from_embedded(broker);
    let topic = lab.topic("phase4-stopped", 1);
    let home = tempfile::tempdir().unwrap();
    let arguments = [
        "phase1",
        "produce",
        "-b",
        lab.bootstrap_sasl(),
        "-t",
        &topic,
        "--timeout",
        "2s",
        "--output",
        "json",
    ];
    let mut program = command(home.path(), &arguments);
    program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = program.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(b"one\n").unwrap();
    eventually(|| (lab.read("laravel", &topic).len() == 1).then_some(())).expect("it is written");
    let frozen = Frozen::freeze(pid);
    input.write_all(b"two\n").unwrap();
    drop(input);
    eventually(|| (!reads_input(&child)).then_some(())).expect("it sees the end of its input");
    send("-INT", child.id());
    let output = child.wait_with_output().unwrap();
    drop(frozen);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(said.contains("1 of 2 records acknowledged"), "{said}");
}

#[test]
fn a_second_ctrl_c_does_not_wait_for_a_broker_that_stands_still() {
    let broker = Embedded::start().unwrap();
    let pid = broker.process.pid();
    let lab = Lab::from_embedded(broker);
    let topic = lab.topic("phase4-stopped", 1);
    lab.produce("laravel", &topic, &[("", "one")]);
    let home = tempfile::tempdir().unwrap();
    // Without the second one it would wait for a minute.
    let group = unique("phase4-stopped");
    let arguments = ["phase1", "consume", "-b", lab.bootstrap_sasl(), "-t", &topic, "-g", &group];
    let more = ["--follow", "--timeout", "60s", "-f", "<%s>\n"];
    let mut process = Process::start(&command(home.path(), &[&arguments[..], &more].concat()), None);
    let shown = |line: &str| (line == "<one>").then_some(());
    process.log().wait_from(0, std::time::Duration::from_secs(30), shown).expect("it reads");
    let frozen = Frozen::freeze(pid);
    let began = std::time::Instant::now();
    send("-INT", process.pid());
    // The second is one only once the first was heard; a signal that comes too early is one with the first.
    let pid = process.pid().to_string();
    let ended = eventually(|| {
        let _ = Command::new("kill").args(["-INT", &pid]).stderr(Stdio::null()).status();
        (!std::path::Path::new("/proc").join(&pid).exists()).then_some(())
    });
    drop(frozen);
    ended.expect("it ends");
    assert_eq!(process.wait(), 130, "{:?}", process.log().lines());
    assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
}

#[test]
fn a_disk_that_is_full_hides_no_acknowledgement() {
    let lab = Lab::embedded();
    let topic = lab.topic("phase4-full", 1);
    let home = tempfile::tempdir().unwrap();
    let mut written_before = 0;
    // Few are shown together in the end, many one by one.
    for count in ["1", "3", "50"] {
        let arguments =
            ["phase1", "produce", "-b", lab.bootstrap_sasl(), "-t", &topic, "--msg", "x", "-n", count];
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let output = command(home.path(), &arguments).stdout(full).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("No space left on device"), "{said}");
        let written = lab.read("laravel", &topic).len() - written_before;
        assert!(said.contains(&format!("{written} of {written} record")), "{written}: {said}");
        assert!(said.contains("acknowledged"), "{said}");
        written_before += written;
    }
}

#[test]
fn help_that_could_not_be_written_is_a_failure() {
    let home = tempfile::tempdir().unwrap();
    for arguments in [&["--help"][..], &["--version"], &["phase1", "produce", "-h"]] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let output = command(home.path(), arguments).stdout(full).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(said.contains("No space left on device"), "{arguments:?}: {said}");
    }
}

on_every_broker! {
    fn sigterm_leaves_the_group_and_says_what_is_committed(lab: &Lab) {
        let topic = lab.topic("phase4-stopped", 1);
        let group = unique("phase4-stopped");
        lab.produce("laravel", &topic, &[("", "one"), ("", "two")]);
        let home = tempfile::tempdir().unwrap();
        let arguments = ["phase1", "consume", "-b", lab.bootstrap_sasl(), "-t", &topic, "-g", &group];
        let more = ["--follow", "-f", "<%s>\n"];
        let program = command(home.path(), &[&arguments[..], &more].concat());
        let mut process = Process::start(&program, None);
        let wait_for = |process: &Process, text: &str| {
            let found = |line: &str| line.contains(text).then_some(());
            process.log().wait_from(0, std::time::Duration::from_secs(30), found).expect("it says so")
        };
        wait_for(&process, "<two>");
        assert_eq!(process.end_with("-TERM"), 143);
        wait_for(&process, "Interrupted after 2 records.");
        wait_for(&process, &format!("Committed for {group}"));
        // Without a goodbye the next one would wait for the session time-out of the first.
        let more = ["--idle", "1s", "--timeout", "5s"];
        let next = command(home.path(), &[&arguments[..], &more].concat()).output().unwrap();
        assert_eq!((next.status.code(), &next.stdout[..]), (Some(0), &b""[..]), "all of it was committed");
    }
}
