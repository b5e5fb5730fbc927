//! From a failed call to the error block: who asked, what the broker said, and what one more look at the broker
//! tells about the reason.

use super::tls::{self, Advice};
use super::{Context, connect};
use crate::catalog;
use crate::client::raw::{self, Listener, LoginOutcome, Probe};
use crate::client::{self, Failure, Need, Resource};
use crate::error::{Error, Kind, Speaker};
use crate::profile::{Mechanism, Profile};
use crate::words::{Message, trouble as words};

/// librdkafka's _RESOLVE.
const RESOLVE: i32 = -193;

/// The error block of a failed call. After a failed login or an unreachable broker one probe finds out which it
/// was; after a denial the deciding rule is looked up.
pub async fn explain(
    context: &Context,
    profile: &Profile,
    doing: impl Into<Message>,
    failure: &Failure,
) -> Error {
    let mut error = Error::new(kind(failure.kind), doing).identity(profile.identity());
    if let Some(code) = &failure.code {
        error = error.said_by(code.who, failure.said.clone(), code.name.clone(), code.number);
    } else {
        error = error.hint(failure.said.clone());
    }
    match failure.kind {
        client::Kind::Authentication | client::Kind::Unreachable | client::Kind::TimedOut => {
            let probe = look(profile).await;
            let error = probed(error, profile, &probe);
            // What our own connection can resolve, librdkafka may not; the catalogue knows why.
            match probe.listener {
                Listener::Unresolved(_) => error,
                _ if failure.number() == Some(RESOLVE) => error.next(format!("kafkalab explain {RESOLVE}")),
                _ => error,
            }
        }
        client::Kind::Authorization => super::denial::explain(context, profile, error, failure).await,
        client::Kind::UnknownTopic => {
            let error = error.hint(words::UNKNOWN_TOPIC);
            own_topic(profile, failure).into_iter().fold(error, Error::next).next("kafkalab topics list")
        }
        client::Kind::InvalidTopic => error.hint(words::INVALID_TOPIC),
        client::Kind::TooLarge => error.hint(words::TOO_LARGE),
        client::Kind::Configuration => match connect::security(profile) {
            // librdkafka names the setting, not the file.
            Err(problem) => unusable(error, profile, &problem),
            Ok(_) => explained(error),
        },
        _ => explained(error),
    }
}

/// The command that creates the phase's own topic, if it is that which is missing in the lab.
fn own_topic(profile: &Profile, failure: &Failure) -> Option<String> {
    let own = profile.topic.as_ref().filter(|topic| !topic.source.is_given())?;
    let is_missing = |need: &Need| matches!(&need.resource, Resource::Topic(name) if *name == own.value);
    let is_elsewhere = profile.bootstrap_server.source.is_given();
    (!is_elsewhere && failure.needs.iter().any(is_missing))
        .then(|| format!("kafkalab topics create {} --partitions {}", own.value, profile.partitions.value))
}

/// Where nothing more can be found out, the catalogue still says what the broker's code means.
fn explained(error: Error) -> Error {
    let said = error.broker_said.as_ref().filter(|said| said.who != Speaker::System);
    match said.and_then(|said| catalog::error(said.code)) {
        Some(entry) => error.next(format!("kafkalab explain {}", entry.code)),
        None => error,
    }
}

/// The error block of a failed call over a connection of our own.
pub async fn explain_raw(profile: &Profile, doing: impl Into<Message>, failure: &raw::RawError) -> Error {
    let error = Error::new(Kind::Failed, doing).identity(profile.identity());
    if let raw::RawError::Broker(refusal) = failure {
        return refused(error, refusal);
    }
    if let raw::RawError::TlsFile { .. } = failure {
        return unusable(error, profile, failure);
    }
    let probe = look(profile).await;
    let error = match failure {
        raw::RawError::Sasl { code, message, .. } => {
            let name = crate::kafka_error::name(*code);
            Error { kind: Kind::Authentication, ..error.said(message.clone(), name, i32::from(*code)) }
        }
        raw::RawError::Protocol { .. } => error.hint(failure.to_string()),
        // The probe says it in the learner's language.
        raw::RawError::Refused { .. } | raw::RawError::Resolve { .. } => {
            Error { kind: Kind::Unreachable, ..error }
        }
        _ => Error { kind: Kind::Unreachable, ..error.hint(failure.to_string()) },
    };
    probed(error, profile, &probe)
}

/// One more look at the address, with the login.
async fn look(profile: &Profile) -> Probe {
    connect::probe(profile, connect::address(profile), connect::login(profile)).await
}

/// A file of the profile's `[ssl]` cannot be used.
fn unusable(error: Error, profile: &Profile, problem: &raw::RawError) -> Error {
    Error { kind: Kind::Usage, ..error.hint(problem.to_string()) }.next(settings_of(profile))
}

/// The broker answered, with an error.
pub(super) fn refused(error: Error, refusal: &raw::BrokerError) -> Error {
    let kind = match refusal.code {
        29 | 30 | 31 | 53 => Kind::Authorization,
        42 => Kind::Usage,
        _ => Kind::Failed,
    };
    let said = refusal.message.clone().unwrap_or_else(|| refusal.name().to_owned());
    let error = error.said(said, refusal.name(), i32::from(refusal.code));
    Error { kind, ..error }.next(format!("kafkalab explain {}", refusal.code))
}

