//! Who may connect, how many, and for how long.

use std::net::SocketAddr;

use kafka_protocol::messages::MetadataRequest;
use kafkalab::broker::{Broker, BrokerError, Config, Handle};

use super::{connect, logged_in};

fn with(name: &str, value: &str) -> Handle {
    let mut config = Config::default();
    config.settings.set(name, value).unwrap();
    Broker::start(config).unwrap()
}

#[test]
fn other_machines_are_let_in_only_on_request() {
    let everywhere = SocketAddr::from(([0, 0, 0, 0], 0));
    let refused = Broker::start(Config { plaintext: everywhere, ..Config::default() });
    assert!(matches!(refused, Err(BrokerError::Remote(address)) if address == everywhere), "{refused:?}");
}

#[test]
fn a_taken_port_is_named() {
    let first = super::broker();
    let taken = first.addresses().sasl_plaintext;
    let second = Broker::start(Config { sasl_plaintext: taken, ..Config::default() });
    assert!(matches!(second, Err(BrokerError::Bind { address, .. }) if address == taken), "{second:?}");
}

#[tokio::test]
async fn a_silent_connection_is_closed_after_connections_max_idle_ms() {
    let broker = with("connections.max.idle.ms", "50");
    let mut silent = connect(broker.addresses().plaintext).await;
    assert!(matches!(silent.read_frame().await, Ok(None)));
}

#[tokio::test]
async fn a_connection_beyond_max_connections_waits_for_its_turn() {
    let broker = with("max.connections", "1");
    let mut first = connect(broker.addresses().plaintext).await;
    first.send(&MetadataRequest::default(), 9).await.unwrap();
    let mut second = connect(broker.addresses().plaintext).await;
    let waiting = second.submit(&MetadataRequest::default(), 9).await.unwrap();
    first.send(&MetadataRequest::default(), 9).await.unwrap();
    drop(first);
    assert!(second.receive(waiting).await.is_ok());
}

#[tokio::test]
async fn a_request_beyond_socket_request_max_bytes_closes_its_connection() {
    let broker = with("socket.request.max.bytes", "1000");
    let mut connection = logged_in(&broker, "nest").await;
    connection.submit_bytes(3, 9, 2, &[0; 1000]).await.unwrap();
    assert!(matches!(connection.read_frame().await, Ok(None) | Err(_)));
}

#[tokio::test]
async fn stopping_ends_waiting_clients_and_frees_the_ports() {
    let broker = super::broker();
    let addresses = broker.addresses();
    let mut client = logged_in(&broker, "nest").await;
    let stopping = broker.stopping();
    broker.stop().unwrap();
    assert!(stopping.is_cancelled());
    assert!(matches!(client.read_frame().await, Ok(None)));
    let again = Config { plaintext: addresses.plaintext, ..Config::default() };
    assert_eq!(Broker::start(again).unwrap().addresses().plaintext, addresses.plaintext);
}
