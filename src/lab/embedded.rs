//! The engine `embedded`: this binary as a broker in the background.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde::Deserialize;

use super::{Engine, Home, Listen, Port, State, look_at, ports};
use crate::error::{Error, Kind, Result};
use crate::words::{Lang, lab as words};

/// The lock that a broker holds on its data folder; Kafka's own name.
const LOCK_FILE: &str = ".lock";
/// How long a broker may take from its start to `ready`: recovery of large data takes time.
const READY_WITHIN: Duration = Duration::from_secs(30);
/// How long a broker may take to stop before it is killed.
const STOP_WITHIN: Duration = Duration::from_secs(10);

/// Whether the broker of this lab home runs: it holds a lock on its data as long as it lives, whatever its pid is,
/// so neither a crash nor a reboot leaves a wrong answer.
pub fn is_running(home: &Home) -> bool {
    let Ok(file) = OpenOptions::new().write(true).open(home.broker_data().join(LOCK_FILE)) else {
        return false;
    };
    matches!(file.try_lock(), Err(fs::TryLockError::WouldBlock))
}

/// Starts the broker and waits until its listeners accept. The caller holds the lab's lock.
///
/// `lang`: that of its words, if it does not start.
pub fn start(home: &Home, listen: Listen<'_>, acls: Option<&str>, lang: Lang) -> Result<State> {
    for address in [listen.plaintext, listen.sasl].into_iter().chain(listen.tls) {
        if !address.ends_with(":0")
            && let Ok(Port::Busy) = look_at(address)
        {
            return Err(port_in_use(address));
        }
    }
    let mut child = spawn(home, listen, acls, lang)?;
    let line = first_line(&mut child);
    match line.as_deref().and_then(addresses) {
        Some((plaintext, sasl, tls)) => Ok(State {
            version: State::VERSION,
            engine: Engine::Embedded,
            plaintext,
            sasl,
            tls,
            pid: Some(child.id()),
            cluster: false,
            started_at_ms: jiff::Timestamp::now().as_millisecond(),
        }),
        None => {
            // A broker that never became ready is of no use to anybody.
            let _ = child.kill();
            let _ = child.wait();
            Err(did_not_start(home, line.as_deref().unwrap_or_default()))
        }
    }
}

/// Stops the broker, if it runs: SIGTERM, then patience, then SIGKILL. Returns once its data is released. Its own lock
/// names it: whoever started it may have died before that was noted down.
pub fn stop(home: &Home) -> Result<()> {
    if !is_running(home) {
        return Ok(());
    }
    if let Some(pid) = holder(home) {
        terminate(pid, false);
        if released(home, STOP_WITHIN) {
            return Ok(());
        }
        terminate(pid, true);
        if released(home, STOP_WITHIN) {
            return Ok(());
        }
    }
    Err(Error::new(Kind::Failed, words::WILL_NOT_STOP.with(&[("home", &home.path().display())])))
}

/// The process that holds the lock.
fn holder(home: &Home) -> Option<u32> {
    fs::read_to_string(home.broker_data().join(LOCK_FILE)).ok()?.trim().parse().ok()
}

fn spawn(home: &Home, listen: Listen<'_>, acls: Option<&str>, lang: Lang) -> Result<Child> {
    let program = std::env::current_exe()?;
    let log = OpenOptions::new().create(true).append(true).open(home.broker_log())?;
    let mut command = Command::new(program);
    command
        .args(["broker", "--listen", listen.plaintext, "--sasl-listen", listen.sasl, "--data-dir"])
        .arg(home.broker_data())
        .arg("--live")
        .arg(home.live())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::from(log))
        // If it ends with an error, that is an object to read, and not lines.
        .args(["--output", "json", "--lang", lang.tag()])
        // The broker outlives the folder it was started from.
        .current_dir(home.path());
    if let Some(tls) = listen.tls {
        command.args(["--tls-listen", tls]);
    }
    if let Some(acls) = acls {
        command.args(["--acls", acls]);
    }
    // Ctrl-C in the terminal is for the command, not for the lab.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command.spawn().map_err(Error::from)
}

/// The broker's first line, or none if it ended without one or stayed silent.
fn first_line(child: &mut Child) -> Option<String> {
    let stdout = child.stdout.take()?;
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        let read = BufReader::new(stdout).read_line(&mut line);
        // Nobody listens any more once the time is over.
        let _ = sender.send(read.is_ok_and(|length| length > 0).then_some(line));
    });
    receiver.recv_timeout(READY_WITHIN).ok().flatten()
}

