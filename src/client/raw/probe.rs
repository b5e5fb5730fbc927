//! What is behind an address? One question and answer each of TCP, TLS where the client speaks it, ApiVersions and
//! SaslHandshake, then the login.
//!
//! librdkafka has one error for a wrong password and for a mechanism that is not offered, and none at all for a
//! PLAINTEXT client on a SASL port; this tells them apart.

use std::time::{Duration, Instant};

use super::{Connection, Handshake, Login, RawError, Security, TlsFailure};

/// Patience for the second look at what does not answer as Kafka.
const SECOND_LOOK: Duration = Duration::from_millis(400);

/// Patience for each step. Brokers of the lab answer in milliseconds, a failed login takes about 300 ms.
const PATIENCE: Duration = Duration::from_millis(900);

const UNSUPPORTED_SASL_MECHANISM: i16 = 33;
const ILLEGAL_SASL_STATE: i16 = 34;

/// What a probe found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// `host:port` as asked for.
    pub address: String,
    /// What listens there.
    pub listener: Listener,
    /// What became of the login.
    pub login: LoginOutcome,
    /// How long it took.
    pub elapsed: Duration,
}

/// The kind of listener at an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listener {
    /// The address is no `host:port`, or the name is unknown; with the resolver's words.
    Unresolved(String),
    /// Nothing listens.
    Refused,
    /// No route, no permission; with the operating system's words.
    Unreachable(String),
    /// Connecting, or the first answer, took too long.
    Silent,
    /// Kafka without SASL: everyone is `User:ANONYMOUS`.
    Plaintext,
    /// Kafka with SASL, and the mechanisms that it offers.
    Sasl(Vec<String>),
    /// A TLS listener, `SSL` or `SASL_SSL`, which was not asked further because this client speaks no TLS.
    Tls,
    /// TLS did not come about; why, and the words of the TLS library.
    TlsFailed(TlsFailure, String),
    /// Kafka over TLS without SASL.
    Ssl,
    /// Kafka over TLS with SASL, and the mechanisms that it offers.
    SaslSsl(Vec<String>),
    /// A web server.
    Http,
    /// Something that is not Kafka; with what was odd.
    NotKafka(String),
}

impl Listener {
    /// The mechanisms that it offers; none without SASL.
    pub fn offered(&self) -> &[String] {
        match self {
            Self::Sasl(offered) | Self::SaslSsl(offered) => offered,
            _ => &[],
        }
    }
}

/// What a broker said to a login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoginOutcome {
    /// None was asked for, or the listener takes none.
    NotTried,
    /// The broker let the user in.
    Accepted,
    /// The listener does not offer the mechanism; [`Listener::Sasl`] says what it offers.
    MechanismNotOffered,
    /// The broker refused the credentials.
    Refused {
        /// Kafka's error code, usually 58.
        code: i16,
        /// The broker's words, unchanged.
        message: String,
    },
    /// The login did not end: the broker closed the connection or fell silent.
    Broken(String),
}

/// Probes `host:port` in the way that `security` says, and tries its login if the listener asks for one. Takes about
/// 1 s at most on an address that answers; a probe never fails, it finds. An address that speaks no TLS to a client
/// that does is looked at without it.
pub async fn probe(address: &str, security: impl Into<Security>) -> Probe {
    let started = Instant::now();
    let security = security.into();
    let (listener, login) = match examine(address, &security).await {
        (Listener::TlsFailed(TlsFailure::NotTls, _), _) => {
            (examine(address, &Security::default()).await.0, LoginOutcome::NotTried)
        }
        examined => examined,
    };
    Probe { address: address.to_owned(), listener, login, elapsed: started.elapsed() }
}