/// Adds what the probe found, and corrects the class: librdkafka cannot tell a listener that wants a login from a
/// broker that is away.
fn probed(mut error: Error, profile: &Profile, probe: &Probe) -> Error {
    let protocol = profile.security_protocol.value;
    let address = &probe.address;
    if let Some(advice) = tls::not_spoken(profile, address, &probe.listener) {
        return advised(error, profile, advice);
    }
    match (&probe.listener, &probe.login) {
        (Listener::Refused, _) => {
            error.kind = Kind::Unreachable;
            error
                .hint(words::REFUSED.with(&[("address", address)]))
                .next("kafkalab status")
                .next("kafkalab up")
        }
        (Listener::Unresolved(problem), _) => {
            error.kind = Kind::Unreachable;
            let error = error.hint(words::UNRESOLVED.with(&[("address", address), ("problem", problem)]));
            error.next(examine(profile))
        }
        (Listener::Unreachable(problem), _) => {
            error.kind = Kind::Unreachable;
            let error = error.hint(words::NO_WAY.with(&[("address", address), ("problem", problem)]));
            error.next(examine(profile))
        }
        (Listener::NotKafka(problem), _) => {
            error.kind = Kind::Unreachable;
            let error = error.hint(words::NOT_KAFKA.with(&[("address", address), ("problem", problem)]));
            error.next(examine(profile))
        }
        (Listener::Http, _) => {
            error.kind = Kind::Unreachable;
            error.hint(words::WEB_SERVER.with(&[("address", address)])).next(examine(profile))
        }
        (Listener::Silent, _) => {
            error.kind = Kind::Unreachable;
            error.hint(words::SILENT.with(&[("address", address)])).next(examine(profile))
        }
        (Listener::TlsFailed(failure, said), _) => {
            advised(error, profile, tls::failed(profile, address, failure, said))
        }
        (Listener::Tls, _) => {
            error.kind = Kind::Authentication;
            let protocol_to_try = if protocol.has_login() { "SASL_SSL" } else { "SSL" };
            error
                .hint(words::WANTS_TLS.with(&[("address", address), ("protocol", &protocol)]))
                .next(format!("{} -X security.protocol={protocol_to_try}", examine(profile)))
        }
        (Listener::Sasl(_) | Listener::SaslSsl(_), _) if !protocol.has_login() => {
            error.kind = Kind::Authentication;
            let offered = probe.listener.offered().join(", ");
            let protocol_to_try = if protocol.has_tls() { "SASL_SSL" } else { "SASL_PLAINTEXT" };
            error
                .hint(words::WANTS_LOGIN.with(&[("address", address), ("offered", &offered)]))
                .next(format!("kafkalab phase1 verify -X security.protocol={protocol_to_try}"))
        }
        (Listener::Plaintext, _) if protocol.has_login() => {
            error.kind = Kind::Authentication;
            error
                .hint(words::WANTS_NO_LOGIN.with(&[("address", address), ("protocol", &protocol)]))
                .next("kafkalab config show")
        }
        (Listener::Ssl, _) if protocol.has_login() => {
            error.kind = Kind::Authentication;
            error
                .hint(words::TLS_WANTS_NO_LOGIN.with(&[("address", address), ("protocol", &protocol)]))
                .next("kafkalab config show")
        }
        (listener, LoginOutcome::MechanismNotOffered) => {
            error.kind = Kind::Authentication;
            not_offered(error, profile, listener.offered())
        }
        (_, LoginOutcome::Refused { message, code }) => {
            error.kind = Kind::Authentication;
            let name = crate::kafka_error::name(*code);
            error
                .said(message.clone(), name, i32::from(*code))
                .hint(words::WRONG_PASSWORD.with(&[("name", &profile.actor.name.value)]))
                .next("kafkalab config show")
                .next("kafkalab explain 58")
        }
        (_, LoginOutcome::Accepted) => error.hint(words::LOGIN_WORKS).next(examine(profile)),
        _ => error,
    }
}

/// TLS did not come about, which Kafka counts among the failed authentications.
fn advised(error: Error, profile: &Profile, advice: Advice) -> Error {
    let error = Error { kind: Kind::Authentication, ..error }.hint(advice.hint);
    advice.next.into_iter().fold(error, Error::next).next(settings_of(profile))
}

fn settings_of(profile: &Profile) -> String {
    format!("kafkalab config show {}", profile.name.name())
}

/// The command that looks at every step from the name to the rights.
fn examine(profile: &Profile) -> String {
    format!("kafkalab doctor --phase {}{}", profile.name.name(), connect::server_flag(profile))
}

fn not_offered(error: Error, profile: &Profile, offered: &[String]) -> Error {
    let asked = profile.mechanism.as_ref().map_or("", |mechanism| mechanism.value.name());
    let error = error.hint(words::NOT_OFFERED.with(&[("asked", &asked), ("offered", &offered.join(", "))]));
    match offered.iter().find(|name| Mechanism::parse(name).is_ok()) {
        Some(name) => error.next(format!("kafkalab phase1 verify -X sasl.mechanism={name}")),
        None => error,
    }
}

fn kind(kind: client::Kind) -> Kind {
    match kind {
        client::Kind::Unreachable | client::Kind::TimedOut => Kind::Unreachable,
        client::Kind::Authentication => Kind::Authentication,
        client::Kind::Authorization => Kind::Authorization,
        client::Kind::Interrupted => Kind::Interrupted,
        client::Kind::Configuration | client::Kind::InvalidTopic => Kind::Usage,
        client::Kind::UnknownTopic | client::Kind::TooLarge | client::Kind::Other => Kind::Failed,
    }
}
