//! Java, and the jars of Apache Kafka that `dev/apache-kafka/pom.xml` pins.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use super::{requirements, root};

/// The oldest Java that runs Kafka 4's broker.
const OLDEST_JAVA: u32 = 17;

/// Whether Java and the jars are here. Missing jars are fetched with Maven, once.
pub fn available() -> Result<(), String> {
    static AVAILABLE: OnceLock<Result<(), String>> = OnceLock::new();
    AVAILABLE.get_or_init(|| new_enough().and_then(|()| jars())).clone()
}

/// `java` with the jars as its class path. `-XX:TieredStopAtLevel=1` halves what a process that lives for seconds costs.
pub fn command() -> Command {
    let mut command = Command::new("java");
    command.args(["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp"]).arg(libs().join("*"));
    command
}

/// Where the jars are.
pub fn libs() -> PathBuf {
    root().join("dev/apache-kafka/libs")
}

fn new_enough() -> Result<(), String> {
    let output =
        Command::new("java").arg("-version").output().map_err(|e| format!("java does not start ({e})"))?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let version = text.split('"').nth(1).and_then(|version| version.split('.').next()?.parse::<u32>().ok());
    match version {
        Some(version) if version >= OLDEST_JAVA => Ok(()),
        _ => Err(format!("Kafka needs Java {OLDEST_JAVA}; java -version says: {}", text.trim())),
    }
}

/// Under a lock: other test binaries, or a second `cargo test`, may want the jars at this moment too.
fn jars() -> Result<(), String> {
    let lock = File::create(root().join("dev/apache-kafka/.jars.lock")).map_err(|e| e.to_string())?;
    lock.lock().map_err(|e| e.to_string())?;
    let pom = root().join("dev/apache-kafka/pom.xml");
    let modified = |path: &PathBuf| fs::metadata(path).and_then(|data| data.modified()).ok();
    let complete = libs().join(".complete");
    if modified(&complete).is_some_and(|fetched| modified(&pom).is_some_and(|changed| fetched >= changed)) {
        return Ok(());
    }
    requirements::runs("mvn")?;
    let mut maven = Command::new("mvn");
    maven.args(["-q", "-B", "-f"]).arg(&pom).arg("dependency:copy-dependencies").stdin(Stdio::null());
    let output = maven.output().map_err(|e| e.to_string())?;
    if !output.status.success() {
        return Err(format!("Maven cannot fetch Kafka's jars: {}", String::from_utf8_lossy(&output.stdout)));
    }
    File::create(complete).map(drop).map_err(|e| e.to_string())
}
