//! A broker to test on, whichever engine it is.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;

use super::addresses::Ports;
use super::apache::Apache;
use super::embedded::{self, Embedded};
use super::process::Log;
use super::tools::{self, Output};
use super::{eventually, require, unique};

/// The topics of the lab's profiles, which every lab broker has, with three partitions each.
pub const TOPICS: [&str; 4] =
    ["laravel-events", "nest-events", "integracao-pedidos", "integracao-pedidos-dlq"];

/// What each principal sees of [`TOPICS`], in order.
pub const VISIBLE: [(&str, &[&str]); 5] = [
    ("admin", &["integracao-pedidos", "integracao-pedidos-dlq", "laravel-events", "nest-events"]),
    ("laravel", &["integracao-pedidos", "integracao-pedidos-dlq", "laravel-events"]),
    ("nest", &["integracao-pedidos", "integracao-pedidos-dlq", "nest-events"]),
    ("analytics", &[]),
    ("ANONYMOUS", &[]),
];

/// A running broker with the lab's principals, topics and ACLs, shared by the tests of a binary.
#[derive(Debug)]
pub struct Lab {
    engine: Engine,
    plaintext: String,
    sasl: String,
}

#[derive(Debug)]
enum Engine {
    Apache(Apache),
    Embedded(Embedded),
}

