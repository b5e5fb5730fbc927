//! What the broker tells whoever listens: the lessons, `kafkalab logs`, a test. Logic emits values, others print.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::broadcast;

use super::group::GroupEvent;
use super::sasl::Mechanism;
use crate::acl::{Operation, ResourceType, Rule};

/// Events that a slow listener may lag behind before it misses some.
const BACKLOG: usize = 1024;

/// Something that happened in the broker.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// A request passed the gate and is about to be handled. Only sent to those who asked for requests.
    Request {
        /// `User:name`; absent before a login.
        principal: Option<Arc<str>>,
        /// Kafka's name of the API.
        api: &'static str,
        /// The version the client chose.
        version: i16,
        /// What the client calls itself.
        client_id: String,
    },
    /// A login succeeded.
    LoggedIn {
        /// `User:name`.
        principal: String,
        /// By which mechanism.
        mechanism: Mechanism,
        /// The client's address.
        host: String,
    },
    /// A login was refused.
    LoginRefused {
        /// The mechanism the client asked for, which may not be enabled.
        mechanism: String,
        /// The text the client was given.
        message: String,
        /// The client's address.
        host: String,
    },
    /// A client did not get through the TLS handshake, so that it never came to a login.
    HandshakeFailed {
        /// The client's address.
        host: String,
        /// Why, in the words of the TLS library.
        message: String,
    },
    /// The authorizer refused something.
    Denied(Box<AclDecision>),
    /// The authorizer granted something. Only sent to those who asked for requests.
    Allowed(Box<AclDecision>),
    /// A topic came into being.
    TopicCreated {
        /// Its name.
        topic: String,
        /// How many partitions it has.
        partitions: i32,
    },
    /// A topic went.
    TopicDeleted {
        /// Its name.
        topic: String,
    },
    /// A log was compacted.
    Compacted {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// Bytes of the log before.
        before: u64,
        /// Bytes of the log now.
        after: u64,
    },
    /// Something happened to a group.
    Group(GroupEvent),
    /// Opening the data folder had to mend something; the text says what.
    Recovered(String),
    /// Something failed that no request can be told about; the text says what.
    Trouble(String),
    /// The broker hit a fault of its own: it begins again from its data, or stops.
    Fatal(String),
}

/// One decision of the authorizer, with the rule that made it.
#[derive(Clone, Debug)]
pub struct AclDecision {
    /// `User:name`.
    pub principal: String,
    /// What was asked.
    pub operation: Operation,
    /// On what kind of thing.
    pub resource_type: ResourceType,
    /// On which one.
    pub resource_name: String,
    /// By which request.
    pub api: &'static str,
    /// What the client calls itself.
    pub client_id: String,
    /// Why.
    pub rule: Rule,
    /// The line of Kafka's `kafka.authorizer.logger`.
    pub audit_line: String,
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Event::Request { principal, api, version, client_id } => {
                let principal = principal.as_deref().unwrap_or("nobody yet");
                write!(f, "Request {api} v{version} by {principal}, client {client_id:?}")
            }
            Event::LoggedIn { principal, mechanism, host } => {
                write!(f, "{principal} logged in from {host} with {}", mechanism.name())
            }
            Event::LoginRefused { mechanism, message, host } => {
                write!(f, "Failed authentication with {host} ({mechanism}): {message}")
            }
            Event::HandshakeFailed { host, message } => {
                write!(f, "Failed authentication with {host} (SSL handshake failed): {message}")
            }
            Event::Denied(decision) | Event::Allowed(decision) => f.write_str(&decision.audit_line),
            Event::TopicCreated { topic, partitions } => {
                write!(f, "Created topic {topic} with {partitions} partitions")
            }
            Event::TopicDeleted { topic } => write!(f, "Deleted topic {topic}"),
            Event::Compacted { topic, partition, before, after } => {
                write!(f, "Compacted {topic}-{partition} from {before} to {after} bytes")
            }
            Event::Group(event) => event.fmt(f),
            Event::Recovered(what) => write!(f, "Recovered: {what}"),
            Event::Trouble(what) => write!(f, "Trouble with {what}"),
            Event::Fatal(why) => write!(f, "Fault: {why}"),
        }
    }
}

impl Event {
    /// Whether it is one of those that each request causes, and that must be asked for.
    pub fn is_traffic(&self) -> bool {
        matches!(self, Event::Request { .. } | Event::Allowed(_))
    }
}

/// Where events go. Cheap to clone; sending without a listener costs a load.
#[derive(Clone, Debug)]
pub struct Events {
    sender: broadcast::Sender<Event>,
    /// How many listeners want each request.
    requests: Arc<AtomicUsize>,
}

/// As long as it lives, each request and each grant is an event too, for all listeners.
#[derive(Debug)]
pub struct Traffic(Arc<AtomicUsize>);

impl Drop for Traffic {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Events {
    pub(super) fn new() -> Events {
        Events { sender: broadcast::Sender::new(BACKLOG), requests: Arc::default() }
    }

    /// Everything from now on; traffic only while somebody has [asked](Self::with_traffic) for it.
    pub fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.sender.subscribe()
    }

    /// Asks for each request and each grant, until what this returns is dropped.
    pub fn with_traffic(&self) -> Traffic {
        self.requests.fetch_add(1, Ordering::Relaxed);
        Traffic(Arc::clone(&self.requests))
    }

    /// Whether somebody wants each request and each grant.
    pub(super) fn want_traffic(&self) -> bool {
        self.requests.load(Ordering::Relaxed) > 0
    }

    /// Sends what `event` makes, which is not called without a listener.
    pub(super) fn emit(&self, event: impl FnOnce() -> Event) {
        if self.sender.receiver_count() > 0 {
            // An error means that the last listener left meanwhile.
            let _ = self.sender.send(event());
        }
    }
}
