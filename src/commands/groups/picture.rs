//! What is known of a group at one moment: its members, the partitions each of them reads, and how far the group has
//! come in each. Plain values; `fetch` fills them, and every picture of a group is drawn from them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::client::raw::admin::groups::Coordinator;
use crate::client::raw::admin::topics::TopicPartition;
use crate::report::Table;

/// A group at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupPicture {
    /// The group id.
    pub group: String,
    /// `Empty`, `PreparingRebalance`, `CompletingRebalance`, `Stable` or `Dead`, as the coordinator says.
    pub state: String,
    /// `consumer` for consumers; empty for a group that only keeps offsets.
    pub protocol_type: String,
    /// The assignor in use, such as `range`; empty unless the group is stable.
    pub protocol: String,
    /// Which assignment this is; the epoch of a group of the consumer protocol. No request tells it of a classic group,
    /// but whoever watches the group may know it.
    pub generation: Option<i32>,
    /// The broker that looks after the group, if it was asked.
    pub coordinator: Option<Coordinator>,
    /// The members, by client id and member id.
    pub members: Vec<MemberPicture>,
    /// The partitions that the group has a place in, by topic and number: those it committed an offset for, and those
    /// that a member owns.
    pub partitions: Vec<PartitionPlace>,
}

/// A member of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberPicture {
    /// The id that the coordinator gave it.
    pub id: String,
    /// The name that makes it a static member, if it has one.
    pub instance_id: Option<String>,
    /// Its `client.id`.
    pub client_id: String,
    /// Where it connects from, without Kafka's leading slash: `127.0.0.1`.
    pub host: String,
    /// The partitions that it owns; none is an idle member, or one that waits for a rebalance.
    pub partitions: Vec<TopicPartition>,
}

/// How far a group has come in one partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionPlace {
    /// The topic.
    pub topic: String,
    /// The partition's number.
    pub partition: i32,
    /// The offset that the group reads next; `None` where it committed nothing.
    pub committed: Option<i64>,
    /// The first offset that is still there; `None` where the broker did not say.
    pub log_start: Option<i64>,
    /// The offset that the next record gets; `None` where the broker did not say.
    pub log_end: Option<i64>,
    /// The id of the member that owns it.
    pub owner: Option<String>,
}

impl PartitionPlace {
    /// The offset that the group is given next, if it begins at the start where it committed nothing.
    pub fn next(&self) -> i64 {
        let log_start = self.log_start.unwrap_or(0);
        self.committed.map_or(log_start, |committed| committed.max(log_start))
    }

    /// Records that are there and that the group has not read; `None` where it committed nothing or the end is not
    /// known. Records that were deleted before the group read them do not count: nobody can read them any more.
    pub fn lag(&self) -> Option<i64> {
        self.committed?;
        Some((self.log_end? - self.next()).max(0))
    }

    /// Whether records were deleted before the group read them.
    pub fn is_outrun(&self) -> bool {
        matches!((self.committed, self.log_start), (Some(committed), Some(log_start)) if committed < log_start)
    }

    /// The partition.
    pub fn at(&self) -> TopicPartition {
        TopicPartition::new(&self.topic, self.partition)
    }

    /// The fields under the names that every JSON of kafkalab uses.
    pub fn to_json(&self) -> Value {
        json!({
            "topic": self.topic, "partition": self.partition, "committed": self.committed,
            "log_start": self.log_start, "log_end": self.log_end, "lag": self.lag(), "owner": self.owner,
        })
    }
}

impl GroupPicture {
    /// The picture with these places, each with the member that owns it.
    #[must_use]
    pub fn standing_at(self, mut places: Vec<PartitionPlace>) -> Self {
        let owns = |at: &TopicPartition| self.members.iter().find(|member| member.partitions.contains(at));
        for place in &mut places {
            place.owner = owns(&place.at()).map(|member| member.id.clone());
        }
        Self { partitions: places, ..self }
    }

