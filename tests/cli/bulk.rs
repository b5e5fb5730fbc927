//! More through a pipe than there is memory for: what is written and read in a stream takes no more the longer it is.
#![cfg(target_os = "linux")]

use std::io::{BufWriter, Read as _, Write as _};
use std::process::{Command, Stdio};
use std::thread;

use super::program::command;
use crate::support::{Lab, unique};

/// A thousand bytes each.
const RECORDS: usize = 300_000;
const RECORD_BYTES: usize = 1000;
/// What a process may take, KiB: threads' stacks and librdkafka's queues, and far less than the records.
const MEMORY_KIB: usize = 180_000;

/// The command with its memory bounded.
fn bounded(lab: &Lab, home: &std::path::Path, arguments: &[&str]) -> Command {
    let inner = command(home, arguments);
    let mut bounded = Command::new("sh");
    bounded.args(["-c", &format!("ulimit -d {MEMORY_KIB}; exec \"$@\""), "sh"]);
    bounded.arg(inner.get_program()).args(inner.get_args()).args(["-b", lab.bootstrap_sasl(), "-q"]);
    bounded.env_clear().envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    bounded.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    bounded
}

#[test]
fn what_is_larger_than_memory_goes_through_a_pipe_in_order() {
    let lab = Lab::embedded();
    let topic = lab.topic(&unique("phase4-bulk"), 1);
    let home = tempfile::tempdir().unwrap();
    let mut producer = bounded(lab, home.path(), &["phase1", "produce", "-t", &topic]).spawn().unwrap();
    let mut input = BufWriter::new(producer.stdin.take().unwrap());
    let mut answers = producer.stdout.take().unwrap();
    let drained = thread::spawn(move || std::io::copy(&mut answers, &mut std::io::sink()).unwrap());
    for number in 0..RECORDS {
        writeln!(input, "{number:0>RECORD_BYTES$}").unwrap();
    }
    drop(input);
    assert!(producer.wait().unwrap().success());
    drained.join().unwrap();

    let arguments = ["phase1", "consume", "-t", &topic, "-o", "start:end", "-f", "%s\\n"];
    let mut consumer = bounded(lab, home.path(), &arguments).spawn().unwrap();
    let mut output = consumer.stdout.take().unwrap();
    let mut line = vec![0; RECORD_BYTES + 1];
    for number in 0..RECORDS {
        output.read_exact(&mut line).unwrap();
        assert_eq!(line, format!("{number:0>RECORD_BYTES$}\n").as_bytes());
    }
    assert_eq!(output.read(&mut line).unwrap(), 0);
    assert!(consumer.wait().unwrap().success());
}
