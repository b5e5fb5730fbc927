//! Names that look like another name, or like a path.

use kafkalab::acl::Operation;

use super::{ANYTHING, Attack, GRANTED, NOT_GRANTED, NOT_ON_CLUSTER, NOT_ON_GROUP, NOT_ON_TOPIC, SHOWN};
use crate::case::{ADMIN, ANALYTICS, STRANGER};
use crate::requests::*;

const THERE: &str = "parity-names.there";
const PASSWORD: &str = "parity-secret";

pub(super) fn attacks() -> Vec<Attack> {
    let mut attacks = users();
    attacks.extend(principals_of_acls());
    attacks.extend(groups());
    attacks.extend(topics());
    attacks
}

/// Whoever may alter users can name one as he likes; none of these names is that of the super user, or means everybody.
fn users() -> Vec<Attack> {
    let names = ["Admin", "admin ", "User:admin", "User:*", "admin;User:parity", "parity,=", "ANONYMOUS"];
    let attack = |name: &'static str| {
        Attack::new(format!("a SCRAM user named {name:?}"))
            .send(ADMIN, scram_user(name, PASSWORD, 1), 0, GRANTED)
            .until(ADMIN, describe_users(Some(&[name])), 0, "iterations: 4096")
            .first(STRANGER, name, "i=4096")
            .last(STRANGER, name, PASSWORD, |last| last, GRANTED)
            .send(STRANGER, describe_acls((1, None, 1), None), 2, NOT_ON_CLUSTER)
            .send(STRANGER, metadata(&["nest-events", "laravel-events"]), 9, NOT_ON_TOPIC)
            .send(ADMIN, delete_user(name, 1), 0, GRANTED)
    };
    let mut attacks: Vec<Attack> = names.into_iter().map(attack).collect();
    attacks.push(
        Attack::new("a SCRAM user named as everybody is in ACLs")
            .send(ADMIN, scram_user("*", PASSWORD, 1), 0, GRANTED)
            .until(ADMIN, describe_users(Some(&["*"])), 0, "iterations: 4096")
            .first(STRANGER, "*", "i=4096")
            .last(STRANGER, "*", PASSWORD, |last| last, GRANTED)
            .send(STRANGER, describe_acls((1, None, 1), None), 2, NOT_GRANTED)
            .send(STRANGER, metadata(&["nest-events", "laravel-events"]), 9, "!partition_index")
            .send(ADMIN, delete_user("*", 1), 0, GRANTED),
    );
    // SCRAM's grammar in Kafka is ASCII: these users can be made, and cannot log in.
    for name in ["ａｄｍｉｎ", "adm\u{131}n", "admin\u{ad}", "jos\u{e9}", "jose\u{301}"] {
        attacks.push(
            Attack::new(format!("a SCRAM user named {name:?}, which is not ASCII"))
                .send(ADMIN, scram_user(name, PASSWORD, 1), 0, GRANTED)
                .until(ADMIN, describe_users(Some(&[name])), 0, "iterations: 4096")
                .first(STRANGER, name, super::REFUSED)
                .send(ADMIN, delete_user(name, 1), 0, GRANTED),
        );
    }
    attacks
}

/// An ACL for a name that is nearly analytics' is none for analytics.
fn principals_of_acls() -> Vec<Attack> {
    let names = [
        "User:Analytics",
        "User:analytics ",
        "user:analytics",
        "User: analytics",
        "User:analytic",
        "User:analytics*",
        "User:User:analytics",
        "Group:analytics",
        "User:",
    ];
    let attack = |name: &'static str| {
        Attack::new(format!("an ACL for {name:?}"))
            .topic(THERE)
            .send(ADMIN, create_acl((2, THERE, 3), name, 2, 3), 2, GRANTED)
            .until(ADMIN, describe_acls((2, Some(THERE), 3), Some(name)), 2, "acls: [")
            .send(ANALYTICS, metadata(&[THERE]), 9, NOT_ON_TOPIC)
            .send(ANALYTICS, fetch(THERE, 0, 0), 12, NOT_ON_TOPIC)
            .send(ADMIN, delete_acls(name), 2, GRANTED)
    };
    names.into_iter().map(attack).collect()
}

