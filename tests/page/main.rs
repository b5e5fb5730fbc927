//! The page of `kafkalab ui` in a real Chromium, on both engines: `page.test.mjs` drives it, Rust gives it a lab.
#![allow(clippy::unwrap_used, reason = "test code: a panic is how it reports")]

#[path = "../support/mod.rs"]
mod support;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use support::process::Process;
use support::{Lab, embedded, folder, require, root, tools};

/// A page, and the kafkalab that acts on the same cluster.
struct Stage {
    engine: &'static str,
    server: String,
    /// A kafkalab without its arguments.
    kafkalab: Command,
}

impl Stage {
    /// Starts the page and lets the browser at it. All its tests share one cluster, one after the other.
    fn play(self) {
        let mut ui = self.again();
        ui.args(["ui", "--port", "0", "--output", "json"]);
        let ui = Process::start(&ui, None);
        let url = ui.log().wait_from(0, Duration::from_secs(30), |line| {
            Some(serde_json::from_str::<Value>(line).ok()?["url"].as_str()?.to_owned())
        });
        let url = url.unwrap_or_else(|| panic!("the page is served:\n{}", ui.log().problems()));
        let env: serde_json::Map<String, Value> = self
            .kafkalab
            .get_envs()
            .filter_map(|(name, value)| Some((name.to_str()?.to_owned(), Value::from(value?.to_str()?))))
            .collect();
        let stage = json!({
            "engine": self.engine, "url": url, "pid": ui.pid(), "server": self.server,
            "kafkalab": self.kafkalab.get_program().to_str().unwrap(), "env": env,
            "screenshots": screenshots(),
        });
        let mut node = Command::new("node");
        node.args(["--test", "--test-reporter=spec", "page.test.mjs"]).current_dir(root().join("tests/page"));
        node.env("STAGE", stage.to_string());
        let output = tools::run_with_input(&mut node, b"");
        assert!(output.success(), "{}\n{}\n{}", output.stdout, output.stderr, ui.log().problems());
        assert!(output.stdout.contains("fail 0") && !output.stdout.contains("pass 0"), "{}", output.stdout);
    }

    fn again(&self) -> Command {
        let mut command = Command::new(self.kafkalab.get_program());
        for (name, value) in self.kafkalab.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command
    }
}

/// Where pictures of the page go; outside of the repository's files.
fn screenshots() -> String {
    let folder = std::env::var("KAFKALAB_SCREENSHOTS")
        .unwrap_or_else(|_| root().join("target/screenshots").display().to_string());
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn can_run() -> bool {
    require("browser") && require("kcat")
}

#[test]
fn the_page_on_the_embedded_broker() {
    if !can_run() {
        return;
    }
    let home = folder();
    let mut kafkalab = Command::new(embedded::binary());
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("KAFKALAB_")) {
        kafkalab.env_remove(name);
    }
    kafkalab.env("KAFKALAB_HOME", &home).env("KAFKALAB_LANG", "en").env("NO_COLOR", "1");
    let stage = Stage { engine: "embedded", server: String::new(), kafkalab };
    let lab = Running::up(stage.again(), &home);
    Stage { server: lab.sasl.clone(), ..stage }.play();
}

#[test]
fn the_page_on_apache_kafka() {
    if !can_run() {
        return;
    }
    let Some(lab) = Lab::apache() else { return };
    let server = lab.bootstrap_sasl().to_owned();
    Stage { engine: "apache", server, kafkalab: lab.kafkalab(&[]) }.play();
}

/// A lab that `kafkalab up` started, whose broker ends with the test.
struct Running {
    kafkalab: Command,
    sasl: String,
}

impl Running {
    fn up(mut kafkalab: Command, home: &Path) -> Self {
        kafkalab.args(["up", "--listen", "127.0.0.1:0", "--sasl-listen", "127.0.0.1:0", "--output", "json"]);
        let up = tools::run_with_input(&mut kafkalab, b"");
        assert!(up.success(), "{up:?}");
        let found: Value = serde_json::from_str(&up.stdout).unwrap();
        let mut kafkalab = Command::new(embedded::binary());
        kafkalab.arg("--home").arg(home).arg("down");
        Self { kafkalab, sasl: found["sasl"]["address"].as_str().unwrap().to_owned() }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        tools::run_with_input(&mut self.kafkalab, b"");
    }
}
