//! `--live FILE`: every request, login and ACL decision as it happens, for the page of `kafkalab ui`. See
//! [`Door`] for who may listen. Nobody listening costs nothing; a slow listener misses events and is told how many.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use subtle::ConstantTimeEq as _;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, BufWriter};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast::error::{RecvError, TryRecvError};

use crate::broker::group::GroupEvent;
use crate::broker::{AclDecision, Event, Events};
use crate::lab::live::Door;

/// What the page calls itself when it asks the broker, so that it can leave out what it causes.
pub(in crate::commands) const PAGE_CLIENT_ID: &str = "kafkalab-ui";

/// How long a listener may take to say the password.
const PATIENCE: Duration = Duration::from_secs(5);
/// A longer line is no password.
const LONGEST_PASSWORD: u64 = 256;

/// Opens the door and writes it down. Listeners are served as long as the runtime lives.
pub(super) async fn open(events: Events, file: &Path) -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let password = uuid::Uuid::new_v4().simple().to_string();
    Door { address: listener.local_addr()?.to_string(), password: password.clone() }.write(file)?;
    let password: Arc<str> = password.into();
    tokio::spawn(async move {
        // An error of one listener is no reason to turn the next one away.
        loop {
            if let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, events.clone(), Arc::clone(&password)));
            }
        }
    });
    Ok(())
}

/// Serves one listener until it leaves. Whatever fails, it is the listener who is gone.
async fn serve(stream: TcpStream, events: Events, password: Arc<str>) -> io::Result<()> {
    let (from, to) = stream.into_split();
    let (mut from, mut to) = (BufReader::new(from), BufWriter::new(to));
    let mut said = String::new();
    let mut first = (&mut from).take(LONGEST_PASSWORD);
    tokio::time::timeout(PATIENCE, first.read_line(&mut said)).await??;
    if !bool::from(said.trim_end().as_bytes().ct_eq(password.as_bytes())) {
        return Ok(());
    }
    let mut receiver = events.subscribe();
    let _traffic = events.with_traffic();
    let mut nothing = [0];
    loop {
        let event = match receiver.try_recv() {
            Err(TryRecvError::Empty) => {
                to.flush().await?;
                tokio::select! {
                    event = receiver.recv() => event,
                    // A listener has nothing more to say: it left.
                    _ = from.read(&mut nothing) => return Ok(()),
                }
            }
            Ok(event) => Ok(event),
            Err(TryRecvError::Lagged(missed)) => Err(RecvError::Lagged(missed)),
            Err(TryRecvError::Closed) => return Ok(()),
        };
        let line = match event {
            Ok(event) => told(&event, jiff::Timestamp::now().as_millisecond()),
            Err(RecvError::Lagged(missed)) => json!({ "missed": true, "count": missed }),
            Err(RecvError::Closed) => return Ok(()),
        };
        to.write_all(format!("{line}\n").as_bytes()).await?;
    }
}

/// One event with the parts that the page filters by; the text is that of the broker's log.
fn told(event: &Event, at_ms: i64) -> Value {
    let text = event.to_string();
    let mut line = json!({ "at_ms": at_ms, "kind": kind(event), "text": text, "own": false });
    let more = match event {
        Event::Request { principal, api, version, client_id } => json!({
            "principal": principal.as_deref(), "api": api, "version": version, "client_id": client_id,
            "own": client_id == PAGE_CLIENT_ID,
        }),
        Event::LoggedIn { principal, .. } => json!({ "principal": principal }),
        Event::Denied(decision) | Event::Allowed(decision) => decided(decision),
        Event::Group(event) => of_group(event),
        _ => json!({}),
    };
    if let (Value::Object(line), Value::Object(more)) = (&mut line, more) {
        line.extend(more);
    }
    line
}

fn kind(event: &Event) -> &'static str {
    match event {
        Event::Request { .. } => "request",
        Event::LoggedIn { .. } => "login",
        Event::LoginRefused { .. } | Event::HandshakeFailed { .. } => "refused",
        Event::Denied(_) => "denied",
        Event::Allowed(_) => "allowed",
        Event::Group(_) => "group",
        Event::TopicCreated { .. } | Event::TopicDeleted { .. } | Event::Compacted { .. } => "topic",
        Event::Recovered(_) | Event::Trouble(_) | Event::Fatal(_) => "trouble",
    }
}

fn decided(decision: &AclDecision) -> Value {
    json!({
        "principal": decision.principal, "api": decision.api, "client_id": decision.client_id,
        "operation": decision.operation, "rule": decision.rule.to_string(),
        "resource": format!("{}:{}", decision.resource_type, decision.resource_name),
        "own": decision.client_id == PAGE_CLIENT_ID,
    })
}

fn of_group(event: &GroupEvent) -> Value {
    match event {
        GroupEvent::Moved { group, from, to, generation, reason, member } => json!({
            "group": group, "from": from.name(), "to": to.name(), "generation": generation,
            "reason": reason.name(), "member": member,
        }),
        GroupEvent::MemberAdded { group, member } => json!({ "group": group, "member": member }),
        GroupEvent::MemberRemoved { group, member, reason } => {
            json!({ "group": group, "member": member, "reason": reason.name() })
        }
        GroupEvent::StaticMemberReplaced { group, old, new, .. } => {
            json!({ "group": group, "member": new, "replaces": old })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::{Broker, Config};

    #[test]
    fn what_the_page_itself_asks_can_be_left_out() {
        let request = |client_id: &str| Event::Request {
            principal: Some("User:nest".into()),
            api: "Fetch",
            version: 13,
            client_id: client_id.to_owned(),
        };
        let other = told(&request("rdkafka"), 7);
        assert_eq!(
            (&other["own"], &other["kind"], &other["at_ms"]),
            (&json!(false), &json!("request"), &json!(7))
        );
        assert_eq!(told(&request(PAGE_CLIENT_ID), 7)["own"], json!(true));
    }

    #[tokio::test]
    async fn only_whoever_has_the_password_hears_anything() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("live");
        let broker = Broker::start(Config::default()).unwrap();
        open(broker.events().clone(), &file).await.unwrap();
        let door = Door::read(&file).unwrap();
        let wrong = Door { password: "guess".to_owned(), ..door.clone() };
        assert_eq!(wrong.open().await.unwrap().next_line().await.ok().flatten(), None);

        let mut lines = door.open().await.unwrap();
        let mut stream = TcpStream::connect(broker.addresses().plaintext).await.unwrap();
        // ApiVersions v0 with correlation id 1 and no client id, until the listener has been let in.
        let line = loop {
            stream.write_all(b"\0\0\0\x0a\0\x12\0\0\0\0\0\x01\xff\xff").await.unwrap();
            let soon = tokio::time::timeout(Duration::from_millis(50), lines.next_line()).await;
            if let Ok(line) = soon {
                break line.unwrap().unwrap();
            }
        };
        assert!(line.contains(r#""api":"ApiVersions""#), "{line}");
    }
}
