//! What went wrong, in the parts that the error block shows and in their order: what the command was doing, what
//! the broker said, who asked, which rule decided, and what to type next.

use std::fmt;

use serde::Serialize;

use crate::source::Sourced;
use crate::words::{Lang, Message};

/// The class of a failure. It fixes the exit code, in one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Several items failed for different reasons, or only some failed.
    Partial,
    /// The command line, a profile or an ACL file is not valid.
    Usage,
    /// The broker cannot be reached, or the answer did not come in time.
    Unreachable,
    /// The broker refused the login.
    Authentication,
    /// The broker knows who asks, and refuses.
    Authorization,
    /// What a lesson, a scenario or a check expects is not there.
    NotMet,
    /// Any other answer of the broker, or a failure of this machine.
    Failed,
    /// Ctrl-C, or SIGTERM as long as nobody has to know which it was.
    Interrupted,
    /// SIGTERM.
    Terminated,
    /// Whoever reads our output went away. It ends the command quietly.
    OutputClosed,
}

impl Kind {
    /// The exit code of the process (`product.md`, section 7).
    pub fn exit_code(self) -> u8 {
        match self {
            Self::OutputClosed => 0,
            Self::Partial | Self::Failed => 1,
            Self::Usage => 2,
            Self::Unreachable => 3,
            Self::Authentication => 4,
            Self::Authorization => 5,
            Self::NotMet => 6,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }
}

/// Who found the fault and named it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Speaker {
    /// The broker answered, with an error of Kafka's protocol.
    Broker,
    /// librdkafka, on this machine; often because the operating system told it so.
    Librdkafka,
    /// The operating system, when no broker could be asked.
    System,
}

impl Speaker {
    /// Kafka's protocol goes down to −1 (`UNKNOWN_SERVER_ERROR`); librdkafka keeps all below for its own errors.
    pub fn of(code: i32) -> Self {
        if code < -1 { Self::Librdkafka } else { Self::Broker }
    }
}

/// The words of a broker, the client library or the operating system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Said {
    /// Whose words they are.
    pub who: Speaker,
    /// The words, unchanged.
    pub text: String,
    /// The name of the error, such as `TOPIC_AUTHORIZATION_FAILED`.
    pub name: String,
    /// Kafka's error code, librdkafka's (below −1), or the system's `errno`.
    pub code: i32,
}

/// Who asked, and how; each part with its source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Identity {
    /// `User:laravel`, or `User:ANONYMOUS`.
    pub principal: Sourced<String>,
    /// The SASL mechanism, if any.
    pub mechanism: Option<Sourced<String>>,
    /// `PLAINTEXT`, `SASL_PLAINTEXT`, ….
    pub security_protocol: Sourced<String>,
    /// `host:port`, comma separated.
    pub bootstrap_server: Sourced<String>,
}

/// Where the knowledge of the deciding rule comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Knowledge {
    /// The ACLs of the cluster, read as `admin`.
    ClusterAcls,
    /// The ACL files at hand; the cluster could not be asked.
    YourFiles,
}

/// Why a request was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Denial {
    /// The operation that the command needs, such as `WRITE`.
    pub operation: String,
    /// `Topic:LITERAL:laravel-events`.
    pub resource: String,
    /// The first operation asked, where the broker refused already: `DESCRIBE in Metadata`.
    pub refused_at: Option<String>,
    /// The deciding rule: an ACL in Kafka's notation, or `DefaultDeny`.
    pub rule: String,
    /// Who knows.
    pub source: Knowledge,
}

/// A failure that a person reads.
#[derive(Debug, Clone)]
pub struct Error {
    /// The class, which fixes the exit code.
    pub kind: Kind,
    /// What the command was doing, or what is wrong with the input: one sentence.
    pub doing: Message,
    /// The own words of the broker or of librdkafka.
    pub broker_said: Option<Said>,
    /// Who asked.
    pub identity: Option<Box<Identity>>,
    /// The rule that decided.
    pub rule: Option<Box<Denial>>,
    /// Sentences that help, such as the nearest known key.
    pub hints: Vec<Message>,
    /// Commands to paste.
    pub next: Vec<String>,
}

/// The result of whatever may end in an error block.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of a class, with what the command was doing.
    pub fn new(kind: Kind, doing: impl Into<Message>) -> Self {
        Self {
            kind,
            doing: doing.into(),
            broker_said: None,
            identity: None,
            rule: None,
            hints: Vec::new(),
            next: Vec::new(),
        }
    }

    /// Invalid input: exit code 2.
    pub fn usage(problem: impl Into<Message>) -> Self {
        Self::new(Kind::Usage, problem)
    }

    /// Adds the words of the broker or of librdkafka; the code tells whose they are.
    #[must_use]
    pub fn said(self, text: impl Into<String>, name: impl Into<String>, code: i32) -> Self {
        self.said_by(Speaker::of(code), text, name, code)
    }

    /// Adds the words of somebody who is known.
    #[must_use]
    pub fn said_by(
        mut self,
        who: Speaker,
        text: impl Into<String>,
        name: impl Into<String>,
        code: i32,
    ) -> Self {
        self.broker_said = Some(Said { who, text: text.into(), name: name.into(), code });
        self
    }

    /// Adds who asked.
    #[must_use]
    pub fn identity(mut self, identity: Identity) -> Self {
        self.identity = Some(Box::new(identity));
        self
    }

    /// Adds the rule that decided.
    #[must_use]
    pub fn rule(mut self, rule: Denial) -> Self {
        self.rule = Some(Box::new(rule));
        self
    }

    /// Adds a sentence that helps.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Message>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Adds a command to paste.
    #[must_use]
    pub fn next(mut self, command: impl Into<String>) -> Self {
        self.next.push(command.into());
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.doing.in_lang(Lang::En))
    }
}

impl std::error::Error for Error {}

/// A failed write to standard output. A closed pipe is no failure: the reader had enough.
impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::BrokenPipe => Self::new(Kind::OutputClosed, error.to_string()),
            _ => Self::new(Kind::Failed, error.to_string()),
        }
    }
}
