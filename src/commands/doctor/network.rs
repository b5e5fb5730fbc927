//! From a name to a Kafka listener: DNS, TCP, what the listener speaks, which mechanisms it offers; and whether the
//! addresses that the broker advertises lead back to it.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::check::Seen;
use crate::client::raw::admin::brokers::{self, Broker};
use crate::client::raw::{Cluster, Listener};
use crate::commands::connect;
use crate::commands::tls::{self, Advice};
use crate::error::Kind;
use crate::profile::{Mechanism, Profile, SecurityProtocol};
use crate::words::{doctor as words, trouble};

/// Patience for one answer: a lab answers in milliseconds, and somebody waits for the whole.
pub(super) const PATIENCE: Duration = Duration::from_millis(900);

/// Which addresses a `host:port` stands for.
pub(super) async fn dns(address: &str) -> (Seen, Vec<SocketAddr>) {
    let unresolved = |line| (Seen::failed(Kind::Unreachable, line).and(words::CHECK_NAME), Vec::new());
    match timeout(PATIENCE, tokio::net::lookup_host(address)).await {
        Err(_) => {
            unresolved(words::DNS_SILENT.with(&[("address", &address), ("millis", &PATIENCE.as_millis())]))
        }
        Ok(Err(problem)) => {
            unresolved(trouble::UNRESOLVED.with(&[("address", &address), ("problem", &problem)]))
        }
        Ok(Ok(found)) => {
            let mut found: Vec<SocketAddr> = found.collect();
            found.dedup();
            let ips: Vec<String> = found.iter().map(|socket| socket.ip().to_string()).collect();
            (Seen::passed(ips.join(", ")), found)
        }
    }
}

