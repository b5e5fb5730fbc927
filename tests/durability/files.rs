//! The files of a running broker: rolled, deleted from, and read by Apache's own tool.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::client::{Client, batch};
use super::support::embedded::Embedded;
use super::support::{folder, require, tools};

const ARGUMENTS: [&str; 8] = [
    "--acls",
    "none",
    "-c",
    "super.users=User:admin;User:ANONYMOUS",
    "-c",
    "log.segment.bytes=4096",
    "-c",
    "log.retention.check.interval.ms=50",
];

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64
}

/// Batches of ten records, all with this timestamp.
async fn produce(client: &mut Client, topic: &str, batches: usize, timestamp: i64) {
    for number in 0..batches {
        let values: Vec<String> = (0..10).map(|record| format!("value-{number}-{record}")).collect();
        assert_eq!(client.produce(topic, 0, batch(-1, 0, timestamp, &values)).await.unwrap().0, 0);
    }
}

/// The segments of a partition, oldest first.
fn segments(data: &Path, partition: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(data.join(partition)).unwrap().map(|entry| entry.unwrap().path());
    let mut logs: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|ending| ending == "log")).collect();
    logs.sort();
    logs
}

fn with_broker(test: impl AsyncFnOnce(&Path, &mut Client)) {
    let data = folder();
    let broker = Embedded::start_in(&data, Some(&data), &ARGUMENTS).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut client = Client::connect(&broker.plaintext).await;
        test(&data, &mut client).await;
    });
}

#[test]
fn segments_roll_and_all_records_stay_readable() {
    with_broker(async |data, client| {
        assert_eq!(client.create_topic("rolled", &[]).await.unwrap(), 0);
        produce(client, "rolled", 100, now()).await;
        let segments = segments(data, "rolled-0");
        assert!(segments.len() > 5, "{segments:?}");
        assert!(segments.iter().all(|path| path.metadata().unwrap().len() <= 4096));
        assert_eq!(client.read("rolled", 0, 0).await.unwrap().len(), 1000);
        assert_eq!(client.read("rolled", 0, 555).await.unwrap()[0].0, 555);
    });
}

#[test]
fn old_segments_are_deleted_and_the_rest_stays() {
    with_broker(async |data, client| {
        assert_eq!(client.create_topic("aged", &[("retention.ms", "3600000")]).await.unwrap(), 0);
        produce(client, "aged", 50, now() - 7_200_000).await;
        // Rolls the last old records away from the new ones.
        produce(client, "aged", 50, now()).await;
        // As in Kafka, old records stay as long as a younger one is in their segment, which holds less than 200.
        until(client, async |client| client.read("aged", 0, 299).await.is_err()).await;
        let mut start = 300;
        while client.read("aged", 0, start).await.is_err() {
            start += 1;
        }
        assert!(start <= 500, "{start}");
        let first: i64 = segments(data, "aged-0")[0].file_stem().unwrap().to_str().unwrap().parse().unwrap();
        assert_eq!(first, start);
        assert_eq!(client.read("aged", 0, start).await.unwrap().len() as i64, 1000 - start);
    });
}

#[test]
fn a_large_log_is_cut_to_its_size() {
    with_broker(async |data, client| {
        assert_eq!(client.create_topic("large", &[("retention.bytes", "10000")]).await.unwrap(), 0);
        produce(client, "large", 200, now()).await;
        let size = || -> u64 {
            segments(data, "large-0").iter().map(|path| path.metadata().map_or(0, |found| found.len())).sum()
        };
        // The oldest segment stays while the others alone would be too small.
        until(client, async |_| size() <= 10_000 + 4096).await;
        assert!(size() >= 10_000);
        assert_eq!(client.read("large", 0, 0).await, Err(1));
    });
}

/// Asks again and again, at the pace of the broker's answers.
async fn until(client: &mut Client, mut holds: impl AsyncFnMut(&mut Client) -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !holds(client).await {
        assert!(Instant::now() < deadline, "retention does nothing");
        client.topics().await;
    }
}

#[test]
fn apaches_tool_reads_the_files_of_a_running_broker() {
    if !require("jdk") {
        return;
    }
    with_broker(async |data, client| {
        assert_eq!(client.create_topic("dumped", &[]).await.unwrap(), 0);
        produce(client, "dumped", 100, now()).await;
        assert_eq!(client.commit("billing", "dumped", 7).await.unwrap(), 0);
        let mut logs = segments(data, "dumped-0");
        let partition = logs.len();
        logs.extend(segments(data, "__consumer_offsets-0"));
        logs.extend(segments(data, "__cluster_metadata-0"));
        let names = logs.iter().map(|path| path.to_str().unwrap()).collect::<Vec<_>>().join(",");
        let dumped =
            tools::run("DumpLogSegments", &["--deep-iteration", "--print-data-log", "--files", &names]);
        assert!(dumped.success(), "{dumped:?}");
        let batches: Vec<&str> =
            dumped.stdout.lines().filter(|line| line.starts_with("baseOffset: ")).collect();
        assert!(batches.iter().all(|line| line.ends_with("isvalid: true")), "{dumped:?}");
        for payload in ["payload: value-0-0", "payload: value-99-9", "\"billing\"", "\"dumped\""] {
            assert!(dumped.stdout.contains(payload), "{payload} in {dumped:?}");
        }
        assert!(partition > 5 && dumped.stdout.contains("offset: 999 "));

        let finished: Vec<PathBuf> = logs[..partition - 1].to_vec();
        let indexes =
            ["index", "timeindex"].map(|ending| finished.iter().map(move |path| path.with_extension(ending)));
        let indexes: Vec<String> =
            indexes.into_iter().flatten().map(|path| path.to_str().unwrap().to_owned()).collect();
        let dumped = tools::run("DumpLogSegments", &["--verify-index-only", "--files", &indexes.join(",")]);
        assert!(dumped.success() && !dumped.stdout.contains("Mismatches"), "{dumped:?}");
        assert!(!dumped.stdout.contains("mismatch"), "{dumped:?}");
    });
}
