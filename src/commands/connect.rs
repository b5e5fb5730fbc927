//! From a profile to a connection.

use std::time::Duration;

use secrecy::SecretString;

use super::{Context, trouble};
use crate::client::raw;
use crate::client::{Login, Partitioner, Persona, ProduceOptions, Security, Settings, SslFiles};
use crate::error::Result;
use crate::profile::{Profile, ProfileName, SecurityProtocol};
use crate::source::{Source, Sourced};
use crate::words::{Message, Text};

/// The settings of librdkafka for a profile.
pub fn settings(profile: &Profile, timeout: Duration) -> Settings {
    Settings {
        bootstrap: profile.bootstrap_server.value.clone(),
        security: match profile.security_protocol.value {
            SecurityProtocol::Plaintext => Security::Plaintext,
            SecurityProtocol::SaslPlaintext => Security::SaslPlaintext,
            SecurityProtocol::SaslSsl => Security::SaslSsl,
            SecurityProtocol::Ssl => Security::Ssl,
        },
        login: profile.mechanism.as_ref().map(|mechanism| Login {
            mechanism: mechanism.value.name().to_owned(),
            username: profile.actor.name.value.clone(),
            password: password(profile),
        }),
        ssl: ssl_files(profile),
        properties: profile
            .properties
            .iter()
            .map(|(name, value)| (name.clone(), value.value.clone()))
            .collect(),
        timeout,
    }
}

/// The login of a connection of our own; none where the protocol has none.
pub fn login(profile: &Profile) -> Option<raw::Login> {
    let mechanism = raw::Mechanism::from_name(profile.mechanism.as_ref()?.value.name())?;
    Some(raw::Login { mechanism, username: profile.actor.name.value.clone(), password: password(profile) })
}

/// How connections of our own are secured: the login, and TLS where the protocol has it.
///
/// # Errors
/// As [`raw::Tls::new`].
pub fn security(profile: &Profile) -> Result<raw::Security, raw::RawError> {
    let tls = match profile.security_protocol.value.has_tls() {
        true => Some(raw::Tls::new(&ssl_files(profile), check(profile))?),
        false => None,
    };
    Ok(raw::Security { tls, login: login(profile) })
}

/// How much of the broker's certificate is checked, by the two properties of librdkafka that loosen it.
fn check(profile: &Profile) -> raw::Check {
    let has = |name: &str, value: &str| {
        let found = profile.properties.iter().rev().find(|(property, _)| property == name);
        found.is_some_and(|(_, given)| given.value.eq_ignore_ascii_case(value))
    };
    if has("enable.ssl.certificate.verification", "false") {
        raw::Check::Nothing
    } else if has("ssl.endpoint.identification.algorithm", "none") {
        raw::Check::Authority
    } else {
        raw::Check::Everything
    }
}

fn ssl_files(profile: &Profile) -> SslFiles {
    let file = |path: &Option<Sourced<String>>| path.as_ref().map(|path| path.value.clone().into());
    SslFiles {
        ca: file(&profile.ssl.ca_file),
        certificate: file(&profile.ssl.cert_file),
        key: file(&profile.ssl.key_file),
    }
}

/// The first address of the bootstrap list.
pub fn address(profile: &Profile) -> &str {
    profile.bootstrap_server.value.split(',').next().unwrap_or_default().trim()
}

/// ` -b SERVER` where the address is that of a flag, so that a command to paste goes to the same cluster.
pub fn server_flag(profile: &Profile) -> String {
    match profile.bootstrap_server.source {
        Source::Flag(_) | Source::Property => format!(" -b {}", profile.bootstrap_server.value),
        _ => String::new(),
    }
}

fn password(profile: &Profile) -> SecretString {
    profile.actor.password.as_ref().map_or_else(SecretString::default, |password| password.value.clone())
}

/// A connection to the brokers of a profile, logged in, for what librdkafka has no call for.
///
/// # Errors
/// As [`raw::Cluster::connect`].
pub async fn raw(profile: &Profile, patience: Duration) -> Result<raw::Cluster, raw::RawError> {
    raw::Cluster::connect(&profile.bootstrap_server.value, security(profile)?, patience).await
}

