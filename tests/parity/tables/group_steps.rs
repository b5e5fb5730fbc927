//! What members of a group do, as steps of a case.

use crate::case::{ADMIN, Case, Who, ask};
use crate::requests::*;

/// Three members, each on a connection of its own; all as admin, so that only the group decides.
pub const A: Who = Who { principal: "admin", name: "a" };
pub const B: Who = Who { principal: "admin", name: "b" };
pub const C: Who = Who { principal: "admin", name: "c" };

/// The topic that offsets are committed for.
pub const TOPIC: &str = "parity-groups";

impl Case {
    /// JoinGroup v5 as the member that this connection is, or becomes.
    pub fn join(self, who: Who, group: &'static str, assignors: &'static [&'static str]) -> Self {
        self.send_with(who, move |memory| ask(&join(group, &memory.member(who.name), assignors), 5))
    }

    /// The same without waiting for the answer.
    pub fn start_join(self, who: Who, group: &'static str, assignors: &'static [&'static str]) -> Self {
        self.start_with(who, move |memory| ask(&join(group, &memory.member(who.name), assignors), 5))
    }

    /// SyncGroup v3 of the leader, with an assignment for each member.
    pub fn lead(self, who: Who, group: &'static str, generation: i32, members: &'static [Who]) -> Self {
        self.send_with(who, move |memory| {
            let assignments: Vec<_> =
                members.iter().map(|member| (memory.member(member.name), member.name)).collect();
            ask(&sync(group, generation, &memory.member(who.name), &assignments), 3)
        })
    }

    /// SyncGroup v3 of a follower.
    pub fn follow(self, who: Who, group: &'static str, generation: i32) -> Self {
        self.send_with(who, move |memory| ask(&sync(group, generation, &memory.member(who.name), &[]), 3))
    }

    /// The same without waiting for the answer.
    pub fn start_follow(self, who: Who, group: &'static str, generation: i32) -> Self {
        self.start_with(who, move |memory| ask(&sync(group, generation, &memory.member(who.name), &[]), 3))
    }

    /// Heartbeat v3.
    pub fn beat(self, who: Who, group: &'static str, generation: i32) -> Self {
        self.send_with(who, move |memory| ask(&heartbeat(group, generation, &memory.member(who.name)), 3))
    }

    /// Heartbeats until one is answered with this text.
    pub fn beat_until(self, who: Who, group: &'static str, generation: i32, text: &'static str) -> Self {
        self.until(who, text, move |memory| ask(&heartbeat(group, generation, &memory.member(who.name)), 3))
    }

    /// LeaveGroup v3.
    pub fn leave(self, who: Who, group: &'static str) -> Self {
        self.send_with(who, move |memory| ask(&leave(group, &[(&memory.member(who.name), None)]), 3))
    }

    /// OffsetCommit v7.
    pub fn commit(self, who: Who, group: &'static str, generation: i32) -> Self {
        self.send_with(who, move |memory| {
            ask(&commit(group, generation, &memory.member(who.name), TOPIC, 5), 7)
        })
    }

    /// DescribeGroups v5.
    pub fn describe(self, group: &'static str) -> Self {
        self.send(ADMIN, describe_groups(&[group]), 5)
    }

    /// A alone in generation 1, stable: the beginning of most cases.
    pub fn stable(self, group: &'static str) -> Self {
        self.join(A, group, &["range"]).join(A, group, &["range"]).lead(A, group, 1, &[A])
    }

    /// A (leader) and B in generation 2, stable.
    pub fn pair(self, group: &'static str) -> Self {
        self.stable(group)
            .join(B, group, &["range"])
            .start_join(B, group, &["range"])
            .beat_until(A, group, 1, "error_code: 27")
            .join(A, group, &["range"])
            .finish(B)
            .start_follow(B, group, 2)
            .lead(A, group, 2, &[A, B])
            .finish(B)
    }
}
