//! Groups: joining, leaving and committing in every order that races make.

use super::group_steps::{A, B, C, TOPIC};
use crate::case::{ADMIN, Case, Memory, Who, ask};
use crate::requests::*;

/// All cases.
pub fn cases() -> Vec<Case> {
    let mut cases = alone();
    cases.extend(refused());
    cases.extend(together());
    cases.extend(commits());
    cases.extend(statics());
    cases.extend(time_outs());
    cases
}

fn case(name: &str) -> Case {
    Case::new(name).topic(TOPIC, 1)
}

fn alone() -> Vec<Case> {
    const G: &str = "parity-g-alone";
    vec![
        case("one member comes and goes")
            .stable(G)
            .beat(A, G, 1)
            .describe(G)
            .send(ADMIN, delete_groups(&[G]), 2)
            .leave(A, G)
            .describe(G)
            .beat(A, G, 1)
            .join(A, G, &["range"])
            .send(ADMIN, delete_groups(&[G]), 2)
            .send(ADMIN, delete_groups(&[G]), 2)
            .describe(G),
        case("v3 joins at once")
            .send(A, join("parity-g-v3", "", &["range", "roundrobin"]), 3)
            .lead(A, "parity-g-v3", 1, &[A])
            .describe("parity-g-v3")
            .leave(A, "parity-g-v3"),
        case("v0 and old versions")
            .send(A, join("parity-g-v0", "", &["range"]), 0)
            .send_with(A, |m| ask(&sync("parity-g-v0", 1, &m.member("a"), &[]), 0))
            .send_with(A, |m| ask(&heartbeat("parity-g-v0", 1, &m.member("a")), 0))
            .send_with(A, |m| {
                let request = kafka_protocol::messages::LeaveGroupRequest::default();
                ask(
                    &request.with_group_id(text("parity-g-v0").into()).with_member_id(text(&m.member("a"))),
                    0,
                )
            }),
        case("v9 says why")
            .send(A, join("parity-g-v9", "", &["range"]).with_reason(Some(text("first"))), 9)
            .send_with(A, |m| ask(&join("parity-g-v9", &m.member("a"), &["range"]), 9))
            .send_with(A, |m| {
                let request = sync("parity-g-v9", 1, &m.member("a"), &[(m.member("a"), "all")]);
                let request = request.with_protocol_type(Some(text("consumer")));
                ask(&request.with_protocol_name(Some(text("range"))), 5)
            })
            .send_with(A, |m| {
                let request = sync("parity-g-v9", 1, &m.member("a"), &[]);
                let request = request.with_protocol_type(Some(text("consumer")));
                ask(&request.with_protocol_name(Some(text("other"))), 5)
            })
            .send_with(A, |m| ask(&sync("parity-g-v9", 1, &m.member("a"), &[]), 5)),
        case("the leader joins again").stable("parity-g-again").join(A, "parity-g-again", &["range"]).beat(
            A,
            "parity-g-again",
            2,
        ),
        case("sync again gives the same").stable("parity-g-sync").follow(A, "parity-g-sync", 1),
        case("a leader that assigns nothing")
            .join(A, "parity-g-none", &["range"])
            .join(A, "parity-g-none", &["range"])
            .follow(A, "parity-g-none", 1)
            .describe("parity-g-none"),
    ]
}

