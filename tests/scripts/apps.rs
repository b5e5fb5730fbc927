//! The applications in `apps/` against the lab that they are written for: their settings against phase 3's profile and
//! the compose file, their needs against the ACLs, their PHP against PHP. The NestJS application is also run, see
//! `tests/clients/nest`.
#![allow(clippy::unwrap_used, reason = "test code: a panic is how it reports")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use kafkalab::acl::{AclFiles, Operation, Policy, Question, Resource, ResourceType};
use kafkalab::profile::{PrincipalEntry, ProfileFile};
use serde_norway::Value;

use crate::support::compose::Compose;
use crate::support::{require, root};

/// An application, with the names of its variables.
struct App {
    /// Its folder in `apps/`, and the principal that it logs in as.
    name: &'static str,
    username: &'static str,
    password: &'static str,
    group: &'static str,
    topic: &'static str,
    dead_letters: &'static str,
    /// A phase of its own, and the group that its README reads that phase's topic with.
    own: (&'static str, &'static str),
}

const APPS: [App; 2] = [
    App {
        name: "laravel",
        username: "KAFKA_USERNAME",
        password: "KAFKA_PASSWORD",
        group: "KAFKA_CONSUMER_GROUP_ID",
        topic: "KAFKA_TOPIC",
        dead_letters: "KAFKA_DEAD_LETTERS_TOPIC",
        own: ("phase1", "laravel-consumers"),
    },
    App {
        name: "nest",
        username: "KAFKA_SASL_USERNAME",
        password: "KAFKA_SASL_PASSWORD",
        group: "KAFKA_GROUP_ID",
        topic: "KAFKA_ORDERS_TOPIC",
        dead_letters: "KAFKA_DEAD_LETTERS_TOPIC",
        own: ("phase2", "nest-pedidos"),
    },
];

impl App {
    fn file(&self, name: &str) -> String {
        let path = root().join("apps").join(self.name).join(name);
        fs::read_to_string(&path).unwrap_or_else(|problem| panic!("{}: {problem}", path.display()))
    }

    fn compose(&self) -> Compose {
        Compose::parse(&self.file("docker-compose.yml")).unwrap()
    }

    /// `.env.example`, which is for the host.
    fn dotenv(&self) -> BTreeMap<String, String> {
        let lines = self.file(".env.example");
        let settings =
            lines.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('='));
        settings.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    /// What the broker sees of a group of the application.
    fn on_the_wire(&self, group: &str) -> String {
        format!("{group}{}", if self.name == "nest" { "-server" } else { "" })
    }
}

fn profile(phase: &str) -> ProfileFile {
    let path = format!("phases/{phase}/profile.toml");
    ProfileFile::parse(&path, &fs::read_to_string(root().join(&path)).unwrap()).unwrap()
}

fn principal<'a>(profile: &'a ProfileFile, name: &str) -> &'a PrincipalEntry {
    profile.principals.iter().find(|entry| entry.name == name).unwrap()
}

#[test]
fn settings_are_those_of_the_profile() {
    let profile = profile("phase3");
    for app in APPS {
        let compose = app.compose();
        let environments = compose.services().into_iter().map(|service| service.environment());
        for environment in environments.chain([app.dotenv()]) {
            let value = |name: &str| {
                environment.get(name).map(String::as_str).unwrap_or_else(|| panic!("{}: {name}", app.name))
            };
            assert_eq!(value(app.username), app.name);
            assert_eq!(value(app.password), format!("{}-secret", app.name), "the lab's public password");
            assert_eq!(value(app.topic), profile.topic.as_ref().unwrap().value);
            assert_eq!(value(app.dead_letters), profile.dead_letter_topic.as_ref().unwrap().value);
            let group = &principal(&profile, app.name).group.as_ref().unwrap().value;
            assert_eq!(value(app.group), group);
        }
        let address = &profile.bootstrap_server.as_ref().unwrap().value;
        assert_eq!(&app.dotenv()["KAFKA_BROKERS"], address, "{}", app.name);
    }
}

#[test]
fn containers_use_the_network_and_the_listener_of_the_lab() {
    let lab = Compose::read("docker-compose.yml");
    let network = lab.value()["networks"]["kafka-network"]["name"].as_str().unwrap();
    let kafka = lab.service("kafka").environment();
    let mut advertised = kafka["KAFKA_ADVERTISED_LISTENERS"].split(',');
    let internal = advertised.find_map(|listener| listener.strip_prefix("INTERNAL://")).unwrap();
    for app in APPS {
        let compose = app.compose();
        assert_eq!(compose.value()["networks"][network]["external"], Value::Bool(true), "{}", app.name);
        for service in compose.services() {
            assert_eq!(service.get("networks")[0], network, "{}", app.name);
            assert_eq!(service.environment()["KAFKA_BROKERS"], internal, "{}", app.name);
        }
    }
}

