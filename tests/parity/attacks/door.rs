//! Before a login, between its steps, and after it.

use bytes::{BufMut as _, BytesMut};
use futures_util::{StreamExt as _, stream};
use kafkalab::client::raw::Connection;

use super::{Attack, CLOSED, GRANTED, NOT_ON_CLUSTER, NOT_ON_TOPIC, REFUSED};
use crate::PATIENCE;
use crate::case::{Action, STRANGER, Who};
use crate::on_every_broker;
use crate::requests::*;
use crate::support::Lab;

const LARAVEL: Who = crate::case::who("laravel");
const RIGHT: &[u8] = b"\0laravel\0laravel-secret";
const ILLEGAL_STATE: &str = "error_code: 34,";

/// APIs that a stranger may ask: SaslHandshake and ApiVersions.
const OPEN: [i16; 2] = [17, 18];

pub(super) fn attacks() -> Vec<Attack> {
    let wrong = || Attack::new("a right token after a wrong one").plain(*b"\0laravel\0wrong", REFUSED);
    vec![
        wrong().send(STRANGER, token(RIGHT), 2, CLOSED),
        Attack::new("a bare token where one with headers is due")
            .send(STRANGER, handshake("PLAIN"), 1, GRANTED)
            .step(STRANGER, Action::Frame(RIGHT.to_vec()), CLOSED),
        Attack::new("a request where a bare token is due")
            .send(STRANGER, handshake("PLAIN"), 0, GRANTED)
            .step(STRANGER, Action::Frame(frame(3, 0, &[0; 4])), CLOSED),
        Attack::new("a token with headers where a bare one is due")
            .send(STRANGER, handshake("PLAIN"), 0, GRANTED)
            .send(STRANGER, token(RIGHT), 0, CLOSED),
        Attack::new("a login as somebody else after a login")
            .send(LARAVEL, handshake("PLAIN"), 1, ILLEGAL_STATE)
            .send(LARAVEL, token(*b"\0admin\0admin-secret"), 2, ILLEGAL_STATE)
            .send(LARAVEL, metadata(&["nest-events"]), 9, NOT_ON_TOPIC)
            .send(LARAVEL, describe_acls((1, None, 1), None), 2, NOT_ON_CLUSTER),
        Attack::new("a login with another mechanism after a login")
            .send(LARAVEL, handshake("SCRAM-SHA-256"), 1, ILLEGAL_STATE)
            .send(LARAVEL, token(*b"n,,n=admin,r=nonce"), 2, ILLEGAL_STATE)
            .send(LARAVEL, describe_users(Some(&["admin"])), 0, NOT_ON_CLUSTER),
        Attack::new("the older handshake after a login")
            .send(LARAVEL, handshake("PLAIN"), 0, ILLEGAL_STATE)
            .send(LARAVEL, describe_users(Some(&["admin"])), 0, NOT_ON_CLUSTER),
    ]
}

/// A request with the oldest header: key, version, correlation id, a client id of no letters.
fn frame(key: i16, version: i16, body: &[u8]) -> Vec<u8> {
    let mut frame = BytesMut::new();
    frame.put_i16(key);
    frame.put_i16(version);
    frame.put_i32(7);
    frame.put_i16(0);
    frame.put_slice(body);
    frame.to_vec()
}

/// How far a login has come when the request arrives.
#[derive(Clone, Copy, Debug)]
enum Stage {
    Nothing,
    Handshake,
}

async fn stranger(lab: &Lab, stage: Stage) -> Connection {
    let mut connection = Connection::connect(lab.bootstrap_sasl(), PATIENCE).await.unwrap();
    if let Stage::Handshake = stage {
        assert_eq!(connection.send(&handshake("PLAIN"), 1).await.unwrap().error_code, 0);
    }
    connection
}

/// Whether the broker hangs up without having served anything. Once a handshake was made, Apache Kafka answers in the
/// format of the request first: with error 34, or where that has no place, as for no topics, with nothing at all.
async fn is_turned_away(connection: &mut Connection) -> bool {
    let closed = |frame: &Result<Option<bytes::Bytes>, _>| !matches!(frame, Ok(Some(_)));
    let first = connection.read_frame().await;
    if let Ok(Some(frame)) = &first {
        return (holds_34(frame) || says_nothing(frame)) && closed(&connection.read_frame().await);
    }
    closed(&first)
}

fn holds_34(answer: &[u8]) -> bool {
    answer.windows(2).any(|pair| pair == [0, 34])
}

/// Whether behind the correlation id there are only nulls, empty lists and "not asked for" (the smallest number): no
/// name and no address.
fn says_nothing(answer: &[u8]) -> bool {
    answer.get(4..).is_some_and(|body| body.iter().all(|byte| matches!(byte, 0 | 1 | 0x80 | 0xff)))
}

/// How many strangers knock at one time: a broker takes its time before it hangs up.
const AT_ONCE: usize = 64;

/// Whether a request of this key and version is served to a stranger.
async fn is_served(lab: &Lab, stage: Stage, key: i16, version: i16) -> bool {
    let mut connection = stranger(lab, stage).await;
    connection.write_frame(&frame(key, version, &[0; 32])).await.unwrap();
    !is_turned_away(&mut connection).await
}

on_every_broker! {
    fn no_api_in_no_version_is_served_to_a_stranger(lab: &Lab) {
        // Keys and versions beyond all that exist too.
        let requests = (-1..=93).flat_map(|key| (-1..=19).step_by(2).map(move |version| (key, version)));
        let requests = requests.filter(|(key, _)| !OPEN.contains(key) && *key != 36);
        let knocks = [Stage::Nothing, Stage::Handshake].into_iter().flat_map(|stage| {
            requests.clone().map(move |(key, version)| async move {
                is_served(lab, stage, key, version).await.then_some((stage, key, version))
            })
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let served: Vec<_> = runtime.block_on(
            stream::iter(knocks).buffer_unordered(AT_ONCE).filter_map(std::future::ready).collect(),
        );
        assert!(served.is_empty(), "{} of them: {:?}", served.len(), &served[..served.len().min(20)]);
    }
}

on_every_broker! {
    fn a_request_sent_along_with_a_wrong_token_is_never_read(lab: &Lab) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            for (password, answers) in [("wrong", 2), ("laravel-secret", 3)] {
                let mut connection = stranger(lab, Stage::Nothing).await;
                let plain = format!("\0laravel\0{password}");
                let mut bytes = BytesMut::new();
                let mut name = vec![0, 5];
                name.extend(b"PLAIN");
                let mut token = (plain.len() as u32).to_be_bytes().to_vec();
                token.extend(plain.bytes());
                for frame in [frame(17, 1, &name), frame(36, 0, &token), frame(3, 0, &[0; 4])] {
                    bytes.put_u32(frame.len() as u32);
                    bytes.put_slice(&frame);
                }
                connection.write_bytes(&bytes).await.unwrap();
                let mut seen = 0;
                while seen < 3 && matches!(connection.read_frame().await, Ok(Some(_))) {
                    seen += 1;
                }
                assert_eq!(seen, answers, "{password}");
            }
        });
    }
}