fn refused() -> Vec<Case> {
    const G: &str = "parity-g-refused";
    let stranger = || "kafkalab-00000000-0000-0000-0000-000000000000";
    vec![
        case("join without a group").send(A, join("", "", &["range"]), 5),
        case("join with a short session").send(A, join(G, "", &["range"]).with_session_timeout_ms(5999), 5),
        case("join with a long session").send(
            A,
            join(G, "", &["range"]).with_session_timeout_ms(1_800_001),
            5,
        ),
        case("join as an unknown member of an absent group").send(A, join(G, stranger(), &["range"]), 5),
        case("join without assignors").send(A, join(G, "", &[]), 3),
        case("join without a protocol type").send(A, join(G, "", &["range"]).with_protocol_type(text("")), 3),
        case("sync in an absent group").send(A, sync("parity-g-absent", 1, "x", &[]), 3),
        case("heartbeat in an absent group").send(A, heartbeat("parity-g-absent", 1, "x"), 3),
        case("heartbeat without a group").send(A, heartbeat("", 1, "x"), 3),
        case("leave an absent group").send(A, leave("parity-g-absent", &[("x", None)]), 3),
        case("describe an absent group").send(A, describe_groups(&["parity-g-absent"]), 5),
        case("describe an absent group, v6").send(A, describe_groups(&["parity-g-absent"]), 6),
        case("delete an absent group").send(A, delete_groups(&["parity-g-absent"]), 2),
        case("delete without a name").send(A, delete_groups(&[""]), 2),
        case("describe without a name").send(A, describe_groups(&[""]), 5),
        case("another assignor")
            .stable(G)
            .send(B, join(G, "", &["RoundRobinAssigner"]), 3)
            .send(B, join(G, "", &["RoundRobinAssigner"]), 5)
            .send(B, join(G, "", &["range"]).with_protocol_type(text("connect")), 5)
            .send(B, join(G, stranger(), &["range"]), 5)
            .send_with(A, |m| ask(&sync(G, 0, &m.member("a"), &[]), 3))
            .send_with(A, |m| ask(&sync(G, 2, &m.member("a"), &[]), 3))
            .send(B, sync(G, 1, stranger(), &[]), 3)
            .beat(A, G, 0)
            .beat(A, G, 2)
            .send(B, heartbeat(G, 1, stranger()), 3)
            .send(B, leave(G, &[(stranger(), None), ("", None)]), 4)
            .describe(G),
    ]
}

fn together() -> Vec<Case> {
    vec![
        case("two members").pair("parity-g-two").describe("parity-g-two").beat(A, "parity-g-two", 2).beat(
            B,
            "parity-g-two",
            2,
        ),
        case("the follower joins again unchanged").pair("parity-g-same").join(B, "parity-g-same", &["range"]),
        case("the follower joins again changed")
            .pair("parity-g-changed")
            .start_join(B, "parity-g-changed", &["range", "roundrobin"])
            .beat_until(A, "parity-g-changed", 2, "error_code: 27")
            .join(A, "parity-g-changed", &["range"])
            .finish(B),
        case("the leader leaves")
            .pair("parity-g-leader")
            .leave(A, "parity-g-leader")
            .beat(B, "parity-g-leader", 2)
            .beat(A, "parity-g-leader", 2)
            .commit(B, "parity-g-leader", 2)
            .follow(B, "parity-g-leader", 2)
            .join(B, "parity-g-leader", &["range"])
            .lead(B, "parity-g-leader", 3, &[B])
            .describe("parity-g-leader"),
        case("a member leaves while the others rejoin")
            .pair("parity-g-gone")
            .join(C, "parity-g-gone", &["range"])
            .start_join(C, "parity-g-gone", &["range"])
            .beat_until(A, "parity-g-gone", 2, "error_code: 27")
            .start_join(A, "parity-g-gone", &["range"])
            .leave(B, "parity-g-gone")
            .finish(A)
            .finish(C)
            .join(B, "parity-g-gone", &["range"])
            .start_follow(C, "parity-g-gone", 3)
            .lead(A, "parity-g-gone", 3, &[A, C])
            .finish(C)
            .describe("parity-g-gone"),
        case("a pending member leaves before it joins")
            .stable("parity-g-pending")
            .join(B, "parity-g-pending", &["range"])
            .leave(B, "parity-g-pending")
            .join(B, "parity-g-pending", &["range"])
            .beat(A, "parity-g-pending", 1),
        case("both leave in one request")
            .pair("parity-g-batch")
            .send_with(ADMIN, |m| {
                let (a, b) = (m.member("a"), m.member("b"));
                ask(&leave("parity-g-batch", &[(&a, None), ("nobody", None), (&b, None)]), 4)
            })
            .describe("parity-g-batch"),
        case("joining while the leader is to assign")
            .join(A, "parity-g-completing", &["range"])
            .join(A, "parity-g-completing", &["range"])
            .beat(A, "parity-g-completing", 1)
            .commit(A, "parity-g-completing", 1)
            .describe("parity-g-completing")
            .join(B, "parity-g-completing", &["range"])
            .start_join(B, "parity-g-completing", &["range"])
            .beat_until(A, "parity-g-completing", 1, "error_code: 27")
            .lead(A, "parity-g-completing", 1, &[A])
            .describe("parity-g-completing")
            .join(A, "parity-g-completing", &["range"])
            .finish(B)
            .start_follow(B, "parity-g-completing", 2)
            .lead(A, "parity-g-completing", 2, &[A, B])
            .finish(B),
        case("sync is broken off by a member that comes")
            .pair("parity-g-broken")
            .join(C, "parity-g-broken", &["range"])
            .start_join(C, "parity-g-broken", &["range"])
            .beat_until(A, "parity-g-broken", 2, "error_code: 27")
            .follow(A, "parity-g-broken", 2)
            .follow(B, "parity-g-broken", 2)
            .commit(B, "parity-g-broken", 2)
            .start_join(A, "parity-g-broken", &["range"])
            .join(B, "parity-g-broken", &["range"])
            .finish(A)
            .finish(C)
            .start_follow(B, "parity-g-broken", 3)
            .start_follow(C, "parity-g-broken", 3)
            .lead(A, "parity-g-broken", 3, &[A, B, C])
            .finish(B)
            .finish(C),
        case("the assignor that most prefer")
            .join(A, "parity-g-votes", &["range", "roundrobin"])
            .join(A, "parity-g-votes", &["range", "roundrobin"])
            .join(B, "parity-g-votes", &["roundrobin", "range"])
            .start_join(B, "parity-g-votes", &["roundrobin", "range"])
            .beat_until(A, "parity-g-votes", 1, "error_code: 27")
            .join(C, "parity-g-votes", &["roundrobin", "range"])
            .start_join(C, "parity-g-votes", &["roundrobin", "range"])
            .join_as_last_of_three(A, "parity-g-votes")
            .finish(B)
            .finish(C),
    ]
}

