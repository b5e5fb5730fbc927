//! Settings: what DescribeConfigs shows, and who may change what, how.

use kafkalab::acl::Operation::{Alter, AlterConfigs, Describe, DescribeConfigs, Write};

use crate::case::{ADMIN, ANALYTICS, Case, Who, ask};
use crate::requests::*;

/// All cases.
pub fn cases() -> Vec<Case> {
    let mut cases = described();
    cases.extend(changed());
    cases.extend(refused());
    cases.extend(replaced());
    cases.extend(rights());
    cases.extend(log_dirs());
    cases.extend(quotas());
    cases
}

fn described() -> Vec<Case> {
    let case = |name: &str| Case::new(format!("configs: {name}")).topic("parity-configs", 1);
    let topic = |name: &str, keys: &[&str]| {
        case(name).send(ADMIN, describe_configs(TOPIC, "parity-configs", keys), 4)
    };
    let broker =
        |name: &str, id: &str| case(name).send(ADMIN, describe_configs(BROKER, id, &["num.partitions"]), 4);
    vec![
        topic("of a topic", &["retention.ms", "cleanup.policy", "max.message.bytes", "segment.bytes"]),
        topic("more of a topic", &["min.insync.replicas", "compression.type", "retention.bytes"]),
        topic(
            "of a topic's compaction",
            &["delete.retention.ms", "min.cleanable.dirty.ratio", "min.compaction.lag.ms"],
        ),
        topic("one that there is not", &["no.such.setting"]),
        case("with synonyms").send(
            ADMIN,
            describe_configs(TOPIC, "parity-configs", &["retention.ms"]).with_include_synonyms(true),
            4,
        ),
        case("v1").send(ADMIN, describe_configs(TOPIC, "parity-configs", &["retention.ms"]), 1),
        shown(
            case("set on the topic").send(
                ADMIN,
                create_topic("parity-configured", 1, 1, &[("retention.ms", "1000")]),
                5,
            ),
            "parity-configured",
            "\"1000\"",
        ),
        case("of an absent topic").send(
            ADMIN,
            describe_configs(TOPIC, "parity-absent", &["retention.ms"]),
            4,
        ),
        case("of a name that no topic can have").send(ADMIN, describe_configs(TOPIC, "no/topic", &[]), 4),
        broker("of a broker", "1"),
        broker("of another broker", "9"),
        broker("of a broker that is no number", "x"),
        case("of an unknown kind").send(ADMIN, describe_configs(77, "x", &[]), 4),
    ]
}

/// The settings that the changes are about, once they show a text: on Apache Kafka a change takes its way through the
/// metadata log, so the text must not be there before it.
fn shown(case: Case, topic: &'static str, value: &'static str) -> Case {
    const KEYS: [&str; 3] = ["retention.ms", "cleanup.policy", "max.message.bytes"];
    case.until(ADMIN, value, move |_| ask(&describe_configs(TOPIC, topic, &KEYS), 4))
}

