//! What becomes of a broker that has hit a fault of its own: it begins again from what it had written down.
//!
//! A handler that panics while it holds the state leaves it half changed, and that must not be served. But whatever was
//! acknowledged is on the disk, so the same way is open as after a crash: the state is thrown away, the data is read
//! again, and clients find the broker where it was. One that keeps nothing on a disk stays down.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::config::{Config, Storage};
use super::event::{Event, Events};
use super::server::Server;
use super::{Addresses, BrokerError};

/// A life that ends sooner than this is short.
const SHORT: Duration = Duration::from_secs(1);
/// After so many short lives in a row the broker stays down: the fault lies in its data, not in a request.
const SHORT_LIVES: u32 = 5;

/// Serves until `stop` is cancelled, or a fault can't be lived with; `stop` is cancelled then too. `config` is what the
/// `server` was opened with.
pub(super) fn run(
    mut server: Server,
    config: Config,
    events: &Events,
    stop: &CancellationToken,
) -> Result<(), BrokerError> {
    let _ends = stop.clone().drop_guard();
    let config = at(config, server.addresses());
    let mut short_lives = 0;
    loop {
        let born = Instant::now();
        // Nothing of it is used again.
        let ended = catch_unwind(AssertUnwindSafe(|| server.run())).unwrap_or(Err(BrokerError::Fault));
        short_lives = if born.elapsed() < SHORT { short_lives + 1 } else { 0 };
        let has_data = matches!(config.storage, Storage::Folder(_));
        let again = matches!(ended, Err(BrokerError::Fault)) && has_data && short_lives < SHORT_LIVES;
        if stop.is_cancelled() || !again {
            return ended;
        }
        server = Server::open(config.clone(), events.clone(), stop.child_token())?;
        events.emit(|| Event::Recovered("the broker began again with what it had acknowledged".into()));
    }
}

/// The same, on the ports that were found.
fn at(config: Config, addresses: Addresses) -> Config {
    Config {
        plaintext: addresses.plaintext,
        sasl_plaintext: addresses.sasl_plaintext,
        sasl_ssl: addresses.sasl_ssl,
        ..config
    }
}

/// The client id of a request whose handler fails, in tests of this program only.
#[cfg(test)]
pub(super) const FAILS: &str = "the handler of this request fails";

#[cfg(test)]
mod tests {
    use kafka_protocol::messages::MetadataRequest;

    use super::*;
    use crate::broker::{Broker, Handle};
    use crate::client::raw::admin::topics::{NewTopic, create_topics};
    use crate::client::raw::{Cluster, Connection};

    const PATIENCE: Duration = Duration::from_secs(10);

    fn open(storage: Storage) -> Handle {
        let mut config = Config { storage, ..Config::default() };
        config.settings.set("super.users", "User:ANONYMOUS").unwrap();
        Broker::start(config).unwrap()
    }

    /// Makes a handler panic, and sees the connection closed.
    async fn fail(address: &str) {
        let mut connection = Connection::connect(address, PATIENCE).await.unwrap();
        connection.set_client_id(FAILS);
        assert!(connection.send(&MetadataRequest::default(), 9).await.is_err());
    }

    async fn topics(address: &str) -> Vec<String> {
        let mut connection = Connection::connect(address, PATIENCE).await.unwrap();
        let all = MetadataRequest::default().with_topics(None);
        let answer = connection.send(&all, 9).await.unwrap();
        answer.topics.into_iter().filter_map(|topic| topic.name).map(|name| name.to_string()).collect()
    }

    #[tokio::test]
    async fn a_fault_costs_the_connections_and_nothing_that_was_acknowledged() {
        let folder = tempfile::tempdir().unwrap();
        let broker = open(Storage::Folder(folder.path().join("data")));
        let mut events = broker.events().subscribe();
        let address = broker.addresses().plaintext.to_string();
        let mut cluster = Cluster::connect(&address, None, PATIENCE).await.unwrap();
        create_topics(&mut cluster, &[NewTopic::new("orders", 1)], false).await.unwrap();
        for _ in 0..3 {
            fail(&address).await;
            while !matches!(events.recv().await.unwrap(), Event::Recovered(_)) {}
            assert_eq!(topics(&address).await, ["orders"]);
        }
        assert!(!broker.stopping().is_cancelled());
        broker.stop().unwrap();
    }

    #[tokio::test]
    async fn faults_without_end_stop_it() {
        let folder = tempfile::tempdir().unwrap();
        let broker = open(Storage::Folder(folder.path().join("data")));
        let address = broker.addresses().plaintext.to_string();
        let stopping = broker.stopping();
        let faults = async {
            loop {
                if let Ok(mut connection) = Connection::connect(&address, PATIENCE).await {
                    connection.set_client_id(FAILS);
                    let _ = connection.send(&MetadataRequest::default(), 9).await;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            () = stopping.cancelled() => {}
            () = faults => {}
        }
        assert!(matches!(broker.stop(), Err(BrokerError::Fault)));
    }

    #[tokio::test]
    async fn one_that_keeps_nothing_stays_down() {
        let broker = open(Storage::Memory);
        fail(&broker.addresses().plaintext.to_string()).await;
        broker.stopping().cancelled().await;
        assert!(matches!(broker.stop(), Err(BrokerError::Fault)));
    }
}
