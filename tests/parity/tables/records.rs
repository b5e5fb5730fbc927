//! Produce, Fetch, ListOffsets, DeleteRecords: what is accepted, and how the rest is refused.

use bytes::{Bytes, BytesMut};
use kafka_protocol::records::Compression;
use kafkalab::acl::Operation;

use crate::case::{ADMIN, ANALYTICS, Case, Memory, ask};
use crate::requests::*;

/// All cases.
pub fn cases() -> Vec<Case> {
    let mut cases = produces();
    cases.extend(settings());
    cases.extend(codecs());
    cases.extend(idempotence());
    cases.extend(fetches());
    cases.extend(logs());
    cases
}

fn produces() -> Vec<Case> {
    const TOPIC: &str = "parity-produce";
    let case = |name: &str| Case::new(format!("produce: {name}")).topic(TOPIC, 2);
    let send = |name: &str, records: Bytes| case(name).send(ADMIN, produce(TOPIC, 0, -1, records), 9);
    let good = || batch(&["a", "b"]);
    let changed = |at: usize, to: u8| {
        let mut bytes = BytesMut::from(&good()[..]);
        bytes[at] = to;
        bytes.freeze()
    };
    let far = |by_hours: i64| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        let time = i64::try_from(now.as_millis()).unwrap() + by_hours * 3_600_000;
        encode(&[record(None, Some("x"), time)], Compression::None)
    };
    let large = "x".repeat(1_100_000);
    vec![
        send("good", good()),
        case("acks 1").send(ADMIN, produce(TOPIC, 0, 1, good()), 9),
        case("acks 2").send(ADMIN, produce(TOPIC, 0, 2, good()), 9),
        case("acks -2").send(ADMIN, produce(TOPIC, 0, -2, good()), 9),
        case("acks 0 is not answered")
            .start_with(ADMIN, move |_| ask(&produce(TOPIC, 1, 0, good()), 9))
            .send(ADMIN_2, list_offsets(TOPIC, 1, -2), 7)
            .until(ADMIN_2, "offset: 2,", |_| ask(&list_offsets(TOPIC, 1, -1), 7)),
        case("acks 0 to an absent topic closes")
            .start_with(ADMIN, move |_| ask(&produce("parity-absent", 0, 0, good()), 9))
            .finish(ADMIN),
        case("acks 0 to a denied topic closes")
            .start_with(ANALYTICS, move |_| ask(&produce(TOPIC, 0, 0, good()), 9))
            .finish(ANALYTICS),
        case("a partition that there is not").send(ADMIN, produce(TOPIC, 2, -1, good()), 9),
        case("a negative partition").send(ADMIN, produce(TOPIC, -1, -1, good()), 9),
        case("an absent topic").send(ADMIN, produce("parity-absent", 0, -1, good()), 9),
        case("a name that no topic can have").send(ADMIN, produce("no/topic", 0, -1, good()), 9),
        case("an empty name").send(ADMIN, produce("", 0, -1, good()), 9),
        send("a wrong checksum", changed(17, 0)),
        send("a changed value", changed(good().len() - 2, b'z')),
        send("magic 3", changed(16, 3)),
        send("no records", Bytes::new()),
        send("too few bytes", good().slice(..40)),
        send("two batches", [good(), good()].concat().into()),
        send("two hours ahead", far(2)),
        send("half an hour ahead", far(0)),
        send("ten years back", far(-10 * 365 * 24)),
        case("a large value").send(ADMIN, produce(TOPIC, 0, -1, batch(&[&large])), 9),
        case("v3").send(ADMIN, produce(TOPIC, 0, -1, good()), 3),
        case("v7").send(ADMIN, produce(TOPIC, 0, -1, good()), 7),
        case("v8 with an error").send(ADMIN, produce(TOPIC, 5, -1, good()), 8),
        case("v2, which is gone").raw_version(2),
        case("a topic twice in one request").topic("parity-twice-there", 1).send(
            ADMIN,
            two_topics("parity-twice-there", "parity-twice-there", good()),
            9,
        ),
        case("one topic denied, one allowed").acls([on_topic(TOPIC, Operation::Write)]).send(
            ANALYTICS,
            two_topics(TOPIC, "nest-events", good()),
            9,
        ),
    ]
}

const ADMIN_2: crate::case::Who = crate::case::Who { principal: "admin", name: "admin again" };

impl Case {
    /// Produce in a version that no client library encodes any more.
    fn raw_version(self, version: i16) -> Self {
        self.send_with(ADMIN, move |_: &Memory| {
            let mut ask = ask(&produce("parity-produce", 0, -1, batch(&["a"])), 3);
            ask.version = version;
            ask
        })
    }
}

fn two_topics(one: &str, other: &str, records: Bytes) -> kafka_protocol::messages::ProduceRequest {
    let mut request = produce(one, 0, -1, records.clone());
    request.topic_data.extend(produce(other, 0, -1, records).topic_data);
    request
}

