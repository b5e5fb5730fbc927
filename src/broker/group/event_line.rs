//! Reads an event of a group back from its line in the log, for whoever has the log of a broker and not its events.

use std::str::FromStr;

use super::{GroupEvent, GroupState, Reason};

/// A line that tells of no group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotOfAGroup;

/// The inverse of the event's `Display`.
impl FromStr for GroupEvent {
    type Err = NotOfAGroup;

    fn from_str(line: &str) -> Result<Self, NotOfAGroup> {
        let rest = line.strip_prefix("Group ").ok_or(NotOfAGroup)?;
        moved(rest)
            .or_else(|| added(rest))
            .or_else(|| removed(rest))
            .or_else(|| replaced(rest))
            .ok_or(NotOfAGroup)
    }
}

/// `G moved from A to B in generation N (reason: member)`
fn moved(rest: &str) -> Option<GroupEvent> {
    let (group, rest) = rest.split_once(" moved from ")?;
    let (from, rest) = rest.split_once(" to ")?;
    let (to, rest) = rest.split_once(" in generation ")?;
    let (generation, rest) = rest.split_once(" (")?;
    let why = rest.strip_suffix(')')?;
    let (reason, member) = match why.split_once(": ") {
        Some((reason, member)) => (reason, Some(member.to_owned())),
        None => (why, None),
    };
    Some(GroupEvent::Moved {
        group: group.to_owned(),
        from: state(from)?,
        to: state(to)?,
        generation: generation.parse().ok()?,
        reason: self::reason(reason)?,
        member,
    })
}

/// `G took in member M`
fn added(rest: &str) -> Option<GroupEvent> {
    let (group, member) = rest.split_once(" took in member ")?;
    Some(GroupEvent::MemberAdded { group: group.to_owned(), member: member.to_owned() })
}

/// `G removed member M (reason)`
fn removed(rest: &str) -> Option<GroupEvent> {
    let (group, rest) = rest.split_once(" removed member ")?;
    let (member, why) = rest.strip_suffix(')')?.rsplit_once(" (")?;
    Some(GroupEvent::MemberRemoved {
        group: group.to_owned(),
        member: member.to_owned(),
        reason: reason(why)?,
    })
}

/// `G replaced OLD, the static member I, by NEW`
fn replaced(rest: &str) -> Option<GroupEvent> {
    let (group, rest) = rest.split_once(" replaced ")?;
    let (old, rest) = rest.split_once(", the static member ")?;
    let (instance, new) = rest.rsplit_once(", by ")?;
    Some(GroupEvent::StaticMemberReplaced {
        group: group.to_owned(),
        instance: instance.to_owned(),
        old: old.to_owned(),
        new: new.to_owned(),
    })
}

fn state(name: &str) -> Option<GroupState> {
    GroupState::ALL.into_iter().find(|state| state.name() == name)
}

fn reason(name: &str) -> Option<Reason> {
    Reason::ALL.into_iter().find(|reason| reason.name() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_is_read_back_from_its_line() {
        let (group, member) = ("phase4-a".to_owned(), "member-1-0b5c".to_owned());
        let mut events = vec![
            GroupEvent::MemberAdded { group: group.clone(), member: member.clone() },
            GroupEvent::StaticMemberReplaced {
                group: group.clone(),
                instance: "one".to_owned(),
                old: "one-1".to_owned(),
                new: "one-2".to_owned(),
            },
        ];
        for reason in Reason::ALL {
            let (group, member) = (group.clone(), member.clone());
            events.push(GroupEvent::MemberRemoved { group, member, reason });
            for (state, member) in
                GroupState::ALL.into_iter().zip([None, Some("m: 1".to_owned())].into_iter().cycle())
            {
                let (from, to) = (state, GroupState::Stable);
                events.push(GroupEvent::Moved {
                    group: "g".to_owned(),
                    from,
                    to,
                    generation: 3,
                    reason,
                    member,
                });
            }
        }
        for event in events {
            assert_eq!(event.to_string().parse(), Ok(event));
        }
    }

    #[test]
    fn other_lines_are_no_events_of_a_group() {
        for line in
            ["Created topic Group 1", "Group a moved from Here to There in generation 1 (member joined)", ""]
        {
            assert_eq!(line.parse::<GroupEvent>(), Err(NotOfAGroup), "{line}");
        }
    }
}
