//! Rights and users that are taken away while something waits. Kafka authorizes a request when it arrives: what waits
//! then is answered, and the next request of the same connection is refused.

use kafkalab::acl::Operation;

use super::{Attack, GRANTED, NOT_ON_GROUP, NOT_ON_TOPIC};
use crate::case::{ADMIN, ANALYTICS, STRANGER, Who, ask};
use crate::requests::*;

const TOPIC: &str = "parity-meanwhile";
/// Another connection of analytics, which sees when its right is gone.
const LOOKOUT: Who = Who { principal: "analytics", name: "lookout" };

pub(super) fn attacks() -> Vec<Attack> {
    vec![waiting_fetch(), member(), waiting_member(), user(), user_in_the_middle()]
}

fn waiting_fetch() -> Attack {
    let waits = || fetch(TOPIC, 0, 0).with_max_wait_ms(20_000).with_min_bytes(1);
    Attack::new("a fetch that waits when its right is taken away")
        .acls([on_topic(TOPIC, Operation::Read)])
        .topic(TOPIC)
        .send(ANALYTICS, fetch(TOPIC, 0, 0), 12, GRANTED)
        .start(ANALYTICS, move |_| ask(&waits(), 12))
        .send(ADMIN, delete_acls("User:analytics"), 2, GRANTED)
        .until(LOOKOUT, fetch(TOPIC, 0, 0), 12, NOT_ON_TOPIC)
        .send(ADMIN, produce(TOPIC, 0, -1, batch(&["late"])), 9, GRANTED)
        .finish(ANALYTICS, "records: Some(b\"75 bytes")
        .send(ANALYTICS, fetch(TOPIC, 0, 0), 12, NOT_ON_TOPIC)
}

fn member() -> Attack {
    const G: &str = "parity-meanwhile-member";
    Attack::new("a member when the right on its group is taken away")
        .acls([on_group(G, Operation::Read)])
        .send(ADMIN, find_coordinator(G, 0), 2, GRANTED)
        .send(ANALYTICS, join(G, "", &["range"]), 3, GRANTED)
        .send_with(
            ANALYTICS,
            |it| ask(&sync(G, 1, &it.member("analytics"), &[(it.member("analytics"), "all")]), 3),
            GRANTED,
        )
        .send_with(ANALYTICS, |it| ask(&heartbeat(G, 1, &it.member("analytics")), 3), GRANTED)
        .send(ADMIN, delete_acls("User:analytics"), 2, GRANTED)
        .until(LOOKOUT, find_coordinator(G, 0), 2, NOT_ON_GROUP)
        .send_with(ANALYTICS, |it| ask(&heartbeat(G, 1, &it.member("analytics")), 3), NOT_ON_GROUP)
        .send_with(ANALYTICS, |it| ask(&leave(G, &[(&it.member("analytics"), None)]), 4), NOT_ON_GROUP)
        // It stays in the group until its session ends.
        .send_with(ADMIN, |it| ask(&heartbeat(G, 1, &it.member("analytics")), 3), GRANTED)
}

fn waiting_member() -> Attack {
    const G: &str = "parity-meanwhile-join";
    Attack::new("a member that waits for its assignment when its right is taken away")
        .acls([on_group(G, Operation::Read)])
        .send(ADMIN, find_coordinator(G, 0), 2, GRANTED)
        .send(ADMIN, join(G, "", &["range"]), 3, GRANTED)
        .send_with(
            ADMIN,
            |it| ask(&sync(G, 1, &it.member("admin"), &[(it.member("admin"), "all")]), 3),
            GRANTED,
        )
        .start(ANALYTICS, |_| ask(&join(G, "", &["range"]), 3))
        .until_with(ADMIN, |it| ask(&heartbeat(G, 1, &it.member("admin")), 3), "error_code: 27")
        .send(ADMIN, delete_acls("User:analytics"), 2, GRANTED)
        .until(LOOKOUT, find_coordinator(G, 0), 2, NOT_ON_GROUP)
        .start(ADMIN, |it| ask(&join(G, &it.member("admin"), &["range"]), 3))
        .finish(ANALYTICS, GRANTED)
        .finish(ADMIN, GRANTED)
        .send_with(ANALYTICS, |it| ask(&sync(G, 2, &it.member("analytics"), &[]), 3), NOT_ON_GROUP)
}

fn user() -> Attack {
    const USER: &str = "parity-leaving";
    Attack::new("a connection whose user is deleted")
        .send(ADMIN, scram_user(USER, "parity-secret", 1), 0, GRANTED)
        .until(ADMIN, describe_users(Some(&[USER])), 0, "iterations: 4096")
        .first(STRANGER, USER, "i=4096")
        .last(STRANGER, USER, "parity-secret", |last| last, GRANTED)
        .send(ADMIN, delete_user(USER, 1), 0, GRANTED)
        .until(ADMIN, describe_users(Some(&[USER])), 0, "error_code: 91,")
        .send(STRANGER, metadata(&["nest-events"]), 9, NOT_ON_TOPIC)
}

fn user_in_the_middle() -> Attack {
    const USER: &str = "parity-halfway";
    Attack::new("a login whose user is deleted between its two messages")
        .send(ADMIN, scram_user(USER, "parity-secret", 1), 0, GRANTED)
        .until(ADMIN, describe_users(Some(&[USER])), 0, "iterations: 4096")
        .first(STRANGER, USER, "i=4096")
        .send(ADMIN, delete_user(USER, 1), 0, GRANTED)
        .until(ADMIN, describe_users(Some(&[USER])), 0, "error_code: 91,")
        .last(STRANGER, USER, "parity-secret", |last| last, GRANTED)
        .send(STRANGER, metadata(&["nest-events"]), 9, NOT_ON_TOPIC)
}