fn settings() -> Vec<Case> {
    let create = |name: &str, topic: &str, configs: &[(&str, &str)]| {
        Case::new(format!("produce: {name}")).send(ADMIN, create_topic(topic, 1, 1, configs), 5)
    };
    let keyed = |key| encode(&[record(key, Some("v"), TIME)], Compression::None);
    let tombstone = encode(&[record(Some("k"), None, TIME)], Compression::None);
    let send = |case: Case, topic: &str, records| case.send(ADMIN, produce(topic, 0, -1, records), 9);
    let compacted = ("parity-compacted", [("cleanup.policy", "compact")]);
    let small = ("parity-small", [("max.message.bytes", "100")]);
    vec![
        send(create("no key on a compacted topic", compacted.0, &compacted.1), compacted.0, keyed(None)),
        send(Case::new("produce: a key on a compacted topic"), compacted.0, keyed(Some("k"))),
        send(Case::new("produce: a tombstone on a compacted topic"), compacted.0, tombstone),
        send(create("larger than the topic allows", small.0, &small.1), small.0, batch(&[&"x".repeat(60)])),
        send(Case::new("produce: as large as the topic allows"), small.0, batch(&["x"])),
    ]
}

fn codecs() -> Vec<Case> {
    const TOPIC: &str = "parity-codecs";
    let codecs = [
        ("none", Compression::None),
        ("gzip", Compression::Gzip),
        ("snappy", Compression::Snappy),
        ("lz4", Compression::Lz4),
        ("zstd", Compression::Zstd),
    ];
    let mut cases = Vec::new();
    for (offset, (name, codec)) in (0..).step_by(2).zip(codecs) {
        let records = [record(Some("k"), Some("one"), TIME), record(None, Some("two"), TIME + 1)];
        let case = Case::new(format!("codec: {name}")).topic(TOPIC, 1);
        let case = case.send(ADMIN, produce(TOPIC, 0, -1, encode(&records, codec)), 9);
        cases.push(case.send(ADMIN, fetch(TOPIC, 0, offset), 12).send(ADMIN, fetch(TOPIC, 0, offset + 1), 4));
    }
    let zstd = encode(&[record(None, Some("v"), TIME)], Compression::Zstd);
    cases.push(Case::new("codec: zstd before v7").topic(TOPIC, 1).send(
        ADMIN,
        produce(TOPIC, 0, -1, zstd),
        6,
    ));
    cases.push(Case::new("codec: zstd read before v10").topic(TOPIC, 1).send(ADMIN, fetch(TOPIC, 0, 8), 9));
    cases
}

fn idempotence() -> Vec<Case> {
    const TOPIC: &str = "parity-idempotent";
    let init = |name: &str| {
        Case::new(format!("idempotence: {name}")).topic(TOPIC, 1).send(ADMIN, init_producer_id(), 4)
    };
    let send = |case: Case, epoch_ahead: i16, sequence: i32| {
        case.send_with(ADMIN, move |memory| {
            let (id, epoch) = memory.producers["admin"];
            ask(&produce(TOPIC, 0, -1, idempotent(id, epoch + epoch_ahead, sequence)), 9)
        })
    };
    let steps = |name: &str, sent: &[(i16, i32)]| {
        sent.iter().fold(init(name), |case, (epoch, sequence)| send(case, *epoch, *sequence))
    };
    vec![
        steps("in order", &[(0, 0), (0, 1), (0, 2)]),
        steps("the same again", &[(0, 0), (0, 0), (0, 1), (0, 0)]),
        steps("the same after six more", &[(0, 0), (0, 1), (0, 2), (0, 3), (0, 4), (0, 5), (0, 0), (0, 1)]),
        steps("a gap", &[(0, 0), (0, 2)]),
        steps("not from the beginning", &[(0, 7), (0, 8)]),
        steps("an older epoch", &[(1, 0), (0, 1)]),
        steps("a new epoch from 0", &[(0, 0), (1, 0)]),
        steps("a new epoch not from 0", &[(0, 0), (1, 1)]),
        Case::new("idempotence: transactional id of nobody").send(
            ANALYTICS,
            init_producer_id().with_transactional_id(Some(text("parity-tx").into())),
            4,
        ),
    ]
}

