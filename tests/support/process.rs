//! A child process that cannot outlive the tests, and everything it has said.

use std::io::{BufRead as _, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// Runs `$2…` until standard input ends, then stops it: SIGTERM, after ten seconds SIGKILL. Removes the folder `$1` in
/// the end. The test process holds the other end of that pipe, so the child stops however the tests end, by a panic
/// and SIGKILL too, and statics that are never dropped need no care.
const LEASH: &str = r#"
trap '' INT
folder=$1; shift
exec 3<&0
"$@" </dev/null 3<&- & child=$!
echo "leash: $child"
{ cat <&3; kill -TERM $child; sleep 10; kill -KILL $child; } >/dev/null 2>&1 & watcher=$!
exec 3<&-
wait $child; code=$?
kill $watcher 2>/dev/null
[ -z "$folder" ] || rm -rf "$folder"
exit $code
"#;

/// A running child. Dropping it stops it and waits until it is gone.
#[derive(Debug)]
pub struct Process {
    leash: Child,
    stdin: Option<ChildStdin>,
    pid: u32,
    log: Arc<Log>,
}

impl Process {
    /// Starts `command`, whose standard input is empty and whose output goes to [`Process::log`]. `folder`, if any, is
    /// removed when the child has ended.
    pub fn start(command: &Command, folder: Option<&Path>) -> Process {
        let mut leash = Command::new("sh");
        leash.args(["-c", LEASH, "leash"]).arg(folder.unwrap_or(Path::new("")));
        leash.arg(command.get_program()).args(command.get_args());
        if let Some(folder) = command.get_current_dir() {
            leash.current_dir(folder);
        }
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => leash.env(name, value),
                None => leash.env_remove(name),
            };
        }
        leash.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut leash = leash.spawn().expect("sh starts");
        let log = Arc::new(Log::default());
        Log::follow(&log, leash.stdout.take().expect("piped"));
        Log::follow(&log, leash.stderr.take().expect("piped"));
        let pid =
            log.wait_from(0, Duration::from_secs(10), |line| line.strip_prefix("leash: ")?.parse().ok());
        let stdin = leash.stdin.take();
        Process { leash, stdin, pid: pid.expect("the leash names its child"), log }
    }

    /// What the child has written so far.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// The child's process id.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Ends the child as a crash would: SIGKILL, and waits until it is gone.
    pub fn kill(&mut self) {
        Command::new("kill").args(["-KILL", &self.pid.to_string()]).status().expect("kill runs");
        self.leash.wait().expect("the leash is our child");
    }

    /// Does what Ctrl-C does (SIGINT), waits until the child is gone, and returns its exit code.
    pub fn interrupt(&mut self) -> i32 {
        self.end_with("-INT")
    }

    /// Sends a signal (`-TERM`) once, waits until the child is gone, and returns its exit code.
    pub fn end_with(&mut self, signal: &str) -> i32 {
        Command::new("kill").args([signal, &self.pid.to_string()]).status().expect("kill runs");
        self.leash.wait().expect("the leash is our child").code().unwrap_or(-1)
    }

    /// Waits until the child has ended by itself, and returns its exit code.
    ///
    /// # Panics
    /// If it still runs after a minute.
    pub fn wait(&mut self) -> i32 {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            if let Some(status) = self.leash.try_wait().expect("the leash is our child") {
                return status.code().unwrap_or(-1);
            }
            assert!(Instant::now() < deadline, "it still runs:\n{}", self.log.problems());
            thread::park_timeout(Duration::from_millis(50));
        }
    }

    /// Asks the child to stop (SIGTERM, after ten seconds SIGKILL) and waits until it is gone.
    pub fn stop(&mut self) {
        drop(self.stdin.take());
        self.leash.wait().expect("the leash is our child");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The lines of a child's standard output and standard error, in the order in which they came.
#[derive(Debug, Default)]
pub struct Log {
    lines: Mutex<Lines>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Lines {
    lines: Vec<String>,
    /// Streams that may still bring lines.
    open: usize,
}

impl Log {
    fn follow(log: &Arc<Log>, stream: impl Read + Send + 'static) {
        log.lines.lock().unwrap().open += 1;
        let log = Arc::clone(log);
        thread::spawn(move || {
            for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
                log.lines.lock().unwrap().lines.push(String::from_utf8_lossy(&line).into_owned());
                log.changed.notify_all();
            }
            log.lines.lock().unwrap().open -= 1;
            log.changed.notify_all();
        });
    }

    /// The number of lines so far: where to start waiting for what comes next.
    pub fn len(&self) -> usize {
        self.lines.lock().unwrap().lines.len()
    }

    /// The lines so far.
    pub fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().lines.clone()
    }

    /// How many lines so far are of a kind.
    pub fn count(&self, is: impl Fn(&str) -> bool) -> usize {
        self.lines.lock().unwrap().lines.iter().filter(|line| is(line)).count()
    }

    /// The lines that tell of a problem, without stack traces, or if there are none the last ones: for an error message.
    pub fn problems(&self) -> String {
        let is_problem = |line: &&String| {
            let marks = [" ERROR ", " FATAL ", "Exception: ", "rror: "];
            !line.starts_with('\t')
                && !line.contains(" INFO ")
                && marks.iter().any(|mark| line.contains(mark))
        };
        let lines = &self.lines.lock().unwrap().lines;
        let problems: Vec<&str> = lines.iter().filter(is_problem).map(String::as_str).take(20).collect();
        let last = &lines[lines.len().saturating_sub(20)..];
        if problems.is_empty() { last.join("\n") } else { problems.join("\n") }
    }

    /// The first thing that `find` makes of a line from number `from` on, past or future; `None` when the child has
    /// closed its output or `limit` has passed without one.
    pub fn wait_from<T>(&self, from: usize, limit: Duration, find: impl Fn(&str) -> Option<T>) -> Option<T> {
        let deadline = Instant::now() + limit;
        let mut next = from;
        let mut lines = self.lines.lock().unwrap();
        loop {
            if let Some(found) = lines.lines[next.min(lines.lines.len())..].iter().find_map(|line| find(line))
            {
                return Some(found);
            }
            next = lines.lines.len();
            let left = deadline.checked_duration_since(Instant::now()).filter(|_| lines.open > 0)?;
            lines = self.changed.wait_timeout(lines, left).unwrap().0;
        }
    }

    /// Waits until `count` lines are of a kind, and says whether that happened before the child closed its output and
    /// before `limit` had passed.
    pub fn wait_for_count(&self, count: usize, limit: Duration, is: impl Fn(&str) -> bool) -> bool {
        let deadline = Instant::now() + limit;
        let mut lines = self.lines.lock().unwrap();
        while lines.lines.iter().filter(|line| is(line)).count() < count {
            let left = deadline.checked_duration_since(Instant::now()).filter(|_| lines.open > 0);
            let Some(left) = left else { return false };
            lines = self.changed.wait_timeout(lines, left).unwrap().0;
        }
        true
    }
}
