//! `phase4 groups` on both brokers: what each act claims, what Apache's tool says meanwhile, and that neither members nor
//! names stay behind, however the run ends.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

use super::groups::apaches_tool;
use super::program::kafkalab_at;
use crate::on_every_broker;
use crate::support::{Lab, eventually, require};

/// A run with JSON output, which must succeed.
fn play(lab: &Lab, arguments: &[&str]) -> Value {
    let arguments = [&["phase4", "groups", "--output", "json"], arguments].concat();
    let output = lab.kafkalab(&arguments).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
}

fn act<'a>(report: &'a Value, id: &str) -> &'a Value {
    let acts = report["acts"].as_array().unwrap();
    acts.iter().find(|act| act["id"] == id).unwrap_or_else(|| panic!("{id}: {report}"))
}

/// How many partitions each member of a picture owns, the fewest first.
fn shares(picture: &Value) -> Vec<usize> {
    let members = picture["members"].as_array().unwrap().iter();
    let mut shares: Vec<usize> =
        members.map(|member| member["partitions"].as_array().unwrap().len()).collect();
    shares.sort_unstable();
    shares
}

fn holds_what_it_claims(report: &Value) {
    let acts = report["acts"].as_array().unwrap();
    assert_eq!(acts.len(), 8, "{report}");
    for act in acts {
        assert_eq!(act["holds"], true, "{act}");
        assert_eq!(act["prediction"]["predicted"], Value::Null, "nobody was asked: {act}");
    }
    assert!(report["balanced_ms"].as_u64().is_some(), "{report}");

    let pictures = |id: &str| act(report, id)["pictures"].as_array().unwrap().clone();
    assert_eq!(shares(&pictures("share")[0]), [1, 2], "two members, three partitions");
    assert_eq!(shares(&pictures("newcomer")[0]), [1, 1, 1]);
    assert_eq!(shares(&pictures("too-many")[0]), [0, 1, 1, 1], "one is idle");

    let groups = act(report, "groups");
    for group in groups["groups"].as_array().unwrap() {
        assert_eq!((&group["records"], &group["distinct"]), (&groups["sent"], &groups["sent"]), "{groups}");
    }

    let farewell = act(report, "farewell");
    let waited = |who: &str| farewell[who]["waited_ms"].as_u64().unwrap();
    let session = farewell["session_timeout_ms"].as_u64().unwrap();
    // The session counts from the last heartbeat, which came before the kill.
    assert!(waited("killed") + 1000 >= session, "{farewell}");
    assert!(waited("killed") > waited("left"), "{farewell}");

    let protocols = act(report, "protocols")["protocols"].as_array().unwrap().clone();
    assert_eq!((&protocols[0]["strategy"], &protocols[0]["kept"]), (&"range".into(), &0.into()));
    assert_eq!((&protocols[1]["kept"], &protocols[1]["moved"]), (&2.into(), &1.into()), "{protocols:?}");

    let lag = act(report, "lag");
    assert_eq!(lag["most"], lag["records"], "{lag}");
    assert_eq!(lag["lag"].as_array().unwrap().last().unwrap()[1], 0, "{lag}");

    let still = act(report, "static");
    assert_eq!(still["assignments_of_others"], 0, "{still}");
    assert_ne!(still["member_ids"][0], still["member_ids"][1], "it came back under a new id: {still}");
    assert_eq!(still["pictures"][1]["rebalances"], Value::Array(Vec::new()), "{still}");
}

/// A run that waits for Enter after each act. Its two outputs come as one.
struct Stepped {
    child: Child,
    enter: ChildStdin,
    lines: BufReader<ChildStdout>,
}

impl Stepped {
    fn start(program: &Command) -> Self {
        let mut shell = Command::new("sh");
        shell.args(["-c", "exec \"$@\" 2>&1", "sh"]).arg(program.get_program()).args(program.get_args());
        for (name, value) in program.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        let mut child = shell.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (enter, lines) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Self { child, enter, lines }
    }

    fn on(lab: &Lab) -> Self {
        Self::start(&lab.kafkalab(&["phase4", "groups", "--step"]))
    }

    /// What the next act prints.
    fn act(&mut self) -> Vec<String> {
        let mut act = Vec::new();
        loop {
            let mut line = String::new();
            assert!(self.lines.read_line(&mut line).unwrap() > 0, "it ended: {act:#?}");
            if line.starts_with("Look at the groups of ") {
                return act;
            }
            act.push(line.trim_end().to_owned());
        }
    }