async fn examine(address: &str, security: &Security) -> (Listener, LoginOutcome) {
    let tls = security.tls.is_some();
    let login = security.login.as_ref();
    let mut connection = match Connection::connect_with(address, security.tls.as_ref(), PATIENCE).await {
        Ok(connection) => connection,
        Err(error) => return (unreachable(error), LoginOutcome::NotTried),
    };
    if let Err(error) = connection.api_versions().await {
        let listener = if tls { unreachable(error) } else { not_plain_kafka(address, error).await };
        return (listener, LoginOutcome::NotTried);
    }
    // Any name makes the broker list its mechanisms; that of the login lets the login go on from here.
    let mechanism = login.map_or("PLAIN", |login| login.mechanism.name());
    let answer = match connection.handshake(mechanism, 1).await {
        Ok(answer) => answer,
        Err(error) => return (unreachable(error), LoginOutcome::NotTried),
    };
    let offered = answer.mechanisms.iter().map(|name| name.to_string()).collect();
    let sasl = if tls { Listener::SaslSsl(offered) } else { Listener::Sasl(offered) };
    match (answer.error_code, login) {
        (0, Some(login)) => (sasl, prove(connection, login).await),
        (UNSUPPORTED_SASL_MECHANISM, Some(_)) => (sasl, LoginOutcome::MechanismNotOffered),
        (0 | UNSUPPORTED_SASL_MECHANISM, None) => (sasl, LoginOutcome::NotTried),
        (ILLEGAL_SASL_STATE, _) => {
            (if tls { Listener::Ssl } else { Listener::Plaintext }, LoginOutcome::NotTried)
        }
        (code, _) => (Listener::NotKafka(format!("SaslHandshake answered {code}")), LoginOutcome::NotTried),
    }
}

async fn prove(mut connection: Connection, login: &Login) -> LoginOutcome {
    match connection.prove(Handshake::V1, login).await {
        Ok(()) => LoginOutcome::Accepted,
        Err(RawError::Sasl { code, message, .. }) => LoginOutcome::Refused { code, message },
        Err(error) => LoginOutcome::Broken(error.to_string()),
    }
}

/// The listener took bytes but did not answer as Kafka: TLS, a web server that waits for the end of a line, or
/// something else.
async fn not_plain_kafka(address: &str, error: RawError) -> Listener {
    let took_bytes =
        matches!(error, RawError::Closed { .. } | RawError::Protocol { .. } | RawError::TimedOut { .. });
    if took_bytes {
        let (tls, http) = tokio::join!(opening(address, CLIENT_HELLO), opening(address, HTTP_REQUEST));
        // A TLS record: a handshake (22), or the alert (21) that it likes nothing of ours.
        if matches!(tls, Some([21 | 22, 3])) {
            return Listener::Tls;
        }
        if http == Some(*b"HT") {
            return Listener::Http;
        }
    }
    match error {
        RawError::Closed { .. } => Listener::NotKafka("it closed the connection".to_owned()),
        RawError::Protocol { message, .. } => Listener::NotKafka(message),
        error => unreachable(error),
    }
}

fn unreachable(error: RawError) -> Listener {
    match error {
        RawError::Refused { .. } => Listener::Refused,
        RawError::Resolve { source, .. } => Listener::Unresolved(source.to_string()),
        RawError::TimedOut { .. } => Listener::Silent,
        RawError::Io { source, .. } => Listener::Unreachable(source.to_string()),
        RawError::Tls { failure, said, .. } => Listener::TlsFailed(failure, said),
        error => Listener::NotKafka(error.to_string()),
    }
}

/// The first two bytes with which an address answers to these.
async fn opening(address: &str, bytes: &[u8]) -> Option<[u8; 2]> {
    let mut connection = Connection::connect(address, SECOND_LOOK).await.ok()?;
    connection.write_bytes(bytes).await.ok()?;
    connection.first_bytes().await.ok()
}

/// What every web server answers, if only with an error.
const HTTP_REQUEST: &[u8] = b"HEAD / HTTP/1.0\r\n\r\n";

/// A TLS 1.2 ClientHello with one common cipher suite and nothing else; enough for an answer.
const CLIENT_HELLO: &[u8] = &[
    22, 3, 1, 0, 45, // handshake record of 45 bytes
    1, 0, 0, 41, 3, 3, // ClientHello of 41 bytes, TLS 1.2
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28,
    29, 30, 31, 32, // random: no secret depends on it
    0,  // no session
    0, 2, 0xc0, 0x2f, // TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
    1, 0, // no compression
];
