//! The SASL_SSL listener: the same gate behind TLS, and clients that are slow, rude or gone.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use kafka_protocol::messages::join_group_request::JoinGroupRequestProtocol;
use kafka_protocol::messages::{GroupId, JoinGroupRequest, MetadataRequest};
use kafka_protocol::protocol::StrBytes;
use kafkalab::broker::{Broker, Config, Handle, Storage};
use kafkalab::client::SslFiles;
use kafkalab::client::raw::{Check, Connection, Login, Mechanism, RawError, Security, Tls, TlsFailure};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::PATIENCE;

/// A broker in memory whose SASL_SSL listener has these settings.
fn broker(settings: &[(&str, &str)]) -> Handle {
    broker_in(Storage::Memory, settings)
}

/// The same with its data elsewhere.
pub(crate) fn broker_in(storage: Storage, settings: &[(&str, &str)]) -> Handle {
    let sasl_ssl = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
    let mut config = Config { sasl_ssl, storage, ..Config::default() };
    settings.iter().for_each(|(name, value)| config.settings.set(name, value).unwrap());
    Broker::start(config).unwrap()
}

fn address(broker: &Handle) -> String {
    broker.addresses().sasl_ssl.unwrap().to_string()
}

/// Trusts a broker's authority.
fn trusting(broker: &Handle) -> Tls {
    trusting_as(broker, Check::Everything)
}

fn trusting_as(broker: &Handle, check: Check) -> Tls {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &broker.ca_certificate().unwrap().pem).unwrap();
    let files = SslFiles { ca: Some(file.path().to_owned()), ..SslFiles::default() };
    Tls::new(&files, check).unwrap()
}

pub(crate) async fn logged_in(broker: &Handle) -> Connection {
    let password = "admin-secret".into();
    let login = Login { mechanism: Mechanism::Plain, username: "admin".to_owned(), password };
    let security = Security { tls: Some(trusting(broker)), login: Some(login) };
    Connection::open(&address(broker), &security, PATIENCE).await.unwrap()
}

#[tokio::test]
async fn the_gate_is_the_same_behind_tls() {
    let broker = broker(&[]);
    let tls = trusting(&broker);
    let mut stranger = Connection::connect_with(&address(&broker), Some(&tls), PATIENCE).await.unwrap();
    let answer = stranger.send(&MetadataRequest::default(), 9).await;
    assert!(matches!(answer, Err(RawError::Closed { .. })), "{answer:?}");
    logged_in(&broker).await.call(&MetadataRequest::default()).await.unwrap();
}

#[tokio::test]
async fn a_client_that_minds_no_name_minds_the_authority() {
    let (broker, other) = (broker(&[]), broker(&[]));
    let connect = async |check, trusted: &Handle, host: &str| {
        let tls = trusting_as(trusted, check);
        let address = address(&broker).replace("127.0.0.1", host);
        Connection::connect_with(&address, Some(&tls), PATIENCE).await.map(drop)
    };
    // The same address as IPv6 writes it, which does not stand in the certificate.
    let elsewhere = "[::ffff:127.0.0.1]";
    let named = connect(Check::Everything, &broker, elsewhere).await;
    assert!(matches!(named, Err(RawError::Tls { failure: TlsFailure::WrongHost { .. }, .. })), "{named:?}");
    connect(Check::Authority, &broker, elsewhere).await.unwrap();
    for host in ["127.0.0.1", elsewhere] {
        let signed = connect(Check::Authority, &other, host).await;
        assert!(
            matches!(signed, Err(RawError::Tls { failure: TlsFailure::UnknownAuthority, .. })),
            "{host}: {signed:?}"
        );
    }
    connect(Check::Nothing, &other, elsewhere).await.unwrap();
}

#[tokio::test]
async fn clients_are_told_the_address_of_the_listener_they_came_to() {
    let broker = broker(&[]);
    let told = async |broker: &Handle| {
        let metadata = logged_in(broker).await.send(&MetadataRequest::default(), 9).await.unwrap();
        format!("{}:{}", metadata.brokers[0].host, metadata.brokers[0].port)
    };
    assert_eq!(told(&broker).await, address(&broker));
    let advertising = self::broker(&[("advertised.listeners", "SASL_SSL://kafka.example:1234")]);
    assert_eq!(told(&advertising).await, "kafka.example:1234");
}

