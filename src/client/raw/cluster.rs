//! All brokers of a cluster: a logged-in connection to each, opened when it is needed, and the way to the broker that
//! a request must reach.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use kafka_protocol::messages::{BrokerId, FindCoordinatorRequest, MetadataRequest, MetadataResponse};
use kafka_protocol::protocol::{Request, StrBytes};
use tokio::time::Instant;

use super::connection::CLIENT_ID;
use super::{BrokerError, Connection, RawError, Security};
use crate::kafka_error;

/// Between two attempts at what a broker is not ready for yet.
const PAUSE: Duration = Duration::from_millis(50);

/// FindCoordinator v4 and later take many keys at once; one is enough here.
const FIND_COORDINATOR_ONE_KEY: i16 = 3;

/// Connections to the brokers of one cluster, as one principal.
#[derive(Debug)]
pub struct Cluster {
    /// Where to begin; tried in this order.
    bootstrap: Vec<String>,
    security: Security,
    /// The `client.id` of every connection.
    client_id: String,
    /// For one operation as a whole, retries included.
    timeout: Duration,
    /// By `host:port`.
    connections: HashMap<String, Connection>,
    /// Where each broker says it is reached, by its id.
    brokers: BTreeMap<i32, String>,
}

/// The broker that a request must go to.
#[derive(Debug, Clone, Copy)]
pub(super) enum To<'a> {
    /// Any: brokers pass requests for the controller on.
    Any,
    /// The one with this id.
    Broker(i32),
    /// The coordinator of this group.
    Coordinator(&'a str),
}

impl Cluster {
    /// Connects to the first of the `bootstrap` addresses (`host:port`, separated by commas) that works, secures it
    /// and logs in, and learns of the other brokers. `timeout` limits this and each later operation.
    ///
    /// # Errors
    /// That of the last address tried; a refused login or handshake ends it at once.
    pub async fn connect(
        bootstrap: &str,
        security: impl Into<Security>,
        timeout: Duration,
    ) -> Result<Self, RawError> {
        Self::connect_as(CLIENT_ID, bootstrap, security, timeout).await
    }

