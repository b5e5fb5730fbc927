//! What a table is made of.

use std::collections::BTreeMap;
use std::fmt::Debug;

use bytes::{Bytes, BytesMut};
use kafka_protocol::protocol::{HeaderVersion, Request};
use kafkalab::acl::AclBinding;
use uuid::Uuid;

use super::canonical::Canonical;

/// One thing that both brokers must do alike.
pub struct Case {
    /// Unique in its table.
    pub name: String,
    /// The ACLs of `analytics`, who has none of its own, while the case runs.
    pub acls: Vec<AclBinding>,
    /// Topics that exist before it, with their partitions. A name belongs to one case, or is only looked at.
    pub topics: Vec<(String, i32)>,
    /// What happens, in order.
    pub steps: Vec<Step>,
}

/// One line of a case's outcome.
pub struct Step {
    /// Who acts.
    pub who: Who,
    /// What they do.
    pub action: Action,
}

/// A connection: who is logged in, and which of that principal's connections it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Who {
    /// A principal that logs in over PLAIN; `ANONYMOUS` uses the PLAINTEXT listener, and `STRANGER` the SASL listener
    /// without a login.
    pub principal: &'static str,
    /// Tells connections of one principal apart; also the key of what is remembered.
    pub name: &'static str,
}

/// What is done on a connection.
pub enum Action {
    /// Sends a request and writes down the answer.
    Send(Message),
    /// Sends a request; the answer is fetched by [`Action::Finish`].
    Start(Message),
    /// Writes down the answer to the request that was started.
    Finish,
    /// Sends a request again and again until the answer contains a text, and writes down that answer.
    Until(Message, &'static str),
    /// Sends a frame without headers, as SASL after a handshake v0, and writes down whether one came back.
    Frame(Vec<u8>),
    /// Sends bytes as they are and writes down whether a frame came back.
    Bytes(Vec<u8>),
}

/// Makes a request, from what earlier answers said.
pub type Message = Box<dyn Fn(&Memory) -> Ask + Send + Sync>;

/// What later requests need of earlier answers, by the name of the connection.
#[derive(Debug, Default)]
pub struct Memory {
    /// The member id that a group gave.
    pub members: BTreeMap<&'static str, String>,
    /// The last token of the broker in a login.
    pub tokens: BTreeMap<&'static str, Bytes>,
    /// Producer id and epoch.
    pub producers: BTreeMap<&'static str, (i64, i16)>,
    /// The ids of topics by their names, whoever saw them.
    pub topic_ids: BTreeMap<String, Uuid>,
}

impl Memory {
    /// The member id of a connection; empty if it has none yet.
    pub fn member(&self, name: &str) -> String {
        self.members.get(name).cloned().unwrap_or_default()
    }
}

/// A request in bytes, and how to read its answer.
pub struct Ask {
    pub key: i16,
    pub version: i16,
    /// The version of the request's header.
    pub header: i16,
    /// The version of the answer's header.
    pub answer_header: i16,
    pub body: Bytes,
    /// The answer as text, and what is to be remembered of it under a name.
    pub show: fn(Bytes, i16, &'static str, &mut Memory) -> String,
}

/// A request in a version.
pub fn ask<R: Request>(request: &R, version: i16) -> Ask
where
    R::Response: Canonical + Debug,
{
    let mut body = BytesMut::new();
    request.encode(&mut body, version).unwrap_or_else(|error| panic!("API {} v{version}: {error}", R::KEY));
    Ask {
        key: R::KEY,
        version,
        header: <R as HeaderVersion>::header_version(version),
        answer_header: <R::Response as HeaderVersion>::header_version(version),
        body: body.freeze(),
        show: |mut body, version, name, memory| {
            use kafka_protocol::protocol::Decodable;
            match R::Response::decode(&mut body, version) {
                Ok(mut response) => {
                    response.remember(name, memory);
                    response.canonical(memory);
                    let rest = if body.is_empty() { "" } else { ", and more bytes than it should have" };
                    format!("{response:?}{rest}").replace(", unknown_tagged_fields: {}", "")
                }
                Err(error) => format!("an answer that does not decode: {error}"),
            }
        },
    }
}

impl Case {
    /// A case without ACLs and topics.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), acls: Vec::new(), topics: Vec::new(), steps: Vec::new() }
    }

    /// Gives `analytics` ACLs.
    pub fn acls(mut self, acls: impl IntoIterator<Item = AclBinding>) -> Self {
        self.acls.extend(acls);
        self
    }

    /// Creates a topic first.
    pub fn topic(mut self, name: &str, partitions: i32) -> Self {
        self.topics.push((name.to_owned(), partitions));
        self
    }

    /// Adds a step.
    pub fn step(mut self, who: Who, action: Action) -> Self {
        self.steps.push(Step { who, action });
        self
    }

    /// Sends a request that depends on nothing.
    pub fn send<R>(self, who: Who, request: R, version: i16) -> Self
    where
        R: Request + Send + Sync + 'static,
        R::Response: Canonical + Debug,
    {
        self.send_with(who, move |_| ask(&request, version))
    }

    /// Sends a request that depends on earlier answers.
    pub fn send_with(self, who: Who, message: impl Fn(&Memory) -> Ask + Send + Sync + 'static) -> Self {
        self.step(who, Action::Send(Box::new(message)))
    }

    /// Sends a request whose answer [`Case::finish`] waits for.
    pub fn start_with(self, who: Who, message: impl Fn(&Memory) -> Ask + Send + Sync + 'static) -> Self {
        self.step(who, Action::Start(Box::new(message)))
    }

    /// Waits for the answer to what was started.
    pub fn finish(self, who: Who) -> Self {
        self.step(who, Action::Finish)
    }

    /// Sends a request until its answer contains a text.
    pub fn until(
        self,
        who: Who,
        text: &'static str,
        message: impl Fn(&Memory) -> Ask + Send + Sync + 'static,
    ) -> Self {
        self.step(who, Action::Until(Box::new(message), text))
    }
}

/// A principal's only connection in a case.
pub const fn who(principal: &'static str) -> Who {
    Who { principal, name: principal }
}

/// The super user, who may do everything.
pub const ADMIN: Who = who("admin");

/// The principal whose rights a case decides.
pub const ANALYTICS: Who = who("analytics");

/// A connection to the SASL listener before its login.
pub const STRANGER: Who = who("STRANGER");

/// A connection to the PLAINTEXT listener.
pub const ANONYMOUS: Who = who("ANONYMOUS");
