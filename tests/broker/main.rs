//! The embedded broker over its wire, each test with a broker of its own: in this process, but for those that kill it.
#![allow(clippy::unwrap_used, reason = "test code: a panic is how it reports")]

#[path = "../support/mod.rs"]
mod support;

mod crowd;
mod every_version;
mod fetching;
mod gate;
mod hostile;
mod limits;
mod private;
mod restart;
mod tls;

use std::time::Duration;

use kafkalab::broker::{Broker, Config, Handle};
use kafkalab::client::raw::{Connection, Login, Mechanism};

const PATIENCE: Duration = Duration::from_secs(10);

/// A broker in memory, with the lab's users and no ACL.
fn broker() -> Handle {
    Broker::start(Config::default()).unwrap()
}

async fn connect(address: std::net::SocketAddr) -> Connection {
    Connection::connect(&address.to_string(), PATIENCE).await.unwrap()
}

/// A connection that is logged in with PLAIN.
async fn logged_in(broker: &Handle, user: &str) -> Connection {
    let mut connection = connect(broker.addresses().sasl_plaintext).await;
    let password = format!("{user}-secret");
    let login = Login { mechanism: Mechanism::Plain, username: user.to_owned(), password: password.into() };
    connection.login(&login).await.unwrap();
    connection
}

/// One uncompressed record batch as a producer sends it.
fn batch(values: &[&str]) -> bytes::Bytes {
    use kafka_protocol::records::{
        Compression, NO_PARTITION_LEADER_EPOCH, NO_PRODUCER_EPOCH, NO_PRODUCER_ID, NO_SEQUENCE, Record,
        RecordBatchEncoder, RecordEncodeOptions, TimestampType,
    };
    let records: Vec<Record> = values
        .iter()
        .zip(0..)
        .map(|(value, offset)| Record {
            transactional: false,
            control: false,
            partition_leader_epoch: NO_PARTITION_LEADER_EPOCH,
            producer_id: NO_PRODUCER_ID,
            producer_epoch: NO_PRODUCER_EPOCH,
            timestamp_type: TimestampType::Creation,
            offset,
            // The encoder begins a new batch where sequence and offset do not rise together.
            sequence: NO_SEQUENCE + offset as i32,
            timestamp: 1_000 + offset,
            key: None,
            value: Some(bytes::Bytes::copy_from_slice(value.as_bytes())),
            headers: Default::default(),
            delete_horizon: false,
        })
        .collect();
    let mut bytes = bytes::BytesMut::new();
    let options = RecordEncodeOptions { version: 2, compression: Compression::None };
    RecordBatchEncoder::encode(&mut bytes, &records, &options).unwrap();
    bytes.freeze()
}

/// What the values of a fetched answer are.
fn values(mut records: bytes::Bytes) -> Vec<String> {
    use kafka_protocol::records::RecordBatchDecoder;
    let mut values = Vec::new();
    while !records.is_empty() {
        let set = RecordBatchDecoder::decode(&mut records).unwrap();
        values.extend(
            set.records.into_iter().map(|record| String::from_utf8(record.value.unwrap().to_vec()).unwrap()),
        );
    }
    values
}
