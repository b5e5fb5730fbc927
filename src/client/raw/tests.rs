//! Against scripted servers: what a real broker does not do on demand.

use std::future::Future;
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::messages::api_versions_response::ApiVersion;
use kafka_protocol::messages::{
    ApiKey, ApiVersionsResponse, MetadataRequest, RequestHeader, ResponseHeader, SaslAuthenticateRequest,
    SaslAuthenticateResponse, SaslHandshakeRequest, SaslHandshakeResponse,
};
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, StrBytes};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::scram;

const SHORT: Duration = Duration::from_millis(100);
const LONG: Duration = Duration::from_secs(20);

/// A server that handles every connection with `script`; its address.
async fn server<F, T>(script: F) -> String
where
    F: Fn(TcpStream) -> T + Send + 'static,
    T: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(script(stream));
        }
    });
    address
}

/// The next request: its header and body; `None` at the end.
async fn request(stream: &mut TcpStream) -> Option<(RequestHeader, Bytes)> {
    let mut frame = vec![0; usize::try_from(stream.read_i32().await.ok()?).unwrap()];
    stream.read_exact(&mut frame).await.ok()?;
    let mut frame = Bytes::from(frame);
    let header = kafka_protocol::protocol::decode_request_header_from_buffer(&mut frame).unwrap();
    Some((header, frame))
}

async fn reply<T: Encodable + HeaderVersion>(stream: &mut TcpStream, to: &RequestHeader, body: &T) {
    let version = to.request_api_version;
    let mut payload = BytesMut::new();
    let header = ResponseHeader::default().with_correlation_id(to.correlation_id);
    header.encode(&mut payload, T::header_version(version)).unwrap();
    body.encode(&mut payload, version).unwrap();
    let mut frame = BytesMut::new();
    frame.put_i32(i32::try_from(payload.len()).unwrap());
    frame.extend_from_slice(&payload);
    stream.write_all(&frame).await.unwrap();
}

fn versions() -> ApiVersionsResponse {
    let metadata = ApiVersion::default().with_api_key(ApiKey::Metadata as i16).with_max_version(9);
    ApiVersionsResponse::default().with_api_keys(vec![metadata])
}

/// A broker that offers SCRAM-SHA-256 to the user `laravel` with password `secret`, and refuses as Kafka does.
async fn sasl_broker(mut stream: TcpStream) {
    let credential =
        scram::Credential::from_password(scram::Mechanism::Sha256, "secret", b"salt".to_vec(), 4096);
    let mut exchange = scram::ServerExchange::new(scram::Mechanism::Sha256);
    while let Some((header, mut body)) = request(&mut stream).await {
        let version = header.request_api_version;
        match ApiKey::try_from(header.request_api_key).unwrap() {
            ApiKey::ApiVersions => reply(&mut stream, &header, &versions()).await,
            ApiKey::SaslHandshake => {
                let asked = SaslHandshakeRequest::decode(&mut body, version).unwrap();
                let code = if &*asked.mechanism == "SCRAM-SHA-256" { 0 } else { 33 };
                let offered = vec![StrBytes::from_static_str("SCRAM-SHA-256")];
                let answer = SaslHandshakeResponse::default().with_error_code(code).with_mechanisms(offered);
                reply(&mut stream, &header, &answer).await;
            }
            ApiKey::SaslAuthenticate => {
                let token = SaslAuthenticateRequest::decode(&mut body, version).unwrap().auth_bytes;
                let step = exchange
                    .step(&token, "server-nonce", |user| (user == "laravel").then(|| credential.clone()));
                let answer = match step {
                    Ok(scram::ServerStep::Challenge(token) | scram::ServerStep::Done { token, .. }) => {
                        SaslAuthenticateResponse::default().with_auth_bytes(token.into())
                    }
                    Err(refused) => SaslAuthenticateResponse::default()
                        .with_error_code(58)
                        .with_error_message(Some(StrBytes::from_string(refused.to_string()))),
                };
                reply(&mut stream, &header, &answer).await;
            }
            other => panic!("the scripted broker has no {other:?}"),
        }
    }
}

/// A broker without SASL.
async fn plaintext_broker(mut stream: TcpStream) {
    while let Some((header, _)) = request(&mut stream).await {
        match ApiKey::try_from(header.request_api_key).unwrap() {
            ApiKey::ApiVersions => reply(&mut stream, &header, &versions()).await,
            _ => reply(&mut stream, &header, &SaslHandshakeResponse::default().with_error_code(34)).await,
        }
    }
}

fn login(mechanism: &str, password: &str) -> Login {
    let mechanism = Mechanism::from_name(mechanism).unwrap();
    Login { mechanism, username: "laravel".to_owned(), password: password.into() }
}

async fn metadata(address: &str, patience: Duration) -> RawError {
    let mut connection = Connection::connect(address, patience).await.unwrap();
    connection.send(&MetadataRequest::default(), 9).await.unwrap_err()
}

#[tokio::test]
async fn an_address_that_nobody_listens_on_refuses() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().to_string();
    assert!(
        matches!(Connection::connect(&free, LONG).await, Err(RawError::Refused { address }) if address == free)
    );
    assert_eq!(probe(&free, None).await.listener, Listener::Refused);
}

#[tokio::test]
async fn an_address_without_a_port_does_not_resolve() {
    for address in ["localhost", "127.0.0.1:99999", ""] {
        let error = Connection::connect(address, LONG).await.unwrap_err();
        assert!(matches!(error, RawError::Resolve { .. }), "{address}: {error}");
    }
}