/// The same under another `client.id` than kafkalab's own.
///
/// # Errors
/// As [`raw()`].
pub async fn raw_as(
    client_id: &str,
    profile: &Profile,
    patience: Duration,
) -> Result<raw::Cluster, raw::RawError> {
    raw::Cluster::connect_as(client_id, &profile.bootstrap_server.value, security(profile)?, patience).await
}

/// A connection to the first address of a profile, ready for requests.
///
/// # Errors
/// As [`raw::Connection::open`] and [`security`].
pub async fn connection(profile: &Profile, patience: Duration) -> Result<raw::Connection, raw::RawError> {
    raw::Connection::open(address(profile), &security(profile)?, patience).await
}

/// The same before ApiVersions and without a login.
///
/// # Errors
/// As [`raw::Connection::connect_with`] and [`security`].
pub async fn bare(profile: &Profile, patience: Duration) -> Result<raw::Connection, raw::RawError> {
    let tls = security(profile)?.tls;
    raw::Connection::connect_with(address(profile), tls.as_ref(), patience).await
}

/// Looks at an address in the way that a profile says, and tries `login` there.
pub async fn probe(profile: &Profile, address: &str, login: Option<raw::Login>) -> raw::Probe {
    match security(profile) {
        Ok(security) => raw::probe(address, raw::Security { login, ..security }).await,
        // Without its files there is no TLS.
        Err(problem) => raw::Probe {
            address: address.to_owned(),
            listener: raw::Listener::TlsFailed(raw::TlsFailure::Other, problem.to_string()),
            login: raw::LoginOutcome::NotTried,
            elapsed: Duration::ZERO,
        },
    }
}

/// The same, with a failure as the error block of a command that was `doing` something.
pub async fn cluster(
    context: &Context,
    profile: &Profile,
    doing: impl Into<Message>,
) -> Result<raw::Cluster> {
    match self::raw(profile, context.global.timeout).await {
        Ok(cluster) => Ok(cluster),
        Err(failure) => Err(trouble::explain_raw(profile, doing, &failure).await),
    }
}

/// The profile of the administrator, or of whom `--as` names, and a connection as that principal: what `topics`, `acl`
/// and `groups` work with.
pub async fn administrator(context: &Context, doing: Text) -> Result<(Profile, raw::Cluster)> {
    let profile = context.lab_profile(ProfileName::Admin).await?;
    let cluster = cluster(context, &profile, doing).await?;
    Ok((profile, cluster))
}

/// The administrator at the address of another profile where that one logs in, since both then mean the same listener.
pub fn admin_at(context: &Context, has_login: bool, bootstrap_server: &str) -> Option<Profile> {
    let mut admin = context.profile_as(ProfileName::Admin, "admin").ok()?;
    if has_login {
        bootstrap_server.clone_into(&mut admin.bootstrap_server.value);
    }
    Some(admin)
}

/// Whose manners the principal of a profile has.
pub fn persona(profile: &Profile) -> Persona {
    Persona::from_name(profile.actor.persona.value.name()).unwrap_or_default()
}

/// How the principal of a profile produces: its persona's manners, unless the profile says otherwise.
pub fn produce_options(profile: &Profile) -> ProduceOptions {
    let persona = persona(profile);
    let partitioner = profile.actor.partitioner.as_ref().and_then(|name| Partitioner::from_name(&name.value));
    let compression = profile.actor.compression.as_ref().map(|codec| codec.value.clone());
    ProduceOptions {
        partitioner: Some(partitioner.unwrap_or_else(|| persona.partitioner())),
        compression: Some(compression.unwrap_or_else(|| persona.compression().to_owned())),
        acks: None,
        is_short: false,
    }
}

/// The profile's group as the broker sees it: Nest appends to the name that its users write.
pub fn group(profile: &Profile) -> Option<String> {
    let group = &profile.actor.group.as_ref()?.value;
    let postfix = match &profile.actor.postfix {
        Some(postfix) => &postfix.value,
        None => persona(profile).group_postfix(),
    };
    Some(format!("{group}{postfix}"))
}
