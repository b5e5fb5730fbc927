//! How the traces of the group scripts tell what the machine did: answers, events, and what it wrote down.

use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafkalab::broker::group::{Answer, GroupEvent, GroupRecord};
use kafkalab::kafka_error;

pub(crate) fn outcome(result: Result<(), ResponseError>) -> String {
    result.map_or_else(error_line, |()| "ok".to_owned())
}

pub(crate) fn each(results: Result<Vec<String>, ResponseError>) -> String {
    results.map_or_else(|error| format!("all {}", error_line(error)), |results| results.join(", "))
}

fn error_line(error: ResponseError) -> String {
    format!("{} {}", error.code(), kafka_error::name(error.code()))
}

/// Opaque bytes as the scripts write them; of a subscription only what can be read.
pub(crate) fn text(bytes: &Bytes) -> String {
    let sign = if bytes.starts_with(&[0, 0]) { "@" } else { "" };
    format!("{sign}{}", String::from_utf8_lossy(bytes).replace(char::is_control, ""))
}

pub(crate) fn event_line(event: &GroupEvent) -> String {
    match event {
        GroupEvent::Moved { group, from, to, generation, reason, member } => {
            let by = member.as_ref().map(|member| format!(" {member}")).unwrap_or_default();
            let (from, to, reason) = (from.name(), to.name(), reason.name());
            format!("{group}: {from} -> {to}, generation {generation} ({reason}{by})")
        }
        GroupEvent::MemberAdded { group, member } => format!("{group}: + {member}"),
        GroupEvent::MemberRemoved { group, member, reason } => {
            format!("{group}: - {member} ({})", reason.name())
        }
        GroupEvent::StaticMemberReplaced { group, instance, old, new } => {
            format!("{group}: {instance} is now {new}, {old} is fenced")
        }
    }
}

pub(crate) fn record_line(record: &GroupRecord) -> String {
    match record {
        GroupRecord::Group(group) => {
            let members = group
                .members
                .iter()
                .map(|member| format!(" {}[{}]", member.member_id, text(&member.assignment)));
            let protocol = group.protocol.as_deref().unwrap_or("-");
            let leader = group.leader.as_deref().unwrap_or("-");
            let members: String = members.collect();
            format!(
                "group {} generation {} {protocol} leader {leader} members{members}",
                group.group, group.generation
            )
        }
        GroupRecord::GroupDeleted { group } => format!("group {group} deleted"),
        GroupRecord::Offset { group, topic, partition, committed } => {
            format!("{group} {topic}:{partition}={}", committed.offset)
        }
        GroupRecord::OffsetDeleted { group, topic, partition } => {
            format!("{group} {topic}:{partition} deleted")
        }
    }
}

pub(crate) fn answer_line(answer: &Answer) -> String {
    match answer {
        Answer::Join(join) => {
            if let Some(error) = join.error {
                return format!("{} member [{}]", error_line(error), join.member_id);
            }
            let members = join
                .members
                .iter()
                .map(|member| format!(" {}[{}]", member.member_id, text(&member.metadata)));
            let members: String = members.collect();
            let skip = if join.skip_assignment { " skip assignment" } else { "" };
            format!(
                "ok member {} generation {} {} leader {}{skip} members{members}",
                join.member_id,
                join.generation,
                join.protocol.as_deref().unwrap_or("-"),
                join.leader
            )
        }
        Answer::Sync(sync) => match sync.error {
            Some(error) => error_line(error),
            None => format!("ok {} [{}]", sync.protocol.as_deref().unwrap_or("-"), text(&sync.assignment)),
        },
    }
}