#[tokio::test]
async fn handshakes_that_never_end_hold_up_nobody() {
    let broker = broker(&[]);
    let mut half_open = Vec::new();
    for _ in 0..50 {
        let mut connection = Connection::connect(&address(&broker), PATIENCE).await.unwrap();
        connection.write_bytes(&[22, 3, 1]).await.unwrap();
        half_open.push(connection);
    }
    logged_in(&broker).await.call(&MetadataRequest::default()).await.unwrap();
    // Nor do they hold up its end.
    let stopped = tokio::task::spawn_blocking(|| broker.stop());
    tokio::time::timeout(PATIENCE, stopped).await.unwrap().unwrap().unwrap();
    drop(half_open);
}

#[tokio::test]
async fn an_answer_that_is_larger_than_every_buffer_comes_whole() {
    let broker = broker(&[("auto.create.topics.enable", "true")]);
    let mut connection = logged_in(&broker).await;
    let name = |number: usize| StrBytes::from_string(format!("{number:0>249}"));
    let topic = |number| {
        let topic = kafka_protocol::messages::metadata_request::MetadataRequestTopic::default();
        topic.with_name(Some(name(number).into()))
    };
    let many: Vec<_> = (0..4_000).map(topic).collect();
    let request = MetadataRequest::default().with_topics(Some(many)).with_allow_auto_topic_creation(false);
    let answer = connection.send(&request, 9).await.unwrap();
    assert_eq!(answer.topics.len(), 4_000);
    assert!(
        answer.topics.iter().zip(0..).all(|(topic, number)| topic.name.as_ref().unwrap().0 == name(number))
    );
}

/// A client that waits for its group and goes away leaves its place to the next.
#[tokio::test]
async fn a_client_that_is_gone_is_noticed_while_its_request_waits() {
    let broker = broker(&[("max.connections", "1"), ("group.initial.rebalance.delay.ms", "60000")]);
    let mut waiting = logged_in(&broker).await;
    let protocol = JoinGroupRequestProtocol::default().with_name(StrBytes::from_static_str("range"));
    let join = JoinGroupRequest::default()
        .with_group_id(GroupId(StrBytes::from_static_str("patience")))
        .with_session_timeout_ms(30_000)
        .with_rebalance_timeout_ms(60_000)
        .with_protocol_type(StrBytes::from_static_str("consumer"))
        .with_protocols(vec![protocol]);
    let pending = waiting.submit(&join, 1).await.unwrap();
    waiting.set_timeout(Duration::from_millis(100));
    let answer = waiting.receive(pending).await;
    assert!(matches!(answer, Err(RawError::TimedOut { .. })), "it waits: {answer:?}");
    drop(waiting);
    logged_in(&broker).await.call(&MetadataRequest::default()).await.unwrap();
}

/// A TLS connection as its library sees it: an end without a goodbye is an error there.
async fn library(broker: &Handle) -> TlsStream<TcpStream> {
    let mut roots = rustls::RootCertStore::empty();
    let ca = CertificateDer::from_pem_slice(broker.ca_certificate().unwrap().pem.as_bytes()).unwrap();
    roots.add(ca).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let socket = TcpStream::connect(address(broker)).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, socket).await.unwrap()
}

#[tokio::test]
async fn the_broker_says_goodbye_whoever_ends_the_connection() {
    let broker = broker(&[]);
    let mut cut_off = library(&broker).await;
    // A frame of Produce, before any login.
    cut_off.write_all(&[0, 0, 0, 10, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0]).await.unwrap();
    assert_eq!(cut_off.read(&mut [0]).await.unwrap(), 0);
    let mut idle = library(&broker).await;
    // ApiVersions; its answer shows that the broker has seen the end of the handshake.
    idle.write_all(&[0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 0, 0xff, 0xff]).await.unwrap();
    let length = idle.read_u32().await.unwrap();
    idle.read_exact(&mut vec![0; length as usize]).await.unwrap();
    broker.stop().unwrap();
    assert_eq!(idle.read(&mut [0]).await.unwrap(), 0);
}