fn groups() -> Vec<Attack> {
    let names = [
        "Parity-names",
        "parity-names ",
        " parity-names",
        "parity-names\0",
        "parity-name",
        "ｐarity-names",
        "*",
        ".",
    ];
    let attack = |name: &'static str| {
        Attack::new(format!("a group named {name:?}, with the right on another"))
            .acls([on_group("parity-names", Operation::All)])
            .send(ANALYTICS, find_coordinator(name, 0), 2, NOT_ON_GROUP)
            .send(ANALYTICS, join(name, "", &["range"]), 5, NOT_ON_GROUP)
            .send(ANALYTICS, commit(name, -1, "", THERE, 1), 7, NOT_ON_GROUP)
            .send(ANALYTICS, offset_fetch(name, None), 5, NOT_ON_GROUP)
            .send(ANALYTICS, delete_groups(&[name]), 2, NOT_ON_GROUP)
    };
    names.into_iter().map(attack).collect()
}

fn topics() -> Vec<Attack> {
    let paths = [
        "..",
        ".",
        "../parity-names.there",
        "./parity-names.there",
        "parity-names.there/",
        "parity-names.there-0/../x",
        "/etc/passwd",
        "..\\parity-names.there",
        "C:\\x",
        "parity-names.there\0",
        "parity-names\u{2215}there",
        "parity-names\u{ff0e}there",
        "parity-names.there\n",
        " parity-names.there",
        "~",
        "%2e%2e%2fx",
    ];
    let long = "x".repeat(250);
    let named = paths.into_iter().chain([long.as_str()]).map(|path| {
        // With every right on every name: what refuses is the name, not an ACL.
        Attack::new(format!("a topic named {:.30?}", path))
            .acls([on_topic("*", Operation::All)])
            .topic(THERE)
            .send(ANALYTICS, create_topic(path, 1, 1, &[]), 7, "error_code: 17,")
            .send(ANALYTICS, metadata(&[path]).with_allow_auto_topic_creation(true), 9, "error_code: 17,")
            .send(ANALYTICS, produce(path, 0, -1, batch(&["x"])), 9, "error_code: 3,")
            .send(ANALYTICS, fetch(path, 0, 0), 12, "error_code: 3,")
            .send(ANALYTICS, list_offsets(path, 0, -1), 7, "error_code: 3,")
            .send(ANALYTICS, delete_records(path, 0, 0), 2, "error_code: 3,")
            .send(ANALYTICS, create_partitions(path, 3), 3, "error_code: ")
            .send(ANALYTICS, delete_topics(&[path]), 5, "error_code: ")
            .send(ANALYTICS, metadata(&[THERE]), 9, SHOWN)
    });
    let mut attacks: Vec<Attack> = named.collect();
    // Names of files and folders of a broker, and those that Windows keeps for itself.
    let files = [
        ".lock",
        "meta.properties",
        "cleaner-offset-checkpoint",
        "recovery-point-offset-checkpoint",
        "parity-names-0",
        "00000000000000000000.log",
        "CON",
        "nul",
        "-rf",
        "...",
    ];
    attacks.extend(files.into_iter().map(|name| {
        Attack::new(format!("a topic named as something else: {name:?}"))
            .topic(THERE)
            .send(ADMIN, create_topic(name, 1, 1, &[]), 7, GRANTED)
            // Apache Kafka's controller answers before its broker's view has the topic.
            .until(ADMIN, produce(name, 0, -1, batch(&["x"])), 9, GRANTED)
            .send(ADMIN, delete_topics(&[name]), 5, GRANTED)
            .send(ADMIN, produce(THERE, 0, -1, batch(&["still here"])), 9, GRANTED)
    }));
    attacks.push(
        Attack::new("a topic whose name differs in an underscore for a full stop")
            .topic(THERE)
            .send(ADMIN, create_topic("parity-names_there", 1, 1, &[]), 7, "error_code: 17,")
            .send(ADMIN, produce("parity-names_there", 0, -1, batch(&["x"])), 9, "error_code: 3,"),
    );
    attacks.push(
        Attack::new("a topic in upper case, with the right on the other")
            .acls([on_topic("Parity-names.there", Operation::All)])
            .topic(THERE)
            .send(ANALYTICS, fetch(THERE, 0, 0), 12, NOT_ON_TOPIC)
            .send(ANALYTICS, metadata(&["Parity-names.there"]), 9, ANYTHING),
    );
    attacks
}