fn changed() -> Vec<Case> {
    use Change::{Append, Delete, Set, Subtract};
    let case = |name: &str, topic: &str| Case::new(format!("change: {name}")).topic(topic, 1);
    let change = |name: &str, topic: &'static str, changes: &[(&str, Change)], value: &'static str| {
        shown(case(name, topic).send(ADMIN, change_configs(TOPIC, topic, changes), 1), topic, value)
    };
    vec![
        change("set one", "parity-ch-set", &[("retention.ms", Set("60000"))], "\"60000\""),
        change(
            "set two",
            "parity-ch-two",
            &[("retention.ms", Set("60001")), ("max.message.bytes", Set("5000"))],
            "\"5000\"",
        ),
        change(
            "set a list",
            "parity-ch-list",
            &[("cleanup.policy", Set("compact,delete"))],
            "compact,delete",
        ),
        change("append to a list", "parity-ch-append", &[("cleanup.policy", Append("compact"))], "compact"),
        // The value is what it was; what changes is that the topic sets it.
        change(
            "append what is there",
            "parity-ch-again",
            &[("cleanup.policy", Append("delete"))],
            "value: Some(\"delete\"), read_only: false, config_source: 1,",
        ),
        change("set what was set", "parity-ch-set", &[("retention.ms", Set("60002"))], "\"60002\""),
        change("go back to the default", "parity-ch-set", &[("retention.ms", Delete)], "604800000"),
        change("go back twice", "parity-ch-set", &[("retention.ms", Delete)], "604800000"),
        change("with spaces around", "parity-ch-space", &[("retention.ms", Set(" 60003 "))], "60003"),
        change("nothing", "parity-ch-nothing", &[], "604800000"),
        shown(
            case("append, then take away", "parity-ch-away")
                .send(
                    ADMIN,
                    change_configs(TOPIC, "parity-ch-away", &[("cleanup.policy", Append("compact"))]),
                    1,
                )
                .send(
                    ADMIN,
                    change_configs(TOPIC, "parity-ch-away", &[("cleanup.policy", Subtract("delete"))]),
                    1,
                ),
            "parity-ch-away",
            "value: Some(\"compact\")",
        ),
        shown(
            case("only to see", "parity-ch-dry").send(
                ADMIN,
                change_configs(TOPIC, "parity-ch-dry", &[("retention.ms", Set("1"))])
                    .with_validate_only(true),
                1,
            ),
            "parity-ch-dry",
            "604800000",
        ),
        shown(
            case("v0", "parity-ch-v0").send(
                ADMIN,
                change_configs(TOPIC, "parity-ch-v0", &[("retention.ms", Set("60004"))]),
                0,
            ),
            "parity-ch-v0",
            "60004",
        ),
        shown(
            case("it acts at once", "parity-ch-acts").send(
                ADMIN,
                change_configs(TOPIC, "parity-ch-acts", &[("max.message.bytes", Set("100"))]),
                1,
            ),
            "parity-ch-acts",
            "\"100\"",
        )
        .send(ADMIN, produce("parity-ch-acts", 0, -1, batch(&[&"x".repeat(200)])), 9)
        .send(ADMIN, produce("parity-ch-acts", 0, -1, batch(&["x"])), 9),
    ]
}

fn refused() -> Vec<Case> {
    use Change::{Append, Delete, Null, Set, Subtract};
    let case = |name: &str| Case::new(format!("refuse a change: {name}")).topic("parity-refuse", 1);
    let change = |name: &str, changes: &[(&str, Change)]| {
        case(name).send(ADMIN, change_configs(TOPIC, "parity-refuse", changes), 1)
    };
    let of = |name: &str, resource_type, resource: &str| {
        case(name).send(ADMIN, change_configs(resource_type, resource, &[("retention.ms", Set("1"))]), 1)
    };
    let mut twice = change_configs(TOPIC, "parity-refuse", &[("retention.ms", Set("60000"))]);
    twice.resources.push(twice.resources[0].clone());
    let mut one_bad = change_configs(TOPIC, "parity-refuse", &[("retention.ms", Set("soon"))]);
    one_bad
        .resources
        .extend(change_configs(TOPIC, "parity-fine", &[("retention.ms", Set("60000"))]).resources);
    vec![
        change("an unknown setting", &[("no.such.setting", Set("1"))]),
        change("an unknown setting to its default", &[("no.such.setting", Delete)]),
        change("a wrong type", &[("retention.ms", Set("soon"))]),
        change("out of range", &[("max.message.bytes", Set("-1"))]),
        change("a part above the whole", &[("min.cleanable.dirty.ratio", Set("1.5"))]),
        change("a part below nothing", &[("min.cleanable.dirty.ratio", Set("-0.5"))]),
        change("a part that is no number", &[("min.cleanable.dirty.ratio", Set("half"))]),
        change("tombstones that go before they came", &[("delete.retention.ms", Set("-1"))]),
        change("a number beyond its type", &[("max.message.bytes", Set("3000000000"))]),
        change("a policy with a hole", &[("cleanup.policy", Set("delete,,compact"))]),
        change("append nothing to a list", &[("cleanup.policy", Append(""))]),
        change("an empty value", &[("retention.ms", Set(""))]),
        change("an unknown policy", &[("cleanup.policy", Set("burn"))]),
        change("an unknown timestamp type", &[("message.timestamp.type", Set("Never"))]),
        change("too few replicas in sync", &[("min.insync.replicas", Set("0"))]),
        change("no value to set", &[("retention.ms", Null(0))]),
        change("no value to append", &[("cleanup.policy", Null(2))]),
        change("append to a number", &[("retention.ms", Append("1"))]),
        change("take away from a number", &[("retention.ms", Subtract("1"))]),
        change("take away the last", &[("cleanup.policy", Subtract("delete"))]),
        change("take away what is not there", &[("cleanup.policy", Subtract("compact"))]),
        change("append an unknown policy", &[("cleanup.policy", Append("burn"))]),
        change("one setting twice", &[("retention.ms", Set("1")), ("retention.ms", Set("2"))]),
        change("an unknown operation", &[("retention.ms", Null(9))]),
        change(
            "a good one and a bad one",
            &[("max.message.bytes", Set("7000")), ("retention.ms", Set("soon"))],
        ),
        case("one topic twice").send(ADMIN, twice, 1),
        case("one topic good, one bad").topic("parity-fine", 1).send(ADMIN, one_bad, 1),
        of("an absent topic", TOPIC, "parity-absent"),
        of("an empty name", TOPIC, ""),
        of("a name that no topic can have", TOPIC, "no/topic"),
        of("an unknown kind", 77, "x"),
        case("nothing at all").send(ADMIN, change_configs(TOPIC, "x", &[]).with_resources(vec![]), 1),
        shown(case("nothing of it stayed"), "parity-refuse", "604800000"),
    ]
}

