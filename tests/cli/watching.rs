//! `--watch`: a topic or a group that is drawn again as it changes; in its place on a terminal, line by line elsewhere.

use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rexpect::session::{PtySession, spawn_command};

use super::program::{command, kafkalab};
use crate::on_every_broker;
use crate::support::process::Process;
use crate::support::{Lab, unique};

/// Far more than anything here takes: a guard, no measurement.
const LIMIT: Duration = Duration::from_secs(60);
/// Moves the cursor up by one line at least, which only a picture does that is drawn over.
const UP: &str = "\u{1b}[2A";

fn on_a_terminal(lab: &Lab, args: &[&str]) -> PtySession {
    let home = crate::support::folder();
    let mut program = command(&home, &[args, &["-b", lab.bootstrap_sasl(), "--color", "never"]].concat());
    program.env("TERM", "xterm").env_remove("NO_COLOR");
    spawn_command(program, Some(u64::try_from(LIMIT.as_millis()).unwrap())).unwrap()
}

/// Its lines go to a log.
fn elsewhere(lab: &Lab, args: &[&str]) -> Process {
    let home = crate::support::folder();
    Process::start(&command(&home, &[args, &["-b", lab.bootstrap_sasl()]].concat()), Some(&home))
}

fn says(process: &Process, words: &str) -> String {
    let line = process.log().wait_from(0, LIMIT, |line| line.contains(words).then(|| line.to_owned()));
    line.unwrap_or_else(|| panic!("{words:?} is not said:\n{}", process.log().problems()))
}

on_every_broker! {
    fn records_take_their_place_in_the_lanes(lab: &Lab) {
        let topic = lab.topic("phase4-watch", 1);
        lab.produce("laravel", &topic, &[("pedido-1", "before")]);
        let mut terminal = on_a_terminal(lab, &["topics", "describe", &topic, "--watch"]);
        terminal.exp_string("0: A1").unwrap();
        lab.produce("laravel", &topic, &[("pedido-2", "meanwhile"), ("pedido-1", "again")]);
        terminal.exp_string(UP).unwrap();
        terminal.exp_string("0: A1 B1 A2").unwrap();
        terminal.send_control('c').unwrap();
        terminal.exp_eof().unwrap();
    }

    fn without_a_terminal_each_record_is_a_line(lab: &Lab) {
        let topic = lab.topic("phase4-watch", 1);
        lab.produce("laravel", &topic, &[("pedido\u{1b}[2J", "x")]);
        let mut plain = elsewhere(lab, &["topics", "describe", &topic, "--watch"]);
        let mut json = elsewhere(lab, &["topics", "describe", &topic, "-w", "--output", "json"]);
        says(&plain, r"partition 0 | 0: pedido\u{1b}[2J");
        says(&json, r#""offset":0"#);
        lab.produce("laravel", &topic, &[("", "x")]);
        says(&plain, "partition 0 | 1: no key");
        let line: serde_json::Value = serde_json::from_str(&says(&json, r#""offset":1"#)).unwrap();
        assert_eq!((&line["topic"], &line["key"]), (&topic.as_str().into(), &serde_json::Value::Null));
        // Ctrl-C is how it ends, so it is no failure.
        assert_eq!((plain.interrupt(), json.interrupt()), (0, 0));
    }

    fn a_group_is_drawn_again_when_a_member_comes(lab: &Lab) {
        let topic = lab.topic("phase4-watch", 2);
        let group = unique("phase4-watch");
        let mut watched = elsewhere(lab, &["groups", "describe", &group, "--watch"]);
        says(&watched, &format!("{group}: Dead"));
        let member: BaseConsumer = lab.client("laravel").set("group.id", &group).create().unwrap();
        member.subscribe(&[&topic]).unwrap();
        let stable = format!("{group}: Stable, 1 member");
        let joined = crate::support::eventually(|| {
            member.poll(Duration::from_millis(100));
            watched.log().wait_from(0, Duration::from_millis(1), |line| line.contains(&stable).then_some(()))
        });
        assert!(joined.is_some(), "{}", watched.log().problems());
        says(&watched, &format!("{topic} 0,1"));
        assert_eq!(watched.interrupt(), 0);
    }

    fn whoever_may_not_read_is_told_why(lab: &Lab) {
        let topic = lab.topic("watch-nobody", 1);
        let run = kafkalab(&["topics", "describe", &topic, "-w", "--as", "nest", "-b", lab.bootstrap_sasl()]);
        assert_eq!(run.code, 5, "{run:?}");
        assert!(run.complains("TOPIC_AUTHORIZATION_FAILED, 29") && run.complains("READ"), "{run:?}");
        let run = kafkalab(&["topics", "describe", "-w", "-b", lab.bootstrap_sasl(), "no-such-topic"]);
        assert_eq!(run.code, 1, "{run:?}");
        assert!(run.complains("UNKNOWN_TOPIC_OR_PARTITION, 3"), "{run:?}");
    }
}
