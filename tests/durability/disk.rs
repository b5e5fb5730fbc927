//! A disk that is full for a while, and one that cannot be written at all. The broker runs in a mount namespace of its
//! own, with a small file system in memory for its data.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;

use super::client::{Client, batch};
use super::support::embedded::{Embedded, binary};
use super::support::{folder, require};

/// KAFKA_STORAGE_ERROR
const STORAGE: i16 = 56;
/// NOT_COORDINATOR, which is what Kafka makes of it for a group.
const NOT_COORDINATOR: i16 = 16;

/// A broker whose data lies on a file system of one megabyte.
struct Small {
    broker: Embedded,
    /// That file system, as the broker sees it.
    disk: PathBuf,
}

impl Small {
    fn start() -> Small {
        let folder = folder();
        let mount = format!("mount -t tmpfs -o size=1m none {} && exec \"$@\"", folder.display());
        let mut command = Command::new("unshare");
        command.args(["--mount", "--map-root-user", "sh", "-c", &mount, "sh", binary(), "broker"]);
        command.args(["--listen", "127.0.0.1:0", "--sasl-listen", "127.0.0.1:0", "--acls", "none"]);
        command.args(["-c", "super.users=User:admin;User:ANONYMOUS", "--data-dir"]).arg(folder.join("data"));
        let broker = Embedded::run(&command, &folder.join("data"), Some(&folder)).unwrap();
        let disk = PathBuf::from(format!("/proc/{}/root{}", broker.process.pid(), folder.display()));
        Small { broker, disk }
    }

    fn filler(&self) -> PathBuf {
        self.disk.join("filler")
    }

    /// Takes all the space that is left.
    fn fill(&self) {
        let mut file = fs::File::create(self.filler()).unwrap();
        for size in [4096, 1] {
            while file.write_all(&vec![0; size]).is_ok() {}
        }
    }

    /// Gives it back.
    fn empty(&self) {
        fs::remove_file(self.filler()).unwrap();
    }
}

fn run(test: impl AsyncFnOnce(&Small, &mut Client)) {
    if !require("unshare") {
        return;
    }
    let small = Small::start();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut client = Client::connect(&small.broker.plaintext).await;
        test(&small, &mut client).await;
    });
}

fn value(number: usize) -> String {
    format!("{number:0>500}")
}

#[test]
fn a_full_disk_refuses_what_is_new_and_serves_what_is_there() {
    run(async |small, client| {
        assert_eq!(client.create_topic("orders", &[]).await.unwrap(), 0);
        let producer = client.producer_id().await;
        let mut written = Vec::new();
        let send = async |client: &mut Client, number: usize| {
            client.produce("orders", 0, batch(producer, number as i32, 1, &[value(number)])).await.unwrap()
        };
        for number in 0..20 {
            assert_eq!(send(client, number).await, (0, number as i64));
            written.push((number as i64, value(number)));
        }
        small.fill();
        // The last page of the file may have room for some more.
        let mut number = 20;
        loop {
            match send(client, number).await {
                (0, offset) => written.push((offset, value(number))),
                refused => {
                    assert_eq!(refused.0, STORAGE, "{refused:?}");
                    break;
                }
            }
            number += 1;
            assert!(number < 100, "the disk is full");
        }
        assert_eq!(client.read("orders", 0, 0).await.unwrap(), written);
        // Refused again and again, nothing of it is kept.
        for _ in 0..3 {
            assert_eq!(send(client, number).await.0, STORAGE);
        }
        assert_eq!(client.read("orders", 0, 0).await.unwrap(), written);

        small.empty();
        assert_eq!(send(client, number).await, (0, number as i64), "without a restart, at the next offset");
        written.push((number as i64, value(number)));
        assert_eq!(client.read("orders", 0, 0).await.unwrap(), written);
    });
}

#[test]
fn what_a_full_disk_did_not_keep_is_not_there() {
    run(async |small, client| {
        assert_eq!(client.create_topic("orders", &[]).await.unwrap(), 0);
        assert_eq!(client.commit("billing", "orders", 5).await.unwrap(), 0);
        assert_eq!(client.set_acl("User:first", true).await.unwrap(), 0);
        small.fill();
        // Small changes may still fit into the last page of a journal; one of many does not.
        let mut topics = BTreeSet::from(["orders".to_owned()]);
        let refused = loop {
            let name = format!("topic-{}", topics.len());
            match client.create_topic(&name, &[]).await.unwrap() {
                0 => drop(topics.insert(name)),
                code => break code,
            }
        };
        assert_eq!(refused, STORAGE);
        assert_eq!(client.topics().await, topics);
        let mut committed = 5;
        let refused = loop {
            match client.commit("billing", "orders", committed + 1).await.unwrap() {
                0 => committed += 1,
                code => break code,
            }
        };
        assert_eq!(refused, NOT_COORDINATOR);
        assert_eq!(client.committed("billing", "orders").await, [committed; 3]);
        let mut acls = 1;
        let refused = loop {
            match client.set_acl(&format!("User:u{acls}"), true).await.unwrap() {
                0 => acls += 1,
                code => break code,
            }
        };
        assert_ne!(refused, 0);
        assert_eq!(client.principals().await.len(), acls);

        small.empty();
        assert_eq!(client.create_topic("after", &[]).await.unwrap(), 0);
        assert_eq!(client.commit("billing", "orders", 1000).await.unwrap(), 0);
        assert_eq!(client.set_acl("User:after", true).await.unwrap(), 0);
        assert_eq!(client.committed("billing", "orders").await, [1000; 3]);
        assert_eq!(client.principals().await.len(), acls + 1);
    });
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    if !require("unshare") {
        return;
    }
    let folder = folder();
    let mount = format!("mount -t tmpfs -o ro none {} && exec \"$@\"", folder.display());
    let mut command = Command::new("unshare");
    command.args(["--mount", "--map-root-user", "sh", "-c", &mount, "sh", binary(), "broker"]);
    command
        .args(["--listen", "127.0.0.1:0", "--sasl-listen", "127.0.0.1:0", "--data-dir"])
        .arg(folder.join("data"));
    let output = command.env("KAFKALAB_LANG", "en").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("Read-only file system") && said.contains(folder.to_str().unwrap()), "{said}");
}