/// `ready PLAINTEXT=a SASL_PLAINTEXT=b`, and ` SASL_SSL=c` where there is that listener.
fn addresses(line: &str) -> Option<(String, String, Option<String>)> {
    let mut words = line.split_whitespace();
    if words.next() != Some("ready") {
        return None;
    }
    let listeners: Vec<(&str, &str)> = words.filter_map(|word| word.split_once('=')).collect();
    let find =
        |name| listeners.iter().find(|(key, _)| *key == name).map(|(_, address)| (*address).to_owned());
    Some((find("PLAINTEXT")?, find("SASL_PLAINTEXT")?, find("SASL_SSL")))
}

/// Waits until the broker's lock can be had, without asking again and again.
fn released(home: &Home, within: Duration) -> bool {
    let path = home.broker_data().join(LOCK_FILE);
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let locked = File::open(path).and_then(|file| file.lock_shared());
        let gone = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
        let _ = sender.send(locked.as_ref().map_or_else(gone, |()| true));
    });
    receiver.recv_timeout(within).unwrap_or(false)
}

#[cfg(unix)]
fn terminate(pid: u32, at_once: bool) {
    use rustix::process::{Pid, Signal, kill_process};
    let signal = if at_once { Signal::KILL } else { Signal::TERM };
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        // A process that is gone already is what was asked for.
        let _ = kill_process(pid, signal);
    }
}

#[cfg(not(unix))]
fn terminate(pid: u32, _at_once: bool) {
    let _ = Command::new("taskkill").args(["/F", "/PID", &pid.to_string()]).output();
}

fn port_in_use(address: &str) -> Error {
    let problem = match ports::owner(address) {
        Some(owner) => words::PORT_IN_USE_BY.with(&[("address", &address), ("owner", &owner)]),
        None => words::PORT_IN_USE.with(&[("address", &address)]),
    };
    Error::new(Kind::Failed, problem)
        .hint(words::PORT_HINT)
        .next("kafkalab up --listen 127.0.0.1:0 --sasl-listen 127.0.0.1:0")
}

/// What the broker says of itself, and what helps.
#[derive(Deserialize)]
struct Ended {
    error: Why,
}

/// The parts of an error that are handed on.
#[derive(Deserialize)]
struct Why {
    doing: String,
    hints: Vec<String>,
    r#try: Vec<String>,
}

/// `said`: its first line, an error if all went as it should.
fn did_not_start(home: &Home, said: &str) -> Error {
    let frame = |why: &str| Error::new(Kind::Failed, words::DID_NOT_START.with(&[("last", &why)]));
    // What comes after `ready` is in its log, with the error as the last line.
    let last = last_log_line(home);
    match serde_json::from_str(said).or_else(|_| serde_json::from_str(&last)) {
        Ok(Ended { error }) => {
            let framed = error.hints.into_iter().fold(frame(&error.doing), Error::hint);
            error.r#try.into_iter().fold(framed, Error::next)
        }
        Err(_) => frame(&last)
            .hint(words::SEE_LOG.with(&[("path", &home.broker_log().display())]))
            .next("kafkalab logs"),
    }
}

fn last_log_line(home: &Home) -> String {
    let text = fs::read_to_string(home.broker_log()).unwrap_or_default();
    text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ready_line_gives_the_addresses() {
        let line = "ready PLAINTEXT=127.0.0.1:9092 SASL_PLAINTEXT=127.0.0.1:9094\n";
        let both = ("127.0.0.1:9092".to_owned(), "127.0.0.1:9094".to_owned());
        assert_eq!(addresses(line), Some((both.0.clone(), both.1.clone(), None)));
        let line = line.trim_end().to_owned() + " SASL_SSL=127.0.0.1:9096\n";
        assert_eq!(addresses(&line), Some((both.0, both.1, Some("127.0.0.1:9096".to_owned()))));
        assert_eq!(addresses("ready PLAINTEXT=127.0.0.1:9092"), None);
        assert_eq!(addresses("panicked"), None);
    }

    #[test]
    fn a_home_without_data_has_no_broker() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(Some(folder.path().to_owned())).unwrap();
        assert!(!is_running(&home));
    }
}
