//! What a Kafka call can end with, classified by error code and never by searching a text.

use std::fmt;

use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::types::RDKafkaRespErr;

use super::raw::{BrokerError, RawError};
use crate::error::Speaker;
use crate::kafka_error;

/// The class of a failure. It decides the exit code and what can be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// No broker answers: refused, unresolved, not TLS, or closed before a first answer.
    Unreachable,
    /// The login was refused, or its mechanism is not offered; one code stands for both in librdkafka.
    Authentication,
    /// An ACL is missing or denies (broker codes 29, 30, 31, 53).
    Authorization,
    /// The topic does not exist, or this principal may not know that it does.
    UnknownTopic,
    /// The topic's name is not legal.
    InvalidTopic,
    /// The record is larger than the client or the broker takes.
    TooLarge,
    /// The broker was there, yet no answer came within the time limit.
    TimedOut,
    /// The record was taken out of the queue because the command was ending.
    Interrupted,
    /// A setting that librdkafka refuses, or a partition that the topic does not have.
    Configuration,
    /// Anything else; the code and the words say what.
    Other,
}

/// An error code with its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// Whose code it is.
    pub who: Speaker,
    /// Kafka's name (`TOPIC_AUTHORIZATION_FAILED`), librdkafka's (`_MSG_TIMED_OUT`) or C's (`ECONNREFUSED`).
    pub name: String,
    /// The number on the wire, librdkafka's negative one, or the system's.
    pub number: i32,
}

impl Code {
    /// A broker's code (from −1 on), or librdkafka's own.
    pub fn new(name: impl Into<String>, number: i32) -> Self {
        Self { who: Speaker::of(number), name: name.into(), number }
    }
}

/// What an ACL speaks about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resource {
    /// A topic, by name.
    Topic(String),
    /// A consumer group, by the id on the wire.
    Group(String),
    /// The cluster itself.
    Cluster,
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Topic(name) => write!(f, "Topic:{name}"),
            Self::Group(id) => write!(f, "Group:{id}"),
            Self::Cluster => write!(f, "Cluster:kafka-cluster"),
        }
    }
}

/// A right that a call needs. Kafka's errors name none, so whoever made the call supplies it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// Kafka's operation: `READ`, `WRITE`, `DESCRIBE`, `CREATE`, `ALTER` …
    pub operation: &'static str,
    /// On what.
    pub resource: Resource,
}

/// Where the broker refused, when that differs from the right that the command is about: a produce without any
/// right is refused at DESCRIBE in Metadata, before WRITE in Produce is ever asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefusedAt {
    /// The operation that the broker checked first.
    pub operation: &'static str,
    /// The Kafka API in which it did.
    pub api: &'static str,
}

/// A call that failed: the class, the words of whoever refused, unchanged, and what the call needed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{said}")]
pub struct Failure {
    /// The class.
    pub kind: Kind,
    /// The broker's, library's or operating system's words, unchanged.
    pub said: String,
    /// The error's name and number; absent where the operating system or a setting was at fault.
    pub code: Option<Code>,
    /// The rights that the call needed, the deciding one first; empty where rights play no part.
    pub needs: Vec<Need>,
    /// Where the broker refused, if that is known to differ from the first of `needs`.
    pub refused_at: Option<RefusedAt>,
}

impl Failure {
    /// A failure without an error code.
    pub fn new(kind: Kind, said: impl Into<String>) -> Self {
        Self { kind, said: said.into(), code: None, needs: Vec::new(), refused_at: None }
    }

    /// A failure from an error code in librdkafka's own words.
    pub fn from_code(code: RDKafkaErrorCode) -> Self {
        let mut failure = Self::new(kind_of(code), words_of(code));
        failure.code = Some(Code::new(name_of(code), code as i32));
        failure
    }

    /// The same failure with the rights that the call needed.
    pub fn needing(mut self, needs: impl IntoIterator<Item = Need>) -> Self {
        self.needs = needs.into_iter().collect();
        self
    }

    /// The same failure in the words that arrived with it.
    pub(super) fn saying(mut self, said: impl Into<String>) -> Self {
        self.said = said.into();
        self
    }

    /// The error's number, if it has one.
    pub fn number(&self) -> Option<i32> {
        self.code.as_ref().map(|code| code.number)
    }
}

impl From<KafkaError> for Failure {
    fn from(error: KafkaError) -> Self {
        let code = match &error {
            KafkaError::AdminOp(code) => Some(*code),
            other => other.rdkafka_error_code(),
        };
        match (code, error) {
            (Some(code), _) => Self::from_code(code),
            (None, KafkaError::ClientConfig(_, said, name, _)) => {
                Self::new(Kind::Configuration, format!("{name}: {said}"))
            }
            (None, KafkaError::ClientCreation(said) | KafkaError::AdminOpCreation(said)) => {
                Self::new(Kind::Configuration, said)
            }
            (None, KafkaError::Nul(error)) => Self::new(Kind::Configuration, error.to_string()),
            (None, error) => Self::new(Kind::Other, error.to_string()),
        }
    }
}

impl From<RawError> for Failure {
    /// The failure of a call over a connection of our own: the broker's code where it gave one.
    fn from(error: RawError) -> Self {
        let said = error.to_string();
        match error {
            RawError::Refused { .. }
            | RawError::Resolve { .. }
            | RawError::Closed { .. }
            | RawError::Tls { .. }
            | RawError::Io { .. } => Self::new(Kind::Unreachable, said),
            RawError::TimedOut { .. } => Self::new(Kind::TimedOut, said),
            RawError::TlsFile { .. } => Self::new(Kind::Configuration, said),
            RawError::Protocol { .. } | RawError::Unsupported(_) => Self::new(Kind::Other, said),
            RawError::Sasl { code, message, .. } => of_broker(code, message),
            RawError::Broker(BrokerError { code, message }) => {
                of_broker(code, message.unwrap_or_else(|| kafka_error::name(code).to_owned()))
            }
        }
    }
}

