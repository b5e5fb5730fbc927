//! The brokers that are compared: each a process of its own, on free ports of loopback, with its data on disk in a
//! folder that goes with it.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use std::{env, fs};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::accounts;
use crate::support::{java, root};

/// Whose broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// `kafkalab broker`, as this run has built it.
    Kafkalab,
    /// Apache Kafka 4.3.1 in combined mode, with the options of its own start script and a heap of 512 MB.
    Kafka,
    /// franz-go's kfake, see `kfake/main.go`.
    Kfake,
}

/// All of them, ours first.
pub const ENGINES: [Engine; 3] = [Engine::Kafkalab, Engine::Kafka, Engine::Kfake];

impl Engine {
    /// As the tables call it.
    pub fn name(self) -> &'static str {
        match self {
            Engine::Kafkalab => "kafkalab",
            Engine::Kafka => "Apache Kafka",
            Engine::Kfake => "kfake",
        }
    }
}

/// When the file of a log is synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sync {
    /// When the system likes, which is everybody's default.
    Lazily,
    /// After each batch: `log.flush.interval.messages=1`, and kfake's `SyncWrites`.
    EachBatch,
}

/// A running broker; dropping it kills it.
#[derive(Debug)]
pub struct Broker {
    /// Whose.
    pub engine: Engine,
    /// Where everybody may connect and do everything.
    pub address: String,
    /// Where principals log in; kfake has no such place here.
    pub sasl: Option<String>,
    /// From the start of the process until it said that it serves.
    pub started_in: Duration,
    child: Child,
    folder: TempDir,
}

impl Broker {
    /// Starts one with an empty folder.
    pub fn start(engine: Engine, sync: Sync) -> Broker {
        Broker::start_in(engine, sync, tempfile::tempdir().expect("the temporary folder is writable"))
    }

    /// Starts one with an empty folder, and lets it stand still until it is [awake](Self::awake).
    pub fn standing(engine: Engine, sync: Sync) -> Broker {
        let broker = Broker::start(engine, sync);
        broker.signal(Signal::STOP);
        broker
    }

    /// Lets a broker that stands still go on, for as long as what is returned lives. Whoever compares brokers in turn
    /// has the others stand still: Apache Kafka takes a seventh of a processor when it has nothing to do, and who
    /// is measured meanwhile would pay for it.
    pub fn awake(&self) -> Awake<'_> {
        self.signal(Signal::CONT);
        Awake(self)
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("our child is there");
    }

    /// Kills it and starts another on the same data.
    pub fn restart(mut self) -> Broker {
        self.kill();
        let folder = std::mem::replace(&mut self.folder, tempfile::tempdir().expect("writable"));
        Broker::start_in(self.engine, Sync::Lazily, folder)
    }

    fn start_in(engine: Engine, sync: Sync, folder: TempDir) -> Broker {
        let mut command = match engine {
            Engine::Kafkalab => kafkalab(folder.path(), sync),
            Engine::Kafka => kafka(folder.path(), sync),
            Engine::Kfake => kfake(folder.path(), sync),
        };
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let began = Instant::now();
        let mut child = command.spawn().unwrap_or_else(|problem| panic!("{command:?}: {problem}"));
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines().map_while(Result::ok);
        let ready = lines.find(|line| line.contains(ready_mark(engine)));
        let started_in = began.elapsed();
        let ready = ready.unwrap_or_else(|| panic!("{} did not start: {command:?}", engine.name()));
        // What it says later is of no interest, but the pipe must not fill.
        std::thread::spawn(move || lines.for_each(drop));
        let (address, sasl) = addresses(engine, &ready, folder.path());
        Broker { engine, address, sasl, started_in, child, folder }
    }

    /// Processor time so far, of all its threads.
    pub fn cpu(&self) -> Duration {
        accounts::cpu(self.child.id())
    }

    /// Resident memory, in bytes.
    pub fn resident(&self) -> u64 {
        accounts::resident(self.child.id())
    }

    /// How often its threads were scheduled so far.
    pub fn switches(&self) -> u64 {
        accounts::switches(self.child.id())
    }

    fn kill(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// While it lives, its broker runs.
#[must_use]
#[derive(Debug)]
pub struct Awake<'a>(&'a Broker);

