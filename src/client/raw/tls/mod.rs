//! TLS from the client's side: whom it trusts, who it is, and the handshake.
//!
//! librdkafka has TLS of its own (OpenSSL). What is trusted is the same: `ssl.ca.location`, else the authorities of the
//! system; and so are its two properties that loosen the check.

mod failure;
mod files;
mod verify;

use std::fmt;
use std::sync::Arc;

use rustls::client::danger::ServerCertVerifier;
use rustls::client::{ClientConfig, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

pub use self::failure::TlsFailure;
pub(super) use self::failure::of;
pub use self::verify::Check;

use self::verify::Lenient;
use super::RawError;
use crate::client::SslFiles;

/// The settings of TLS connections, read and checked. Cheap to clone.
#[derive(Clone)]
pub struct Tls(TlsConnector);

impl Tls {
    /// Trusts the authorities of `files.ca`, or those of the system, and shows the certificate of `files.certificate`
    /// to a broker that asks for one.
    ///
    /// # Errors
    /// [`RawError::TlsFile`] for a file that is not there or holds no PEM of its kind, and for a certificate whose key
    /// is missing or another.
    pub fn new(files: &SslFiles, check: Check) -> Result<Self, RawError> {
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| RawError::Unsupported(format!("{error}.")))?
            .dangerous()
            .with_custom_certificate_verifier(verifier(files, check, provider)?);
        let config = match files::identity(files)? {
            None => builder.with_no_client_auth(),
            Some(own) => {
                let wrong = |error| files::problem("cert_file", &own.path, &error);
                builder.with_client_auth_cert(own.chain, own.key).map_err(wrong)?
            }
        };
        Ok(Self(TlsConnector::from(Arc::new(config))))
    }

    /// Makes the connection to `address` (`host:port`) a TLS one.
    ///
    /// # Errors
    /// [`RawError::Tls`].
    pub(super) async fn handshake(
        &self,
        address: &str,
        stream: TcpStream,
    ) -> Result<TlsStream<TcpStream>, RawError> {
        let (host, _port) = address.rsplit_once(':').unwrap_or((address, ""));
        let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned());
        let name = name.map_err(|error| RawError::Unsupported(format!("{host:?}: {error}.")))?;
        let connected = self.0.connect(name, stream).await;
        connected.map_err(|error| RawError::Tls {
            address: address.to_owned(),
            failure: TlsFailure::of_handshake(&error),
            said: error.to_string(),
        })
    }
}

impl fmt::Debug for Tls {
    /// Not the configuration: it may hold a key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls")
    }
}

fn verifier(
    files: &SslFiles,
    check: Check,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, RawError> {
    if check == Check::Nothing {
        return Ok(Arc::new(Lenient { authority: None, provider }));
    }
    let (roots, source) = files::authorities(files)?;
    let strict = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build();
    let strict = strict.map_err(|error| files::problem("ca_file", &source, &error))?;
    Ok(match check {
        Check::Authority => Arc::new(Lenient { authority: Some(strict), provider }),
        _ => strict,
    })
}
