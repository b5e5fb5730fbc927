//! TLS of the SASL_SSL listener: its certificate, the handshake with a client, and why one failed.
//!
//! The certificate is made anew at each start, for the hosts that clients dial then, by an [`authority`] that stays. It
//! is written nowhere, so it needs no care: it cannot be of another host, and it ends long after the broker does.

mod authority;

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustls::crypto::ring;
use rustls::{AlertDescription, Error, ServerConfig};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use self::authority::Authority;
use super::advertised::Endpoint;
use super::config::Storage;

/// How long a client may take for its handshake. It costs a client some milliseconds.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// How long the last words of TLS may take.
const GOODBYE: Duration = Duration::from_secs(1);

/// Below the data folder; no folder of a partition is named so.
const FOLDER: &str = "tls";

/// What the clients of the SASL_SSL listener must trust.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaCertificate {
    /// The certificate in PEM.
    pub pem: String,
    /// The file that holds it, unless the broker keeps everything in memory.
    pub file: Option<PathBuf>,
}

/// The listener's side of TLS 1.2 and 1.3.
#[derive(Clone)]
pub(super) struct Tls(TlsAcceptor);

impl Tls {
    /// Reads the authority from the broker's data, or makes one, and has it sign a certificate for the listener. The
    /// data folder must be ours.
    ///
    /// # Errors
    /// When the authority's files cannot be read or written, or do not fit each other.
    pub(super) fn open(storage: &Storage, hosts: &[String]) -> io::Result<(Tls, CaCertificate)> {
        let now = SystemTime::now();
        let (authority, file) = match storage {
            Storage::Memory => (Authority::new(now)?, None),
            Storage::Folder(data) => {
                let folder = data.join(FOLDER);
                (Authority::open(&folder, now)?, Some(folder.join(authority::CERTIFICATE)))
            }
        };
        let own = authority.issue(hosts, now)?;
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_no_client_auth()
            .with_single_cert(vec![own.certificate], own.key)
            .map_err(io::Error::other)?;
        let ca = CaCertificate { pem: authority.certificate, file };
        Ok((Tls(TlsAcceptor::from(Arc::new(config))), ca))
    }

    /// Does the handshake with a client that has just connected.
    ///
    /// # Errors
    /// Why there is no TLS connection, for the log; nothing if the client left before it said anything.
    pub(super) async fn accept(&self, stream: TcpStream) -> Result<TlsStream<TcpStream>, Option<String>> {
        self.accept_within(HANDSHAKE, stream).await
    }

    async fn accept_within(
        &self,
        limit: Duration,
        stream: TcpStream,
    ) -> Result<TlsStream<TcpStream>, Option<String>> {
        let handshake = async {
            // Whoever only looks whether somebody listens is not worth a line.
            match stream.peek(&mut [0]).await {
                Ok(1..) => self.0.accept(stream).await.map_err(|error| Some(explain(&error))),
                _ => Err(None),
            }
        };
        let late = || Err(Some(format!("no handshake within {} ms", limit.as_millis())));
        timeout(limit, handshake).await.unwrap_or_else(|_| late())
    }
}

/// Ends a connection with the words that TLS has for it: without them a client suspects an attack.
pub(super) async fn say_goodbye(mut stream: TlsStream<TcpStream>) {
    // A client that is gone hears nothing.
    let _ = timeout(GOODBYE, stream.shutdown()).await;
}

/// Every name that a client may dial to come to the listener: this machine's own, the address that is bound, and the
/// host that the broker advertises.
pub(super) fn hosts(bound: SocketAddr, advertised: Option<&Endpoint>) -> Vec<String> {
    let loopback = [IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)];
    let bound = Some(bound.ip()).filter(|ip| !ip.is_unspecified() && !loopback.contains(ip));
    let addresses = loopback.into_iter().chain(bound).map(|ip| ip.to_string());
    let mut hosts: Vec<String> = ["localhost".to_owned()].into_iter().chain(addresses).collect();
    if let Some((host, _port)) = advertised
        && !hosts.contains(host)
    {
        hosts.push(host.clone());
    }
    hosts
}

/// The words of the TLS library, and what they mean for whoever runs the client.
fn explain(error: &io::Error) -> String {
    use AlertDescription as A;
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    let meaning = match tls {
        Some(Error::InvalidMessage(_)) => {
            "this is no TLS; a client of this listener needs security.protocol=SASL_SSL"
        }
        Some(Error::AlertReceived(A::UnknownCA | A::CertificateUnknown | A::BadCertificate)) => {
            "the client does not trust this broker's certificate; give it the authority's (ssl.ca.location)"
        }
        _ => return error.to_string(),
    };
    format!("{error}: {meaning}")
}

#[cfg(test)]
mod tests;