impl Case {
    /// Joins again with both assignors once the group counts three members.
    fn join_as_last_of_three(self, who: Who, group: &'static str) -> Self {
        self.until(ADMIN, "members: 3", move |_| {
            let mut counted = ask(&describe_groups(&[group]), 5);
            counted.show = |mut body, version, _, _| {
                use kafka_protocol::protocol::Decodable;
                let response =
                    kafka_protocol::messages::DescribeGroupsResponse::decode(&mut body, version).unwrap();
                format!("{} members: {}", response.groups[0].group_state, response.groups[0].members.len())
            };
            counted
        })
        .join(who, group, &["range", "roundrobin"])
    }
}

fn commits() -> Vec<Case> {
    const G: &str = "parity-g-commit";
    let outside = |generation, member: &'static str| commit(G, generation, member, TOPIC, 9);
    let long = "x".repeat(4097);
    let mut noted = commit("parity-g-simple", -1, "", TOPIC, 1);
    noted.topics[0].partitions[0].committed_metadata = Some(text(&long));
    let mut nowhere = commit("parity-g-simple", -1, "", TOPIC, 1);
    nowhere.topics[0].partitions[0].partition_index = 7;
    vec![
        case("commits of a member and of others")
            .stable(G)
            .commit(A, G, 1)
            .commit(A, G, 0)
            .commit(A, G, 2)
            .commit(A, G, -1)
            .send(ADMIN, outside(1, "nobody"), 7)
            .send(ADMIN, outside(-1, ""), 7)
            .send(ADMIN, outside(1, ""), 7)
            .send(ADMIN, offset_fetch(G, Some(&[TOPIC, "parity-absent"])), 7)
            .send(ADMIN, offset_fetch(G, None), 7)
            .leave(A, G)
            .commit(A, G, 1)
            .send(ADMIN, outside(-1, ""), 7)
            .send(ADMIN, offset_fetch(G, None), 5),
        case("a group without members")
            .send(ADMIN, commit("parity-g-simple", -1, "", TOPIC, 4), 7)
            .send(ADMIN, commit("parity-g-simple", -1, "", TOPIC, -1), 7)
            .send(ADMIN, commit("parity-g-simple", -1, "", "parity-absent", 4), 7)
            .send(ADMIN, nowhere, 7)
            .send(ADMIN, noted, 7)
            .send(ADMIN, commit("parity-g-simple", 3, "x", TOPIC, 4), 7)
            .send(ADMIN, offset_fetch("parity-g-simple", None), 7)
            .send(ADMIN, offset_fetch("parity-g-simple", Some(&[TOPIC])), 1)
            .describe("parity-g-simple")
            .send(ADMIN, delete_groups(&["parity-g-simple"]), 2)
            .send(ADMIN, offset_fetch("parity-g-simple", None), 7),
        case("offsets are forgotten")
            .send(ADMIN, commit("parity-g-forget", -1, "", TOPIC, 4), 7)
            .send(ADMIN, offset_delete("parity-g-forget", &[TOPIC, "parity-absent"]), 0)
            .send(ADMIN, offset_delete("parity-g-forget", &[TOPIC]), 0)
            .send(ADMIN, offset_fetch("parity-g-forget", Some(&[TOPIC])), 7)
            .send(ADMIN, offset_delete("parity-g-nobody", &[TOPIC]), 0)
            .stable("parity-g-forget")
            .send(ADMIN, offset_delete("parity-g-forget", &[TOPIC]), 0),
        case("an absent group")
            .send(ADMIN, commit("parity-g-nobody", 3, "x", TOPIC, 4), 8)
            .send(ADMIN, commit("parity-g-nobody", 3, "x", TOPIC, 4), 9)
            .send(ADMIN, commit("", -1, "", TOPIC, 4), 8)
            .send(ADMIN, offset_fetch("parity-g-nobody", Some(&[TOPIC])), 7)
            .send(ADMIN, offset_fetch("parity-g-nobody", None), 7)
            .send(ADMIN, offset_fetch_groups(&["parity-g-nobody", ""]), 8),
        case("commit v2 and v9")
            .send(ADMIN, commit("parity-g-versions", -1, "", TOPIC, 4).with_retention_time_ms(-1), 2)
            .send(ADMIN, commit("parity-g-versions", -1, "", TOPIC, 5), 9)
            .send(ADMIN, offset_fetch_groups(&["parity-g-versions"]), 9),
    ]
}

