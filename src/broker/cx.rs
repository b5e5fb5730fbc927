//! What a handler gets besides its request: the state, the connection, the time, and the authorizer's ear.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use kafka_protocol::protocol::StrBytes;

use super::event::{AclDecision, Event};
use super::session::Session;
use super::state::State;
use crate::acl::{AuditLine, Operation, Question, Resource, ResourceType};

/// One moment on both clocks, read once per request.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// For deadlines: never goes back.
    pub instant: Instant,
    /// For timestamps: milliseconds since 1970, as the system believes.
    pub wall_ms: i64,
}

impl Now {
    /// Reads the clocks.
    pub fn read() -> Now {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Now { instant: Instant::now(), wall_ms: i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX) }
    }
}

/// The context of one request.
#[derive(Debug)]
pub struct Cx<'a> {
    /// All the broker has.
    pub state: &'a mut State,
    /// The connection the request came in on.
    pub session: &'a mut Session,
    /// Kafka's name of the API, for the audit line.
    pub api: &'static str,
    /// The version of the request.
    pub version: i16,
    /// What the client calls itself; may be empty.
    pub client_id: &'a str,
    /// When the request was taken up.
    pub now: Now,
}

impl Cx<'_> {
    /// The address at which this client finds the broker again: `advertised.listeners`, else the one it came to.
    pub fn advertised(&self) -> (StrBytes, i32) {
        let (host, port) = match self.state.settings.advertised_listeners.of(self.session.listener) {
            Some((host, port)) => (host.clone(), *port),
            None => (self.session.local.ip().to_string(), self.session.local.port()),
        };
        (StrBytes::from_string(host), port.into())
    }

    /// Whether the client may do this. A refusal is told as an audit line.
    pub fn authorize(&mut self, operation: Operation, resource: Resource<'_>) -> bool {
        self.authorize_counted(operation, resource, 1)
    }

    /// Like [`Cx::authorize`] for a resource that the request names `count` times, as the audit line says.
    pub fn authorize_counted(&mut self, operation: Operation, resource: Resource<'_>, count: usize) -> bool {
        // Handlers run behind the gate; without a principal nothing is allowed.
        let Some(principal) = self.session.principal() else { return false };
        let question = Question { principal, host: &self.session.host, operation, resource };
        let decision = self.state.acls.decide(&question, &self.state.settings.authorization);
        if !decision.allowed || self.state.events.want_traffic() {
            let (api, client_id) = (self.api, self.client_id);
            self.state.events.emit(|| {
                let line =
                    AuditLine { question, decision: &decision, request: api, resource_ref_count: count };
                let told = Box::new(AclDecision {
                    principal: principal.into(),
                    operation,
                    resource_type: resource.resource_type,
                    resource_name: resource.name.into(),
                    api,
                    client_id: client_id.into(),
                    audit_line: line.to_string(),
                    rule: decision.rule.clone(),
                });
                if decision.allowed { Event::Allowed(told) } else { Event::Denied(told) }
            });
        }
        decision.allowed
    }

    /// Like [`Cx::authorize`], for filtering: a refusal is not told, as in Kafka.
    pub fn authorize_silently(&self, operation: Operation, resource: Resource<'_>) -> bool {
        let Some(principal) = self.session.principal() else { return false };
        let question = Question { principal, host: &self.session.host, operation, resource };
        self.state.acls.decide(&question, &self.state.settings.authorization).allowed
    }

    /// Whether the client may do this to at least one resource of the type; not told, as in Kafka.
    pub fn authorize_by_type(&self, operation: Operation, resource_type: ResourceType) -> bool {
        let Some(principal) = self.session.principal() else { return false };
        let policy = &self.state.settings.authorization;
        let host = &self.session.host;
        self.state.acls.decide_by_resource_type(principal, host, operation, resource_type, policy).allowed
    }

    /// The bit field of what the client may do to a resource; bit n is the operation of code n.
    pub fn authorized_operations(&self, resource: Resource<'_>) -> i32 {
        let Some(principal) = self.session.principal() else { return 0 };
        let policy = &self.state.settings.authorization;
        self.state.acls.authorized_operations(principal, &self.session.host, resource, policy)
    }
}
