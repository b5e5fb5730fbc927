//! `phase4 groups` on both brokers: a whole run, what it says of the broker, and that nothing of it stays behind.

use std::process::Stdio;

use serde_json::Value;

use crate::on_every_broker;
use crate::support::Lab;

/// A run with JSON output, which must succeed.
fn play(lab: &Lab, arguments: &[&str]) -> Value {
    let arguments = [&["phase4", "groups", "--output", "json"], arguments].concat();
    let output = lab.kafkalab(&arguments).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
}

fn act<'a>(report: &'a Value, id: &str) -> &'a Value {
    let acts = report["acts"].as_array().unwrap();
    acts.iter().find(|act| act["id"] == id).unwrap_or_else(|| panic!("{id}: {report}"))
}

/// How many partitions each member of a picture owns.
fn shares(picture: &Value) -> Vec<usize> {
    let members = picture["members"].as_array().unwrap().iter();
    members.map(|member| member["partitions"].as_array().unwrap().len()).collect()
}

on_every_broker! {
    fn every_act_shows_what_it_explains(lab: &Lab) {
        let report = play(lab, &[]);
        let acts = report["acts"].as_array().unwrap();
        assert_eq!(acts.len(), 8, "{report}");
        for act in acts {
            assert_eq!(act["holds"], true, "{act}");
            assert_eq!(act["prediction"]["predicted"], Value::Null, "nobody was asked: {act}");
        }
        assert!(report["balanced_ms"].as_u64().is_some(), "{report}");

        let pictures = |id: &str| act(&report, id)["pictures"].as_array().unwrap().clone();
        let mut shared = shares(&pictures("share")[0]);
        shared.sort_unstable();
        assert_eq!(shared, [1, 2], "two members, three partitions");
        assert_eq!(shares(&pictures("newcomer")[0]), [1, 1, 1]);
        let mut crowd = shares(&pictures("too-many")[0]);
        crowd.sort_unstable();
        assert_eq!(crowd, [0, 1, 1, 1], "one is idle");

        let groups = act(&report, "groups");
        for group in groups["groups"].as_array().unwrap() {
            assert_eq!((&group["records"], &group["distinct"]), (&groups["sent"], &groups["sent"]), "{groups}");
        }

        let farewell = act(&report, "farewell");
        let waited = |who: &str| farewell[who]["waited_ms"].as_u64().unwrap();
        let session = farewell["session_timeout_ms"].as_u64().unwrap();
        // The session counts from the last heartbeat, which came before the kill.
        assert!(waited("killed") + 1000 >= session, "{farewell}");
        assert!(waited("killed") > waited("left"), "{farewell}");

        let protocols = act(&report, "protocols")["protocols"].as_array().unwrap().clone();
        assert_eq!((&protocols[0]["strategy"], &protocols[0]["kept"]), (&"range".into(), &0.into()));
        assert_eq!((&protocols[1]["kept"], &protocols[1]["moved"]), (&2.into(), &1.into()), "{protocols:?}");

        let lag = act(&report, "lag");
        assert_eq!(lag["most"], lag["records"], "{lag}");
        assert_eq!(lag["lag"].as_array().unwrap().last().unwrap()[1], 0, "{lag}");

        let still = act(&report, "static");
        assert_eq!(still["assignments_of_others"], 0, "{still}");
        assert_ne!(still["member_ids"][0], still["member_ids"][1], "it came back under a new id: {still}");
        assert_eq!(still["pictures"][1]["rebalances"], Value::Array(Vec::new()), "{still}");
    }
}