fn replaced() -> Vec<Case> {
    let case = |name: &str, topic: &str| Case::new(format!("replace: {name}")).topic(topic, 1);
    let replace = |name: &str, configs: &[(&str, Option<&str>)]| {
        case(name, "parity-rp-bad").send(ADMIN, replace_configs(TOPIC, "parity-rp-bad", configs), 2)
    };
    let mut twice = replace_configs(TOPIC, "parity-rp-bad", &[("retention.ms", Some("60000"))]);
    twice.resources.push(twice.resources[0].clone());
    vec![
        shown(
            case("everything else goes back", "parity-rp")
                .send(ADMIN, replace_configs(TOPIC, "parity-rp", &[("max.message.bytes", Some("5000"))]), 2)
                .send(ADMIN, replace_configs(TOPIC, "parity-rp", &[("retention.ms", Some("60000"))]), 2),
            "parity-rp",
            "\"60000\"",
        ),
        shown(
            case("all go back", "parity-rp").send(ADMIN, replace_configs(TOPIC, "parity-rp", &[]), 2),
            "parity-rp",
            "604800000",
        ),
        shown(
            case("only to see", "parity-rp-dry").send(
                ADMIN,
                replace_configs(TOPIC, "parity-rp-dry", &[("retention.ms", Some("1"))])
                    .with_validate_only(true),
                1,
            ),
            "parity-rp-dry",
            "604800000",
        ),
        shown(
            case("v0", "parity-rp-v0").send(
                ADMIN,
                replace_configs(TOPIC, "parity-rp-v0", &[("retention.ms", Some("60000"))]),
                0,
            ),
            "parity-rp-v0",
            "\"60000\"",
        ),
        replace("an unknown setting", &[("no.such.setting", Some("1"))]),
        replace("a wrong type", &[("retention.ms", Some("soon"))]),
        replace("no value", &[("retention.ms", None)]),
        replace("one setting twice", &[("retention.ms", Some("1")), ("retention.ms", Some("2"))]),
        case("one topic twice", "parity-rp-bad").send(ADMIN, twice, 2),
        case("an absent topic", "parity-rp-bad").send(
            ADMIN,
            replace_configs(TOPIC, "parity-absent", &[("retention.ms", Some("1"))]),
            2,
        ),
        case("an unknown kind", "parity-rp-bad").send(
            ADMIN,
            replace_configs(77, "x", &[("retention.ms", Some("1"))]),
            2,
        ),
    ]
}

