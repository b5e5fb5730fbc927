//! Apache Kafka's command-line tools.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, OnceLock, mpsc};
use std::time::Duration;
use std::{fs, thread};

use super::process::Process;
use super::{folder, java, root};

/// The image's scripts and the classes behind them, in version 4.3.1.
const SCRIPTS: [(&str, &str); 15] = [
    ("kafka-acls.sh", "org.apache.kafka.tools.AclCommand"),
    ("kafka-broker-api-versions.sh", "org.apache.kafka.tools.BrokerApiVersionsCommand"),
    ("kafka-configs.sh", "kafka.admin.ConfigCommand"),
    ("kafka-console-consumer.sh", "org.apache.kafka.tools.consumer.ConsoleConsumer"),
    ("kafka-console-producer.sh", "org.apache.kafka.tools.ConsoleProducer"),
    ("kafka-consumer-groups.sh", "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand"),
    ("kafka-consumer-perf-test.sh", "org.apache.kafka.tools.ConsumerPerformance"),
    ("kafka-dump-log.sh", "org.apache.kafka.tools.DumpLogSegments"),
    ("kafka-get-offsets.sh", "org.apache.kafka.tools.GetOffsetShell"),
    ("kafka-log-dirs.sh", "org.apache.kafka.tools.LogDirsCommand"),
    ("kafka-metadata-quorum.sh", "org.apache.kafka.tools.MetadataQuorumCommand"),
    ("kafka-producer-perf-test.sh", "org.apache.kafka.tools.ProducerPerformance"),
    ("kafka-reassign-partitions.sh", "org.apache.kafka.tools.reassign.ReassignPartitionsCommand"),
    ("kafka-storage.sh", "kafka.tools.StorageTool"),
    ("kafka-topics.sh", "org.apache.kafka.tools.TopicCommand"),
];

/// What a tool did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Its exit code; -1 if a signal ended it.
    pub code: i32,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

impl Output {
    /// Whether it exited with 0.
    pub fn success(&self) -> bool {
        self.code == 0
    }
}

/// Runs a tool, named by its class (`TopicCommand`), in the JVM that all tools of this test binary share. One runs at a
/// time, so nothing that waits for long belongs here; see [`command`].
pub fn run(tool: &str, arguments: &[&str]) -> Output {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let mut server = TcpStream::connect(("127.0.0.1", server().port)).expect("the tools' JVM listens");
    let words = [&[class(tool)], arguments].concat();
    let mut request = format!("{}\0", words.len());
    words.iter().for_each(|word| request += &format!("{word}\0"));
    server.write_all(request.as_bytes()).expect("the tools' JVM reads");
    let mut output = Output { code: -1, stdout: String::new(), stderr: String::new() };
    for line in BufReader::new(server).lines().map_while(Result::ok) {
        match line.split_at_checked(1) {
            Some(("o", text)) => output.stdout += &format!("{text}\n"),
            Some(("e", text)) => output.stderr += &format!("{text}\n"),
            Some(("x", code)) => output.code = code.parse().expect("an exit code"),
            _ => panic!("the tools' JVM said {line:?}"),
        }
    }
    output
}

/// The command of a tool in a JVM of its own: for one that reads standard input, runs for long, or must be killed.
pub fn command(tool: &str, arguments: &[&str]) -> Command {
    let mut command = java::command();
    command.arg("-Xmx256m").arg(class(tool)).args(arguments);
    command
}

/// How long a command may run before its test fails. A guard against one that hangs, no measurement.
const LIMIT: Duration = Duration::from_secs(120);

/// Runs `command` with `input` as its standard input, until it ends.
///
/// # Panics
/// If it does not end within two minutes.
pub fn run_with_input(command: &mut Command, input: &[u8]) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|problem| panic!("{command:?}: {problem}"));
    let pid = child.id();
    let mut stdin = child.stdin.take().expect("piped");
    let input = input.to_vec();
    // A command that does not read all of its input closes the pipe, which is its right.
    thread::spawn(move || stdin.write_all(&input).ok());
    let (sender, ended) = mpsc::channel();
    thread::spawn(move || sender.send(child.wait_with_output()));
    let output = ended.recv_timeout(LIMIT).unwrap_or_else(|_| {
        Command::new("kill").args(["-KILL", &pid.to_string()]).status().ok();
        panic!("{command:?} did not end in {LIMIT:?}")
    });
    let output = output.expect("our child");
    Output {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A folder with a script for each of the image's, that runs the same class in the shared JVM: what `/opt/kafka/bin` is
/// in a container.
pub fn bin() -> &'static Path {
    &server().bin
}

fn class(tool: &str) -> &'static str {
    let is_class = |class: &str| class.rsplit('.').next() == Some(tool);
    let found = SCRIPTS.iter().find(|(_, class)| is_class(class));
    found.unwrap_or_else(|| panic!("`{tool}` is none of the tools in {}", file!())).1
}

/// The JVM that `dev/apache-kafka/Tools.java` runs in.
struct Server {
    port: u16,
    bin: PathBuf,
    _process: Process,
}

fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| {
        let bin = folder();
        let log4j2 = bin.join("log4j2.properties");
        fs::write(&log4j2, "rootLogger.level=WARN\nrootLogger.appenderRef.stderr.ref=STDERR\nappender.stderr.type=Console\nappender.stderr.name=STDERR\nappender.stderr.target=SYSTEM_ERR\nappender.stderr.layout.type=PatternLayout\nappender.stderr.layout.pattern=[%d] %p %m (%c)%n\n").unwrap();
        let mut java = java::command();
        java.arg("-Xmx256m").arg(format!("-Dlog4j2.configurationFile={}", log4j2.display()));
        java.arg(root().join("dev/apache-kafka/Tools.java"));
        let process = Process::start(&java, Some(&bin));
        let port = process.log().wait_from(0, Duration::from_secs(60), |line| line.strip_prefix("port ")?.parse().ok());
        let port = port.unwrap_or_else(|| panic!("the tools' JVM did not start:\n{}", process.log().problems()));
        for (script, class) in SCRIPTS {
            let path = bin.join(script);
            fs::write(&path, shim(port, class)).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        Server { port, bin, _process: process }
    })
}

/// What stands in for one of the image's scripts: it speaks to the shared JVM as [`run`] does.
fn shim(port: u16, class: &str) -> String {
    format!(
        r#"#!/bin/bash
exec 3<>/dev/tcp/127.0.0.1/{port}
printf '%s\0' "$(($# + 1))" {class} "$@" >&3
while IFS= read -r line <&3; do
  case $line in
    o*) printf '%s\n' "${{line#o}}" ;;
    e*) printf '%s\n' "${{line#e}}" >&2 ;;
    x*) exit "${{line#x}}" ;;
  esac
done
exit 1
"#
    )
}