    fn go_on(&mut self) {
        self.enter.write_all(b"\n").unwrap();
    }

    /// The processes of its members.
    fn members(&self) -> Vec<Running> {
        let parent = self.child.id();
        processes().into_iter().filter(|process| process.parent == parent).collect()
    }

    /// Sends a signal, and waits for the end.
    fn signal(&mut self, signal: &str) -> Option<i32> {
        let status = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Stepped {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A process that has not ended.
struct Running {
    pid: u32,
    parent: u32,
    command: String,
}

fn processes() -> Vec<Running> {
    let output = Command::new("ps").args(["-A", "-o", "pid=,ppid=,stat=,args="]).output().unwrap();
    let process = |line: &str| {
        let mut cells = line.split_whitespace();
        let (pid, parent) = (cells.next()?.parse().ok()?, cells.next()?.parse().ok()?);
        // A zombie is dead, whether somebody has buried it or not.
        let alive = !cells.next()?.starts_with('Z');
        alive.then(|| Running { pid, parent, command: cells.collect::<Vec<_>>().join(" ") })
    };
    String::from_utf8_lossy(&output.stdout).lines().filter_map(process).collect()
}

fn all_end(members: &[Running]) -> bool {
    let gone = || {
        let alive = processes();
        let left = members.iter().filter(|member| {
            alive.iter().any(|other| (other.pid, &other.command) == (member.pid, &member.command))
        });
        (left.count() == 0).then_some(())
    };
    eventually(gone).is_some()
}

/// The owner of each partition in the last picture that an act printed.
fn owners(act: &[String]) -> BTreeMap<String, String> {
    let head =
        act.iter().rposition(|line| line.starts_with("partition ")).unwrap_or_else(|| panic!("{act:#?}"));
    let partitions: Vec<&str> = act[head].split_whitespace().skip(1).collect();
    let mut owners = BTreeMap::new();
    for line in &act[head + 1..] {
        let cells: Vec<&str> = line.split_whitespace().collect();
        let marks = cells.get(1..=partitions.len()).unwrap_or_default();
        // A row has a mark in each column; a sentence has not.
        if marks.is_empty() || !marks.iter().all(|mark| ["#", "."].contains(mark)) {
            break;
        }
        for (partition, _) in partitions.iter().zip(marks).filter(|(_, mark)| **mark == "#") {
            let before = owners.insert((*partition).to_owned(), cells[0].to_owned());
            assert_eq!(before, None, "two owners: {act:#?}");
        }
    }
    owners
}

/// The topic of a run, from the name of its first group.
fn topic(act: &[String]) -> String {
    let group = act.iter().find_map(|line| line.strip_prefix("group ")).unwrap_or_else(|| panic!("{act:#?}"));
    group.strip_suffix("-a").unwrap().to_owned()
}

/// What the broker knows that begins with this name: topics and groups.
fn named(lab: &Lab, name: &str) -> Vec<String> {
    let list = |what: &str, names: &str| {
        let output = lab.kafkalab(&[what, "list", "--output", "json"]).output().unwrap();
        let data: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
        let all = data[what].as_array().unwrap().iter();
        let all: Vec<String> = all.map(|one| one[names].as_str().unwrap().to_owned()).collect();
        all
    };
    let all = [list("topics", "name"), list("groups", "group")].concat();
    all.into_iter().filter(|one| one.starts_with(name)).collect()
}

on_every_broker! {
    fn two_runs_at_once_each_hold_what_they_claim_and_leave_nothing(lab: &Lab) {
        let reports = std::thread::scope(|scope| {
            let runs = [(), ()].map(|()| scope.spawn(|| play(lab, &[])));
            runs.map(|run| run.join().unwrap())
        });
        for report in &reports {
            holds_what_it_claims(report);
            assert_eq!(named(lab, report["topic"].as_str().unwrap()), Vec::<String>::new());
        }
        assert_ne!(reports[0]["topic"], reports[1]["topic"]);
    }

    fn the_picture_is_what_apaches_tool_says_and_ctrl_c_leaves_nothing(lab: &Lab) {
        if !require("jdk") { return }
        let mut run = Stepped::on(lab);
        let mut name = String::new();
        for members in 2..=4 {
            let act = run.act();
            if name.is_empty() {
                name = topic(&act);
            }
            let theirs = apaches_tool(lab, &format!("{name}-a"));
            // Of a row: the partition, and the client id of its owner.
            let theirs: BTreeMap<_, _> = theirs.into_iter().map(|row| (row[1].clone(), row[7].clone())).collect();
            assert_eq!(owners(&act), theirs, "{act:#?}");
            let processes = run.members();
            assert_eq!(processes.len(), members);
            for process in processes {
                assert!(process.command.ends_with("phase4 member"), "nothing else to read: {}", process.command);
            }
            if members < 4 {
                run.go_on();
            }
        }
        let members = run.members();
        assert_eq!(run.signal("-INT"), Some(130));
        assert!(all_end(&members), "a member outlives Ctrl-C");
        assert_eq!(named(lab, &name), Vec::<String>::new());
    }

    fn no_member_outlives_its_parent(lab: &Lab) {
        let mut run = Stepped::on(lab);
        let name = topic(&run.act());
        let members = run.members();
        assert_eq!(members.len(), 2);
        run.signal("-KILL");
        assert!(all_end(&members), "a member outlives its parent");
        // They said goodbye, so nobody has to wait for their sessions.
        let group = format!("{name}-a");
        let empty = || {
            let output = lab.kafkalab(&["groups", "describe", &group, "--output", "json"]).output().unwrap();
            let data: Value = serde_json::from_slice(&output.stdout).ok()?;
            (data["groups"][0]["state"] == "Empty").then_some(())
        };
        assert!(eventually(empty).is_some(), "{group} still has members");
    }

    fn verify_asks_about_groups(lab: &Lab) {
        let output = lab.kafkalab(&["phase4", "verify", "--output", "json"]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        for id in ["members-share", "idle-member", "committed-is-end", "two-groups"] {
            let check = report["checks"].as_array().unwrap().iter().find(|check| check["id"] == id);
            assert_eq!(check.unwrap_or_else(|| panic!("{id}: {report}"))["verdict"], "done", "{report}");
        }
    }
}

/// A lab of its own; only its log tells of generations and reasons.
struct OwnLab(tempfile::TempDir);

impl OwnLab {
    fn up() -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        let up =
            kafkalab_at(home.0.path(), &["up", "--listen", "127.0.0.1:0", "--sasl-listen", "127.0.0.1:0"]);
        assert_eq!(up.code, 0, "{up:?}");
        home
    }
}

impl Drop for OwnLab {
    fn drop(&mut self) {
        kafkalab_at(self.0.path(), &["down"]);
    }
}

#[test]
fn the_embedded_broker_tells_generations_and_reasons() {
    let lab = OwnLab::up();
    let program = super::program::command(lab.0.path(), &["phase4", "groups", "--step"]);
    let mut run = Stepped::start(&program);
    let first = run.act();
    let count = |act: &[String]| act.iter().filter(|line| line.starts_with("generation ")).count();
    assert!((1..=2).contains(&count(&first)), "one each, or one for both: {first:#?}");
    run.go_on();
    let second = run.act();
    let tells = |line: &&String| {
        line.starts_with("generation ") && line.ends_with("(broker): member-3 joined (broker)")
    };
    assert!(second.iter().any(|line| tells(&line)), "{second:#?}");
    run.signal("-INT");
}

#[test]
fn a_learner_predicts_and_is_answered_in_portuguese() {
    let lab = OwnLab::up();
    let mut program = super::program::command(lab.0.path(), &["phase4", "groups", "--lang", "pt-BR"]);
    program.env("TERM", "dumb");
    let mut terminal = rexpect::session::spawn_command(program, Some(30_000)).unwrap();
    // The terminal is read as bytes, so only what is ASCII can be awaited.
    terminal.exp_string("Sua previs").unwrap();
    terminal.send_line("2").unwrap();
    terminal.exp_string(", 2, foi o que aconteceu.").unwrap();
    terminal.exp_string("entra mais um consumer").unwrap();
    terminal.exp_string("Sua previs").unwrap();
    terminal.send_line("1").unwrap();
    terminal.exp_string(" previu 1; o que aconteceu foi 2.").unwrap();
    terminal.exp_string("Sua previs").unwrap();
    terminal.send_control('c').unwrap();
    terminal.exp_eof().unwrap();
}