/// A broker's code with its own words.
fn of_broker(code: i16, said: String) -> Failure {
    let number = i32::from(code);
    let kind = RDKafkaRespErr::try_from(number).map_or(Kind::Other, |code| kind_of(code.into()));
    let code = Some(Code::new(kafka_error::name(code), number));
    Failure { code, ..Failure::new(kind, said) }
}

fn kind_of(code: RDKafkaErrorCode) -> Kind {
    use RDKafkaErrorCode as C;
    match code {
        C::BrokerTransportFailure | C::Resolve | C::SSL | C::AllBrokersDown => Kind::Unreachable,
        C::Authentication
        | C::SaslAuthenticationFailed
        | C::UnsupportedSASLMechanism
        | C::IllegalSASLState => Kind::Authentication,
        C::TopicAuthorizationFailed
        | C::GroupAuthorizationFailed
        | C::ClusterAuthorizationFailed
        | C::TransactionalIdAuthorizationFailed => Kind::Authorization,
        // A partition that was there and is not any more went with its topic.
        C::UnknownTopic | C::UnknownTopicOrPartition | C::UnknownPartition => Kind::UnknownTopic,
        C::InvalidTopic => Kind::InvalidTopic,
        C::MessageSizeTooLarge | C::InvalidMessageSize | C::MessageBatchTooLarge => Kind::TooLarge,
        C::MessageTimedOut | C::OperationTimedOut | C::TimedOutQueue | C::RequestTimedOut => Kind::TimedOut,
        C::PurgeQueue | C::PurgeInflight | C::Interrupted => Kind::Interrupted,
        C::InvalidArgument | C::NotConfigured => Kind::Configuration,
        _ => Kind::Other,
    }
}

/// librdkafka's description of a code, such as `Broker: Topic authorization failed`.
fn words_of(code: RDKafkaErrorCode) -> String {
    let shown = code.to_string();
    let name = format!("{code:?} (");
    match shown.strip_prefix(&name).and_then(|rest| rest.strip_suffix(')')) {
        Some(words) => words.to_owned(),
        None => shown,
    }
}

/// Kafka's name of a broker's code; the C name of librdkafka's own codes.
fn name_of(code: RDKafkaErrorCode) -> String {
    let number = code as i32;
    if let Some(known) = i16::try_from(number).ok().filter(|n| *n > 0).and_then(kafka_error::by_code) {
        return known.name.to_owned();
    }
    match RDKafkaRespErr::try_from(number) {
        Ok(code) => format!("{code:?}").trim_start_matches("RD_KAFKA_RESP_ERR_").to_owned(),
        Err(_) => screaming_snake(&format!("{code:?}")),
    }
}

/// `TopicAuthorizationFailed` → `TOPIC_AUTHORIZATION_FAILED`.
fn screaming_snake(camel: &str) -> String {
    let mut out = String::with_capacity(camel.len() + 8);
    for (index, letter) in camel.char_indices() {
        if letter.is_ascii_uppercase() && index > 0 {
            out.push('_');
        }
        out.push(letter.to_ascii_uppercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_brokers_code_has_kafkas_name_and_librdkafkas_words() {
        let denied = Failure::from_code(RDKafkaErrorCode::TopicAuthorizationFailed);
        assert_eq!(denied.kind, Kind::Authorization);
        assert_eq!(denied.said, "Broker: Topic authorization failed");
        assert_eq!(denied.code, Some(Code::new("TOPIC_AUTHORIZATION_FAILED", 29)));
        assert_eq!(name_of(RDKafkaErrorCode::MessageSizeTooLarge), "MESSAGE_TOO_LARGE");
    }

    #[test]
    fn a_local_code_has_librdkafkas_own_name() {
        let slow = Failure::from_code(RDKafkaErrorCode::MessageTimedOut);
        assert_eq!(slow.kind, Kind::TimedOut);
        assert_eq!(slow.said, "Local: Message timed out");
        assert_eq!(slow.code, Some(Code::new("_MSG_TIMED_OUT", -192)));
        assert_eq!(name_of(RDKafkaErrorCode::AllBrokersDown), "_ALL_BROKERS_DOWN");
    }

    #[test]
    fn an_admin_operations_code_is_not_lost() {
        let exists = Failure::from(KafkaError::AdminOp(RDKafkaErrorCode::TopicAlreadyExists));
        assert_eq!(exists.number(), Some(36));
    }

    #[test]
    fn a_failure_of_our_own_connection_keeps_its_class() {
        let refusal = BrokerError { code: 30, message: Some("no".to_owned()) };
        let denied = Failure::from(RawError::Broker(refusal));
        assert_eq!((denied.kind, &*denied.said, denied.number()), (Kind::Authorization, "no", Some(30)));
        let (address, waiting_for) = ("127.0.0.1:9".to_owned(), "Metadata".to_owned());
        let silent =
            RawError::TimedOut { address: address.clone(), waiting_for, after: Duration::from_secs(1) };
        assert_eq!(Failure::from(silent).kind, Kind::TimedOut);
        assert_eq!(Failure::from(RawError::Refused { address }).kind, Kind::Unreachable);
        let login = RawError::Sasl { code: 58, message: "no".to_owned(), mechanisms: Vec::new() };
        assert_eq!(Failure::from(login).kind, Kind::Authentication);
    }
}
