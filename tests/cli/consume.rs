//! `phase1 consume`: what is read, what is committed, and why nothing comes.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::os::unix::ffi::OsStrExt as _;
use std::process::Stdio;
use std::time::Duration;

use super::program::{Run, command, kafkalab};
use crate::on_every_broker;
use crate::support::process::Process;
use crate::support::tools::run_with_input;
use crate::support::{Lab, eventually, require, unique};

/// Far more than anything here takes: a guard, no measurement.
const LIMIT: Duration = Duration::from_secs(40);

fn arguments<'a>(lab: &'a Lab, topic: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let args = ["phase1", "consume", "-b", lab.bootstrap_sasl(), "-t", topic, "--explain", "off"];
    [&args[..], more].concat()
}

fn consume(lab: &Lab, topic: &str, more: &[&str]) -> Run {
    kafkalab(&arguments(lab, topic, more))
}

/// A topic with one partition that holds the values 0, 1, 2, ….
fn numbers(lab: &Lab, count: usize) -> String {
    let topic = lab.topic("phase4-consume", 1);
    let values: Vec<String> = (0..count).map(|number| number.to_string()).collect();
    lab.produce("laravel", &topic, &values.iter().map(|value| ("", &**value)).collect::<Vec<_>>());
    topic
}

/// The values of a run in one line.
fn values(run: &Run) -> String {
    assert_eq!(run.code, 0, "{run:?}");
    run.stdout.lines().collect::<Vec<_>>().join(" ")
}

/// Waits until a line of the child holds the text.
fn wait_for(process: &Process, text: &str) {
    let seen = process.log().wait_from(0, LIMIT, |line| line.contains(text).then_some(()));
    seen.unwrap_or_else(|| panic!("no {text:?} in:\n{}", process.log().problems()));
}

