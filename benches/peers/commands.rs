//! kafkalab's command line beside kcat's, both logged in as laravel with PLAIN, on kafkalab's broker and on Apache Kafka.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::Plan;
use crate::accounts;
use crate::brokers::{self, Broker, Engine, Sync};
use crate::clients;
use crate::pairs::{Runs, short};

/// Lines of the bulk runs in terms of the plan's records, and their length.
const LINES: u64 = 5;
const LENGTH: usize = 100;

/// Two ways to do the same.
struct Duel {
    what: &'static str,
    ours: Runs,
    theirs: Runs,
    /// Largest resident memory of ours, in bytes.
    peak: u64,
}

/// What a duel is about, and the arguments of kafkalab and of kcat for it.
type Pair<'a> = (&'static str, &'a [&'a str], &'a [&'a str]);

/// Where the duels take place.
struct Place<'a> {
    broker: &'a Broker,
    folder: &'a Path,
}

/// Prints the tables.
pub fn measure(plan: &Plan) {
    measure_on(plan, Engine::Kafkalab);
    measure_on(plan, Engine::Kafka);
}

fn measure_on(plan: &Plan, engine: Engine) {
    let broker = Broker::start(engine, Sync::Lazily);
    let folder = tempfile::tempdir().expect("the temporary folder is writable");
    let place = Place { broker: &broker, folder: folder.path() };
    let lines = folder.path().join("lines");
    clients::lines(&lines, plan.records * LINES, LENGTH);
    let lines = lines.to_str().expect("a plain path");

    let (one, other) = (clients::topic(&broker, 1), clients::topic(&broker, 1));
    clients::timed(place.command(&["phase1", "produce", "--topic", &one, "--msg", "hi"]).arg("-q"));
    let few: [Pair<'_>; 3] = [
        (
            "one record in",
            &["phase1", "produce", "--msg", "hi", "--topic", &other],
            &["-P", "-l", "/dev/fd/0", "-t", &other],
        ),
        (
            "the first record out",
            &["phase1", "consume", "--offset", "start", "--count", "1", "--topic", &one],
            &["-C", "-o", "beginning", "-c", "1", "-q", "-t", &one],
        ),
        (
            "a topic of one record out",
            &["phase1", "consume", "--offset", "start", "--topic", &one],
            &["-C", "-o", "beginning", "-e", "-q", "-t", &one],
        ),
    ];
    println!("\n### Command line, beside kcat, on {}\n", engine.name());
    println!(
        "| what | kafkalab, s | kcat, s | kcat ÷ kafkalab | kafkalab's peak memory, MB |\n|---|---|---|---|---|"
    );
    place.fight_all(&few, plan.runs * 4);

    let (bulk, full) = (clients::topic(&broker, 1), clients::topic(&broker, 1));
    clients::timed(&mut place.kcat(&["-P", "-l", lines, "-t", &full]));
    // As laravel-kafka sends them: compressed, each with an id of its own, for which kcat has to repeat one.
    let id = "laravel-kafka::message-id=3f0b9d0e-51d4-4a41-9d2b-6c1f6f2f7a10";
    let nest: &[&str] = &["phase2", "produce", "--file", lines, "--topic", &bulk];
    let many: [Pair<'_>; 5] = [
        ("lines of a file in", nest, &["-P", "-l", lines, "-t", &bulk]),
        // So often `v`, and kcat says of each record where it went, as kafkalab does.
        ("the same, both telling each record's offset", nest, &["-P", "-v", "-v", "-l", lines, "-t", &bulk]),
        (
            "the same as Laravel",
            &["phase1", "produce", "--file", lines, "--topic", &bulk],
            &["-P", "-z", "snappy", "-H", id, "-l", lines, "-t", &bulk],
        ),
        (
            "values out",
            &[
                "phase1", "consume", "--offset", "start", "--output", "text", "--format", "%s\\n", "--topic",
                &full,
            ],
            &["-C", "-o", "beginning", "-e", "-q", "-f", "%s\\n", "-t", &full],
        ),
        (
            "JSON out",
            &["phase1", "consume", "--offset", "start", "--output", "json", "--topic", &full],
            &["-C", "-o", "beginning", "-e", "-q", "-J", "-t", &full],
        ),
    ];
    place.fight_all(&many, plan.runs);
    if engine == Engine::Kafkalab {
        balance(plan, &place);
    }
}