#[tokio::test]
async fn a_silent_server_runs_into_the_time_out() {
    let address = server(|stream| async move { drop((stream, std::future::pending::<()>().await)) }).await;
    let error = metadata(&address, SHORT).await;
    assert!(matches!(&error, RawError::TimedOut { waiting_for, .. } if waiting_for == "Metadata"), "{error}");
}

#[tokio::test]
async fn a_server_that_closes_is_told_from_one_that_is_silent() {
    let address = server(|mut stream| async move { drop(request(&mut stream).await) }).await;
    let error = metadata(&address, LONG).await;
    assert!(matches!(error, RawError::Closed { .. }), "{error}");

    let mut connection = Connection::connect(&address, LONG).await.unwrap();
    connection.submit(&MetadataRequest::default(), 9).await.unwrap();
    assert_eq!(connection.read_frame().await.unwrap(), None);
}

#[tokio::test]
async fn an_answer_to_another_request_is_not_taken() {
    let address = server(|mut stream| async move {
        let (mut header, _) = request(&mut stream).await.unwrap();
        header.correlation_id += 1;
        reply(&mut stream, &header, &kafka_protocol::messages::MetadataResponse::default()).await;
        std::future::pending::<()>().await;
    })
    .await;
    let error = metadata(&address, LONG).await;
    assert!(matches!(&error, RawError::Protocol { .. }), "{error}");
}

#[tokio::test]
async fn a_length_that_no_frame_has_is_not_waited_for() {
    let address = server(|mut stream| async move {
        request(&mut stream).await;
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        std::future::pending::<()>().await;
    })
    .await;
    let error = metadata(&address, LONG).await;
    assert!(matches!(&error, RawError::Protocol { message, .. } if message.contains("HTTP/1.1")), "{error}");
}

#[tokio::test]
async fn a_request_that_the_broker_lacks_is_unsupported() {
    let mut connection = Connection::connect(&server(plaintext_broker).await, LONG).await.unwrap();
    connection.api_versions().await.unwrap();
    assert_eq!(connection.best_version::<MetadataRequest>().unwrap(), 9);
    let error = connection.best_version::<kafka_protocol::messages::FetchRequest>().unwrap_err();
    assert!(matches!(&error, RawError::Unsupported(message) if message.contains("Fetch")), "{error}");
}

#[tokio::test]
async fn a_login_is_accepted_or_refused_in_the_brokers_words() {
    let address = server(sasl_broker).await;
    let mut connection = Connection::connect(&address, LONG).await.unwrap();
    connection.login(&login("SCRAM-SHA-256", "secret")).await.unwrap();

    let mut connection = Connection::connect(&address, LONG).await.unwrap();
    let error = connection.login(&login("SCRAM-SHA-256", "wrong")).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "The broker refused the login: Authentication failed during authentication due to invalid credentials with \
         SASL mechanism SCRAM-SHA-256 (SASL_AUTHENTICATION_FAILED, 58)"
    );

    let mut connection = Connection::connect(&address, LONG).await.unwrap();
    let error = connection.login(&login("PLAIN", "secret")).await.unwrap_err();
    let RawError::Sasl { code: 33, mechanisms, .. } = error else { panic!("{error}") };
    assert_eq!(mechanisms, ["SCRAM-SHA-256"]);
}

#[tokio::test]
async fn the_probe_tells_the_listeners_apart() {
    let offered = Listener::Sasl(vec!["SCRAM-SHA-256".to_owned()]);
    let sasl = server(sasl_broker).await;
    let plaintext = server(plaintext_broker).await;
    let refused = LoginOutcome::Refused {
        code: 58,
        message:
            "Authentication failed during authentication due to invalid credentials with SASL mechanism \
                  SCRAM-SHA-256"
                .to_owned(),
    };
    for (address, login, listener, outcome) in [
        (&sasl, None, &offered, LoginOutcome::NotTried),
        (&sasl, Some(login("SCRAM-SHA-256", "secret")), &offered, LoginOutcome::Accepted),
        (&sasl, Some(login("SCRAM-SHA-256", "wrong")), &offered, refused),
        (&sasl, Some(login("PLAIN", "secret")), &offered, LoginOutcome::MechanismNotOffered),
        (&plaintext, Some(login("PLAIN", "secret")), &Listener::Plaintext, LoginOutcome::NotTried),
    ] {
        let found = probe(address, login).await;
        assert_eq!((&found.listener, &found.login), (listener, &outcome));
    }
}

#[tokio::test]
async fn the_probe_tells_tls_from_other_servers() {
    // A TLS server answers a ClientHello with a record of its own and closes on anything else.
    let tls = server(|mut stream| async move {
        if stream.read_u8().await.unwrap() == 22 {
            stream.write_all(&[21, 3, 3, 0, 2, 2, 40]).await.unwrap();
        }
    })
    .await;
    assert_eq!(probe(&tls, None).await.listener, Listener::Tls);

    let web = server(|mut stream| async move {
        stream.read_u8().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
    })
    .await;
    assert_eq!(probe(&web, None).await.listener, Listener::Http);

    let other = server(|mut stream| async move {
        stream.read_u8().await.unwrap();
        stream.write_all(b"+PONG, said something else\r\n").await.unwrap();
    })
    .await;
    assert!(matches!(probe(&other, None).await.listener, Listener::NotKafka(_)));
}

#[test]
fn debug_output_shows_no_password() {
    assert!(!format!("{:?}", login("PLAIN", "hunter2")).contains("hunter2"));
}