    /// A group that does not exist, as brokers before 4.0 describe it.
    pub fn absent(group: &str) -> Self {
        Self {
            group: group.to_owned(),
            state: "Dead".to_owned(),
            protocol_type: String::new(),
            protocol: String::new(),
            generation: None,
            coordinator: None,
            members: Vec::new(),
            partitions: Vec::new(),
        }
    }

    /// How brokers before 4.0 describe a group that does not exist.
    pub fn is_dead(&self) -> bool {
        self.state == "Dead"
    }

    /// Whether the group is dividing its partitions.
    pub fn is_rebalancing(&self) -> bool {
        // The consumer protocol (KIP-848) has other names for it than the classic one.
        let names = ["PreparingRebalance", "CompletingRebalance", "Assigning", "Reconciling"];
        names.contains(&self.state.as_str())
    }

    /// The lag of all partitions together, in records; `None` where none has one.
    pub fn lag(&self) -> Option<i64> {
        self.partitions.iter().filter_map(PartitionPlace::lag).reduce(|sum, lag| sum + lag)
    }

    /// Short names of the members, by member id: `A`, `B`, … in the order of [`members`](Self::members), `A1` after `Z`.
    pub fn labels(&self) -> BTreeMap<&str, String> {
        let label = |number: usize| {
            let letter = char::from(b'A' + (number % 26) as u8);
            if number < 26 { letter.to_string() } else { format!("{letter}{}", number / 26) }
        };
        self.members.iter().enumerate().map(|(number, member)| (member.id.as_str(), label(number))).collect()
    }

    /// A row for each partition.
    pub fn places_table(&self) -> Table {
        let labels = self.labels();
        let rows = self.partitions.iter().map(|place| {
            let owner = place.owner.as_deref().and_then(|id| labels.get(id).cloned());
            vec![
                place.topic.clone(),
                place.partition.to_string(),
                number(place.committed),
                number(place.log_end),
                number(place.lag()),
                owner.unwrap_or_else(|| "-".to_owned()),
            ]
        });
        Table { head: vec!["TOPIC", "PARTITION", "COMMITTED", "END", "LAG", "MEMBER"], rows: rows.collect() }
    }

    /// A row for each member, with the partitions that it owns.
    pub fn members_table(&self) -> Table {
        let labels = self.labels();
        let rows = self.members.iter().map(|member| {
            let id = member.instance_id.as_ref().unwrap_or(&member.id);
            vec![
                labels.get(member.id.as_str()).cloned().unwrap_or_default(),
                member.client_id.clone(),
                member.host.clone(),
                owned(&member.partitions),
                id.clone(),
            ]
        });
        Table { head: vec!["MEMBER", "CLIENT-ID", "HOST", "OWNS", "ID"], rows: rows.collect() }
    }

    /// The picture as JSON.
    pub fn to_json(&self) -> Value {
        let members = self.members.iter().map(|member| {
            let partitions = member.partitions.iter();
            json!({
                "id": member.id, "instance_id": member.instance_id, "client_id": member.client_id,
                "host": member.host,
                "partitions": partitions
                    .map(|at| json!({ "topic": at.topic, "partition": at.partition }))
                    .collect::<Vec<_>>(),
            })
        });
        let coordinator = self.coordinator.as_ref();
        json!({
            "group": self.group, "state": self.state, "protocol_type": self.protocol_type,
            "protocol": self.protocol, "generation": self.generation,
            "coordinator": coordinator.map(|broker| json!({ "id": broker.id, "address": broker.address })),
            "members": members.collect::<Vec<_>>(),
            "partitions": self.partitions.iter().map(PartitionPlace::to_json).collect::<Vec<_>>(),
            "lag": self.lag(),
        })
    }
}