/// Two consumers of a group, until each has its partitions: `phase4 groups` measures it and says so.
fn balance(plan: &Plan, place: &Place<'_>) {
    let mut runs = Runs::default();
    for _ in 0..plan.runs {
        let mut groups = place.command(&["phase4", "groups", "--consumers", "2", "--output", "json"]);
        let said = groups.stdin(Stdio::null()).output().expect("it starts").stdout;
        let said: serde_json::Value = serde_json::from_slice(&said).expect("one JSON document");
        let millis = said.pointer("/balanced_ms").or_else(|| said.pointer("/data/balanced_ms"));
        runs.push(
            millis.and_then(serde_json::Value::as_f64).unwrap_or_else(|| panic!("no balanced_ms: {said}")),
        );
    }
    println!("\nTwo consumers of a group balanced: {} ms", runs.spread());
}

impl Place<'_> {
    /// A row of the table for each pair.
    fn fight_all(&self, pairs: &[Pair<'_>], runs: usize) {
        for (what, ours, theirs) in pairs {
            self.fight(what, runs, ours, theirs).print();
        }
    }

    /// Runs both in turn. What they print goes to a file.
    fn fight(&self, what: &'static str, runs: usize, ours: &[&str], theirs: &[&str]) -> Duel {
        let mut duel = Duel { what, ours: Runs::default(), theirs: Runs::default(), peak: 0 };
        for turn in 0..=runs {
            let (our_time, peak) = self.run(&mut self.command(ours));
            let (their_time, _) = self.run(&mut self.kcat(theirs));
            duel.peak = duel.peak.max(peak);
            if turn > 0 {
                duel.ours.push(our_time);
                duel.theirs.push(their_time);
            }
        }
        duel
    }

    /// Seconds from start to end, and the largest memory. Standard input holds one line.
    fn run(&self, command: &mut Command) -> (f64, u64) {
        let (input, output) = (self.folder.join("hi"), self.folder.join("out"));
        fs::write(&input, "hi\n").expect("a folder of our own");
        command.stdin(fs::File::open(input).expect("we wrote it"));
        let output = fs::File::create(output).expect("a folder of our own");
        command.stderr(output.try_clone().expect("there are more")).stdout(output);
        let began = Instant::now();
        let mut child = command.spawn().expect("it starts");
        let (status, peak) = accounts::wait(&mut child);
        let took = began.elapsed().as_secs_f64();
        assert!(status.success(), "{command:?}: {status}");
        (took, peak)
    }

    /// Ours.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(brokers::program());
        command.args(arguments).env("KAFKALAB_HOME", self.folder.join("home"));
        command
            .env("KAFKALAB_BOOTSTRAP_SERVER", self.sasl())
            .env("KAFKALAB_PLAINTEXT_SERVER", &self.broker.address);
        command
    }

    fn kcat(&self, arguments: &[&str]) -> Command {
        let mut kcat = clients::kcat(self.sasl());
        for setting in [
            "security.protocol=SASL_PLAINTEXT",
            "sasl.mechanism=PLAIN",
            "sasl.username=laravel",
            "sasl.password=laravel-secret",
        ] {
            kcat.args(["-X", setting]);
        }
        kcat.args(arguments);
        kcat
    }

    fn sasl(&self) -> &str {
        self.broker.sasl.as_deref().expect("kfake is not asked")
    }
}

impl Duel {
    fn print(&self) {
        let Duel { what, ours, theirs, peak } = self;
        println!(
            "| {what} | {} | {} | {} | {} |",
            ours.spread(),
            theirs.spread(),
            theirs.over(ours),
            short(*peak as f64 / 1e6)
        );
    }
}
