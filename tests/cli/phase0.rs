//! `phase0 produce` and `phase0 consume` on both brokers: a record there and back without a login, and the refusals
//! that ANONYMOUS meets outside its own names.

use serde_json::Value;

use super::program::{Run, kafkalab};
use crate::on_every_broker;
use crate::support::{Lab, unique};

fn phase0(lab: &Lab, command: &[&str]) -> Run {
    kafkalab(&[&["phase0"], command, &["-b", lab.bootstrap_plaintext()]].concat())
}

on_every_broker! {
    fn a_record_goes_there_and_back_without_a_login(lab: &Lab) {
        let topic = lab.topic("phase0-hello", 3);
        let sent = phase0(lab, &["produce", "-t", &topic, "--key", "a", "--msg", "olá"]);
        assert!(sent.code == 0 && sent.stdout.contains(&format!("{topic} partition 0 offset 0")), "{sent:?}");
        assert!(sent.complains("The broker took it from User:ANONYMOUS"), "{sent:?}");
        let stored = lab.read("ANONYMOUS", &topic);
        assert_eq!(stored.iter().map(|r| (&*r.key, &*r.value)).collect::<Vec<_>>(), [("a", "olá")]);

        let read = || phase0(lab, &["consume", "-t", &topic, "--output", "json"]);
        let (first, again) = (read(), read());
        let record: Value = serde_json::from_str(&first.stdout).unwrap_or_else(|_| panic!("{first:?}"));
        assert_eq!((&record["key"], &record["value"]), (&"a".into(), &"olá".into()));
        assert_eq!(again.stdout, first.stdout, "a log, not a queue");
    }

    fn a_group_goes_on_where_it_stopped(lab: &Lab) {
        let (topic, group) = (lab.topic("phase0-group", 1), unique("phase0-readers"));
        let read = || phase0(lab, &["consume", "-t", &topic, "-g", &group, "-f", "%s\n"]).stdout;
        assert_eq!(phase0(lab, &["produce", "-t", &topic, "--msg", "one"]).code, 0);
        assert_eq!((read().as_str(), read().as_str()), ("one\n", ""));
        assert_eq!(phase0(lab, &["produce", "-t", &topic, "--msg", "two"]).code, 0);
        assert_eq!(read(), "two\n");
    }

    fn anonymous_is_refused_outside_its_own_names(lab: &Lab) {
        for command in [
            ["produce", "-t", "laravel-events", "--msg", "x"],
            ["consume", "-t", "laravel-events", "-n", "1"],
        ] {
            let run = phase0(lab, &command);
            assert!(run.code == 5 && run.complains("TOPIC_AUTHORIZATION_FAILED"), "{run:?}");
            assert!(run.complains("User:ANONYMOUS"), "{run:?}");
        }
        let topic = lab.topic("phase0-locks", 1);
        let run = phase0(lab, &["consume", "-t", &topic, "-g", "laravel-consumers"]);
        assert!(run.code == 5 && run.complains("GROUP_AUTHORIZATION_FAILED"), "{run:?}");
    }
}
