//! Many at once, and those who only take: what a connection costs, and that nobody pays for another one.
#![cfg(target_os = "linux")]

use std::fs;
use std::process::Command;

use kafka_protocol::messages::create_topics_request::CreatableTopic;
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::{
    CreateTopicsRequest, FetchRequest, MetadataRequest, ProduceRequest, TopicName,
};
use kafka_protocol::protocol::StrBytes;
use kafkalab::client::raw::{Connection, Login, Mechanism};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::support::embedded::{Embedded, binary};
use super::support::{eventually, folder};
use super::{PATIENCE, batch};

/// The buffer that a connection reads into, and what the broker knows of it, KiB.
const KIB_PER_CONNECTION: u64 = 24;

/// How many of each kind. `KAFKALAB_CROWD` asks for more; each is an open file of the test, too.
fn crowd() -> usize {
    std::env::var("KAFKALAB_CROWD").map_or(100, |asked| asked.parse().unwrap())
}

fn start(arguments: &[&str]) -> Embedded {
    let data = folder();
    let open = ["--acls", "none", "-c", "super.users=User:admin;User:ANONYMOUS"];
    Embedded::start_in(&data, Some(&data), &[&open, arguments].concat()).unwrap()
}

async fn connect(broker: &Embedded) -> Connection {
    Connection::connect(&broker.plaintext, PATIENCE).await.unwrap()
}

/// Memory of the broker's own that is in use, KiB.
fn memory(broker: &Embedded) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", broker.process.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Open files and sockets of the broker.
fn open_files(broker: &Embedded) -> usize {
    fs::read_dir(format!("/proc/{}/fd", broker.process.pid())).unwrap().count()
}

fn orders() -> TopicName {
    TopicName(StrBytes::from_static_str("orders"))
}

async fn create(connection: &mut Connection) {
    let topic =
        CreatableTopic::default().with_name(orders()).with_num_partitions(1).with_replication_factor(1);
    let answer = connection.send(&CreateTopicsRequest::default().with_topics(vec![topic]), 5).await.unwrap();
    assert_eq!(answer.topics[0].error_code, 0);
}

async fn produce(connection: &mut Connection, value: &str) {
    let partition = PartitionProduceData::default().with_records(Some(batch(&[value])));
    let topic = TopicProduceData::default().with_name(orders()).with_partition_data(vec![partition]);
    let request = ProduceRequest::default().with_acks(-1).with_timeout_ms(1000).with_topic_data(vec![topic]);
    let answer = connection.send(&request, 9).await.unwrap();
    assert_eq!(answer.responses[0].partition_responses[0].error_code, 0);
}

#[tokio::test]
async fn a_connection_costs_a_buffer_whatever_it_announces() {
    let broker = start(&[]);
    let mut honest = connect(&broker).await;
    create(&mut honest).await;
    produce(&mut honest, "first").await;
    let (memory_before, files_before) = (memory(&broker), open_files(&broker));
    let announced = 100_000_000_u32.to_be_bytes();
    let half_a_frame = [&announced[..], &[0; 100]].concat();
    let mut rude = Vec::new();
    for bytes in [&[][..], &announced[..2], &half_a_frame] {
        for _ in 0..crowd() {
            let mut stream = TcpStream::connect(&broker.plaintext).await.unwrap();
            stream.write_all(bytes).await.unwrap();
            rude.push(stream);
        }
    }
    // One byte at a time, each connection in its turn.
    for byte in [0; 20] {
        for stream in &mut rude[2 * crowd()..] {
            stream.write_all(&[byte]).await.unwrap();
        }
    }
    let mut members = Vec::new();
    for _ in 0..crowd() {
        let mut connection = Connection::connect(&broker.sasl, PATIENCE).await.unwrap();
        let password = "admin-secret".to_owned().into();
        let login = Login { mechanism: Mechanism::Plain, username: "admin".to_owned(), password };
        connection.login(&login).await.unwrap();
        produce(&mut connection, "hi").await;
        members.push(connection);
    }
    // Behind all the others, so that the broker has seen what they sent.
    honest.send(&MetadataRequest::default(), 9).await.unwrap();
    let all = rude.len() + members.len();
    assert_eq!(open_files(&broker), files_before + all);
    let more = memory(&broker).saturating_sub(memory_before);
    eprintln!("{all} connections: {more} KiB more than {memory_before}");
    assert!(more <= all as u64 * KIB_PER_CONNECTION, "{more} KiB for {all} connections");
    for member in &mut members {
        produce(member, "still here").await;
    }
    drop((rude, members));
    let left = eventually(|| (open_files(&broker) <= files_before).then_some(()));
    assert!(left.is_some(), "{} files, {files_before} before", open_files(&broker));
    honest.send(&MetadataRequest::default(), 9).await.unwrap();
}

#[tokio::test]
async fn who_never_reads_holds_no_answer_and_is_closed_in_the_end() {
    let broker = start(&["-c", "connections.max.idle.ms=3000"]);
    let mut honest = connect(&broker).await;
    create(&mut honest).await;
    let megabyte = "m".repeat(900_000);
    for _ in 0..4 {
        produce(&mut honest, &megabyte).await;
    }
    let (memory_before, files_before) = (memory(&broker), open_files(&broker));
    let partition = FetchPartition::default().with_partition_max_bytes(i32::MAX);
    let topic = FetchTopic::default().with_topic(orders()).with_partitions(vec![partition]);
    let fetch =
        FetchRequest::default().with_max_bytes(i32::MAX).with_session_epoch(-1).with_topics(vec![topic]);
    let mut greedy = Vec::new();
    for _ in 0..5 {
        let mut connection = connect(&broker).await;
        for _ in 0..200 {
            connection.submit(&fetch, 11).await.unwrap();
        }
        greedy.push(connection);
    }
    honest.send(&MetadataRequest::default(), 9).await.unwrap();
    let more = memory(&broker).saturating_sub(memory_before);
    eprintln!("4 GB of answers asked for and not read: {more} KiB more than {memory_before}");
    assert!(more <= 1024, "{more} KiB: a part of their answers");
    drop(honest);
    let closed = eventually(|| (open_files(&broker) < files_before).then_some(()));
    assert!(closed.is_some(), "{} files, {files_before} before", open_files(&broker));
    drop(greedy);
}

#[tokio::test]
async fn whoever_only_connects_takes_no_file_from_those_who_work() {
    let data = folder();
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -n 128; exec \"$@\"", "sh", binary(), "broker"]);
    command.args(["--listen", "127.0.0.1:0", "--sasl-listen", "127.0.0.1:0", "--acls", "none"]);
    command.args(["-c", "super.users=User:ANONYMOUS", "--data-dir"]).arg(&data);
    let broker = Embedded::run(&command, &data, Some(&data)).unwrap();
    let mut first = connect(&broker).await;
    create(&mut first).await;
    let mut crowd = Vec::new();
    // More than the broker lets in, fewer than the system keeps at its door besides.
    for _ in 0..150 {
        crowd.push(TcpStream::connect(&broker.plaintext).await.unwrap());
    }
    let told = |line: &str| line.contains("the next one waits").then_some(());
    assert!(
        broker.process.log().wait_from(0, PATIENCE, told).is_some(),
        "{:?}",
        broker.process.log().lines()
    );
    produce(&mut first, "in a crowd").await;
    drop(crowd);
    let mut second = connect(&broker).await;
    second.send(&MetadataRequest::default(), 9).await.unwrap();
    produce(&mut second, "again").await;
}
