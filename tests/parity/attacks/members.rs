//! Other people's groups. A member is not bound to a principal in Kafka: whoever may READ the group and knows a
//! member's id, which takes DESCRIBE, acts as that member. These rows hold that it takes the right.

use kafka_protocol::messages::LeaveGroupRequest;
use kafkalab::acl::{AclBinding, Operation};

use super::{ANYTHING, Attack, GRANTED, NOT_ON_GROUP};
use crate::case::{ADMIN, ANALYTICS, Memory, ask};
use crate::requests::*;

const TOPIC: &str = "parity-members";
const FENCED: &str = "error_code: 82,";
const UNKNOWN_MEMBER: &str = "error_code: 25,";

pub(super) fn attacks() -> Vec<Attack> {
    vec![
        theft("a member's id, with no right on the group", "parity-members-none", None),
        theft("a member's id, with DESCRIBE on the group", "parity-members-seen", Some(Operation::Describe)),
        theft("a member's id, with DELETE on the group", "parity-members-deleted", Some(Operation::Delete)),
        with_read(),
        guessed(),
        taken_over(),
        instance_without_right(),
    ]
}

/// A group of admin's with one member, who is also remembered as "admin".
fn stable(attack: &str, group: &'static str, instance: Option<&'static str>) -> Attack {
    let join = join(group, "", &["range"]).with_group_instance_id(instance.map(text));
    // Apache Kafka makes its topic of offsets when first asked for a coordinator.
    let attack = Attack::new(attack).topic(TOPIC).send(ADMIN, find_coordinator(group, 0), 2, GRANTED);
    let attack = match instance {
        Some(_) => attack,
        None => attack.send(ADMIN, join.clone(), 5, "error_code: 79,"),
    };
    attack
        .send_with(
            ADMIN,
            move |memory| ask(&join.clone().with_member_id(text(&memory.member("admin"))), 5),
            GRANTED,
        )
        .send_with(
            ADMIN,
            move |memory| {
                let sync = sync(group, 1, &memory.member("admin"), &[(memory.member("admin"), "all")]);
                ask(&sync.with_group_instance_id(instance.map(text)), 3)
            },
            GRANTED,
        )
}

/// Everything that can be done to a group with a member's id, and the member after it.
fn theft(attack: &str, group: &'static str, right: Option<Operation>) -> Attack {
    let acls: Vec<AclBinding> = right.map(|operation| on_group(group, operation)).into_iter().collect();
    let stolen = |memory: &Memory| memory.member("admin");
    let old_leave = move |memory: &Memory| {
        let leave = LeaveGroupRequest::default().with_group_id(text(group).into());
        ask(&leave.with_member_id(text(&stolen(memory))), 2)
    };
    stable(attack, group, None)
        .acls(acls)
        .send_with(ANALYTICS, move |it| ask(&heartbeat(group, 1, &stolen(it)), 3), NOT_ON_GROUP)
        .send_with(ANALYTICS, move |it| ask(&sync(group, 1, &stolen(it), &[]), 3), NOT_ON_GROUP)
        .send_with(ANALYTICS, move |it| ask(&join(group, &stolen(it), &["range"]), 5), NOT_ON_GROUP)
        .send_with(ANALYTICS, move |it| ask(&commit(group, 1, &stolen(it), TOPIC, 9), 7), NOT_ON_GROUP)
        .send_with(ANALYTICS, move |it| ask(&leave(group, &[(&stolen(it), None)]), 4), NOT_ON_GROUP)
        .send_with(ANALYTICS, old_leave, NOT_ON_GROUP)
        .send(ANALYTICS, offset_delete(group, &[TOPIC]), 0, ANYTHING)
        .send(ANALYTICS, delete_groups(&[group]), 2, super::NOT_GRANTED)
        .send_with(ADMIN, move |it| ask(&heartbeat(group, 1, &stolen(it)), 3), GRANTED)
}

fn with_read() -> Attack {
    const G: &str = "parity-members-read";
    stable("a member's id, with READ on the group", G, None)
        .acls([on_group(G, Operation::Read)])
        .send_with(ANALYTICS, |it| ask(&heartbeat(G, 1, &it.member("admin")), 3), GRANTED)
        .send_with(ANALYTICS, |it| ask(&commit(G, 1, &it.member("admin"), TOPIC, 9), 7), super::NOT_ON_TOPIC)
        .send(ADMIN, offset_fetch(G, Some(&[TOPIC])), 7, "committed_offset: -1")
        .send_with(ANALYTICS, |it| ask(&leave(G, &[(&it.member("admin"), None)]), 4), GRANTED)
        .send_with(ADMIN, |it| ask(&heartbeat(G, 1, &it.member("admin")), 3), UNKNOWN_MEMBER)
}

fn guessed() -> Attack {
    const G: &str = "parity-members-guess";
    const ID: &str = "kafkalab-00000000-0000-4000-8000-000000000000";
    stable("a member's id that is guessed, with READ on the group", G, None)
        .acls([on_group(G, Operation::Read)])
        .send(ANALYTICS, heartbeat(G, 1, ID), 3, UNKNOWN_MEMBER)
        .send(ANALYTICS, sync(G, 1, ID, &[]), 3, UNKNOWN_MEMBER)
        .send(ANALYTICS, leave(G, &[(ID, None)]), 4, UNKNOWN_MEMBER)
        .send(ANALYTICS, commit(G, 1, ID, TOPIC, 9), 7, ANYTHING)
        .send(ANALYTICS, commit(G, -1, "", TOPIC, 9), 7, super::NOT_GRANTED)
        .send_with(ADMIN, |it| ask(&heartbeat(G, 1, &it.member("admin")), 3), GRANTED)
}

/// A static member's name is all it takes to replace it, as in Kafka; the one that is replaced is told.
fn taken_over() -> Attack {
    const G: &str = "parity-members-static";
    stable("a static member's name, with READ on the group", G, Some("one"))
        .acls([on_group(G, Operation::Read)])
        .send(ANALYTICS, join(G, "", &["range"]).with_group_instance_id(Some(text("one"))), 5, GRANTED)
        .send_with(
            ADMIN,
            |it| ask(&heartbeat(G, 1, &it.member("admin")).with_group_instance_id(Some(text("one"))), 3),
            FENCED,
        )
}

fn instance_without_right() -> Attack {
    const G: &str = "parity-members-fixed";
    let named = |member: &str| join(G, member, &["range"]).with_group_instance_id(Some(text("one")));
    stable("a static member's name, with no right on the group", G, Some("one"))
        .send(ANALYTICS, named(""), 5, NOT_ON_GROUP)
        .send(ANALYTICS, leave(G, &[("", Some("one"))]), 4, NOT_ON_GROUP)
        .send_with(
            ADMIN,
            |it| ask(&heartbeat(G, 1, &it.member("admin")).with_group_instance_id(Some(text("one"))), 3),
            GRANTED,
        )
}