fn statics() -> Vec<Case> {
    const G: &str = "parity-g-static";
    fn named(member: &str) -> kafka_protocol::messages::JoinGroupRequest {
        join(G, member, &["range"]).with_group_instance_id(Some(text("one")))
    }
    let beat = |memory: &Memory, member: &str| {
        ask(&heartbeat(G, 1, &memory.member(member)).with_group_instance_id(Some(text("one"))), 3)
    };
    vec![
        case("a static member comes back")
            .send(A, named(""), 5)
            .send_with(A, |m| {
                let sync = sync(G, 1, &m.member("a"), &[(m.member("a"), "all")]);
                ask(&sync.with_group_instance_id(Some(text("one"))), 3)
            })
            .send(B, named(""), 5)
            .send_with(A, move |m| beat(m, "a"))
            .send_with(B, move |m| beat(m, "b"))
            .send_with(A, |m| ask(&named(&m.member("a")), 5))
            .send_with(A, |m| {
                let request = commit(G, 1, &m.member("a"), TOPIC, 1);
                ask(&request.with_group_instance_id(Some(text("one"))), 7)
            })
            .describe(G)
            .send(ADMIN, leave(G, &[("", Some("two")), ("", Some("one"))]), 4)
            .describe(G),
    ]
}

fn time_outs() -> Vec<Case> {
    vec![
        case("a member falls silent")
            .send(A, join("parity-g-silent", "", &["range"]).with_session_timeout_ms(6000), 3)
            .lead(A, "parity-g-silent", 1, &[A])
            .until(ADMIN, "Empty", |_| ask(&describe_groups(&["parity-g-silent"]), 5))
            .beat(A, "parity-g-silent", 1)
            .commit(A, "parity-g-silent", 1),
        case("a member misses the rebalance")
            .send(A, join("parity-g-late", "", &["range"]).with_rebalance_timeout_ms(800), 3)
            .lead(A, "parity-g-late", 1, &[A])
            .send(B, join("parity-g-late", "", &["range"]).with_rebalance_timeout_ms(800), 3)
            .beat(A, "parity-g-late", 1)
            .lead(B, "parity-g-late", 2, &[B])
            .describe("parity-g-late"),
        case("a leader that does not assign in time")
            .send(A, join("parity-g-slow", "", &["range"]).with_rebalance_timeout_ms(800), 3)
            .until(ADMIN, "Empty", |_| ask(&describe_groups(&["parity-g-slow"]), 5))
            .beat(A, "parity-g-slow", 1),
    ]
}
