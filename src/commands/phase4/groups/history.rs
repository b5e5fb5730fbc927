//! Which rebalances a group went through. The embedded broker tells; where nobody tells, the members' own events are
//! counted. Pure.

use crate::broker::group::{GroupEvent, GroupState, Reason};

/// A rebalance that came to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rebalance {
    /// The generation that it made.
    pub generation: i32,
    /// What began it.
    pub reason: Reason,
    /// The id of the member that began it, if one did.
    pub member: Option<String>,
}

/// What the broker told of one group.
#[derive(Debug, Default, Clone)]
pub(super) struct History {
    /// What came to its end, oldest first.
    pub rebalances: Vec<Rebalance>,
    /// Why the group left its last rest.
    begun: Option<(Reason, Option<String>)>,
    state: Option<GroupState>,
}

impl History {
    /// Takes in what the broker tells of this group, in order.
    pub(super) fn hear(&mut self, event: &GroupEvent) {
        let GroupEvent::Moved { to, generation, reason, member, .. } = event else { return };
        self.state = Some(*to);
        match to {
            GroupState::PreparingRebalance => self.begun = Some((*reason, member.clone())),
            GroupState::Stable => {
                if let Some((reason, member)) = self.begun.take() {
                    self.rebalances.push(Rebalance { generation: *generation, reason, member });
                }
            }
            _ => {}
        }
    }

    /// The last rebalance, if the group rests since then.
    pub(super) fn settled(&self) -> Option<&Rebalance> {
        self.rebalances.last().filter(|_| self.state == Some(GroupState::Stable))
    }
}

/// Counts the generations of one group by what its members say: each rebalance gives every member one assignment, so
/// the member that was there longest has seen them all. A cooperative rebalance is silent for who keeps everything, so
/// there the count may be too low.
#[derive(Debug, Default, Clone)]
pub(super) struct Count {
    generation: i32,
    /// Up to which generation each member has counted, by its number; `None` for one that is new.
    members: std::collections::BTreeMap<u32, Option<i32>>,
}

impl Count {
    /// The generation, as counted so far.
    pub(super) fn generation(&self) -> i32 {
        self.generation
    }

    /// A member was given an assignment.
    pub(super) fn assigned(&mut self, member: u32) {
        match self.members.get(&member).copied() {
            Some(Some(seen)) => {
                self.members.insert(member, Some(seen + 1));
                self.generation = self.generation.max(seen + 1);
            }
            // It came in the middle: the others know what number this is.
            Some(None) => {}
            None if self.members.is_empty() => {
                self.generation += 1;
                self.members.insert(member, Some(self.generation));
            }
            None => {
                self.members.insert(member, None);
            }
        }
    }

    /// A member is gone.
    pub(super) fn gone(&mut self, member: u32) {
        self.members.remove(&member);
    }

    /// The group rests: whoever is in it has this generation.
    pub(super) fn settled(&mut self) {
        self.members.values_mut().for_each(|seen| *seen = Some(self.generation));
    }
}

/// A member id without the random part that the coordinator appended: the `client.id`, or the name of a static member.
pub(super) fn name_of(member_id: &str) -> &str {
    const UUID: usize = 36;
    let split = member_id.len().checked_sub(UUID + 1).filter(|at| member_id.is_char_boundary(*at));
    let parts = split.map(|at| member_id.split_at(at));
    parts.and_then(|(name, rest)| rest.starts_with('-').then_some(name)).unwrap_or(member_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(lines: &[&str]) -> History {
        let mut history = History::default();
        lines.iter().for_each(|line| history.hear(&line.parse().unwrap()));
        history
    }

    const FIRST: [&str; 3] = [
        "Group g moved from Empty to PreparingRebalance in generation 0 (member joined: m-1)",
        "Group g moved from PreparingRebalance to CompletingRebalance in generation 1 (all members joined)",
        "Group g moved from CompletingRebalance to Stable in generation 1 (assignment received: m-1)",
    ];

    #[test]
    fn a_rebalance_is_named_after_what_began_it() {
        let first = Rebalance { generation: 1, reason: Reason::MemberJoined, member: Some("m-1".to_owned()) };
        let history = history(&FIRST);
        assert_eq!(history.rebalances, std::slice::from_ref(&first));
        assert_eq!(history.settled(), Some(&first));
    }

    #[test]
    fn a_group_that_moves_again_has_not_settled() {
        let again = "Group g moved from Stable to PreparingRebalance in generation 1 (session expired: m-1)";
        let history = history(&[&FIRST[..], &[again]].concat());
        assert_eq!(history.rebalances.len(), 1);
        assert_eq!(history.settled(), None);
    }

    #[test]
    fn the_oldest_member_has_seen_every_generation() {
        let mut count = Count::default();
        count.assigned(1);
        count.assigned(2);
        assert_eq!(
            count.generation(),
            1,
            "the newcomer's first assignment may belong to a generation not counted yet"
        );
        count.assigned(1);
        assert_eq!(count.generation(), 2);
        count.settled();
        count.gone(1);
        count.assigned(2);
        assert_eq!(count.generation(), 3, "the next one counts on where the first one stopped");
        count.gone(2);
        count.assigned(3);
        assert_eq!(count.generation(), 4, "whoever comes into an empty group begins one");
    }

    #[test]
    fn a_member_id_begins_with_a_name() {
        assert_eq!(name_of("member-1-123e4567-e89b-12d3-a456-426614174000"), "member-1");
        assert_eq!(name_of("short"), "short");
    }
}
