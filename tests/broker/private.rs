//! What a broker keeps to itself: passwords, its files, and the lines of its log.
#![cfg(unix)]

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use kafka_protocol::messages::SaslHandshakeRequest;
use kafka_protocol::messages::metadata_request::{MetadataRequest, MetadataRequestTopic};
use kafka_protocol::protocol::StrBytes;
use kafkalab::client::raw::admin::topics::{NewTopic, create_topics};
use kafkalab::client::raw::admin::users::{ScramChange, alter_scram_users, describe_scram_users};
use kafkalab::client::raw::{Cluster, Connection, Login, Mechanism};
use kafkalab::scram;

use super::PATIENCE;
use super::support::embedded::{Embedded, binary};

const ADMINS: &str = "Kept-plain-9f3a";
const WRONG: &str = "Kept-wrong-51c0";
const CHANGED: &str = "Kept-scram-7d2e";

fn login(mechanism: Mechanism, user: &str, password: &str) -> Login {
    Login { mechanism, username: user.to_owned(), password: password.into() }
}

/// All files and folders below one, and itself.
fn below(folder: &Path) -> Vec<PathBuf> {
    let mut all = vec![folder.to_owned()];
    let mut next = 0;
    while next < all.len() {
        if let Ok(entries) = std::fs::read_dir(&all[next]) {
            all.extend(entries.map(|entry| entry.unwrap().path()));
        }
        next += 1;
    }
    all
}

fn holds(bytes: &[u8], secret: &str) -> bool {
    bytes.windows(secret.len()).any(|window| window == secret.as_bytes())
}

/// Everything that concerns a password: logins that succeed and fail with each mechanism, users that change.
async fn use_passwords(broker: &Embedded) {
    let sha256 = Mechanism::Scram(scram::Mechanism::Sha256);
    let right = login(Mechanism::Plain, "admin", ADMINS);
    let mut cluster = Cluster::connect(&broker.sasl, Some(right), PATIENCE).await.unwrap();
    let change = ScramChange::Set {
        user: "guest".to_owned(),
        mechanism: scram::Mechanism::Sha256,
        iterations: 4096,
        password: CHANGED.into(),
    };
    alter_scram_users(&mut cluster, &[change]).await.unwrap();
    assert!(describe_scram_users(&mut cluster).await.unwrap().contains_key("guest"));
    let topic = NewTopic::new("orders", 1);
    create_topics(&mut cluster, &[topic], false).await.unwrap();
    for (mechanism, user, password, accepted) in [
        (sha256, "admin", ADMINS, true),
        (sha256, "guest", CHANGED, true),
        (sha256, "guest", WRONG, false),
        (Mechanism::Plain, "admin", WRONG, false),
        (Mechanism::Plain, WRONG, ADMINS, false),
    ] {
        let mut connection = Connection::connect(&broker.sasl, PATIENCE).await.unwrap();
        let outcome = connection.login(&login(mechanism, user, password)).await;
        assert_eq!(outcome.is_ok(), accepted, "{user}: {outcome:?}");
        let told = outcome.err().map(|error| format!("{error} {error:?}")).unwrap_or_default();
        assert!(!told.contains(password), "{told}");
    }
}

#[tokio::test]
async fn no_password_is_in_what_a_broker_says_or_keeps() {
    let folder = tempfile::tempdir().unwrap();
    let users = folder.path().join("users.toml");
    std::fs::write(&users, format!("admin = '{ADMINS}'\n")).unwrap();
    let data = folder.path().join("data");
    let arguments = ["--users", users.to_str().unwrap(), "-v", "-v"];
    let mut broker = Embedded::start_in(&data, None, &arguments).unwrap();
    use_passwords(&broker).await;
    let process = PathBuf::from(format!("/proc/{}", broker.process.pid()));
    let seen_by_others = ["cmdline", "comm", "environ"].map(|name| std::fs::read(process.join(name)));
    broker.process.stop();

    let log = broker.process.log().lines().join("\n");
    assert!(log.contains("User:guest logged in") && log.contains("Failed authentication"), "{log}");
    let files: Vec<PathBuf> = below(&data).into_iter().filter(|path| path.is_file()).collect();
    let kept: Vec<Vec<u8>> = files.iter().map(|file| std::fs::read(file).unwrap()).collect();
    assert!(kept.iter().any(|bytes| holds(bytes, "guest")), "the user is among what was searched");
    let all = kept.into_iter().chain(seen_by_others.into_iter().flatten()).chain([log.into_bytes()]);
    for (number, bytes) in all.enumerate() {
        for secret in [ADMINS, WRONG, CHANGED] {
            assert!(!holds(&bytes, secret), "{secret} in {:?}", files.get(number));
        }
    }
}