fn fetches() -> Vec<Case> {
    const TOPIC: &str = "parity-fetch";
    let case = |name: &str| Case::new(format!("fetch: {name}")).topic(TOPIC, 2);
    let from = |name: &str, offset| case(name).send(ADMIN, fetch(TOPIC, 0, offset), 12);
    let small = |bytes| {
        let mut request = fetch(TOPIC, 0, 0).with_max_bytes(bytes);
        request.topics[0].partitions[0].partition_max_bytes = bytes;
        request
    };
    let epoch = |epoch| {
        let mut request = fetch(TOPIC, 0, 0);
        request.topics[0].partitions[0].current_leader_epoch = epoch;
        request
    };
    vec![
        case("setup").send(ADMIN, produce(TOPIC, 0, -1, batch(&["one", "two", "three"])), 9).send(
            ADMIN,
            produce(TOPIC, 0, -1, batch(&["four"])),
            9,
        ),
        from("from the start", 0),
        from("from inside a batch", 1),
        from("the last", 3),
        from("the end", 4),
        from("beyond the end", 5),
        from("a negative offset", -1),
        case("v4").send(ADMIN, fetch(TOPIC, 0, 0), 4),
        case("v11").send(ADMIN, fetch(TOPIC, 0, 0), 11),
        case("an empty partition").send(ADMIN, fetch(TOPIC, 1, 0), 12),
        case("a partition that there is not").send(ADMIN, fetch(TOPIC, 2, 0), 12),
        case("an absent topic").send(ADMIN, fetch("parity-absent", 0, 0), 12),
        case("one byte").send(ADMIN, small(1), 12),
        case("no byte").send(ADMIN, small(0), 12),
        case("the leader epoch").send(ADMIN, epoch(0), 12),
        case("an epoch to come").send(ADMIN, epoch(5), 12),
        case("an unknown session").send(
            ADMIN,
            fetch(TOPIC, 0, 0).with_session_id(77).with_session_epoch(3),
            12,
        ),
        case("a session of none").send(
            ADMIN,
            fetch(TOPIC, 0, 0).with_session_id(77).with_session_epoch(-1),
            12,
        ),
        case("read committed").send(ADMIN, fetch(TOPIC, 0, 0).with_isolation_level(1), 12),
        case("one topic denied, one allowed").acls([on_topic(TOPIC, Operation::Read)]).send(
            ANALYTICS,
            {
                let mut request = fetch(TOPIC, 0, 3);
                request.topics.extend(fetch("nest-events", 0, 0).topics);
                request
            },
            12,
        ),
    ]
}

fn logs() -> Vec<Case> {
    const TOPIC: &str = "parity-log";
    let case = |name: &str| Case::new(format!("log: {name}")).topic(TOPIC, 2);
    let records: Vec<_> = (0..5).map(|n| record(None, Some("v"), TIME + n * 1000)).collect();
    let offsets = |name: &str, at| case(name).send(ADMIN, list_offsets(TOPIC, 0, at), 7);
    vec![
        case("setup").send(ADMIN, produce(TOPIC, 0, -1, encode(&records, Compression::None)), 9),
        offsets("earliest", -2),
        offsets("latest", -1),
        offsets("of the largest timestamp", -3),
        offsets("of an unknown kind", -9),
        offsets("by the first time", TIME),
        offsets("by a time between two", TIME + 2500),
        offsets("by a time after all", TIME + 5000),
        case("the largest timestamp of an empty partition").send(ADMIN, list_offsets(TOPIC, 1, -3), 7),
        case("earliest of an empty partition").send(ADMIN, list_offsets(TOPIC, 1, -2), 7),
        case("by time in an empty partition").send(ADMIN, list_offsets(TOPIC, 1, TIME), 7),
        case("offsets v1").send(ADMIN, list_offsets(TOPIC, 0, -1), 1),
        case("offsets of a partition that there is not").send(ADMIN, list_offsets(TOPIC, 2, -1), 7),
        case("leader epoch 0").send(ADMIN, leader_epoch(TOPIC, 0, 0), 4),
        case("leader epoch to come").send(ADMIN, leader_epoch(TOPIC, 0, 3), 4),
        case("delete beyond the end").send(ADMIN, delete_records(TOPIC, 0, 9), 2),
        case("delete before a negative offset").send(ADMIN, delete_records(TOPIC, 0, -2), 2),
        case("delete two").send(ADMIN, delete_records(TOPIC, 0, 2), 2).send(
            ADMIN,
            list_offsets(TOPIC, 0, -2),
            7,
        ),
        case("fetch what was deleted").send(ADMIN, fetch(TOPIC, 0, 1), 12).send(
            ADMIN,
            fetch(TOPIC, 0, 2),
            12,
        ),
        case("by the time of what was deleted").send(ADMIN, list_offsets(TOPIC, 0, TIME), 7),
        case("delete less").send(ADMIN, delete_records(TOPIC, 0, 1), 2),
        case("delete all").send(ADMIN, delete_records(TOPIC, 0, -1), 2).send(
            ADMIN,
            list_offsets(TOPIC, 0, -2),
            7,
        ),
        case("delete in a partition that there is not").send(ADMIN, delete_records(TOPIC, 2, 0), 2),
        case("produce after all is deleted").send(ADMIN, produce(TOPIC, 0, -1, batch(&["x"])), 9),
    ]
}
