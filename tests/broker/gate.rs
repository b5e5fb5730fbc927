//! What a client is told before, during and after its login (broker.md, section C), and who it is then.

use std::time::{Duration, Instant};

use kafka_protocol::messages::{
    ApiVersionsRequest, MetadataRequest, SaslAuthenticateRequest, SaslHandshakeRequest,
};
use kafka_protocol::protocol::StrBytes;
use kafkalab::broker::Event;
use kafkalab::client::raw::{Connection, RawError};

use super::{broker, connect, logged_in};

const ILLEGAL_SASL_STATE: i16 = 34;
const UNSUPPORTED_SASL_MECHANISM: i16 = 33;
const SASL_AUTHENTICATION_FAILED: i16 = 58;

fn handshake(mechanism: &'static str) -> SaslHandshakeRequest {
    SaslHandshakeRequest::default().with_mechanism(StrBytes::from_static_str(mechanism))
}

fn token(token: &'static str) -> SaslAuthenticateRequest {
    SaslAuthenticateRequest::default().with_auth_bytes(bytes::Bytes::from_static(token.as_bytes()))
}

fn software() -> ApiVersionsRequest {
    ApiVersionsRequest::default()
        .with_client_software_name(StrBytes::from_static_str("test"))
        .with_client_software_version(StrBytes::from_static_str("1"))
}

async fn is_closed(connection: &mut Connection) -> bool {
    matches!(connection.read_frame().await, Ok(None))
}

#[tokio::test]
async fn before_a_login_anything_else_closes_without_a_word() {
    let broker = broker();
    let mut connection = connect(broker.addresses().sasl_plaintext).await;
    let answer = connection.send(&MetadataRequest::default(), 9).await;
    assert!(matches!(answer, Err(RawError::Closed { .. })), "{answer:?}");
}

#[tokio::test]
async fn api_versions_is_answered_once_before_a_login() {
    let broker = broker();
    let mut connection = connect(broker.addresses().sasl_plaintext).await;
    // Answers that are errors do not use it up.
    let wrong = ApiVersionsRequest::default();
    assert_eq!(connection.send(&wrong, 3).await.unwrap().error_code, 42);
    assert!(!connection.send(&software(), 3).await.unwrap().api_keys.is_empty());
    let second = connection.send(&software(), 3).await;
    assert!(matches!(second, Err(RawError::Closed { .. })), "{second:?}");
}

#[tokio::test]
async fn an_unknown_version_of_api_versions_is_answered_in_version_0() {
    let broker = broker();
    let mut connection = connect(broker.addresses().sasl_plaintext).await;
    connection.submit_bytes(18, 99, 2, &[]).await.unwrap();
    let frame = connection.read_frame().await.unwrap().unwrap();
    // Correlation id, error 35, one API: 18 from 0 to 4.
    assert_eq!(frame[4..], [0, 35, 0, 0, 0, 1, 0, 18, 0, 0, 0, 4]);
}

#[tokio::test]
async fn a_mechanism_that_is_not_enabled_is_told_late_with_the_enabled_ones() {
    let broker = broker();
    let mut connection = connect(broker.addresses().sasl_plaintext).await;
    let asked = Instant::now();
    let answer = connection.send(&handshake("SCRAM-SHA-512"), 1).await.unwrap();
    assert!(asked.elapsed() >= Duration::from_millis(100));
    assert_eq!(answer.error_code, UNSUPPORTED_SASL_MECHANISM);
    assert_eq!(answer.mechanisms, ["PLAIN", "SCRAM-SHA-256"].map(StrBytes::from_static_str));
    assert!(is_closed(&mut connection).await);
}

#[tokio::test]
async fn a_wrong_password_is_told_late_in_kafkas_words_and_closes() {
    let broker = broker();
    for wrong in ["\0nest\0wrong", "\0nobody\0nest-secret"] {
        let mut connection = connect(broker.addresses().sasl_plaintext).await;
        connection.send(&handshake("PLAIN"), 1).await.unwrap();
        let asked = Instant::now();
        let answer = connection.send(&token(wrong), 2).await.unwrap();
        assert!(asked.elapsed() >= Duration::from_millis(100));
        assert_eq!(answer.error_code, SASL_AUTHENTICATION_FAILED);
        let message = answer.error_message.unwrap();
        assert_eq!(message.as_str(), "Authentication failed: Invalid username or password");
        assert!(answer.auth_bytes.is_empty());
        assert!(is_closed(&mut connection).await);
    }
}

#[tokio::test]
async fn after_the_first_handshake_tokens_travel_bare_and_a_wrong_one_just_closes() {
    let broker = broker();
    let mut connection = connect(broker.addresses().sasl_plaintext).await;
    connection.send(&handshake("PLAIN"), 0).await.unwrap();
    connection.write_frame(b"\0nest\0nest-secret").await.unwrap();
    assert_eq!(connection.read_frame().await.unwrap().unwrap(), "");
    assert_eq!(connection.send(&MetadataRequest::default(), 9).await.unwrap().brokers.len(), 1);

    let mut connection = connect(broker.addresses().sasl_plaintext).await;
    connection.send(&handshake("PLAIN"), 0).await.unwrap();
    connection.write_frame(b"\0nest\0wrong").await.unwrap();
    assert!(is_closed(&mut connection).await);
}

#[tokio::test]
async fn after_a_login_and_without_one_to_do_the_login_is_illegal_but_harmless() {
    let broker = broker();
    for mut connection in [connect(broker.addresses().plaintext).await, logged_in(&broker, "nest").await] {
        let answer = connection.send(&handshake("PLAIN"), 1).await.unwrap();
        assert_eq!((answer.error_code, answer.mechanisms.len()), (ILLEGAL_SASL_STATE, 0));
        let answer = connection.send(&token("\0admin\0admin-secret"), 2).await.unwrap();
        assert_eq!(answer.error_code, ILLEGAL_SASL_STATE);
        assert_eq!(connection.send(&MetadataRequest::default(), 9).await.unwrap().brokers.len(), 1);
    }
}

#[tokio::test]
async fn an_api_or_version_that_is_not_advertised_closes() {
    let broker = broker();
    // Produce 0 is advertised for librdkafka's sake and refused all the same; 68 is the newer group protocol.
    for (key, version) in [(0, 0), (1, 13), (68, 0), (9999, 0), (-1, 0)] {
        let mut connection = logged_in(&broker, "admin").await;
        connection.submit_bytes(key, version, 1, &[0; 16]).await.unwrap();
        assert!(is_closed(&mut connection).await, "{key} v{version}");
    }
}

#[tokio::test]
async fn a_refusal_is_told_as_apaches_audit_log_tells_it() {
    let broker = broker();
    let mut events = broker.events().subscribe();
    let mut connection = logged_in(&broker, "laravel").await;
    let request = MetadataRequest::default().with_topics(Some(vec![
        kafka_protocol::messages::metadata_request::MetadataRequestTopic::default()
            .with_name(Some(StrBytes::from_static_str("nest-events").into())),
    ]));
    let answer = connection.send(&request, 9).await.unwrap();
    assert_eq!(answer.topics[0].error_code, 29);
    let line = loop {
        if let Event::Denied(denial) = events.recv().await.unwrap() {
            break denial.audit_line;
        }
    };
    assert_eq!(
        line,
        "Principal = User:laravel is Denied operation = DESCRIBE from host = 127.0.0.1 on resource = \
         Topic:LITERAL:nest-events for request = Metadata with resourceRefCount = 1 based on rule DefaultDeny"
    );
}
