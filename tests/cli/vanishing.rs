//! A broker that dies under a command: under a producer it comes back on the same addresses, under a scenario it does not.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use super::program::{command, kafkalab, kafkalab_fed};
use crate::support::Lab;
use crate::support::embedded::Embedded;
use crate::support::process::Process;

const ROUNDS: u32 = 3;
/// Records that are written before the broker dies in each round, and as many while it is away.
const RECORDS: u32 = 500;

const TOPIC: &str = "phase4-vanishing";

/// A broker that keeps its data in this folder, and has the topic with one partition.
fn with_a_topic(folder: &Path) -> Embedded {
    let broker = Embedded::start_in(&folder.join("data"), None, &[]).unwrap();
    let created = kafkalab(&["topics", "create", TOPIC, "--partitions", "1", "-b", &broker.sasl]);
    assert_eq!(created.code, 0, "{created:?}");
    broker
}

#[test]
fn an_idempotent_producer_loses_and_repeats_nothing_and_says_that_it_waits() {
    let folder = tempfile::tempdir().unwrap();
    let mut broker = with_a_topic(folder.path());
    let sasl = broker.sasl.clone();
    let at = ["-b", &sasl, "-t", TOPIC];
    let arguments = ["phase1", "produce", "--timeout", "30s", "-X", "enable.idempotence=true"];
    let mut program = command(folder.path(), &[&arguments[..], &at].concat());
    program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = program.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    let (tell, acknowledged) = mpsc::channel();
    let output = BufReader::new(child.stdout.take().unwrap());
    std::thread::spawn(move || {
        output.lines().map_while(Result::ok).try_for_each(|line| tell.send(line)).ok();
    });

    let mut next = 0;
    let mut write = || {
        (next..next + RECORDS).for_each(|number| writeln!(input, "{number}").unwrap());
        next += RECORDS;
    };
    for _ in 0..ROUNDS {
        write();
        // The others of these are under way when it dies.
        acknowledged.recv().expect("an acknowledgement");
        broker.crash(|| {
            write();
            assert!(said.any(|line| line.contains("The broker is away")), "it says why nothing goes on");
        });
        let rest = 2 * RECORDS - 1;
        assert_eq!(acknowledged.iter().take(rest as usize).count() as u32, rest);
    }
    drop(input);
    let rest: Vec<String> = said.collect();
    assert!(child.wait().unwrap().success(), "{rest:?}");
    let all = 2 * RECORDS * ROUNDS;
    assert!(rest.join(" ").contains(&format!("{all} of {all} records acknowledged")), "{rest:?}");
    let read = kafkalab(&[&["phase1", "consume"], &at[..]].concat());
    let numbers: Vec<u32> = read.stdout.lines().map(|line| line.parse().unwrap()).collect();
    assert!(numbers == (0..all).collect::<Vec<u32>>(), "{} records", numbers.len());
}

/// librdkafka tells once a second that the broker is still away, which must not count as a sign of life.
#[test]
fn a_reader_whose_broker_dies_gives_up_after_its_timeout() {
    let folder = tempfile::tempdir().unwrap();
    let mut broker = with_a_topic(folder.path());
    let sasl = broker.sasl.clone();
    let at = ["-b", &sasl, "-t", TOPIC];
    // More than a reader keeps, so that it still wants some when its broker is gone.
    let lines = format!("{:01000}\n", 0).repeat(60_000);
    let written = kafkalab_fed(&[&["phase1", "produce", "-q"], &at[..]].concat(), lines);
    assert_eq!(written.code, 0);
    let arguments = ["phase1", "consume", "-o", "start:end", "--timeout", "2s"];
    let mut program = command(folder.path(), &[&arguments[..], &at].concat());
    let mut child = program.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    output.read_line(&mut String::new()).unwrap();
    broker.crash(|| {
        let (tell, ended) = mpsc::channel();
        std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
        std::thread::spawn(move || tell.send(child.wait_with_output().unwrap()));
        let ended = ended.recv_timeout(Duration::from_secs(60)).expect("it still waits");
        assert_eq!(ended.status.code(), Some(3), "{}", String::from_utf8_lossy(&ended.stderr));
    });
}

/// Scenarios and checks, each with how many lines the broker's log has gained when the broker dies: at the first
/// request, and well inside.
const INSIDE: [(&[&str], [usize; 2]); 6] = [
    (&["phase1", "verify"], [1, 10]),
    // With few orders a scenario is over before the signal has arrived.
    (&["phase3", "run-scenario-a", "--orders", "500"], [1, 8]),
    (&["phase3", "run-scenario-b", "--orders", "500"], [1, 8]),
    (&["phase4", "partitions"], [1, 20]),
    (&["phase4", "groups"], [1, 20]),
    (&["phase4", "dlq"], [1, 20]),
];

/// The exit code of a command whose broker dies, and what the command said.
fn left_alone(arguments: &[&str], lines: usize) -> (i32, Vec<String>) {
    let broker = Embedded::start().unwrap();
    let pid = broker.process.pid().to_string();
    let lab = Lab::from_embedded(broker);
    let home = tempfile::tempdir().unwrap();
    let from = lab.log().len();
    let at = ["-b", lab.bootstrap_sasl(), "--plaintext-server", lab.bootstrap_plaintext()];
    let more = ["--yes", "--no-start", "--timeout", "2s"];
    let mut process = Process::start(&command(home.path(), &[arguments, &at, &more].concat()), None);
    assert!(
        lab.log().wait_for_count(from + lines, Duration::from_secs(30), |_| true),
        "{:?}",
        process.log().lines()
    );
    assert!(Command::new("kill").args(["-KILL", &pid]).status().unwrap().success());
    (process.wait(), process.log().lines())
}

#[test]
fn a_scenario_whose_broker_dies_ends_and_says_so() {
    std::thread::scope(|all| {
        for (arguments, moments) in INSIDE {
            all.spawn(move || {
                for lines in moments {
                    let (code, said) = left_alone(arguments, lines);
                    assert_eq!(code, 3, "{arguments:?} after {lines} lines: {said:#?}");
                }
            });
        }
    });
}
