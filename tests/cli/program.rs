//! One run of the binary in a fixed environment: no colour, no variable of the caller's, a home of its own.

use std::path::Path;
use std::process::{Command, Stdio};

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
    kafkalab_at(home.path(), args)
}

/// Runs `kafkalab ARGS…` with this home.
pub(super) fn kafkalab_at(home: &Path, args: &[&str]) -> Run {
    let output = Command::new(env!("CARGO_BIN_EXE_kafkalab"))
        .args(args)
        .env_clear()
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .env("HOME", home)
        .env("KAFKALAB_HOME", home)
        .env("LANG", "C")
        .stdin(Stdio::null())
        .output()
        .expect("the binary was built with the tests");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("kafkalab prints UTF-8");
    Run {
        stdout: text(output.stdout),
        stderr: text(output.stderr),
        code: output.status.code().expect("nothing kills it"),
    }
}
