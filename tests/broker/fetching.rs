//! Producing, and fetches that wait.

use std::time::{Duration, Instant};

use bytes::Bytes;
use kafka_protocol::messages::create_topics_request::CreatableTopic;
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::{CreateTopicsRequest, FetchRequest, ProduceRequest, TopicName};
use kafka_protocol::protocol::StrBytes;
use kafkalab::broker::Storage;
use kafkalab::broker::event::Event;
use kafkalab::client::raw::{Connection, RawError};

use super::{PATIENCE, batch, broker, logged_in, values};

fn orders() -> TopicName {
    TopicName(StrBytes::from_static_str("orders"))
}

async fn create(connection: &mut Connection) {
    create_with(connection, 1).await;
}

async fn create_with(connection: &mut Connection, partitions: i32) {
    let topic = CreatableTopic::default()
        .with_name(orders())
        .with_num_partitions(partitions)
        .with_replication_factor(1);
    let answer = connection.send(&CreateTopicsRequest::default().with_topics(vec![topic]), 5).await.unwrap();
    assert_eq!(answer.topics[0].error_code, 0);
}

fn produce(acks: i16, records: Bytes) -> ProduceRequest {
    produce_to(0, acks, records)
}

fn produce_to(partition: i32, acks: i16, records: Bytes) -> ProduceRequest {
    let partition = PartitionProduceData::default().with_index(partition).with_records(Some(records));
    let topic = TopicProduceData::default().with_name(orders()).with_partition_data(vec![partition]);
    ProduceRequest::default().with_acks(acks).with_timeout_ms(1000).with_topic_data(vec![topic])
}

fn fetch(offset: i64, min_bytes: i32, max_wait_ms: i32) -> FetchRequest {
    fetch_from(&[0], offset, min_bytes, max_wait_ms)
}

fn fetch_from(partitions: &[i32], offset: i64, min_bytes: i32, max_wait_ms: i32) -> FetchRequest {
    let partition = |index: &i32| {
        let partition = FetchPartition::default().with_partition(*index).with_fetch_offset(offset);
        partition.with_partition_max_bytes(1 << 20)
    };
    let partitions = partitions.iter().map(partition).collect();
    let topic = FetchTopic::default().with_topic(orders()).with_partitions(partitions);
    FetchRequest::default()
        .with_max_bytes(1 << 20)
        .with_min_bytes(min_bytes)
        .with_max_wait_ms(max_wait_ms)
        .with_session_epoch(-1)
        .with_topics(vec![topic])
}

#[tokio::test]
async fn every_version_of_fetch_gives_what_every_version_of_produce_took() {
    let broker = broker();
    let mut connection = logged_in(&broker, "admin").await;
    create(&mut connection).await;
    let mut expected = Vec::new();
    for (version, offset) in (3..=12).zip((0..).step_by(2)) {
        let words = [format!("{version}a"), format!("{version}b")];
        let records = batch(&words.each_ref().map(String::as_str));
        let answer = connection.send(&produce(-1, records), version).await.unwrap();
        let partition = &answer.responses[0].partition_responses[0];
        assert_eq!((partition.error_code, partition.base_offset), (0, offset), "version {version}");
        expected.extend(words);
    }
    for version in 4..=12 {
        let answer = connection.send(&fetch(0, 1, 500), version).await.unwrap();
        let partition = &answer.responses[0].partitions[0];
        assert_eq!((partition.error_code, partition.high_watermark), (0, 20), "version {version}");
        assert_eq!(values(partition.records.clone().unwrap()), expected, "version {version}");
    }
}

/// Some are so large that they are sent from the file and not read, one is not, and one was written by an earlier
/// broker and must be looked at.
#[tokio::test]
async fn large_records_of_files_come_as_they_were_written_with_and_without_tls() {
    let folder = tempfile::tempdir().unwrap();
    let start = || super::tls::broker_in(Storage::Folder(folder.path().to_owned()), &[]);
    // Not alike in any two pages, buffers or partitions.
    let text = |seed: usize, length: usize| -> String {
        (seed..).flat_map(|number| number.to_string().into_bytes()).map(char::from).take(length).collect()
    };
    let written = [[text(1, 40_001), text(2, 3)], [text(3, 10), text(4, 20)], [text(5, 300_003), text(6, 1)]];
    let mut broker = start();
    let mut writer = logged_in(&broker, "admin").await;
    create_with(&mut writer, 3).await;
    for (partition, values) in written.iter().enumerate() {
        if partition == 1 {
            broker.stop().unwrap();
            broker = start();
            writer = logged_in(&broker, "admin").await;
        }
        let batch = batch(&values.each_ref().map(String::as_str));
        let answer = writer.send(&produce_to(partition as i32, -1, batch), 9).await.unwrap();
        assert_eq!(answer.responses[0].partition_responses[0].error_code, 0);
    }
    let mut secure = super::tls::logged_in(&broker).await;
    for version in 4..=12 {
        for connection in [&mut writer, &mut secure] {
            let answer = connection.send(&fetch_from(&[0, 1, 2], 0, 1, 500), version).await.unwrap();
            for (partition, values) in answer.responses[0].partitions.iter().zip(&written) {
                assert!(super::values(partition.records.clone().unwrap()) == values, "version {version}");
            }
        }
    }
}

