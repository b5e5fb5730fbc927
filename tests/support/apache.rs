//! Apache Kafka as a compose file describes it, from Maven jars instead of containers.
//!
//! Only host names, ports and the data folder differ from what the file says. Each broker's `KAFKA_*` variables become
//! its `server.properties` ([`super::properties`]), the storage is formatted with the file's `CLUSTER_ID`, and the
//! service `kafka-init` runs its own command with its own mounts, with scripts that call the jars' classes where the
//! image has `/opt/kafka/bin`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::addresses::{Addresses, Ports, listeners};
use super::compose::{Compose, Service};
use super::process::Process;
use super::tools::{self, Output};
use super::{folder, java, properties, root};

/// How long a broker may take to start: four seconds on an idle machine.
const START_LIMIT: Duration = Duration::from_secs(90);

/// The folder that the image has its tools in, and the one for its data.
const IMAGE_BIN: &str = "/opt/kafka/bin";
const IMAGE_DATA: &str = "/var/lib/kafka/data";

/// A running cluster.
#[derive(Debug)]
pub struct Apache {
    /// Its brokers, in the compose file's order.
    pub brokers: Vec<Broker>,
    /// The file it was started from.
    pub compose: Compose,
    addresses: Addresses,
}

/// A running broker.
#[derive(Debug)]
pub struct Broker {
    /// The compose file's service.
    pub name: String,
    /// The address of its PLAINTEXT listener.
    pub plaintext: String,
    /// The address of its SASL_PLAINTEXT listener.
    pub sasl: String,
    /// Where its log segments are.
    pub data: PathBuf,
    /// Its process; the log is the container's log.
    pub process: Process,
}

/// A listener on top of those of the compose file, on 127.0.0.1.
#[derive(Clone, Debug)]
pub struct Listener {
    /// Its name, in capital letters.
    pub name: &'static str,
    /// Kafka's name of what it speaks.
    pub protocol: &'static str,
    /// Where it listens.
    pub port: u16,
    /// Properties of its own, without the prefix `listener.name.NAME.`.
    pub properties: Vec<(String, String)>,
}

impl Apache {
    /// Starts the brokers of a compose file, all at once, and runs its init job. The error is what the broker or the
    /// job said last.
    pub fn start(file: &str, ports: Ports) -> Result<Apache, String> {
        Apache::start_with(file, ports, &[])
    }

    /// The same with more listeners, for a file with one broker.
    pub fn start_with(file: &str, ports: Ports, listeners: &[Listener]) -> Result<Apache, String> {
        let mut tries = 0..3;
        loop {
            tries.next();
            match Apache::start_brokers(Compose::read(file), ports, listeners) {
                // Another process took the port between the look and the bind.
                Err(problem) if problem.contains("Address already in use") && !tries.is_empty() => {}
                Err(problem) => return Err(problem),
                Ok(apache) => return apache.init().map(|_| apache),
            }
        }
    }

    fn start_brokers(compose: Compose, ports: Ports, listeners: &[Listener]) -> Result<Apache, String> {
        let addresses = Addresses::assign(&compose.brokers(), ports);
        let brokers: Result<Vec<_>, _> =
            compose.brokers().into_iter().map(|broker| launch(broker, &addresses, listeners)).collect();
        let brokers = brokers?;
        for broker in &brokers {
            // Logged after the listeners have been opened, which happens only once the ACLs are loaded.
            let started = |line: &str| line.contains("Kafka Server started").then_some(());
            let log = broker.process.log();
            log.wait_from(0, START_LIMIT, started)
                .ok_or_else(|| format!("{} did not start:\n{}", broker.name, log.problems()))?;
        }
        Ok(Apache { brokers, compose, addresses })
    }

    /// Runs the service `kafka-init` as the compose file describes it: its command, environment and mounts. The error
    /// is what it said.
    pub fn init(&self) -> Result<(), String> {
        let service = self.compose.service("kafka-init");
        let mount = |word: &String| {
            service.volumes().iter().fold(self.here(word), |text, (source, target)| {
                let source = root().join(source.trim_start_matches("./"));
                text.replace(&format!("{target}/"), &format!("{}/", source.display()))
            })
        };
        let words: Vec<String> = service.command().iter().map(mount).collect();
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]);
        command.envs(service.environment().iter().map(|(name, value)| (name, self.here(value))));
        let output = tools::run_with_input(&mut command, b"");
        output.success().then_some(()).ok_or_else(|| format!("kafka-init failed: {output:?}"))
    }

    /// Runs the health check of a broker's service.
    pub fn healthcheck(&self, broker: &str) -> Output {
        let service = self.compose.service(broker);
        let words = service.get("healthcheck")["test"].as_sequence().expect("a list").iter();
        let words: Vec<&str> = words.map(|word| word.as_str().expect("a word")).collect();
        assert_eq!(words[0], "CMD", "a command without a shell");
        // In the container, localhost is the container.
        let inside = words[1..].iter().map(|word| self.here(&word.replace("localhost", broker)));
        let inside: Vec<String> = inside.collect();
        tools::run_with_input(Command::new(&inside[0]).args(&inside[1..]), b"")
    }

    /// A text of the compose file with addresses and the tools' folder as they are here.
    pub fn here(&self, text: &str) -> String {
        self.addresses.replace(&text.replace(IMAGE_BIN, tools::bin().to_str().unwrap()))
    }

    /// The SASL_PLAINTEXT listeners of all brokers, separated by commas.
    pub fn bootstrap_sasl(&self) -> String {
        self.brokers.iter().map(|broker| broker.sasl.as_str()).collect::<Vec<_>>().join(",")
    }

    /// The PLAINTEXT listeners of all brokers, separated by commas.
    pub fn bootstrap_plaintext(&self) -> String {
        self.brokers.iter().map(|broker| broker.plaintext.as_str()).collect::<Vec<_>>().join(",")
    }
}

