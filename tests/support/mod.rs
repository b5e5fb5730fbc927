//! What the integration tests share: brokers to test on, Apache's own tools, and the rule for what a machine lacks.
//!
//! A test body that needs a broker takes a [`lab::Lab`] and is declared with [`on_every_broker!`], which makes a test
//! for each engine, `NAME::embedded` and `NAME::apache`:
//!
//! ```ignore
//! on_every_broker! {
//!     fn laravel_sees_its_topic(lab: &Lab) {
//!         let topics = lab.tool("TopicCommand", "laravel", &["--list"]);
//!         assert!(topics.stdout.contains("laravel-events"), "{topics:?}");
//!     }
//! }
//! ```
//!
//! For one engine only: `let Some(lab) = Lab::apache() else { return };` or `let lab = Lab::embedded();`. Every test of
//! a binary shares one broker of each engine, so a test makes its own topics and groups: [`lab::Lab::topic`] for a new
//! topic, [`unique`] for any other name.
//!
//! Real Apache Kafka comes from Maven jars and is configured **from docker-compose.yml itself**: if that file is wrong,
//! the tests fail. See [`apache`]. A test that needs a tool begins with `if !require("kcat") { return }`, see
//! [`requirements`].
//!
//! In reading order: [`requirements`], [`process`] (a child that dies with its parent, and its log), [`compose`],
//! [`properties`] and [`addresses`] (from the compose file to `server.properties`), [`java`], [`tools`], [`apache`],
//! [`embedded`], [`packages`] (KafkaJS and aiokafka), [`lab`], [`tls`] (brokers with certificates), [`records`] (produce and read, for tests that are about
//! something else).
#![allow(dead_code, unreachable_pub, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "test code: a panic is how it reports")]

pub mod addresses;
pub mod apache;
pub mod compose;
pub mod embedded;
pub mod java;
pub mod lab;
pub mod packages;
pub mod process;
pub mod properties;
pub mod records;
pub mod requirements;
pub mod tls;
pub mod tools;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

#[allow(unused_imports, reason = "each test binary uses its own part")]
pub use {lab::Lab, requirements::require};

/// The repository's root folder.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// `prefix-N-M`, a name that no other test, in this process or beside it, uses.
pub fn unique(prefix: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("{prefix}-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Asks until there is an answer, for what a broker announces in no way, such as an ACL that its controller has taken
/// and its cache has not. `None` if there is none within half a minute: a guard, no measurement.
pub fn eventually<T>(mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let answer = ask();
        if answer.is_some() || Instant::now() > deadline {
            return answer;
        }
        thread::park_timeout(Duration::from_millis(50));
    }
}

/// A new, empty folder that nothing removes by itself; give it to a [`process::Process`] to go with it.
pub fn folder() -> PathBuf {
    tempfile::Builder::new().prefix("kafkalab-").tempdir().expect("the temporary folder is writable").keep()
}