on_every_broker! {
    fn piped_output_is_data_only(lab: &Lab) {
        let topic = numbers(lab, 3);
        let run = consume(lab, &topic, &[]);
        assert_eq!(run.stdout, "0\n1\n2\n", "{run:?}");
        assert!(run.complains("without a group; nothing is committed"), "{run:?}");
        let run = consume(lab, &topic, &["-f", r"%t/%p/%o=%s,%K\n", "-n", "1"]);
        assert_eq!(run.stdout, format!("{topic}/0/0=0,-1\n"), "{run:?}");
    }

    fn the_offset_language(lab: &Lab) {
        let topic = numbers(lab, 10);
        for (offset, expected) in [
            ("start", "0 1 2 3 4 5 6 7 8 9"),
            ("7", "7 8 9"),
            ("+8", "8 9"),
            ("-2", "8 9"),
            ("3:5", "3 4"),
            (":2", "0 1"),
            ("-5:-3", "5 6"),
            (":end", "0 1 2 3 4 5 6 7 8 9"),
            ("@-1h:end", "0 1 2 3 4 5 6 7 8 9"),
            ("@2001-01-01:2002-01-01", ""),
        ] {
            assert_eq!(values(&consume(lab, &topic, &["-o", offset])), expected, "{offset}");
        }
    }

    fn why_nothing_comes(lab: &Lab) {
        let topic = lab.topic("phase4-consume", 3);
        assert!(consume(lab, &topic, &[]).complains("is empty: no partition has a record"));
        let topic = numbers(lab, 2);
        assert!(consume(lab, &topic, &["-o", "9"]).complains("The offset 9 lies past the end 2"));
        assert!(consume(lab, &topic, &["-o", "end"]).complains("No record lies in that range"));
        let group = unique("phase4-group");
        assert_eq!(values(&consume(lab, &topic, &["-g", &group])), "0 1");
        assert!(consume(lab, &topic, &["-g", &group]).complains("0 records read."));
    }

    fn a_group_commits_exactly_what_was_printed(lab: &Lab) {
        let topic = numbers(lab, 5);
        let group = unique("phase4-group");
        let run = consume(lab, &topic, &["-g", &group, "-n", "2"]);
        assert_eq!(values(&run), "0 1");
        assert!(run.complains(&format!("Committed for {group}, the next offset of each partition: 0: 2.")), "{run:?}");
        assert_eq!(values(&consume(lab, &topic, &["-g", &group])), "2 3 4");
        assert_eq!(values(&consume(lab, &topic, &["-g", &group])), "");
    }

    fn the_group_of_the_profile_has_the_personas_postfix(lab: &Lab) {
        let topic = numbers(lab, 1);
        let run = consume(lab, &topic, &["-g", "--as", "nest"]);
        assert!(run.complains("Joining the group nest-app-server"), "{run:?}");
        assert_eq!(run.code, 0, "{run:?}");
    }

    fn a_denied_topic_and_a_denied_group(lab: &Lab) {
        let run = consume(lab, "nest-events", &[]);
        assert_eq!(run.code, 5, "{run:?}");
        assert!(run.complains("TOPIC_AUTHORIZATION_FAILED, 29"), "{run:?}");
        assert!(run.complains("needs READ on Topic:nest-events"), "{run:?}");
        let run = consume(lab, "laravel-events", &["-g", "somebody-elses"]);
        assert_eq!(run.code, 5, "{run:?}");
        assert!(run.complains("GROUP_AUTHORIZATION_FAILED, 30"), "{run:?}");
        assert!(run.complains("needs READ on Group:somebody-elses"), "{run:?}");
        assert_eq!(run.stdout, "");
    }

    fn an_unknown_topic_and_an_unknown_partition(lab: &Lab) {
        let run = consume(lab, "phase4-no-such-topic", &[]);
        assert_eq!(run.code, 1, "{run:?}");
        assert!(run.complains("UNKNOWN_TOPIC_OR_PARTITION, 3"), "{run:?}");
        let run = consume(lab, "laravel-events", &["-p", "0,9"]);
        assert_eq!(run.code, 2, "{run:?}");
        assert!(run.complains("laravel-events [9]"), "{run:?}");
    }

    fn a_member_without_partitions_says_so(lab: &Lab) {
        let home = tempfile::tempdir().unwrap();
        let topic = numbers(lab, 1);
        let group = unique("phase4-group");
        let args = arguments(lab, &topic, &["-g", &group, "--follow"]);
        let first = Process::start(&command(home.path(), &args), None);
        wait_for(&first, "The group gave partitions 0: all there are.");
        let run = consume(lab, &topic, &["-g", &group]);
        assert_eq!(run.code, 0, "{run:?}");
        // The group decides by member id which of the two gets the only partition.
        let said = ["gave no partition: other members own all of them", "The group gave partitions 0"];
        assert!(said.iter().any(|text| run.complains(text)), "{run:?}");
    }

    fn following_waits_and_ctrl_c_says_what_is_committed(lab: &Lab) {
        let home = tempfile::tempdir().unwrap();
        let topic = numbers(lab, 2);
        let group = unique("phase4-group");
        let args = arguments(lab, &topic, &["-g", &group, "--follow", "-f", "<%s>\n"]);
        let mut process = Process::start(&command(home.path(), &args), None);
        wait_for(&process, "<1>");
        lab.produce("laravel", &topic, &[("", "late")]);
        wait_for(&process, "<late>");
        assert_eq!(process.interrupt(), 130);
        wait_for(&process, "Interrupted after 3 records.");
        wait_for(&process, &format!("Committed for {group}"));
        assert_eq!(values(&consume(lab, &topic, &["-g", &group])), "", "all of it was committed");
    }

    fn following_from_the_beginning_knows_in_the_end_what_there_is(lab: &Lab) {
        let home = tempfile::tempdir().unwrap();
        let topic = numbers(lab, 0);
        let server = lab.bootstrap_sasl();
        let args = ["phase1", "consume", "-b", server, "-t", &topic, "--follow", "-n", "2"];
        let mut process = Process::start(&command(home.path(), &args), None);
        wait_for(&process, "Ctrl-C ends it.");
        lab.produce("laravel", &topic, &[("", "first"), ("", "second")]);
        assert_eq!(process.wait(), 0);
        wait_for(&process, "still holds 2 offsets");
    }

    fn idle_ends_a_reading_that_follows(lab: &Lab) {
        let topic = numbers(lab, 2);
        let run = consume(lab, &topic, &["--follow", "--idle", "300ms"]);
        assert_eq!(values(&run), "0 1");
    }

    fn a_closed_output_ends_it_quietly(lab: &Lab) {
        let home = tempfile::tempdir().unwrap();
        let topic = lab.topic("phase4-consume", 1);
        let large = "x".repeat(100_000);
        lab.produce("laravel", &topic, &vec![("", &*large); 20]);
        let mut reader = command(home.path(), &arguments(lab, &topic, &["-q"]));
        let mut child = reader.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), &*String::from_utf8_lossy(&output.stderr)), (Some(0), ""));
    }

    fn a_reading_that_follows_ends_when_nobody_reads_it_any_more(lab: &Lab) {
        let topic = numbers(lab, 1);
        let group = unique("phase4-group");
        for more in [&["-q", "--follow"][..], &["-q", "--follow", "-g", &group]] {
            let home = tempfile::tempdir().unwrap();
            let mut reader = command(home.path(), &arguments(lab, &topic, more));
            let mut child = reader.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
            let mut line = String::new();
            // Only now nobody reads: no other record will come.
            BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
            let ended = eventually(|| child.try_wait().unwrap());
            child.kill().unwrap();
            let output = child.wait_with_output().unwrap();
            assert_eq!(ended.and_then(|status| status.code()), Some(0), "{more:?} {output:?}");
            assert_eq!((&*line, &*String::from_utf8_lossy(&output.stderr)), ("0\n", ""), "{more:?}");
        }
        assert_eq!(values(&consume(lab, &topic, &["-g", &group])), "", "what was printed is committed");
    }

    fn a_header_whose_name_is_no_utf8_hides_no_record(lab: &Lab) {
        if !require("kcat") { return }
        let topic = numbers(lab, 1);
        let headers = [&b"before=1"[..], b"\xe7=2", b"after=3"].map(OsStr::from_bytes);
        let mut kcat = lab.kcat("admin", &["-P", "-t", &topic]);
        kcat.args(headers.iter().flat_map(|header| [OsStr::new("-H"), header]));
        assert!(run_with_input(&mut kcat, b"marked").success());
        let run = consume(lab, &topic, &["-q", "--output", "json"]);
        assert_eq!((run.code, &*run.stderr), (0, ""), "{run:?}");
        let last: serde_json::Value = serde_json::from_str(run.stdout.lines().last().unwrap()).unwrap();
        assert_eq!(last["value"], "marked");
        let names: Vec<&str> =
            last["headers"].as_array().unwrap().iter().map(|header| header["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["before", "\u{fffd}", "after"], "{run:?}");
    }

    fn a_record_cannot_drive_the_terminal(lab: &Lab) {
        let home = tempfile::tempdir().unwrap();
        let topic = lab.topic("phase4-consume", 1);
        lab.produce("laravel", &topic, &[("", "a\u{1b}]0;owned\u{7}\u{9b}31mz")]);
        let program = command(home.path(), &arguments(lab, &topic, &["-q", "--color", "never"]));
        let limit = u64::try_from(LIMIT.as_millis()).unwrap();
        let mut terminal = rexpect::session::spawn_command(program, Some(limit)).unwrap();
        let shown = terminal.exp_eof().unwrap();
        assert!(shown.contains(r"value a\u{1b}]0;owned\u{7}\u{9b}31mz"), "{shown:?}");
        assert!(!shown.contains('\u{1b}') && !shown.contains('\u{9b}'), "{shown:?}");
    }
}

#[test]
fn an_offset_or_format_that_is_not_understood() {
    for (flag, value, words) in [
        ("-o", "yesterday", "yesterday is neither a word nor a number"),
        ("-o", "@noon", "noon is not a time"),
        ("-o", "9:5", "ends before it starts"),
        ("-f", "%q", "%q is not a verb"),
    ] {
        let run = kafkalab(&["phase1", "consume", flag, value]);
        assert_eq!(run.code, 2, "{run:?}");
        assert!(run.complains(words), "{run:?}");
    }
    let run = kafkalab(&["phase1", "consume", "-g", "x", "-o", "start"]);
    assert_eq!(run.code, 2, "{run:?}");
}
