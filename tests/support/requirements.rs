//! What a machine may lack. A test that needs it is skipped, and says so by name, unless `KAFKALAB_REQUIRE` (`all`, or
//! a list such as `jdk,kcat`) turns the skip into a failure.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::{env, thread};

use super::{java, packages};

/// Whether the calling test can run; if not, its name and the reason are on stderr.
///
/// `need` is `jdk` (Java 17 or newer, and Kafka's jars or Maven to fetch them), `kafkajs` or `aiokafka` (the package, or
/// npm or pip to fetch it), `franz-go` (Go, to fetch and compile it), `nest` (the application of `apps/nest`, with node, and npm to fetch its packages), `browser`
/// (Chromium, and npm to fetch Playwright), `unshare` (and a kernel that gives namespaces to everybody), or the
/// name of a program, such as `kcat`.
///
/// # Panics
/// If the need is not met and `KAFKALAB_REQUIRE` names it.
pub fn require(need: &str) -> bool {
    let Err(reason) = met(need) else { return true };
    assert!(!is_demanded(need), "KAFKALAB_REQUIRE demands {need}: {reason}");
    let test = thread::current().name().unwrap_or("a test").to_owned();
    // Written to the stream itself, in one piece: `eprintln!` in a test that passes is never seen.
    std::io::stderr().write_all(format!("skipped: {test}: {reason}\n").as_bytes()).ok();
    false
}

fn met(need: &str) -> Result<(), String> {
    match need {
        "jdk" => java::available(),
        "kafkajs" => runs("node").and_then(|()| packages::kafkajs()),
        "nest" => runs("node").and_then(|()| packages::nest()),
        "franz-go" => runs("go").and_then(|()| packages::franz_go()),
        "browser" => runs("node").and_then(|()| runs("chromium")).and_then(|()| packages::playwright()),
        "unshare" => succeeds("unshare", &["--map-root-user", "--mount", "--net", "true"]),
        "aiokafka" => runs("python3").and_then(|()| packages::aiokafka()),
        program => runs(program),
    }
}

/// Whether `program` can be started at all; what it thinks of its arguments does not matter.
pub fn runs(program: &str) -> Result<(), String> {
    let mut command = Command::new(program);
    command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().map(drop).map_err(|problem| format!("{program} does not start ({problem})"))
}

fn succeeds(program: &str, arguments: &[&str]) -> Result<(), String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output();
    match output.map_err(|problem| format!("{program} does not start ({problem})"))? {
        output if output.status.success() => Ok(()),
        output => Err(format!("{program}: {}", String::from_utf8_lossy(&output.stderr).trim())),
    }
}

fn is_demanded(need: &str) -> bool {
    let demanded = env::var("KAFKALAB_REQUIRE").unwrap_or_default();
    demanded.split(',').map(str::trim).any(|name| name == "all" || name == need)
}
