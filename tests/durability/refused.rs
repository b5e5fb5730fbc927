//! Data folders that a broker does not start on: what it says, that it changes nothing, and that what it says helps.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use kafkalab::broker::log::Journal;

use super::client::Client;
use super::support::embedded::{Embedded, binary};
use super::support::folder;

/// Everybody may do everything.
const OPEN: [&str; 4] = ["--acls", "none", "-c", "super.users=User:ANONYMOUS"];

/// What a broker that does not start says on `data`, in one line, with its exit code.
fn refusal(data: &Path, lang: &str) -> (Option<i32>, String) {
    let mut command = Command::new(binary());
    command.args(["broker", "--listen", "127.0.0.1:0", "--sasl-listen", "127.0.0.1:0", "--data-dir"]);
    let output = command.arg(data).env("KAFKALAB_LANG", lang).env("COLUMNS", "500").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    (output.status.code(), said.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// A data folder that a broker has run on with these topics, and was killed.
async fn used(topics: &[&str]) -> PathBuf {
    let data = folder().join("data");
    let mut broker = Embedded::start_in(&data, None, &OPEN).unwrap();
    let mut client = Client::connect(&broker.plaintext).await;
    for topic in topics {
        assert_eq!(client.create_topic(topic, &[]).await.unwrap(), 0);
    }
    broker.process.kill();
    data
}

/// Each file below a folder with its bytes; the lock, which names its holder, aside.
fn bytes_below(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(bytes_below(&path));
        } else if !path.ends_with(".lock") {
            found.insert(path.clone(), fs::read(path).unwrap());
        }
    }
    found
}

fn the_only_log(folder: &Path) -> PathBuf {
    let mut logs = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    logs.find(|path| path.extension().is_some_and(|ending| ending == "log")).unwrap()
}

#[tokio::test]
async fn a_journal_damaged_in_the_middle_is_refused_and_can_be_cut_as_told() {
    let data = used(&["orders", "payments", "shipments"]).await;
    let journal = the_only_log(&data.join("__cluster_metadata-0"));
    let mut bytes = fs::read(&journal).unwrap();
    let payments = bytes.windows(8).position(|word| word == b"payments").unwrap();
    bytes[payments] ^= 1;
    fs::write(&journal, bytes).unwrap();
    let before = bytes_below(&data);

    let (code, said) = refusal(&data, "en");
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("is damaged at byte"), "{said}");
    let (_, portuguese) = refusal(&data, "pt-BR");
    assert!(portuguese.contains("não pode ser usada"), "{portuguese}");
    assert!(bytes_below(&data) == before, "nothing is changed");

    let told = &said[said.find("truncate -s").unwrap_or_else(|| panic!("{said}"))..];
    assert!(Command::new("sh").args(["-c", told]).status().unwrap().success(), "{told}");
    let broker = Embedded::start_in(&data, data.parent(), &OPEN).unwrap();
    let topics = Client::connect(&broker.plaintext).await.topics().await;
    assert!(topics.contains("orders") && !topics.contains("shipments"), "{topics:?}");
}

#[tokio::test]
async fn a_journal_that_has_lost_its_end_is_refused_and_can_be_given_up_as_told() {
    let data = used(&["orders"]).await;
    Embedded::start_in(&data, None, &OPEN).unwrap().process.stop();
    fs::write(the_only_log(&data.join("__cluster_metadata-0")), "").unwrap();
    let before = bytes_below(&data);

    let (code, said) = refusal(&data, "en");
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("has 0 bytes of the"), "{said}");
    assert!(bytes_below(&data) == before, "nothing is changed");

    let told = &said[said.find("rm ").unwrap_or_else(|| panic!("{said}"))..];
    assert!(Command::new("sh").args(["-c", told]).status().unwrap().success(), "{told}");
    let broker = Embedded::start_in(&data, data.parent(), &OPEN).unwrap();
    assert_eq!(Client::connect(&broker.plaintext).await.topics().await.len(), 0);
}

#[tokio::test]
async fn a_folder_in_use_is_refused_with_the_process_that_uses_it() {
    let folder = folder();
    let data = folder.join("data");
    let broker = Embedded::start_in(&data, Some(&folder), &[]).unwrap();
    let (code, said) = refusal(&data, "en");
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains(&format!("process {}", broker.process.pid())), "{said}");
    assert!(said.contains("--data-dir"), "{said}");
    Client::connect(&broker.plaintext).await.topics().await;
}

#[tokio::test]
async fn a_newer_programs_folder_is_left_as_it_is() {
    let data = used(&["orders"]).await;
    let metadata = data.join("__cluster_metadata-0");
    let (mut journal, ..) = Journal::<serde_json::Value>::open(&metadata, 99, 0).unwrap();
    journal.append(&serde_json::json!({"a change of": "tomorrow"}), 0).unwrap();
    drop(journal);
    let before = bytes_below(&data);
    for (lang, words) in [("en", "use the newer kafkalab"), ("pt-BR", "use o kafkalab mais novo")] {
        let (code, said) = refusal(&data, lang);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains("format 99") && said.contains(words), "{said}");
    }
    assert!(bytes_below(&data) == before, "nothing is changed");
    fs::remove_dir_all(data.parent().unwrap()).unwrap();
}

#[test]
fn a_file_in_the_place_of_the_folder_is_named() {
    let folder = folder();
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("data");
    fs::write(&file, "mine").unwrap();
    let (code, said) = refusal(&file, "en");
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains(file.to_str().unwrap()) && said.contains("--data-dir"), "{said}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn a_log_that_cannot_be_opened_is_named() {
    let data = used(&["orders"]).await;
    // Not by its mode, which does not stop root.
    let log = the_only_log(&data.join("orders-0"));
    fs::remove_file(&log).unwrap();
    fs::create_dir(&log).unwrap();
    for (lang, words) in [("en", "cannot be used"), ("pt-BR", "não pode ser usada")] {
        let (code, said) = refusal(&data, lang);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains(words) && said.contains(log.to_str().unwrap()), "{said}");
    }
    assert!(log.is_dir());
    fs::remove_dir_all(data.parent().unwrap()).unwrap();
}

#[tokio::test]
async fn what_is_not_the_brokers_is_left_alone_and_a_lost_file_costs_its_partition_only() {
    let data = used(&["orders", "payments"]).await;
    let strangers = [data.join("notes.txt"), data.join("orders-0/notes.txt"), data.join("photos/cat.jpg")];
    for stranger in &strangers {
        fs::create_dir_all(stranger.parent().unwrap()).unwrap();
        fs::write(stranger, "mine").unwrap();
    }
    fs::remove_dir_all(data.join("payments-0")).unwrap();
    let broker = Embedded::start_in(&data, data.parent(), &OPEN).unwrap();
    let topics = Client::connect(&broker.plaintext).await.topics().await;
    assert!(topics.contains("orders") && topics.contains("payments"), "{topics:?}");
    for stranger in &strangers {
        assert_eq!(fs::read_to_string(stranger).unwrap(), "mine", "{}", stranger.display());
    }
}
