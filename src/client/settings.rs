//! Everything that a connection needs, and the librdkafka configuration made from it.

use std::net::{Ipv4Addr, UdpSocket};
use std::path::PathBuf;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;
use secrecy::{ExposeSecret, SecretString};

/// `security.protocol`: what the listener speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Security {
    /// Neither login nor TLS.
    #[default]
    Plaintext,
    /// Login without TLS.
    SaslPlaintext,
    /// Login over TLS.
    SaslSsl,
    /// TLS without login.
    Ssl,
}

impl Security {
    /// Kafka's name, as it stands in properties.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plaintext => "PLAINTEXT",
            Self::SaslPlaintext => "SASL_PLAINTEXT",
            Self::SaslSsl => "SASL_SSL",
            Self::Ssl => "SSL",
        }
    }

    /// Whether connections go through TLS.
    pub fn has_tls(self) -> bool {
        matches!(self, Self::SaslSsl | Self::Ssl)
    }

    /// Whether a principal logs in.
    pub fn has_login(self) -> bool {
        matches!(self, Self::SaslPlaintext | Self::SaslSsl)
    }
}

/// Who logs in, and how.
#[derive(Debug, Clone)]
pub struct Login {
    /// `PLAIN`, `SCRAM-SHA-256` or `SCRAM-SHA-512`.
    pub mechanism: String,
    /// The name that becomes the principal `User:<username>`.
    pub username: String,
    /// The password; never shown.
    pub password: SecretString,
}

/// PEM files of a TLS connection.
#[derive(Debug, Clone, Default)]
pub struct SslFiles {
    /// The authority that signed the broker's certificate.
    pub ca: Option<PathBuf>,
    /// The client's certificate, where the broker asks for one.
    pub certificate: Option<PathBuf>,
    /// The key of that certificate.
    pub key: Option<PathBuf>,
}

/// A connection's settings, already checked by whoever made them.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `host:port`, several separated by commas.
    pub bootstrap: String,
    /// What the listener speaks.
    pub security: Security,
    /// The login of a SASL listener.
    pub login: Option<Login>,
    /// The files of a TLS listener.
    pub ssl: SslFiles,
    /// librdkafka properties by their own names, applied last.
    pub properties: Vec<(String, String)>,
    /// The longest that one call may take.
    pub timeout: Duration,
}

impl Settings {
    /// Settings of a PLAINTEXT listener, five seconds a call.
    pub fn plaintext(bootstrap: impl Into<String>) -> Self {
        Self {
            bootstrap: bootstrap.into(),
            security: Security::Plaintext,
            login: None,
            ssl: SslFiles::default(),
            properties: Vec::new(),
            timeout: Duration::from_secs(5),
        }
    }

    /// The addresses in `bootstrap`, without blanks.
    pub fn addresses(&self) -> impl Iterator<Item = &str> {
        self.bootstrap.split(',').map(str::trim).filter(|address| !address.is_empty())
    }

    /// Which addresses of a name to look for, if not all. An IPv6 attempt on `localhost` fails first where the broker
    /// listens on IPv4 only, and its error hides the one that matters; but see [`has_ipv4_network`].
    fn address_family(&self, has_ipv4_network: bool) -> Option<&'static str> {
        let is_local = self.addresses().any(|address| address.starts_with("localhost"));
        (is_local && has_ipv4_network).then_some("v4")
    }

    /// The configuration that every client shares, with the limits of a command that someone waits for:
    /// librdkafka's own (a message waits 300 s, a connection 30 s) are those of a service. `own` are the
    /// properties of one kind of client; the user's come after them and win.
    pub(super) fn config<'a>(&self, own: impl IntoIterator<Item = (&'a str, String)>) -> ClientConfig {
        let timeout = self.timeout.as_millis().clamp(100, 300_000);
        let mut config = ClientConfig::new();
        // Info, whatever the subscriber shows: it is where librdkafka says why a connection was closed.
        let debugs = self.properties.iter().any(|(name, _)| name == "debug");
        config.set_log_level(if debugs { RDKafkaLogLevel::Debug } else { RDKafkaLogLevel::Info });
        config
            .set("bootstrap.servers", &self.bootstrap)
            .set("security.protocol", self.security.name())
            .set("client.id", concat!("kafkalab/", env!("CARGO_PKG_VERSION")))
            .set("allow.auto.create.topics", "false")
            // It also covers the SASL exchange, so a slow login is not cut off earlier than the user allows.
            .set("socket.connection.setup.timeout.ms", timeout.clamp(1_000, 60_000).to_string())
            .set("socket.timeout.ms", timeout.max(1_000).to_string())
            // librdkafka also waits it before it goes from a bootstrap address to the broker found there: at its own
            // 100 ms, a third to a half of a short command.
            .set("reconnect.backoff.ms", "20")
            .set("reconnect.backoff.max.ms", "1000");
        if let Some(family) = self.address_family(has_ipv4_network()) {
            config.set("broker.address.family", family);
        }
        if let Some(login) = self.login.as_ref().filter(|_| self.security.has_login()) {
            config
                .set("sasl.mechanism", &login.mechanism)
                .set("sasl.username", &login.username)
                .set("sasl.password", login.password.expose_secret());
        }
        let files = [
            ("ssl.ca.location", &self.ssl.ca),
            ("ssl.certificate.location", &self.ssl.certificate),
            ("ssl.key.location", &self.ssl.key),
        ];
        for (name, file) in files {
            if let Some(file) = file {
                config.set(name, file.to_string_lossy());
            }
        }
        for (name, value) in own {
            config.set(name, value);
        }
        for (name, value) in &self.properties {
            config.set(name, value);
        }
        config
    }
}

/// For a client that does one thing and ends. Once it knows the brokers, librdkafka drops its first connection, and
/// whatever needs another within 11 ms of the start waits those out (`rd_kafka_connect_any`). This one connects to each
/// broker as soon as it knows of it; where there are many, or where it stays, that is not worth it.
pub(super) fn hasty() -> (&'static str, String) {
    ("enable.sparse.connections", "false".to_owned())
}

/// Whether an IPv4 address other than the loopback interface's leads out of this machine. Where none does, the C library
/// may say of every name, even `localhost`, that it is unknown to a client that asks for IPv4 addresses alone
/// (`AI_ADDRCONFIG` in getaddrinfo(3), which librdkafka sets).
fn has_ipv4_network() -> bool {
    // A route is looked for, since std lists no addresses: to one that is for documentation (RFC 5737). To connect over
    // UDP chooses it and sends nothing.
    let elsewhere = (Ipv4Addr::new(192, 0, 2, 1), 9);
    UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).and_then(|socket| socket.connect(elsewhere)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_users_property_has_the_last_word() {
        let mut settings = Settings::plaintext("localhost:9092");
        settings.properties.push(("client.id".into(), "mine".into()));
        let config = settings.config([("client.id", "own".to_owned())]);
        assert_eq!(config.get("client.id"), Some("mine"));
    }

    #[test]
    fn localhost_is_looked_for_in_one_family_where_that_can_be_found() {
        let localhost = Settings::plaintext("localhost:9092");
        assert_eq!(localhost.address_family(true), Some("v4"));
        assert_eq!(localhost.address_family(false), None);
        assert_eq!(Settings::plaintext("kafka:9092").address_family(true), None);
    }

    #[test]
    fn no_debug_text_shows_a_password() {
        let mut settings = Settings::plaintext("b:1");
        let password = SecretString::from("open sesame");
        settings.login = Some(Login { mechanism: "PLAIN".into(), username: "laravel".into(), password });
        assert!(!format!("{settings:?}").contains("sesame"));
    }
}