impl Lab {
    /// Apache Kafka from docker-compose.yml; `None`, said on stderr, on a machine without a JDK.
    pub fn apache() -> Option<&'static Lab> {
        static LAB: OnceLock<Result<Lab, String>> = OnceLock::new();
        require("jdk").then(|| {
            let start = || Apache::start("docker-compose.yml", Ports::Free).map(Lab::from_apache);
            LAB.get_or_init(start).as_ref().unwrap_or_else(|problem| panic!("{problem}"))
        })
    }

    /// The embedded broker.
    pub fn embedded() -> &'static Lab {
        static LAB: OnceLock<Result<Lab, String>> = OnceLock::new();
        let start = || Embedded::start().map(Lab::from_embedded);
        LAB.get_or_init(start).as_ref().unwrap_or_else(|problem| panic!("{problem}"))
    }

    /// Tests on a cluster that the test started itself.
    pub fn from_apache(apache: Apache) -> Lab {
        let (plaintext, sasl) = (apache.bootstrap_plaintext(), apache.bootstrap_sasl());
        Lab { engine: Engine::Apache(apache), plaintext, sasl }
    }

    /// Tests on an embedded broker that the test started itself. Creates the lab's topics.
    pub fn from_embedded(embedded: Embedded) -> Lab {
        let lab = Lab::bare(embedded);
        TOPICS.iter().for_each(|topic| lab.create_topic(topic, 3));
        lab
    }

    /// An embedded broker that the test started itself, as it is, without topics.
    pub fn bare(embedded: Embedded) -> Lab {
        let (plaintext, sasl) = (embedded.plaintext.clone(), embedded.sasl.clone());
        Lab { engine: Engine::Embedded(embedded), plaintext, sasl }
    }

    /// `apache` or `embedded`.
    pub fn name(&self) -> &'static str {
        match self.engine {
            Engine::Apache(_) => "apache",
            Engine::Embedded(_) => "embedded",
        }
    }

    /// Where User:ANONYMOUS connects: `127.0.0.1:port`, several separated by commas.
    pub fn bootstrap_plaintext(&self) -> &str {
        &self.plaintext
    }

    /// Where principals log in, with PLAIN or SCRAM-SHA-256: `127.0.0.1:port`, several separated by commas.
    pub fn bootstrap_sasl(&self) -> &str {
        &self.sasl
    }

    /// What the broker (the first of several) has logged; refusals are lines of Kafka's audit log.
    pub fn log(&self) -> &Log {
        match &self.engine {
            Engine::Apache(apache) => apache.brokers[0].process.log(),
            Engine::Embedded(embedded) => embedded.process.log(),
        }
    }

    /// The brokers' handles, for a test that stops one or reads its files; `None` on the embedded engine.
    pub fn apache_cluster(&self) -> Option<&Apache> {
        match &self.engine {
            Engine::Apache(apache) => Some(apache),
            Engine::Embedded(_) => None,
        }
    }

    /// Creates a topic, named after `prefix` and used by nobody else, as admin. No ACL names it: a principal other
    /// than admin reaches it only if `prefix` begins as one of the prefixed ACLs does (`phase4-` for laravel and nest,
    /// `phase0-` for ANONYMOUS).
    pub fn topic(&self, prefix: &str, partitions: i32) -> String {
        let topic = unique(prefix);
        self.create_topic(&topic, partitions);
        topic
    }

    fn create_topic(&self, topic: &str, partitions: i32) {
        let admin: AdminClient<DefaultClientContext> =
            self.client("admin").create().expect("an admin client");
        let new = NewTopic::new(topic, partitions, TopicReplication::Fixed(-1));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let results = runtime.block_on(admin.create_topics([&new], &AdminOptions::new()));
        results.expect("the broker answers")[0]
            .as_ref()
            .unwrap_or_else(|(topic, code)| panic!("{topic}: {code}"));
        // Apache Kafka's controller answers before the broker's own view of the topics has it.
        let known = || {
            let answer = admin.inner().fetch_metadata(Some(topic), Duration::from_secs(10)).ok()?;
            let found = answer.topics().first()?;
            (found.error().is_none() && found.partitions().len() == partitions as usize).then_some(())
        };
        eventually(known).expect("a new topic becomes known");
    }

    /// librdkafka's settings for a principal over PLAIN; `ANONYMOUS` connects to the PLAINTEXT listener.
    pub fn client(&self, principal: &str) -> ClientConfig {
        let mut config = ClientConfig::new();
        self.settings(principal).into_iter().for_each(|(name, value)| {
            config.set(name, value);
        });
        config
    }

    /// `kcat` with the address and login of a principal over PLAIN, as in [`Lab::client`]. Needs `require("kcat")`.
    pub fn kcat(&self, principal: &str, arguments: &[&str]) -> Command {
        let mut kcat = Command::new("kcat");
        // Cargo puts the librdkafka that it has built on the loader's path: kcat would run on that one.
        kcat.env_remove("LD_LIBRARY_PATH");
        for (name, value) in self.settings(principal) {
            kcat.args(["-X", &format!("{name}={value}")]);
        }
        kcat.args(arguments);
        kcat
    }

    /// Runs one of Apache's tools (`TopicCommand`) as a principal, quickly. Not for tools that wait: see
    /// [`Lab::tool_command`]. Needs `require("jdk")`, also on the embedded broker.
    pub fn tool(&self, principal: &str, tool: &str, arguments: &[&str]) -> Output {
        let login = self.tool_login(principal);
        tools::run(tool, &[&login.iter().map(String::as_str).collect::<Vec<_>>(), arguments].concat())
    }

    /// The command of one of Apache's tools as a principal, in a JVM of its own: the console producer and consumer,
    /// the perf tools. Run it with [`tools::run_with_input`].
    pub fn tool_command(&self, principal: &str, tool: &str, arguments: &[&str]) -> Command {
        let login = self.tool_login(principal);
        tools::command(tool, &[&login.iter().map(String::as_str).collect::<Vec<_>>(), arguments].concat())
    }

    fn tool_login(&self, principal: &str) -> Vec<String> {
        let server = if principal == "ANONYMOUS" { &self.plaintext } else { &self.sasl };
        let properties = self.properties_file(principal);
        ["--bootstrap-server", server, "--command-config", properties.to_str().unwrap()]
            .map(str::to_owned)
            .into()
    }

    /// A file of Java client properties for a principal over PLAIN, without the address. Needs `require("jdk")`.
    pub fn properties_file(&self, principal: &str) -> PathBuf {
        let path = tools::bin().join(format!("{}.properties", unique(principal)));
        let text = match principal {
            "ANONYMOUS" => "security.protocol=PLAINTEXT\n".to_owned(),
            name => format!(
                "security.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN\nsasl.jaas.config=\
                 org.apache.kafka.common.security.plain.PlainLoginModule required username=\"{name}\" password=\"{name}-secret\";\n"
            ),
        };
        fs::write(&path, text).unwrap();
        path
    }

    /// `kafkalab` with the arguments, pointed at this broker, in English, without colour, with a lab home of its own
    /// and none of the caller's `KAFKALAB_*` settings. The command comes first: phase 0's main listener is PLAINTEXT.
    pub fn kafkalab(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(embedded::binary());
        let settings = env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("KAFKALAB_"));
        settings.for_each(|(name, _)| {
            command.env_remove(name);
        });
        let main_listener = if arguments.first() == Some(&"phase0") { &self.plaintext } else { &self.sasl };
        command.env("KAFKALAB_BOOTSTRAP_SERVER", main_listener);
        command.env("KAFKALAB_PLAINTEXT_SERVER", &self.plaintext);
        command.env("KAFKALAB_HOME", self.home()).env("KAFKALAB_LANG", "en").env("NO_COLOR", "1");
        command.args(arguments);
        command
    }

    /// Where the broker (the first of several) keeps its log segments: a folder for each partition.
    pub fn data(&self) -> &Path {
        match &self.engine {
            Engine::Apache(apache) => &apache.brokers[0].data,
            Engine::Embedded(embedded) => &embedded.data,
        }
    }

    /// A folder that goes with the broker.
    fn home(&self) -> PathBuf {
        self.data().with_file_name("home")
    }

    fn settings(&self, principal: &str) -> Vec<(&'static str, String)> {
        match principal {
            "ANONYMOUS" => vec![("bootstrap.servers", self.plaintext.clone())],
            name => vec![
                ("bootstrap.servers", self.sasl.clone()),
                ("security.protocol", "SASL_PLAINTEXT".to_owned()),
                ("sasl.mechanism", "PLAIN".to_owned()),
                ("sasl.username", name.to_owned()),
                ("sasl.password", format!("{name}-secret")),
            ],
        }
    }
}

/// Declares each test on both engines: `NAME::embedded`, and `NAME::apache`, which is skipped without a JDK.
#[macro_export]
macro_rules! on_every_broker {
    ($($(#[$attribute:meta])* fn $name:ident($lab:ident: &Lab) $body:block)*) => {$(
        mod $name {
            #[allow(unused_imports)]
            use super::*;
            $(#[$attribute])*
            fn body($lab: &$crate::support::Lab) $body
            #[test]
            fn embedded() {
                body($crate::support::Lab::embedded());
            }
            #[test]
            fn apache() {
                if let Some(lab) = $crate::support::Lab::apache() {
                    body(lab);
                }
            }
        }
    )*};
}
