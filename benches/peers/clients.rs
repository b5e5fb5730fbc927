//! The programs that put load on a broker, and what one run of each took.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;

use crate::brokers::Broker;
use crate::support::{java, unique};

/// How much is sent or read.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Number of records.
    pub records: u64,
    /// Bytes of each value.
    pub size: u64,
    /// Partitions of the topic.
    pub partitions: i32,
}

/// Creates a topic that nobody else uses. The lab's ACLs let laravel and nest write to it and read it.
pub fn topic(broker: &Broker, partitions: i32) -> String {
    let name = unique("phase4-bench");
    let config = ClientConfig::new().set("bootstrap.servers", &broker.address).clone();
    let admin: AdminClient<DefaultClientContext> = config.create().expect("an admin client");
    let new = NewTopic::new(&name, partitions, TopicReplication::Fixed(1));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let results =
        runtime.block_on(admin.create_topics([&new], &AdminOptions::new())).expect("the broker answers");
    results[0].as_ref().unwrap_or_else(|(topic, code)| panic!("{topic}: {code}"));
    name
}

/// Apache's producer, `acks=all`; records a second, as it says itself.
pub fn java_produce(broker: &Broker, topic: &str, load: Load) -> f64 {
    let mut tool = tool("org.apache.kafka.tools.ProducerPerformance");
    tool.args(["--bootstrap-server", &broker.address, "--topic", topic, "--throughput", "-1"]);
    tool.args(["--num-records", &load.records.to_string(), "--record-size", &load.size.to_string()]);
    tool.args(["--command-property", "acks=all"]);
    let said = output(&mut tool);
    // `1000000 records sent, 258397.9 records/sec (24.64 MB/sec), …`: the last line is the sum.
    let words = said.lines().rev().find_map(|line| line.split_once(" records/sec"));
    let rate = words.and_then(|(before, _)| before.rsplit(' ').next()?.replace(',', ".").parse().ok());
    rate.unwrap_or_else(|| panic!("no rate in: {said}"))
}

/// Apache's consumer; records a second while it fetched, without the joining of its group.
pub fn java_consume(broker: &Broker, topic: &str, load: Load) -> f64 {
    let mut tool = tool("org.apache.kafka.tools.ConsumerPerformance");
    tool.args(["--bootstrap-server", &broker.address, "--topic", topic, "--hide-header"]);
    tool.args(["--num-records", &load.records.to_string(), "--timeout", "60000"]);
    let said = output(&mut tool);
    let rate = said.lines().rev().find_map(|line| line.rsplit_once(", ")?.1.trim().parse().ok());
    rate.unwrap_or_else(|| panic!("no rate in: {said}"))
}

/// kcat reads so many records, from the first offset on; how long the process took. Two waits of half a second are its
/// own and no broker's: one at the end of the log (`-e`), so it counts; one after `-o beginning`, if its thread for the
/// broker is not up yet when it wants to ask for that offset. The quicker a broker answers, the more often that is so.
pub fn kcat_consume(broker: &Broker, topic: &str, records: u64) -> Duration {
    let mut kcat = kcat(&broker.address);
    timed(kcat.args(["-C", "-t", topic, "-o", "0", "-c", &records.to_string(), "-q"]))
}

/// `kcat` with an address.
pub fn kcat(address: &str) -> Command {
    let mut kcat = Command::new("kcat");
    // Cargo puts the librdkafka that it has built on the loader's path: kcat would run on that one.
    kcat.env_remove("LD_LIBRARY_PATH").args(["-b", address]);
    kcat
}

/// Runs a command to its end, its output thrown away.
///
/// # Panics
/// If it fails.
pub fn timed(command: &mut Command) -> Duration {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::inherit());
    let began = Instant::now();
    let status = command.status().unwrap_or_else(|problem| panic!("{command:?}: {problem}"));
    let took = began.elapsed();
    assert!(status.success(), "{command:?}: {status}");
    took
}

/// A file of `lines` lines of `size` bytes each, line ends not counted: line numbers, padded.
pub fn lines(path: &Path, lines: u64, size: usize) {
    use std::io::Write as _;
    let mut file = std::io::BufWriter::new(std::fs::File::create(path).expect("a folder of our own"));
    (0..lines).for_each(|line| writeln!(file, "{line:0>size$}").expect("the disk has room"));
    file.flush().expect("the disk has room");
}

/// A class of Apache's jars, in a JVM as Apache's scripts start it.
fn tool(class: &str) -> Command {
    let mut tool = Command::new("java");
    tool.args(["-Xmx512M", "-server", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20"]);
    tool.arg("-cp").arg(java::libs().join("*")).arg(class);
    tool
}

fn output(command: &mut Command) -> String {
    let output =
        command.stdin(Stdio::null()).output().unwrap_or_else(|problem| panic!("{command:?}: {problem}"));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{command:?}: {said}{}", String::from_utf8_lossy(&output.stderr));
    said
}