#[test]
fn a_users_file_that_is_not_valid_does_not_show_its_passwords() {
    let folder = tempfile::tempdir().unwrap();
    let users = folder.path().join("users.toml");
    for text in [
        "admin = 918273645",
        "admin = '918273645",
        "admin = '918273645'\nadmin = '918273645'",
        "admin = ['918273645']",
    ] {
        std::fs::write(&users, text).unwrap();
        let mut command = Command::new(binary());
        command.args([
            "broker",
            "--listen",
            "127.0.0.1:0",
            "--sasl-listen",
            "127.0.0.1:0",
            "--ephemeral",
            "--users",
        ]);
        let output = command.arg(&users).output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains("users.toml") && !told.contains("918273645"), "{told}");
    }
}

#[tokio::test]
async fn files_are_for_their_owner_only_whatever_the_umask() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    // As somebody made it who thought of nobody else.
    std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o755)).unwrap();
    let users = folder.path().join("users.toml");
    std::fs::write(&users, format!("admin = '{ADMINS}'\n")).unwrap();
    let mut command = Command::new("sh");
    command.args(["-c", "umask 000; exec \"$0\" \"$@\"", binary(), "broker", "--listen", "127.0.0.1:0"]);
    command.args(["--sasl-listen", "127.0.0.1:0", "--tls-listen", "127.0.0.1:0", "--users"]).arg(&users);
    command.arg("--data-dir").arg(&data);
    let mut broker = Embedded::run(&command, &data, None).unwrap();
    use_passwords(&broker).await;
    broker.process.stop();
    let all = below(&data);
    assert!(all.len() > 10, "{all:?}");
    let open: Vec<String> = all
        .iter()
        .filter(|path| **path != data)
        .map(|path| (path, path.metadata().unwrap().permissions().mode() & 0o777))
        .filter(|(_, mode)| mode & 0o077 != 0)
        .map(|(path, mode)| format!("{mode:o} {}", path.display()))
        .collect();
    assert!(open.is_empty(), "{open:?}");
}

/// A name that goes on in a new line would let a client write into the log what never happened.
#[tokio::test]
async fn no_client_writes_a_line_of_the_log() {
    const FORGED: &str = "x\n[2026-01-01T00:00:00Z] INFO User:admin logged in\r\n\u{1b}[2J";
    let folder = tempfile::tempdir().unwrap();
    let mut broker = Embedded::start_in(&folder.path().join("data"), None, &["-v"]).unwrap();
    let mut stranger = Connection::connect(&broker.sasl, PATIENCE).await.unwrap();
    stranger.set_client_id(FORGED);
    let request = SaslHandshakeRequest::default().with_mechanism(StrBytes::from_static_str(FORGED));
    assert_eq!(stranger.send(&request, 1).await.unwrap().error_code, 33);
    let mut anonymous = Connection::connect(&broker.plaintext, PATIENCE).await.unwrap();
    let topic = MetadataRequestTopic::default().with_name(Some(StrBytes::from_static_str(FORGED).into()));
    let request = MetadataRequest::default().with_topics(Some(vec![topic]));
    assert_eq!(anonymous.send(&request, 9).await.unwrap().topics[0].error_code, 29);
    broker.process.stop();
    let lines = broker.process.log().lines();
    assert!(lines.iter().any(|line| line.contains("is Denied")), "{lines:?}");
    assert!(lines.iter().all(|line| !line.starts_with("[2026-01-01")), "{lines:?}");
    assert!(lines.iter().all(|line| !line.contains('\u{1b}')), "{lines:?}");
}