/// What the code falls back to where a variable is absent is what `.env.example` sets.
#[test]
fn the_defaults_in_the_code_are_those_of_the_example() {
    for (app, source, before) in
        [(&APPS[0], "config/kafka.php", "env('"), (&APPS[1], "src/kafka/settings.ts", "process.env.")]
    {
        let (source, example) = (app.file(source), app.dotenv());
        let mut found = 0;
        for rest in source.split(before).skip(1) {
            let (name, rest) =
                rest.split_at(rest.find(|c: char| !c.is_ascii_uppercase() && c != '_').unwrap());
            let Some(rest) = rest.strip_prefix("', '").or(rest.strip_prefix(" ?? '")) else { continue };
            let default = rest.split('\'').next().unwrap();
            if let Some(value) = example.get(name) {
                assert_eq!(default, value, "{}: {name}", app.name);
                found += 1;
            }
        }
        assert!(found >= 3, "{}: {found}", app.name);
    }
}

#[test]
fn the_acls_allow_what_the_applications_do_and_no_group_under_its_typed_name() {
    let acls = AclFiles::built_in().unwrap().set();
    for app in APPS {
        let environment = app.dotenv();
        let (own, own_group) = app.own;
        let own = profile(own).topic.unwrap().value;
        let may = |operation, resource_type, name: &str| {
            let principal = format!("User:{}", app.name);
            let resource = Resource { resource_type, name };
            let question = Question { principal: &principal, host: "172.18.0.5", operation, resource };
            acls.decide(&question, &Policy::lab()).allowed
        };
        for topic in [&environment[app.topic], &own] {
            for operation in [Operation::Read, Operation::Write] {
                assert!(may(operation, ResourceType::Topic, topic), "{} {operation:?} {topic}", app.name);
            }
        }
        assert!(may(Operation::Write, ResourceType::Topic, &environment[app.dead_letters]), "{}", app.name);
        for group in [&environment[app.group], own_group] {
            let group = app.on_the_wire(group);
            assert!(may(Operation::Read, ResourceType::Group, &group), "{}: {group}", app.name);
        }
        let other = if app.name == "nest" { "laravel-events" } else { "nest-events" };
        assert!(!may(Operation::Write, ResourceType::Topic, other), "{} is refused on {other}", app.name);
    }
}

/// The readers of an application's README type its commands; what they name must be there.
#[test]
fn the_readmes_name_what_is_there() {
    for app in APPS {
        let readme = app.file("README.md");
        for (group, what) in
            [(app.on_the_wire(&app.dotenv()[app.group]), "group"), (app.dotenv()[app.topic].clone(), "topic")]
        {
            assert!(readme.contains(&format!("`{group}`")), "{}: {what} {group}", app.name);
        }
    }
    let manifest: serde_json::Value = serde_json::from_str(&APPS[1].file("package.json")).unwrap();
    for script in ["build", "order", "start", "test"] {
        assert!(manifest["scripts"][script].is_string(), "{script}");
    }
    let commands = format!(
        "{}{}",
        APPS[0].file("app/Console/Commands/CreateOrders.php"),
        APPS[0].file("app/Console/Commands/ConsumeOrders.php")
    );
    for words in ["orders:create", "orders:consume", "{--count=", "{--topic=", "{--group="] {
        assert!(commands.contains(words), "{words}");
    }
}

#[test]
fn versions_are_pinned_and_the_lock_file_names_no_registry() {
    let lock = APPS[1].file("package-lock.json");
    assert!(
        !lock.contains("\"resolved\""),
        "npm reads omit-lockfile-registry-resolved from .npmrc: use it there"
    );
    let manifest: serde_json::Value = serde_json::from_str(&APPS[1].file("package.json")).unwrap();
    let kafkajs = fs::read_to_string(root().join("tests/clients/kafkajs/package.json")).unwrap();
    let kafkajs: serde_json::Value = serde_json::from_str(&kafkajs).unwrap();
    assert_eq!(manifest["dependencies"]["kafkajs"], kafkajs["dependencies"]["kafkajs"]);
    let composer: serde_json::Value = serde_json::from_str(&APPS[0].file("composer.json")).unwrap();
    let required = |name: &str| composer["require"][name].as_str().unwrap_or_else(|| panic!("{name}"));
    // 2.11 needs Laravel 12.
    assert_eq!(required("mateusjunges/laravel-kafka"), "~2.10.3");
    assert!(required("laravel/framework").starts_with("^11."));
    required("ext-rdkafka");
    required("ext-pcntl");
}

#[test]
fn php_understands_the_laravel_application() {
    if !require("php") {
        return;
    }
    let mut files = php_files(&root().join("apps/laravel"));
    files.push(root().join("apps/laravel/artisan"));
    assert!(files.len() > 10, "{files:?}");
    for file in files {
        let output = Command::new("php").arg("-l").arg(&file).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
}

/// Every PHP file below a folder, but for what Composer installs.
fn php_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let folders = folders.into_iter().filter(|folder| !folder.ends_with("vendor"));
    let below = folders.flat_map(|folder| php_files(&folder));
    below.chain(files.into_iter().filter(|file| file.extension().is_some_and(|end| end == "php"))).collect()
}
