//! `phase0 verify` and `phase1 verify` on both brokers: done where the lab is as it should be, and not yet where it is
//! not.

use serde_json::Value;

use super::program::{Run, kafkalab};
use crate::on_every_broker;
use crate::support::Lab;

/// The verdict of each check, in order.
fn verdicts(run: &Run) -> Vec<(String, String)> {
    let report: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{run:?}"));
    let checks = report["checks"].as_array().unwrap_or_else(|| panic!("{run:?}"));
    let text = |check: &Value, key: &str| check[key].as_str().expect("a text").to_owned();
    checks.iter().map(|check| (text(check, "id"), text(check, "verdict"))).collect()
}

fn phase1(lab: &Lab, more: &[&str]) -> Run {
    let servers = ["-b", lab.bootstrap_sasl(), "--plaintext-server", lab.bootstrap_plaintext()];
    kafkalab(&[&["phase1", "verify", "--output", "json"], &servers[..], more].concat())
}

on_every_broker! {
    fn phase_0_is_done(lab: &Lab) {
        let run = kafkalab(&["phase0", "verify", "--output", "json", "-b", lab.bootstrap_plaintext()]);
        let ids = ["broker", "listeners", "topic", "message", "group", "refused"];
        let done: Vec<_> = ids.map(|id| (id.to_owned(), "done".to_owned())).into();
        assert_eq!((verdicts(&run), run.code), (done, 0), "{run:?}");
    }

    fn phase_1_is_done(lab: &Lab) {
        let run = phase1(lab, &[]);
        let ids = ["login", "wrong-password", "wrong-mechanism", "no-login", "message", "group", "matrix"];
        let done: Vec<_> = ids.map(|id| (id.to_owned(), "done".to_owned())).into();
        assert_eq!((verdicts(&run), run.code), (done, 0), "{run:?}");

        let report: Value = serde_json::from_str(&run.stdout).unwrap();
        let denied = report["matrix"].as_array().unwrap().iter().filter(|cell| cell["allowed"] == false);
        let codes: Vec<i64> = denied.map(|cell| cell["error_code"].as_i64().unwrap()).collect();
        assert_eq!(codes, [29, 29, 30, 29, 29, 30, 29, 29, 30], "nest, analytics and ANONYMOUS");
    }

    fn a_part_of_phase_4_that_is_refused_says_so_and_the_others_go_on(lab: &Lab) {
        let servers = ["-b", lab.bootstrap_sasl(), "--plaintext-server", lab.bootstrap_plaintext()];
        let verify = ["phase4", "verify", "--output", "json", "-X", "sasl.username=analytics"];
        let run = kafkalab(&[&verify[..], &servers[..]].concat());
        assert_eq!(run.code, 6, "{run:?}");
        let refused: Vec<_> =
            ["partitions", "groups", "dlq"].map(|part| (part.to_owned(), "not_yet".to_owned())).into();
        assert_eq!(verdicts(&run)[..3], refused, "a denial is the broker's answer: {run:?}");
        assert_eq!(run.stdout.matches("TOPIC_AUTHORIZATION_FAILED, 29").count(), 3, "{run:?}");
    }

    fn two_at_the_same_moment_do_not_meet(lab: &Lab) {
        let codes = std::thread::scope(|scope| {
            let runs = [(); 3].map(|()| scope.spawn(|| phase1(lab, &[]).code));
            runs.map(|run| run.join().unwrap())
        });
        assert_eq!(codes, [0; 3]);
    }

    fn phase_2_is_done(lab: &Lab) {
        let servers = ["-b", lab.bootstrap_sasl(), "--plaintext-server", lab.bootstrap_plaintext()];
        let verify = [&["phase2", "verify", "--output", "json"], &servers[..]].concat();
        assert_eq!(kafkalab(&verify).code, 2, "it changes ACLs on a cluster that it did not start, so it asks");

        let run = kafkalab(&[&verify[..], &["--yes"]].concat());
        let ids = [
            "login", "wrong-password", "wrong-mechanism", "no-login", "message", "group", "value-trap",
            "group-literal", "group-prefixed", "group-client", "matrix",
        ];
        let done: Vec<_> = ids.map(|id| (id.to_owned(), "done".to_owned())).into();
        assert_eq!((verdicts(&run), run.code), (done, 0), "{run:?}");
        let report: Value = serde_json::from_str(&run.stdout).unwrap();
        let client = &report["checks"].as_array().unwrap().iter().find(|check| check["id"] == "group-client").unwrap();
        let said: Vec<&str> = client["evidence"].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
        assert!(said.iter().all(|one| one.contains("nest-app-client")), "{said:?}");
        assert!(said[0].contains("GROUP_AUTHORIZATION_FAILED (30)") && said[1].contains("UNKNOWN_MEMBER_ID (25)"), "{said:?}");
    }

    fn phase_1_as_somebody_else_is_not_done(lab: &Lab) {
        let run = phase1(lab, &["--as", "analytics"]);
        assert_eq!(run.code, 6, "{run:?}");
        assert!(verdicts(&run).contains(&("message".to_owned(), "not_yet".to_owned())), "{run:?}");
    }

    fn phase_1_in_portuguese_is_told_in_portuguese(lab: &Lab) {
        let servers = ["-b", lab.bootstrap_sasl(), "--plaintext-server", lab.bootstrap_plaintext()];
        let run = kafkalab(&[&["phase1", "verify", "--lang", "pt-BR"], &servers[..]].concat());
        assert_eq!(run.code, 0, "{run:?}");
        assert!(run.stdout.contains("[ok] feito: User:laravel faz login"), "{run:?}");
        assert!(!run.stdout.contains('\u{1b}') && !run.stderr.contains('\u{1b}'), "{run:?}");
    }
}