fn rights() -> Vec<Case> {
    let set = || change_configs(TOPIC, "parity-rights", &[("retention.ms", Change::Set("60000"))]);
    let absent = || change_configs(TOPIC, "parity-absent", &[("retention.ms", Change::Set("60000"))]);
    let by = |name: &str, acls: Vec<_>, who: Who| {
        let case = Case::new(format!("right to change: {name}")).topic("parity-rights", 1).acls(acls);
        case.send(who, set(), 1)
            .send(who, absent(), 1)
            .send(who, replace_configs(TOPIC, "parity-rights", &[("retention.ms", Some("60000"))]), 2)
            .send(who, describe_configs(TOPIC, "parity-rights", &["no.such.setting"]), 4)
    };
    let on = |operation| on_topic("parity-rights", operation);
    vec![
        by("none", vec![], ANALYTICS),
        by("ALTER_CONFIGS", vec![on(AlterConfigs)], ANALYTICS),
        by("ALTER_CONFIGS on all", vec![on_topic("*", AlterConfigs)], ANALYTICS),
        by("DESCRIBE_CONFIGS", vec![on(DescribeConfigs)], ANALYTICS),
        by("ALTER, WRITE and DESCRIBE", vec![on(Alter), on(Write), on(Describe)], ANALYTICS),
        by("ALTER_CONFIGS on the cluster", vec![on_cluster(AlterConfigs)], ANALYTICS),
        Case::new("right to change: a broker without it").send(
            ANALYTICS,
            change_configs(BROKER, "1", &[("num.partitions", Change::Set("2"))]),
            1,
        ),
        Case::new("right to change: an unknown kind without it").send(
            ANALYTICS,
            change_configs(77, "x", &[("a", Change::Set("2"))]),
            1,
        ),
    ]
}

fn log_dirs() -> Vec<Case> {
    let case = |name: &str| Case::new(format!("log dirs: {name}")).topic("parity-dirs", 2);
    vec![
        case("of a topic").send(ADMIN, describe_log_dirs("parity-dirs", &[0, 1]), 4),
        case("of one partition").send(ADMIN, describe_log_dirs("parity-dirs", &[1]), 1),
        case("of a partition that there is not").send(ADMIN, describe_log_dirs("parity-dirs", &[7]), 4),
        case("of an absent topic").send(ADMIN, describe_log_dirs("parity-absent", &[0]), 4),
        case("without a right").send(ANALYTICS, describe_log_dirs("parity-dirs", &[0]), 4),
        case("without a right, v1").send(ANALYTICS, describe_log_dirs("parity-dirs", &[0]), 1),
        case("with DESCRIBE on the cluster").acls([on_cluster(Describe)]).send(
            ANALYTICS,
            describe_log_dirs("parity-dirs", &[0]),
            4,
        ),
        Case::new("reassignments: none").send(ADMIN, list_reassignments(None), 0),
        Case::new("reassignments: of a topic").topic("parity-dirs", 2).send(
            ADMIN,
            list_reassignments(Some(("parity-dirs", &[0, 1]))),
            0,
        ),
        Case::new("reassignments: of an absent topic").send(
            ADMIN,
            list_reassignments(Some(("parity-absent", &[0]))),
            0,
        ),
        Case::new("reassignments: without a right").send(ANALYTICS, list_reassignments(None), 0),
    ]
}

fn quotas() -> Vec<Case> {
    let ask = |name: &str, request| Case::new(format!("quotas: {name}")).send(ADMIN, request, 1);
    let kinds = |name: &str, kinds: &[&str]| ask(name, describe_quotas(kinds));
    let matching =
        |name: &str, match_type, text| ask(name, describe_quotas_where(&[("user", match_type, text)]));
    vec![
        kinds("of all", &[]),
        kinds("of users", &["user"]),
        kinds("of users and clients", &["user", "client-id"]),
        kinds("of addresses", &["ip"]),
        kinds("of an unknown kind", &["moon"]),
        kinds("of a kind without a name", &[""]),
        kinds("of one kind twice", &["user", "user"]),
        kinds("of users and addresses", &["user", "ip"]),
        matching("of one user", 0, Some("laravel")),
        matching("of one user without a name", 0, None),
        matching("of the default user", 1, None),
        matching("of the default user by name", 1, Some("laravel")),
        matching("of users by name", 2, Some("laravel")),
        matching("of an unknown match", 7, None),
        Case::new("quotas: v0").send(ADMIN, describe_quotas(&["user"]), 0),
        Case::new("quotas: without a right").send(ANALYTICS, describe_quotas(&["user"]), 1),
        Case::new("quotas: with DESCRIBE_CONFIGS on the cluster").acls([on_cluster(DescribeConfigs)]).send(
            ANALYTICS,
            describe_quotas(&["user"]),
            1,
        ),
    ]
}