/// Whether anything listens at them. One that accepts is enough, since clients try them in turn.
pub(super) async fn tcp(sockets: &[SocketAddr]) -> Seen {
    let tried = join_all(sockets.iter().map(|socket| knock(*socket))).await;
    let lines = sockets.iter().zip(&tried).map(|(socket, knocked)| match knocked {
        Knocked::Accepted => words::ACCEPTS.with(&[("socket", socket)]),
        Knocked::Refused => words::REFUSES.with(&[("socket", socket)]),
        Knocked::Silent => words::SILENT.with(&[("socket", socket), ("millis", &PATIENCE.as_millis())]),
        Knocked::Other(problem) => words::NO_WAY.with(&[("socket", socket), ("problem", problem)]),
    });
    let mut lines = lines.collect::<Vec<_>>().into_iter();
    let first = lines.next().unwrap_or_else(|| words::NO_ADDRESS.into());
    let seen = match tried.contains(&Knocked::Accepted) {
        true => Seen::passed(first),
        false => Seen::failed(Kind::Unreachable, first),
    };
    let seen = lines.fold(seen, Seen::and);
    match seen.has_passed() {
        true => seen,
        false if tried.contains(&Knocked::Silent) => seen.and(words::FIREWALL),
        false if tried.contains(&Knocked::Refused) => seen.and(words::NOBODY).next("kafkalab up"),
        false => seen.and(words::NO_NETWORK),
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Knocked {
    Accepted,
    Refused,
    Silent,
    Other(String),
}

async fn knock(socket: SocketAddr) -> Knocked {
    match timeout(PATIENCE, TcpStream::connect(socket)).await {
        Err(_) => Knocked::Silent,
        Ok(Ok(_)) => Knocked::Accepted,
        Ok(Err(error)) if error.kind() == ErrorKind::ConnectionRefused => Knocked::Refused,
        Ok(Err(error)) => Knocked::Other(error.to_string()),
    }
}

/// What an address really speaks, held against what the profile says; and the mechanisms that it offers.
pub(super) async fn listener(address: &str, profile: &Profile) -> (Seen, Vec<String>) {
    let found = connect::probe(profile, address, None).await.listener;
    (judge(address, profile, &found), found.offered().to_vec())
}

fn judge(address: &str, profile: &Profile, found: &Listener) -> Seen {
    use SecurityProtocol as P;
    let protocol = profile.security_protocol.value;
    let other = |line| Seen::failed(Kind::Unreachable, line);
    let mismatch = |line| Seen::failed(Kind::Authentication, line);
    let advised = |advice: Advice| advice.next.into_iter().fold(mismatch(advice.hint), Seen::next);
    if let Some(advice) = tls::not_spoken(profile, address, found) {
        return advised(advice);
    }
    let fits = matches!(
        (found, protocol),
        (Listener::Plaintext, P::Plaintext)
            | (Listener::Sasl(_), P::SaslPlaintext)
            | (Listener::Ssl, P::Ssl)
            | (Listener::SaslSsl(_), P::SaslSsl)
    );
    if fits {
        return Seen::passed(format!("Kafka, {protocol}"));
    }
    match found {
        Listener::TlsFailed(failure, said) => {
            let advice = tls::failed(profile, address, failure, said);
            advised(advice)
        }
        Listener::Tls => mismatch(trouble::WANTS_TLS.with(&[("address", &address), ("protocol", &protocol)])),
        Listener::Sasl(_) | Listener::SaslSsl(_) => {
            let offered = found.offered().join(", ");
            let to_try = if protocol.has_tls() { P::SaslSsl } else { P::SaslPlaintext };
            mismatch(trouble::WANTS_LOGIN.with(&[("address", &address), ("offered", &offered)]))
                .next(format!("kafkalab doctor -b {address} -X security.protocol={to_try}"))
        }
        Listener::Plaintext => {
            mismatch(trouble::WANTS_NO_LOGIN.with(&[("address", &address), ("protocol", &protocol)]))
        }
        Listener::Ssl => {
            mismatch(trouble::TLS_WANTS_NO_LOGIN.with(&[("address", &address), ("protocol", &protocol)]))
        }
        Listener::Http => other(trouble::WEB_SERVER.with(&[("address", &address)])).next("kafkalab status"),
        Listener::NotKafka(problem) => {
            other(trouble::NOT_KAFKA.with(&[("address", &address), ("problem", problem)]))
                .next("kafkalab status")
        }
        Listener::Silent => other(trouble::SILENT.with(&[("address", &address)])).next("kafkalab status"),
        Listener::Refused => other(trouble::REFUSED.with(&[("address", &address)])).next("kafkalab up"),
        Listener::Unresolved(problem) | Listener::Unreachable(problem) => {
            other(words::NO_WAY.with(&[("socket", &address), ("problem", problem)]))
        }
    }
}

/// Whether the listener offers the mechanism of the profile. `server_flag` leads a command to paste to it.
pub(super) fn mechanism(asked: Mechanism, offered: &[String], server_flag: &str) -> Seen {
    let list = offered.join(", ");
    if offered.iter().any(|name| name == asked.name()) {
        return Seen::passed(words::OFFERED.with(&[("asked", &asked), ("offered", &list)]));
    }
    let refused = Seen::failed(
        Kind::Authentication,
        trouble::NOT_OFFERED.with(&[("asked", &asked), ("offered", &list)]),
    );
    match offered.iter().find(|name| Mechanism::parse(name).is_ok()) {
        Some(name) => refused.next(format!("kafkalab doctor{server_flag} -X sasl.mechanism={name}")),
        None => refused.next("kafkalab explain 33"),
    }
}

/// The addresses that the brokers tell their clients to go on with, against the one that was dialled.
pub(super) async fn advertised(cluster: &mut Cluster, profile: &Profile, dialled: &[SocketAddr]) -> Seen {
    let brokers = match brokers::describe_cluster(cluster).await {
        Ok(found) => found.brokers,
        Err(failure) => return Seen::failed(Kind::Failed, failure.to_string()),
    };
    let reached = join_all(brokers.iter().map(|broker| reach(broker, profile, dialled))).await;
    let mut reached = reached.into_iter();
    let first = reached.next().unwrap_or_else(|| Seen::failed(Kind::Failed, words::NO_BROKERS));
    reached.fold(first, Seen::with)
}

/// Whether a broker's advertised address leads from here to a listener of the same kind.
async fn reach(broker: &Broker, profile: &Profile, dialled: &[SocketAddr]) -> Seen {
    let address = format!("{}:{}", broker.host, broker.port);
    let protocol = profile.security_protocol.value;
    let (_, sockets) = dns(&address).await;
    if sockets.iter().any(|socket| dialled.contains(socket)) {
        return Seen::passed(words::ADVERTISED_SAME.with(&[("address", &address)]));
    }
    let away = |line| {
        let setting = format!("KAFKA_ADVERTISED_LISTENERS={protocol}://{}", connect::address(profile));
        Seen::failed(Kind::Unreachable, line).and(words::TWO_ADDRESSES).next(setting)
    };
    if sockets.is_empty() {
        let trap = if broker.host.contains('.') { words::ADVERTISED_UNKNOWN } else { words::DOCKER_NAME };
        return away(trap.with(&[("address", &address), ("host", &broker.host)]));
    }
    let knocked = tcp(&sockets).await;
    if !knocked.has_passed() {
        let this_machine = sockets.iter().all(|socket| socket.ip().is_loopback());
        let trap = if this_machine { words::ADVERTISED_LOCALHOST } else { words::ADVERTISED_AWAY };
        return away(trap.with(&[("address", &address)]));
    }
    let (seen, _) = listener(&address, profile).await;
    match seen.has_passed() {
        true => Seen::passed(words::ADVERTISED_OTHER.with(&[("address", &address)])),
        false => away(words::ADVERTISED_NOT_KAFKA.with(&[("address", &address)])).with(seen),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::raw::TlsFailure;
    use crate::profile::{Overrides, ProfileName, resolve};

    #[test]
    fn only_the_protocol_of_the_profile_passes() {
        let offered = || Listener::Sasl(vec!["PLAIN".to_owned()]);
        let over_tls = || Listener::SaslSsl(vec!["PLAIN".to_owned()]);
        let file = crate::profile::Library::default().load(ProfileName::Phase1).unwrap();
        let profile = resolve(ProfileName::Phase1, file, &Overrides::default(), &|_| None).unwrap();
        let passes = |protocol, found: &Listener| {
            let mut profile = profile.clone();
            profile.security_protocol.value = protocol;
            judge("h:1", &profile, found).has_passed()
        };
        assert!(passes(SecurityProtocol::Plaintext, &Listener::Plaintext));
        assert!(passes(SecurityProtocol::SaslPlaintext, &offered()));
        for (_, protocol) in SecurityProtocol::ALL {
            let failed = Listener::TlsFailed(TlsFailure::UnknownAuthority, String::new());
            for found in [Listener::Http, Listener::Silent, Listener::Refused, Listener::Tls, failed] {
                assert!(!passes(protocol, &found), "{protocol} {found:?}");
            }
        }
        assert!(passes(SecurityProtocol::Ssl, &Listener::Ssl));
        assert!(passes(SecurityProtocol::SaslSsl, &over_tls()));
        assert!(!passes(SecurityProtocol::SaslPlaintext, &over_tls()));
        assert!(!passes(SecurityProtocol::SaslSsl, &Listener::Ssl));
        assert!(!passes(SecurityProtocol::SaslPlaintext, &Listener::Plaintext));
        assert!(!passes(SecurityProtocol::Plaintext, &offered()));
        assert!(!passes(SecurityProtocol::SaslSsl, &offered()));
    }

    #[tokio::test]
    async fn a_closed_port_is_refused_and_an_open_one_accepts() {
        let open = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let socket = open.local_addr().unwrap();
        assert_eq!(knock(socket).await, Knocked::Accepted);
        drop(open);
        assert_eq!(knock(socket).await, Knocked::Refused);
    }
}
