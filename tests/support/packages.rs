//! Clients in other languages: KafkaJS, aiokafka and franz-go, as `tests/clients/…/package.json` and `requirements.txt` pin them,
//! and the NestJS application of `apps/nest`, as its `package-lock.json` does.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use super::root;

/// What fetches the packages of a `package.json`.
const NPM_INSTALL: [&str; 6] = ["npm", "install", "--no-package-lock", "--silent", "--no-audit", "--no-fund"];

/// Whether KafkaJS is here. It is fetched with npm, once.
pub fn kafkajs() -> Result<(), String> {
    static AVAILABLE: OnceLock<Result<(), String>> = OnceLock::new();
    AVAILABLE.get_or_init(|| fetch(&folder("kafkajs"), "package.json", "node_modules", &NPM_INSTALL)).clone()
}

/// Whether Playwright, which drives a browser, is here. It is fetched with npm, once.
pub fn playwright() -> Result<(), String> {
    static AVAILABLE: OnceLock<Result<(), String>> = OnceLock::new();
    AVAILABLE
        .get_or_init(|| fetch(&root().join("tests/page"), "package.json", "node_modules", &NPM_INSTALL))
        .clone()
}

/// Whether aiokafka is here. It is fetched with pip, once.
pub fn aiokafka() -> Result<(), String> {
    static AVAILABLE: OnceLock<Result<(), String>> = OnceLock::new();
    let install =
        ["python3", "-m", "pip", "install", "--quiet", "--target", "site", "-r", "requirements.txt"];
    AVAILABLE.get_or_init(|| fetch(&folder("aiokafka"), "requirements.txt", "site", &install)).clone()
}

/// Whether franz-go's admin program is here. Its modules are fetched with Go and it is compiled, once.
pub fn franz_go() -> Result<(), String> {
    static AVAILABLE: OnceLock<Result<(), String>> = OnceLock::new();
    AVAILABLE
        .get_or_init(|| {
            let folder = folder("franz_go");
            let _lock = locked(&folder)?;
            run(&folder, &["go", "build", "-buildvcs=false", "-o", &admin_program().to_string_lossy(), "."])
        })
        .clone()
}

/// Where [`franz_go`] puts its program; see `tests/clients/franz_go/main.go`. Needs `require("franz-go")`.
pub fn admin_program() -> PathBuf {
    root().join("target/franz-go-admin")
}

/// Whether the NestJS application is here. It is fetched with npm, once, and compiled in each run: what is tested is
/// what its sources say now.
///
/// # Panics
/// If it does not compile: that is no lack of the machine.
pub fn nest() -> Result<(), String> {
    static AVAILABLE: OnceLock<Result<(), String>> = OnceLock::new();
    let folder = nest_folder();
    AVAILABLE
        .get_or_init(|| {
            let lock = locked(&folder)?;
            let install = ["npm", "ci", "--silent", "--no-audit", "--no-fund"];
            install_into(&folder, "package-lock.json", "node_modules", &install)?;
            let built = run(&folder, &["npm", "run", "--silent", "build"]);
            drop(lock);
            built.unwrap_or_else(|problem| panic!("{problem}"));
            Ok(())
        })
        .clone()
}

/// The folder of the NestJS application.
pub fn nest_folder() -> PathBuf {
    root().join("apps/nest")
}

/// A script of `tests/clients/kafkajs`, with arguments, see there. Needs `require("kafkajs")`.
pub fn node(script: &str, arguments: &[&str]) -> Command {
    let mut node = Command::new("node");
    node.arg(folder("kafkajs").join(script)).args(arguments);
    // KafkaJS warns of the partitioner it has had since version 2, the one that is wanted here.
    node.env("KAFKAJS_NO_PARTITIONER_WARNING", "1");
    node
}

/// A script of `tests/clients/aiokafka`, with arguments, see there. Needs `require("aiokafka")`.
pub fn python(script: &str, arguments: &[&str]) -> Command {
    let mut python = Command::new("python3");
    python.arg(folder("aiokafka").join(script)).args(arguments);
    python.env("PYTHONPATH", folder("aiokafka").join("site"));
    python
}

fn folder(client: &str) -> PathBuf {
    root().join("tests/clients").join(client)
}

/// Runs `install` in a folder unless `into` is newer than `list`.
fn fetch(folder: &Path, list: &str, into: &str, install: &[&str]) -> Result<(), String> {
    let _lock = locked(folder)?;
    install_into(folder, list, into, install)
}

/// Other test binaries may want to install into the same folder at this moment.
fn locked(folder: &Path) -> Result<File, String> {
    let lock = File::create(folder.join(".lock")).map_err(|e| e.to_string())?;
    lock.lock().map_err(|e| e.to_string())?;
    Ok(lock)
}

fn install_into(folder: &Path, list: &str, into: &str, install: &[&str]) -> Result<(), String> {
    let complete = folder.join(into).join(".complete");
    let modified = |path: &Path| fs::metadata(path).and_then(|data| data.modified()).ok();
    if modified(&complete) > modified(&folder.join(list)) {
        return Ok(());
    }
    run(folder, install)?;
    File::create(complete).map(drop).map_err(|e| e.to_string())
}

fn run(folder: &Path, words: &[&str]) -> Result<(), String> {
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).current_dir(folder).stdin(Stdio::null());
    let output = command.output().map_err(|problem| format!("{} does not start ({problem})", words[0]))?;
    if output.status.success() {
        return Ok(());
    }
    // The TypeScript compiler complains on standard output.
    let problem = [output.stdout, output.stderr].concat();
    Err(format!("{} in {}: {}", words.join(" "), folder.display(), String::from_utf8_lossy(&problem).trim()))
}