#[tokio::test]
async fn a_log_that_something_else_has_cut_costs_the_connection_that_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    let broker = super::tls::broker_in(Storage::Folder(folder.path().to_owned()), &[]);
    let mut writer = logged_in(&broker, "admin").await;
    create(&mut writer).await;
    writer.send(&produce(-1, batch(&[&"w".repeat(100_000)])), 9).await.unwrap();
    let mut events = broker.events().subscribe();
    let log = folder.path().join("orders-0/00000000000000000000.log");
    std::fs::File::options().write(true).open(log).unwrap().set_len(50_000).unwrap();
    let plain = logged_in(&broker, "admin").await;
    let secure = super::tls::logged_in(&broker).await;
    for mut reader in [plain, secure] {
        let answer = reader.send(&fetch(0, 1, 500), 11).await;
        assert!(matches!(answer, Err(RawError::Closed { .. })), "{answer:?}");
        let told = async {
            loop {
                if let Event::Trouble(told) = events.recv().await.unwrap() {
                    break told;
                }
            }
        };
        let told = tokio::time::timeout(PATIENCE, told).await.expect("the log says so");
        assert!(told.starts_with("orders-0: the log could not be read"), "{told}");
    }
    writer.send(&fetch(1, 0, 0), 11).await.unwrap();
}

#[tokio::test]
async fn a_fetch_at_the_end_waits_for_the_next_record() {
    let broker = broker();
    let (mut reader, mut writer) = (logged_in(&broker, "admin").await, logged_in(&broker, "admin").await);
    create(&mut writer).await;
    let waiting = reader.submit(&fetch(0, 1, 60_000), 11).await.unwrap();
    writer.send(&produce(1, batch(&["hi"])), 9).await.unwrap();
    let answer = reader.receive(waiting).await.unwrap();
    assert_eq!(values(answer.responses[0].partitions[0].records.clone().unwrap()), ["hi"]);
}

#[tokio::test]
async fn a_fetch_waits_no_longer_than_it_says() {
    let broker = broker();
    let mut connection = logged_in(&broker, "admin").await;
    create(&mut connection).await;
    let asked = Instant::now();
    let answer = connection.send(&fetch(0, 1, 50), 11).await.unwrap();
    assert!(asked.elapsed() >= Duration::from_millis(50));
    assert_eq!(answer.responses[0].partitions[0].records.as_deref(), Some(&[][..]));
}

#[tokio::test]
async fn a_waiting_fetch_is_answered_when_its_topic_goes() {
    let broker = broker();
    let (mut reader, mut admin) = (logged_in(&broker, "admin").await, logged_in(&broker, "admin").await);
    create(&mut admin).await;
    let waiting = reader.submit(&fetch(0, 1, 60_000), 11).await.unwrap();
    let delete = kafka_protocol::messages::DeleteTopicsRequest::default().with_topic_names(vec![orders()]);
    admin.send(&delete, 4).await.unwrap();
    let answer = reader.receive(waiting).await.unwrap();
    assert_eq!(answer.responses[0].partitions[0].error_code, 3);
}

#[tokio::test]
async fn an_offset_outside_the_log_is_told_at_once() {
    let broker = broker();
    let mut connection = logged_in(&broker, "admin").await;
    create(&mut connection).await;
    let answer = connection.send(&fetch(1, 1, 60_000), 11).await.unwrap();
    assert_eq!(answer.responses[0].partitions[0].error_code, 1);
}

#[tokio::test]
async fn without_acks_there_is_no_answer_and_an_error_closes() {
    let broker = broker();
    let mut connection = logged_in(&broker, "admin").await;
    create(&mut connection).await;
    connection.submit(&produce(0, batch(&["quiet"])), 9).await.unwrap();
    // The next answer is that of the next request.
    let answer = connection.send(&fetch(0, 1, 500), 11).await.unwrap();
    assert_eq!(values(answer.responses[0].partitions[0].records.clone().unwrap()), ["quiet"]);
    connection.submit(&produce(0, Bytes::from_static(b"rubbish")), 9).await.unwrap();
    assert!(matches!(connection.read_frame().await, Ok(None)));
}

#[tokio::test]
async fn what_is_wrong_with_a_batch_has_kafkas_code() {
    let broker = broker();
    let mut connection = logged_in(&broker, "admin").await;
    create(&mut connection).await;
    let mut damaged = batch(&["x"]).to_vec();
    *damaged.last_mut().unwrap() ^= 1;
    let two = [batch(&["x"]), batch(&["y"])].concat();
    for (acks, records, expected) in
        [(-1, damaged.into(), 2), (-1, two.into(), 87), (-1, Bytes::new(), 87), (2, batch(&["x"]), 21)]
    {
        let answer: Result<_, RawError> = connection.send(&produce(acks, records), 9).await;
        assert_eq!(answer.unwrap().responses[0].partition_responses[0].error_code, expected);
    }
}

#[tokio::test]
async fn a_fetch_session_is_declined_and_one_that_never_was_is_unknown() {
    let broker = broker();
    let mut connection = logged_in(&broker, "admin").await;
    create(&mut connection).await;
    let first = connection.send(&fetch(0, 0, 0).with_session_epoch(0), 11).await.unwrap();
    assert_eq!((first.error_code, first.session_id), (0, 0));
    let later = fetch(0, 0, 0).with_session_id(7).with_session_epoch(1);
    assert_eq!(connection.send(&later, 11).await.unwrap().error_code, 70);
}