/// `orders 0,1; returns 2`, or `-` for nothing.
pub(super) fn owned(partitions: &[TopicPartition]) -> String {
    let mut topics: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for at in partitions {
        topics.entry(&at.topic).or_default().push(at.partition.to_string());
    }
    let topics = topics.into_iter().map(|(topic, numbers)| format!("{topic} {}", numbers.join(",")));
    let shown = topics.collect::<Vec<_>>().join("; ");
    if shown.is_empty() { "-".to_owned() } else { shown }
}

/// A number that may be missing.
pub(super) fn number(number: Option<i64>) -> String {
    number.map_or_else(|| "-".to_owned(), |number| number.to_string())
}

/// A group with something of everything, for tests of whatever is made of a picture.
#[cfg(test)]
pub(super) mod sample {
    use super::*;

    /// A place in `orders`, whose log holds offsets 2 to 4.
    pub(in super::super) fn place(
        partition: i32,
        committed: Option<i64>,
        owner: Option<&str>,
    ) -> PartitionPlace {
        PartitionPlace {
            topic: "orders".to_owned(),
            partition,
            committed,
            log_start: Some(2),
            log_end: Some(5),
            owner: owner.map(str::to_owned),
        }
    }

    /// A member that owns these partitions of `orders`.
    pub(in super::super) fn member(id: &str, partitions: &[i32]) -> MemberPicture {
        MemberPicture {
            id: id.to_owned(),
            instance_id: None,
            client_id: "laravel".to_owned(),
            host: "127.0.0.1".to_owned(),
            partitions: partitions.iter().map(|number| TopicPartition::new("orders", *number)).collect(),
        }
    }

    /// One member reads two partitions, one is idle; one partition has no reader.
    pub(in super::super) fn picture() -> GroupPicture {
        GroupPicture {
            group: "laravel-consumers".to_owned(),
            state: "Stable".to_owned(),
            protocol_type: "consumer".to_owned(),
            protocol: "range".to_owned(),
            generation: None,
            coordinator: Some(Coordinator { id: 1, address: "127.0.0.1:9094".to_owned() }),
            members: vec![member("laravel-1", &[0, 1]), member("laravel-2", &[])],
            partitions: vec![],
        }
        .standing_at(vec![place(0, Some(4), None), place(1, None, None), place(2, Some(0), None)])
    }
}

#[cfg(test)]
mod tests {
    use super::sample::{picture, place};
    use super::*;

    #[test]
    fn lag_is_what_is_there_and_not_read() {
        assert_eq!(place(0, Some(4), None).lag(), Some(1));
        assert_eq!(place(0, Some(0), None).lag(), Some(3), "what was deleted cannot be read any more");
        assert_eq!(place(0, None, None).lag(), None);
        assert_eq!(PartitionPlace { log_end: None, ..place(0, Some(4), None) }.lag(), None);
        assert_eq!(picture().lag(), Some(4));
    }

    #[test]
    fn a_row_for_each_partition_and_each_member() {
        let rows = picture().places_table().rows;
        assert_eq!(rows[0], ["orders", "0", "4", "5", "1", "A"]);
        assert_eq!(rows[1], ["orders", "1", "-", "5", "-", "A"]);
        assert_eq!(rows[2], ["orders", "2", "0", "5", "3", "-"]);
        let rows = picture().members_table().rows;
        assert_eq!(rows[0], ["A", "laravel", "127.0.0.1", "orders 0,1", "laravel-1"]);
        assert_eq!(rows[1], ["B", "laravel", "127.0.0.1", "-", "laravel-2"]);
    }

    #[test]
    fn json_has_every_field() {
        let json = picture().to_json();
        assert_eq!(json["lag"], 4);
        assert_eq!(json["coordinator"]["id"], 1);
        assert_eq!(json["members"][0]["partitions"][1], json!({ "topic": "orders", "partition": 1 }));
        assert_eq!(json["partitions"][1]["committed"], Value::Null);
        assert_eq!(json["partitions"][2]["lag"], 3);
    }
}
