//! What the phases need of the cluster.

use super::{Home, diagnose, phases_with_admin, read, servers, texts};
use crate::on_every_broker;

on_every_broker! {
    fn a_bystander_lacks_every_right(lab: &Lab) {
        let found = diagnose(&[&["--phase", "2", "--as", "analytics"], &servers(lab)[..]].concat());
        found.is_only("rights", "DESCRIBE, READ, WRITE on Topic:LITERAL:nest-events: DefaultDeny", 5);
        let add = "--add --allow-principal User:analytics --operation READ --operation WRITE --operation DESCRIBE --topic nest-events";
        assert!(found.next()[0].ends_with(add), "{:?}", found.next());
        assert_eq!(found.with("skipped").last(), Some(&"topics"), "{:?}", found.run);
    }

    fn where_admin_cannot_read_the_acls_the_principal_tries_it_out(lab: &Lab) {
        let phases = phases_with_admin("password = 'not-the-one'");
        let given = ["--phases", phases.path().to_str().unwrap(), "--phase", "2"];
        let found = diagnose(&[&given, &servers(lab)[..]].concat());
        assert_eq!(found.run.code, 0, "{:?}", found.run);
        let rights = found.checks().iter().find(|check| check["check"] == "rights").unwrap();
        assert!(texts(&rights["seen"])[0].starts_with("nest: 4 of 4, tried out"), "{rights}");

        let found = diagnose(&[&given[..], &["--as", "analytics"], &servers(lab)].concat());
        let said = "READ, WRITE on Topic:LITERAL:nest-events: the broker answered TOPIC_AUTHORIZATION_FAILED (29)";
        found.is_only("rights", said, 5);
    }
}

#[test]
fn a_missing_acl_is_named_with_the_command_that_brings_it_back() {
    let home = Home::new();
    home.up();
    let deleted = ["acl", "delete", "--principal", "nest", "--topic", "nest-events", "--operation", "WRITE"];
    assert_eq!(home.run(&[&deleted[..], &["--yes"]].concat()).code, 0);
    let found = read(home.run(&["doctor", "--output", "json"]));
    found.is_only("rights", "nest: 1 of 4 missing, by the cluster's ACLs", 5);
    assert!(texts(&found.failure()["seen"]).contains(&"WRITE on Topic:LITERAL:nest-events: DefaultDeny"));
    assert_eq!(found.next(), ["kafkalab acl apply"]);
    assert_eq!(home.run(&["acl", "apply"]).code, 0);
    assert_eq!(home.run(&["doctor"]).code, 0);
}

#[test]
fn a_missing_topic_is_not_what_the_phase_expects() {
    let home = Home::new();
    home.up();
    assert_eq!(home.run(&["topics", "delete", "laravel-events", "--yes"]).code, 0);
    let found = read(home.run(&["doctor", "--output", "json"]));
    found.is_only("topics", "There is no topic laravel-events.", 6);
    assert_eq!(found.next()[0], "kafkalab up");
}
