//! What a TLS connection that did not come about means, and what helps: for the error block and for `doctor`.

use super::connect;
use crate::client::raw::{Listener, TlsFailure};
use crate::profile::{Profile, SecurityProtocol};
use crate::words::{Message, trouble as words};

/// A sentence, and commands to paste.
pub(super) struct Advice {
    /// What is wrong.
    pub hint: Message,
    /// What to type next, the best first; the profile is worth a look in any case.
    pub next: Vec<String>,
}

/// What a failed handshake with `address` means. `said` are the words of the TLS library.
pub(super) fn failed(profile: &Profile, address: &str, failure: &TlsFailure, said: &str) -> Advice {
    let show = format!("openssl s_client -connect {address} -showcerts </dev/null");
    match failure {
        TlsFailure::UnknownAuthority => Advice {
            hint: match &profile.ssl.ca_file {
                Some(file) => words::TLS_UNKNOWN_AUTHORITY.with(&[("address", &address), ("file", file)]),
                None => words::TLS_NO_CA_FILE.with(&[("address", &address)]),
            },
            next: vec![show],
        },
        TlsFailure::WrongHost { names } => {
            let (host, port) = address.rsplit_once(':').unwrap_or((address, ""));
            let phase = profile.name.name();
            let right = names.first().map(|name| format!("kafkalab doctor --phase {phase} -b {name}:{port}"));
            let names = names.join(", ");
            Advice {
                hint: words::TLS_WRONG_HOST.with(&[
                    ("address", &address),
                    ("names", &names),
                    ("host", &host),
                ]),
                next: right.into_iter().chain([show]).collect(),
            }
        }
        TlsFailure::NotValidNow => Advice {
            hint: words::TLS_NOT_VALID_NOW.with(&[("address", &address)]),
            next: vec![format!("{show} | openssl x509 -noout -dates"), "date -u".to_owned()],
        },
        TlsFailure::Refused => {
            Advice { hint: words::TLS_REFUSED.with(&[("address", &address)]), next: Vec::new() }
        }
        TlsFailure::NotTls | TlsFailure::Other => Advice {
            hint: words::TLS_OTHER.with(&[("address", &address), ("said", &said)]),
            next: Vec::new(),
        },
    }
}

/// A listener without TLS that a client with TLS has met; `None` if it is something else.
pub(super) fn not_spoken(profile: &Profile, address: &str, found: &Listener) -> Option<Advice> {
    let protocol = profile.security_protocol.value;
    let found = match found {
        _ if !protocol.has_tls() => return None,
        Listener::Plaintext => SecurityProtocol::Plaintext,
        Listener::Sasl(_) => SecurityProtocol::SaslPlaintext,
        _ => return None,
    };
    let without = format!(
        "kafkalab doctor --phase {}{} -X security.protocol={found}",
        profile.name.name(),
        connect::server_flag(profile)
    );
    // The lab's own broker has a listener with TLS if it is asked for one.
    let with = ["kafkalab down", "kafkalab up --tls-listen 127.0.0.1:9096"].map(str::to_owned);
    let given = profile.bootstrap_server.source.is_given();
    Some(Advice {
        hint: words::SPEAKS_NO_TLS.with(&[("address", &address), ("found", &found), ("protocol", &protocol)]),
        next: [without].into_iter().chain(with.into_iter().filter(|_| !given)).collect(),
    })
}