impl Drop for Awake<'_> {
    fn drop(&mut self) {
        self.0.signal(Signal::STOP);
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The kafkalab that is measured: `KAFKALAB` names another than the one that was built with the benchmark.
pub fn program() -> OsString {
    env::var_os("KAFKALAB").unwrap_or_else(|| env!("CARGO_BIN_EXE_kafkalab").into())
}

fn kafkalab(folder: &Path, sync: Sync) -> Command {
    let mut command = Command::new(program());
    command.args(["broker", "--listen", "127.0.0.1:0", "--sasl-listen", "127.0.0.1:0", "--data-dir"]);
    command.arg(folder.join("data")).args(["-c", "super.users=User:admin;User:ANONYMOUS"]);
    if sync == Sync::EachBatch {
        command.args(["-c", "log.flush.interval.messages=1"]);
    }
    command
}

fn kafka(folder: &Path, sync: Sync) -> Command {
    let properties = folder.join("server.properties");
    if !properties.exists() {
        format(folder, &properties, sync);
    }
    let mut command = Command::new("java");
    // As `kafka-server-start.sh` and `kafka-run-class.sh` start it.
    command.args(["-Xmx512M", "-Xms512M", "-server", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20"]);
    command.args(["-XX:InitiatingHeapOccupancyPercent=35", "-XX:+ExplicitGCInvokesConcurrent"]);
    command.arg(format!("-Dlog4j2.configurationFile={}", folder.join("log4j2.properties").display()));
    command.arg("-cp").arg(java::libs().join("*")).arg("kafka.Kafka").arg(properties);
    command
}

/// Writes Apache Kafka's settings and formats its storage, which is no part of its start. Its controller must not take
/// the broker for dead after it stood still.
fn format(folder: &Path, properties: &Path, sync: Sync) {
    let (port, sasl, controller) = (free_port(), free_port(), free_port());
    let mut text = format!(
        "process.roles=broker,controller\nnode.id=1\ncontroller.quorum.voters=1@127.0.0.1:{controller}\n\
         listeners=PLAINTEXT://127.0.0.1:{port},SASL_PLAINTEXT://127.0.0.1:{sasl},CONTROLLER://127.0.0.1:{controller}\n\
         advertised.listeners=PLAINTEXT://127.0.0.1:{port},SASL_PLAINTEXT://127.0.0.1:{sasl}\n\
         controller.listener.names=CONTROLLER\nsasl.enabled.mechanisms=PLAIN\n\
         listener.security.protocol.map=\
         PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT\n\
         listener.name.sasl_plaintext.plain.sasl.jaas.config=\
         org.apache.kafka.common.security.plain.PlainLoginModule required \
         user_laravel=\"laravel-secret\" user_nest=\"nest-secret\" user_admin=\"admin-secret\";\n\
         log.dirs={}\noffsets.topic.replication.factor=1\ngroup.initial.rebalance.delay.ms=0\n\
         broker.session.timeout.ms=3600000\n",
        folder.join("data").display()
    );
    if sync == Sync::EachBatch {
        text += "log.flush.interval.messages=1\n";
    }
    fs::write(properties, text).expect("a folder of our own");
    let log = "appender.stdout.type=Console\nappender.stdout.name=STDOUT\nappender.stdout.layout.type=PatternLayout\n\
               appender.stdout.layout.pattern=%m%n\nrootLogger.level=INFO\nrootLogger.appenderRef.stdout.ref=STDOUT\n";
    fs::write(folder.join("log4j2.properties"), log).expect("a folder of our own");
    let mut tool = java::command();
    tool.args(["kafka.tools.StorageTool", "format", "-t", "bkZrYWZrYWxhYi1iZW5jaA", "-c"]).arg(properties);
    let output = tool.output().expect("java starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn kfake(folder: &Path, sync: Sync) -> Command {
    let mut command = Command::new(kfake_program());
    command.arg(folder.join("data"));
    if sync == Sync::EachBatch {
        command.arg("sync");
    }
    command
}

/// Builds kfake's program once, with Go.
pub fn kfake_program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let program = root().join("target/kfake-broker");
        let source = root().join("benches/peers/kfake");
        let mut build = Command::new("go");
        build.args(["build", "-buildvcs=false", "-o"]).arg(&program).arg(".").current_dir(source);
        assert!(build.status().expect("go starts").success(), "kfake does not build");
        program
    })
}

fn ready_mark(engine: Engine) -> &'static str {
    match engine {
        Engine::Kafkalab | Engine::Kfake => "ready ",
        Engine::Kafka => "Kafka Server started",
    }
}

/// The open listener's address, and that of the one with logins.
fn addresses(engine: Engine, ready: &str, folder: &Path) -> (String, Option<String>) {
    let named = |name: &str| {
        let words = ready.split_whitespace();
        words
            .filter_map(|word| word.split_once('='))
            .find(|(key, _)| *key == name)
            .map(|(_, at)| at.to_owned())
    };
    match engine {
        Engine::Kafkalab => (named("PLAINTEXT").expect("in the ready line"), named("SASL_PLAINTEXT")),
        Engine::Kfake => (ready.trim_start_matches("ready ").to_owned(), None),
        Engine::Kafka => {
            let text = fs::read_to_string(folder.join("server.properties")).expect("we wrote it");
            let advertised =
                text.lines().find_map(|line| line.strip_prefix("advertised.listeners=PLAINTEXT://"));
            let (plain, sasl) =
                advertised.and_then(|both| both.split_once(",SASL_PLAINTEXT://")).expect("we wrote it");
            (plain.to_owned(), Some(sasl.to_owned()))
        }
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|socket| socket.local_addr())
        .expect("loopback has ports")
        .port()
}
