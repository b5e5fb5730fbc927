//! Why TLS did not come about, as far as it decides what helps.

use std::io;

use rustls::{CertificateError, Error};

/// The class of a failed handshake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TlsFailure {
    /// Nobody whom we trust has signed the broker's certificate.
    UnknownAuthority,
    /// The certificate is for other hosts.
    WrongHost {
        /// The names and addresses that it is for.
        names: Vec<String>,
    },
    /// The certificate is not valid any more, or not yet.
    NotValidNow,
    /// The broker refused us: it sent an alert, as one does that asks for a client's certificate.
    Refused,
    /// The other side does not speak TLS.
    NotTls,
    /// Anything else; the words say what.
    Other,
}

impl TlsFailure {
    /// The class of what ended a handshake. A side that does not know TLS hangs up, or answers with what is none.
    pub(super) fn of_handshake(error: &io::Error) -> Self {
        use io::ErrorKind as K;
        match of(error) {
            Some(failure) => failure,
            None => match error.kind() {
                K::UnexpectedEof | K::ConnectionReset | K::BrokenPipe | K::ConnectionAborted => Self::NotTls,
                _ => Self::Other,
            },
        }
    }
}

/// The class of a failure on a connection that is there; `None` if it is none of TLS.
pub(in crate::client::raw) fn of(error: &io::Error) -> Option<TlsFailure> {
    let error = error.get_ref()?.downcast_ref::<Error>()?;
    Some(match error {
        Error::InvalidCertificate(problem) => of_certificate(problem),
        Error::AlertReceived(_) => TlsFailure::Refused,
        Error::InvalidMessage(_) => TlsFailure::NotTls,
        _ => TlsFailure::Other,
    })
}

fn of_certificate(problem: &CertificateError) -> TlsFailure {
    use CertificateError as P;
    match problem {
        P::UnknownIssuer => TlsFailure::UnknownAuthority,
        P::NotValidForNameContext { presented, .. } => {
            TlsFailure::WrongHost { names: presented.iter().map(|name| plain(name)).collect() }
        }
        P::Expired | P::ExpiredContext { .. } | P::NotValidYet | P::NotValidYetContext { .. } => {
            TlsFailure::NotValidNow
        }
        _ => TlsFailure::Other,
    }
}

/// `DnsName("kafka")` → `kafka`.
fn plain(name: &str) -> String {
    let inner = name.split_once('(').map_or(name, |(_, rest)| rest.trim_end_matches(')'));
    inner.trim_matches('"').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_shown_as_people_write_it() {
        assert_eq!(plain("DnsName(\"kafka.example\")"), "kafka.example");
        assert_eq!(plain("IpAddress(127.0.0.1)"), "127.0.0.1");
    }

    #[test]
    fn hanging_up_is_no_tls_and_an_alert_is_a_refusal() {
        let class = |error| TlsFailure::of_handshake(&error);
        assert_eq!(class(io::ErrorKind::UnexpectedEof.into()), TlsFailure::NotTls);
        assert_eq!(class(io::ErrorKind::PermissionDenied.into()), TlsFailure::Other);
        let alert = Error::AlertReceived(rustls::AlertDescription::CertificateRequired);
        assert_eq!(class(io::Error::other(alert)), TlsFailure::Refused);
    }
}
