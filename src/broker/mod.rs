//! The embedded Kafka broker: real SASL, real ACLs, Kafka's own files, one node.
//!
//! A request's way: [`server`] accepts, [`tls`] decrypts where that is wanted, [`connection`] cuts frames, [`dispatch`]
//! checks version and login ([`sasl`], [`users`]), [`crate::guard`] decodes, and a handler of [`api`] works on the one
//! [`state::State`], which lives in [`shared`] behind its lock; what it says becomes an [`answer`] and is sent. After a
//! fault of its own the broker begins again from its data ([`lives`]). The state has [`topics`] with a [`log`] for each
//! partition, [`fetches`] that wait, the [`coordinator`] of [`group`]s, and journals of [`metadata`] in the
//! [`data_folder`]. [`event`] is what others may know of it all.
//! Nothing here prints.
//!
//! ```
//! use kafkalab::broker::{Broker, Config};
//!
//! let broker = Broker::start(Config::default())?;
//! assert_ne!(broker.addresses().plaintext.port(), 0);
//! broker.stop()?;
//! # Ok::<(), kafkalab::broker::BrokerError>(())
//! ```

mod advertised;
pub mod answer;
pub mod api;
pub mod config;
mod connection;
pub mod coordinator;
mod cx;
mod data_folder;
mod dispatch;
pub mod event;
pub mod fetches;
pub mod group;
mod lives;
pub mod log;
mod metadata;
pub mod sasl;
mod server;
pub mod session;
mod shared;
pub mod state;
mod tls;
pub mod topic_config;
pub mod topics;
pub mod users;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::thread::JoinHandle;

use tokio_util::sync::CancellationToken;

pub use config::{Config, SettingError, Settings, Storage, User, lab_users};
pub use cx::{Cx, Now};
pub use event::{AclDecision, Event, Events, Traffic};
pub use tls::CaCertificate;

/// The node id of the only broker, as in the compose file.
pub const NODE_ID: i32 = 1;

/// Starts brokers. There is no global state: as many as wanted run in one process.
pub struct Broker;

impl Broker {
    /// Opens the data, binds the listeners and serves them on a thread of its own.
    ///
    /// # Errors
    /// When an address cannot be bound or may not be, or the data cannot be opened.
    pub fn start(config: Config) -> Result<Handle, BrokerError> {
        let events = Events::new();
        let stop = CancellationToken::new();
        let mut early = events.subscribe();
        let server = server::Server::open(config.clone(), events.clone(), stop.child_token())?;
        let opening = std::iter::from_fn(|| early.try_recv().ok()).collect();
        let (addresses, ca) = (server.addresses(), server.ca_certificate());
        let lives = (events.clone(), stop.clone());
        let thread = std::thread::Builder::new()
            .name("kafka-broker".into())
            .spawn(move || lives::run(server, config, &lives.0, &lives.1))
            .map_err(BrokerError::Thread)?;
        Ok(Handle { addresses, ca, opening, events, stop, thread: Some(thread) })
    }
}

/// A running broker. Dropping it stops the broker.
#[derive(Debug)]
pub struct Handle {
    addresses: Addresses,
    ca: Option<CaCertificate>,
    opening: Vec<Event>,
    events: Events,
    stop: CancellationToken,
    thread: Option<JoinHandle<Result<(), BrokerError>>>,
}

/// Where a broker listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// The listener without login; everyone there is `User:ANONYMOUS`.
    pub plaintext: SocketAddr,
    /// The listener that asks for a login.
    pub sasl_plaintext: SocketAddr,
    /// The same over TLS, if it was asked for.
    pub sasl_ssl: Option<SocketAddr>,
}

impl Handle {
    /// Where it listens, with real ports.
    pub fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// What clients of the SASL_SSL listener must trust, if there is that listener.
    pub fn ca_certificate(&self) -> Option<&CaCertificate> {
        self.ca.as_ref()
    }

    /// What happened while the data was opened.
    pub fn opening(&self) -> &[Event] {
        &self.opening
    }

    /// What happens in it.
    pub fn events(&self) -> &Events {
        &self.events
    }

    /// Becomes cancelled when the broker begins to stop, by [`Handle::stop`] or by a fault that it cannot live with.
    pub fn stopping(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Stops accepting, finishes the requests in flight, flushes, and waits for all of it.
    ///
    /// # Errors
    /// The fault that had stopped the broker before, or that kept it from flushing.
    pub fn stop(mut self) -> Result<(), BrokerError> {
        self.join()
    }

    fn join(&mut self) -> Result<(), BrokerError> {
        self.stop.cancel();
        match self.thread.take().map(JoinHandle::join) {
            None => Ok(()),
            Some(Ok(result)) => result,
            Some(Err(_)) => Err(BrokerError::Fault),
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // Whoever wants to know calls `stop`.
        let _ = self.join();
    }
}

/// Why a broker did not start or did not stop well.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    /// An address is taken, not ours, or not allowed by the system.
    #[error("cannot listen on {address}: {source}")]
    Bind {
        /// What was asked for.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// Something other than loopback was asked for without `allow_remote`.
    #[error(
        "{0} can be reached from other machines, and the lab's passwords are public; allow remote connections \
         explicitly if that is meant"
    )]
    Remote(SocketAddr),
    /// The data folder cannot be used.
    #[error("cannot use the data folder {}: {source}", .folder.display())]
    Data {
        /// The folder.
        folder: PathBuf,
        /// What is wrong with it.
        source: io::Error,
    },
    /// The files of the SASL_SSL listener's authority cannot be used.
    #[error("no TLS for the SASL_SSL listener: {0}")]
    Tls(io::Error),
    /// The system has no thread or runtime left for the broker.
    #[error("cannot start the broker's thread: {0}")]
    Thread(io::Error),
    /// A bug: the broker stopped itself rather than go on with a state that may be wrong.
    #[error("the broker hit a fault of its own and stopped; the data is kept, start it again")]
    Fault,
}

/// Bytes nobody can foresee: nonces, salts, ids.
fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    // The system's source does not fail once it has been seeded, long before any of our processes runs.
    getrandom::fill(&mut bytes).expect("the system has randomness");
    bytes
}