impl Drop for Apache {
    /// The data goes with the brokers, so none need hand over its partitions; one that has lost the quorum could not.
    fn drop(&mut self) {
        self.brokers.iter_mut().for_each(|broker| broker.process.kill());
    }
}

/// Formats the storage of one broker and starts its JVM.
fn launch(service: Service<'_>, addresses: &Addresses, more: &[Listener]) -> Result<Broker, String> {
    let environment = service.environment();
    if environment.get("KAFKA_OPTS").is_none_or(String::is_empty) {
        return Err(format!("{}: the image's scripts refuse an empty KAFKA_OPTS", service.name));
    }
    let folder = folder();
    let data = folder.join("data");
    let mut properties = local_properties(service, addresses, &data);
    more.iter().for_each(|listener| add(listener, &mut properties));
    let file = folder.join("server.properties");
    fs::write(&file, properties::file(&properties)).unwrap();
    let log4j2 = folder.join("log4j2.properties");
    fs::write(&log4j2, properties::log4j2(&environment)).unwrap();

    let path = file.to_str().unwrap();
    let formatted = tools::run("StorageTool", &["format", "-t", &environment["CLUSTER_ID"], "-c", path]);
    if !formatted.success() {
        return Err(format!("{}: the storage cannot be formatted: {formatted:?}", service.name));
    }

    let mut java = java::command();
    for options in ["KAFKA_HEAP_OPTS", "KAFKA_OPTS"] {
        java.args(environment.get(options).map(String::as_str).unwrap_or_default().split_whitespace());
    }
    java.arg(format!("-Dlog4j2.configurationFile={}", log4j2.display())).args(["kafka.Kafka", path]);
    let process = Process::start(&java, Some(&folder));
    let advertised = listeners(&properties.remove("advertised.listeners").unwrap_or_default());
    let address = |listener: &str| {
        let found = advertised.iter().find(|(name, _)| name == listener);
        let (_, port) = found.unwrap_or_else(|| panic!("{} advertises no {listener}", service.name));
        format!("127.0.0.1:{port}")
    };
    let (plaintext, sasl) = (address("PLAINTEXT"), address("SASL_PLAINTEXT"));
    Ok(Broker { name: service.name.to_owned(), plaintext, sasl, data, process })
}

/// One more listener. Whoever logs in there is who logs in at the SASL_PLAINTEXT listener.
fn add(listener: &Listener, properties: &mut BTreeMap<String, String>) {
    let Listener { name, protocol, port, properties: own } = listener;
    for (property, entry) in [
        ("listeners", format!("{name}://127.0.0.1:{port}")),
        ("advertised.listeners", format!("{name}://localhost:{port}")),
        ("listener.security.protocol.map", format!("{name}:{protocol}")),
    ] {
        let list = properties.get_mut(property).expect("the compose file sets it");
        *list += &format!(",{entry}");
    }
    let prefix = format!("listener.name.{}.", name.to_lowercase());
    let logins = properties.clone().into_iter().filter_map(|(property, value)| {
        let login = property.strip_prefix("listener.name.sasl_plaintext.")?;
        Some((login.to_owned(), value))
    });
    let all = logins.chain(own.iter().cloned());
    properties.extend(all.map(|(property, value)| (format!("{prefix}{property}"), value)));
}

/// The broker's properties with the addresses and the data folder of this machine.
fn local_properties(service: Service<'_>, addresses: &Addresses, data: &Path) -> BTreeMap<String, String> {
    let mut properties = properties::from_environment(&service.environment());
    for (name, value) in &mut properties {
        *value = match name.as_str() {
            "listeners" => addresses.listeners(service.name, value),
            "log.dirs" => value.replace(IMAGE_DATA, data.to_str().unwrap()),
            _ => addresses.replace(value),
        };
    }
    let advertised = &properties["advertised.listeners"];
    let unreachable = advertised.split(',').find(|entry| !entry.contains("://127.0.0.1:"));
    assert!(unreachable.is_none(), "{}: nothing listens at {unreachable:?}", service.name);
    properties
}
