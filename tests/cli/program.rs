//! One run of the binary in a fixed environment: no colour, no variable of the caller's, a home of its own.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::tools::run_with_input;

/// What a run printed and how it ended.
#[derive(Debug)]
pub(super) struct Run {
    /// Standard output.
    pub(super) stdout: String,
    /// Standard error.
    pub(super) stderr: String,
    /// The exit code.
    pub(super) code: i32,
}

impl Run {
    /// Whether standard error has this text, wherever its lines are broken.
    pub(super) fn complains(&self, text: &str) -> bool {
        self.stderr.split_whitespace().collect::<Vec<_>>().join(" ").contains(text)
    }
}

/// Runs `kafkalab ARGS…` in a new, empty home.
pub(super) fn kafkalab(args: &[&str]) -> Run {
    let home = tempfile::tempdir().expect("the temporary folder is writable");
    kafkalab_at(home.path(), &without_lab(args))
}

/// A lab that a command started by itself would outlive its home.
fn without_lab<'a>(args: &[&'a str]) -> Vec<&'a str> {
    args.iter().copied().chain(["--no-start"]).collect()
}

/// Runs `kafkalab ARGS…` with this home.
pub(super) fn kafkalab_at(home: &Path, args: &[&str]) -> Run {
    kafkalab_with(home, args, &[])
}

/// Runs `kafkalab ARGS…` with this home and these variables.
pub(super) fn kafkalab_with(home: &Path, args: &[&str], variables: &[(&str, &str)]) -> Run {
    let output = command(home, args).envs(variables.iter().copied()).stdin(Stdio::null()).output();
    let output = output.expect("the binary was built with the tests");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("kafkalab prints UTF-8");
    Run {
        stdout: text(output.stdout),
        stderr: text(output.stderr),
        code: output.status.code().expect("nothing kills it"),
    }
}

/// Runs `kafkalab ARGS…` in a new, empty home, with this standard input.
pub(super) fn kafkalab_fed(args: &[&str], input: impl AsRef<[u8]>) -> Run {
    let home = tempfile::tempdir().expect("the temporary folder is writable");
    let output = run_with_input(&mut command(home.path(), &without_lab(args)), input.as_ref());
    Run { stdout: output.stdout, stderr: output.stderr, code: output.code }
}

/// `kafkalab ARGS…` with this home, for a test that watches it run.
pub(super) fn command(home: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kafkalab"));
    command
        .args(args)
        .env_clear()
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .env("HOME", home)
        .env("KAFKALAB_HOME", home)
        .env("LANG", "C");
    command
}
