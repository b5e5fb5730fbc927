//! The embedded broker, as the process that `kafkalab broker` starts.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::folder;
use super::process::Process;

/// A running embedded broker.
#[derive(Debug)]
pub struct Embedded {
    /// The address of its PLAINTEXT listener.
    pub plaintext: String,
    /// The address of its SASL_PLAINTEXT listener.
    pub sasl: String,
    /// The address of its SASL_SSL listener, if it was started with one.
    pub tls: Option<String>,
    /// Its data folder.
    pub data: PathBuf,
    /// Its process; the log holds standard output and standard error.
    pub process: Process,
}

impl Embedded {
    /// Starts one on free ports with data in a folder of its own, which goes when the broker stops.
    pub fn start() -> Result<Embedded, String> {
        let folder = folder();
        Embedded::start_in(&folder.join("data"), Some(&folder), &[])
    }

    /// Starts one on free ports with its data in `data` and more arguments; `remove` is removed when it has stopped.
    pub fn start_in(data: &Path, remove: Option<&Path>, arguments: &[&str]) -> Result<Embedded, String> {
        Embedded::start_on(["127.0.0.1:0"; 2], data, remove, arguments)
    }

    /// Dies as in a crash, and is started again on the same addresses and data once `meanwhile` has returned. Only for
    /// a broker whose folder is not removed when it stops.
    pub fn crash(&mut self, meanwhile: impl FnOnce()) {
        self.process.kill();
        meanwhile();
        let again = Embedded::start_on([&self.plaintext, &self.sasl], &self.data, None, &[]);
        *self = again.unwrap_or_else(|problem| panic!("{problem}"));
    }

    fn start_on(
        [plaintext, sasl]: [&str; 2],
        data: &Path,
        remove: Option<&Path>,
        arguments: &[&str],
    ) -> Result<Embedded, String> {
        let mut command = Command::new(binary());
        command.args(["broker", "--listen", plaintext, "--sasl-listen", sasl, "--data-dir"]);
        command.arg(data).args(arguments);
        Embedded::run(&command, data, remove)
    }

    /// Runs a command that becomes a broker with its data in `data`.
    pub fn run(command: &Command, data: &Path, remove: Option<&Path>) -> Result<Embedded, String> {
        let process = Process::start(command, remove);
        let ready = process.log().wait_from(0, Duration::from_secs(30), ready);
        let problem = || format!("`kafkalab broker` did not start:\n{}", process.log().problems());
        let [plaintext, sasl, tls] = ready.ok_or_else(problem)?;
        let [plaintext, sasl] = [plaintext, sasl].map(Option::unwrap_or_default);
        Ok(Embedded { plaintext, sasl, tls, data: data.to_owned(), process })
    }
}

/// The program under test.
pub fn binary() -> &'static str {
    let path = option_env!("CARGO_BIN_EXE_kafkalab");
    path.unwrap_or_else(|| panic!("cargo names the binary to integration tests only"))
}

/// `ready PLAINTEXT=127.0.0.1:1234 SASL_PLAINTEXT=127.0.0.1:1235 SASL_SSL=127.0.0.1:1236`, the last if there is one.
fn ready(line: &str) -> Option<[Option<String>; 3]> {
    let listeners = line.strip_prefix("ready ")?;
    let address = |wanted: &str| {
        let mut named = listeners.split(' ').filter_map(|word| word.split_once('='));
        named.find(|(name, _)| *name == wanted).map(|(_, address)| address.to_owned())
    };
    Some(["PLAINTEXT", "SASL_PLAINTEXT", "SASL_SSL"].map(address))
}
