//! The engine `docker`: Apache Kafka from the repository's docker-compose files, which are built into the program
//! and written to the lab home, so that the lab starts from any folder.

use std::io;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use super::Home;
use crate::error::{Error, Kind, Result};
use crate::words::lab as words;

/// Starts the compose project and waits until it is healthy. Docker's own output goes to standard error.
pub fn start(home: &Home, cluster: bool) -> Result<()> {
    let file = write_files(home, cluster)?;
    check_docker()?;
    compose(&file, &["up", "--detach", "--wait"])
}

/// Stops the compose project; its volume stays.
pub fn stop(home: &Home, cluster: bool) -> Result<()> {
    let file = write_files(home, cluster)?;
    check_docker()?;
    compose(&file, &["down"])
}

/// The files of the compose project: path below the lab home, and text.
const FILES: &[(&str, &str)] = &[
    ("docker-compose.yml", include_str!("../../docker-compose.yml")),
    ("docker-compose.cluster.yml", include_str!("../../docker-compose.cluster.yml")),
    ("dev/apache-kafka/init/acls.sh", include_str!("../../dev/apache-kafka/init/acls.sh")),
    ("dev/apache-kafka/init/admin.properties", include_str!("../../dev/apache-kafka/init/admin.properties")),
    ("dev/apache-kafka/init/init.sh", include_str!("../../dev/apache-kafka/init/init.sh")),
];

fn write_files(home: &Home, cluster: bool) -> Result<PathBuf> {
    let folder = home.path().join("docker");
    for (path, text) in FILES {
        let path = folder.join(path);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(path, text)?;
    }
    Ok(folder.join(if cluster { "docker-compose.cluster.yml" } else { "docker-compose.yml" }))
}

/// Tells a missing Docker from one that does not run.
fn check_docker() -> Result<()> {
    match Command::new("docker")
        .args(["info", "--format", "{{.ServerVersion}}"])
        .stdin(Stdio::null())
        .output()
    {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(Error::new(Kind::Failed, words::DOCKER_MISSING)
                .hint(words::EMBEDDED_INSTEAD)
                .next("kafkalab up"))
        }
        Err(error) => Err(error.into()),
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(Error::new(Kind::Unreachable, words::DOCKER_NOT_RUNNING)
            .hint(last_line(&output))
            .hint(words::EMBEDDED_INSTEAD)
            .next("kafkalab up")),
    }
}

fn compose(file: &std::path::Path, arguments: &[&str]) -> Result<()> {
    let status = Command::new("docker")
        .args(["compose", "--project-name", "kafkalab", "--file"])
        .arg(file)
        .args(arguments)
        .stdin(Stdio::null())
        // Standard output is for data; what Docker tells goes where remarks go.
        .stdout(io::stderr())
        .status()?;
    if status.success() {
        return Ok(());
    }
    let command = format!("docker compose --file {} {}", file.display(), arguments.join(" "));
    Err(Error::new(Kind::Failed, words::COMPOSE_FAILED.with(&[("status", &status)])).next(command))
}

fn last_line(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default().to_owned()
}