    /// The same under another `client.id` than kafkalab's own.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub async fn connect_as(
        client_id: &str,
        bootstrap: &str,
        security: impl Into<Security>,
        timeout: Duration,
    ) -> Result<Self, RawError> {
        let bootstrap = bootstrap.split(',').map(|address| address.trim().to_owned()).collect();
        let (connections, brokers) = (HashMap::new(), BTreeMap::new());
        let security = security.into();
        let client_id = client_id.to_owned();
        let mut cluster = Self { bootstrap, security, client_id, timeout, connections, brokers };
        cluster.refresh(Some(Vec::new())).await?;
        Ok(cluster)
    }

    /// The ids of the brokers.
    pub fn broker_ids(&self) -> Vec<i32> {
        self.brokers.keys().copied().collect()
    }

    /// When an operation that starts now must have ended.
    pub(super) fn deadline(&self) -> Instant {
        Instant::now() + self.timeout
    }

    /// Metadata of the given topics (`None`: all), from which the brokers' addresses are learnt as well.
    pub(super) async fn refresh(&mut self, topics: Option<Vec<&str>>) -> Result<MetadataResponse, RawError> {
        let metadata = self.metadata(To::Any, topics).await?;
        self.brokers = metadata
            .brokers
            .iter()
            .map(|broker| (*broker.node_id, format!("{}:{}", broker.host, broker.port)))
            .collect();
        Ok(metadata)
    }

    /// Metadata of the given topics (`None`: all), as one broker has it: the others may know more, or less.
    pub(super) async fn metadata(
        &mut self,
        of: To<'_>,
        topics: Option<Vec<&str>>,
    ) -> Result<MetadataResponse, RawError> {
        use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
        let topics = topics.map(|names| {
            let topic = |name| MetadataRequestTopic::default().with_name(Some(text(name).into()));
            names.into_iter().map(topic).collect()
        });
        let request = MetadataRequest::default().with_topics(topics).with_allow_auto_topic_creation(false);
        self.ask(of, &request, i16::MAX).await
    }

    /// Sends a request where it must go, in the newest version up to `max_version` that both sides know.
    pub(super) async fn ask<R: Request>(
        &mut self,
        to: To<'_>,
        request: &R,
        max_version: i16,
    ) -> Result<R::Response, RawError> {
        let address = match to {
            To::Any => self.any().await?,
            To::Broker(id) => self.address_of(id)?,
            To::Coordinator(group) => self.coordinator(group).await?.1,
        };
        let connection = self.connection(&address).await?;
        let version = connection.best_version::<R>()?.min(max_version);
        let answer = connection.send(request, version).await;
        if answer.is_err() {
            // Whatever is left on that connection belongs to nobody.
            self.connections.remove(&address);
        }
        answer
    }

    /// Asks a group's coordinator, again and again while the group moves to another broker or is being loaded.
    /// `code_of` finds the error code that says so.
    pub(super) async fn ask_coordinator<R: Request>(
        &mut self,
        group: &str,
        request: &R,
        max_version: i16,
        code_of: impl Fn(&R::Response) -> i16,
    ) -> Result<R::Response, RawError> {
        let deadline = self.deadline();
        loop {
            let answer = self.ask(To::Coordinator(group), request, max_version).await;
            let code = match &answer {
                Ok(response) => code_of(response),
                Err(RawError::Broker(error)) => error.code,
                Err(_) => 0,
            };
            if !is_passing(code) || !pause_until(deadline).await {
                return answer;
            }
        }
    }

    /// Waits until something holds at every broker, for at most the cluster's time: one of them answers a change before
    /// the others know of it, or itself acts by it, and clients begin at any of them. A broker that does not answer has
    /// gone, and nobody will begin there.
    pub(super) async fn until_everywhere(
        &mut self,
        mut holds: impl AsyncFnMut(&mut Self, To<'_>) -> Result<bool, RawError>,
    ) {
        let deadline = self.deadline();
        for broker in self.broker_ids() {
            while Instant::now() < deadline {
                match holds(self, To::Broker(broker)).await {
                    Ok(false) if pause_until(deadline).await => {}
                    _ => break,
                }
            }
        }
    }

    /// The id of the broker that coordinates a group, and its address.
    pub(super) async fn coordinator(&mut self, group: &str) -> Result<(i32, String), RawError> {
        let request = FindCoordinatorRequest::default().with_key(text(group));
        let address = self.any().await?;
        let connection = self.connection(&address).await?;
        let version = connection.best_version::<FindCoordinatorRequest>()?.min(FIND_COORDINATOR_ONE_KEY);
        let found = connection.send(&request, version).await?;
        BrokerError::check(found.error_code, found.error_message.as_deref())?;
        let BrokerId(id) = found.node_id;
        let address = format!("{}:{}", found.host, found.port);
        self.brokers.insert(id, address.clone());
        Ok((id, address))
    }

    fn address_of(&self, broker: i32) -> Result<String, RawError> {
        let unknown = || RawError::Unsupported(format!("The cluster has no broker with the id {broker}."));
        self.brokers.get(&broker).cloned().ok_or_else(unknown)
    }

    /// An address that is connected, or can be. The first one stays the choice as long as it works.
    async fn any(&mut self) -> Result<String, RawError> {
        let mut failure = RawError::Unsupported("No bootstrap server is given.".to_owned());
        let known: Vec<String> = self.bootstrap.iter().chain(self.brokers.values()).cloned().collect();
        for address in known {
            match self.connection(&address).await {
                Ok(_) => return Ok(address),
                Err(error @ (RawError::Sasl { .. } | RawError::Tls { .. } | RawError::Unsupported(_))) => {
                    return Err(error);
                }
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    async fn connection(&mut self, address: &str) -> Result<&mut Connection, RawError> {
        if !self.connections.contains_key(address) {
            let opened = Connection::open_as(&self.client_id, address, &self.security, self.timeout);
            let connection = opened.await?;
            self.connections.insert(address.to_owned(), connection);
        }
        Ok(self.connections.get_mut(address).expect("inserted above if it was absent"))
    }
}

/// Whether a code only says that leadership or coordination is moving, so that the same question deserves another try.
pub(super) fn is_passing(code: i16) -> bool {
    const LEADER_NOT_AVAILABLE: i16 = 5;
    const NOT_LEADER_OR_FOLLOWER: i16 = 6;
    const COORDINATORS: std::ops::RangeInclusive<i16> = 14..=16;
    const NOT_CONTROLLER: i16 = 41;
    let moving = matches!(code, LEADER_NOT_AVAILABLE | NOT_LEADER_OR_FOLLOWER | NOT_CONTROLLER);
    debug_assert!(!moving || kafka_error::is_retriable(code));
    moving || COORDINATORS.contains(&code)
}

/// Waits a little before another try; `false` if the deadline does not allow one.
pub(super) async fn pause_until(deadline: Instant) -> bool {
    if Instant::now() + PAUSE >= deadline {
        return false;
    }
    tokio::time::sleep(PAUSE).await;
    true
}

/// A protocol string.
pub(super) fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}
