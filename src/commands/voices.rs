//! What "the same with" needs to say about the login, for Apache's tools and for Laravel, from the profile in force.

use crate::profile::{Profile, SecurityProtocol};

/// ` --command-config laravel.properties`, the option with which Apache's tools read how to log in; nothing for a
/// listener that asks for nothing.
pub(super) fn apache_option(profile: &Profile) -> String {
    match profile.security_protocol.value {
        SecurityProtocol::Plaintext => String::new(),
        _ => format!(" --command-config {}.properties", profile.actor.name.value),
    }
}

/// A comment that names the properties of that file.
pub(super) fn apache_file(profile: &Profile) -> Option<String> {
    let protocol = profile.security_protocol.value;
    let login = protocol.has_login().then_some(", sasl.mechanism, sasl.jaas.config");
    // Java takes the file of authorities that librdkafka takes, if it is told that it is PEM.
    let ca_file = profile.ssl.ca_file.as_ref().filter(|_| protocol.has_tls());
    let trust =
        ca_file.map(|file| format!(", ssl.truststore.type=PEM, ssl.truststore.location={}", file.value));
    let holds = format!(
        "# {}.properties: security.protocol{}{}",
        profile.actor.name.value,
        login.unwrap_or_default(),
        trust.unwrap_or_default()
    );
    (protocol != SecurityProtocol::Plaintext).then_some(holds)
}

/// `->withSasl(…)`, as lines of their own. The variables of Laravel's `.env` are not enough: `Kafka::publish()` and
/// `Kafka::consumer()` ignore them (laravel-kafka 2.10.3).
pub(super) fn laravel_login(profile: &Profile) -> Vec<String> {
    let protocol = profile.security_protocol.value;
    match &profile.mechanism {
        Some(mechanism) if protocol.has_login() => vec![
            format!("    ->withSasl(username: '{}', password: $password,", profile.actor.name.value),
            format!("        mechanisms: '{}', securityProtocol: '{protocol}')", mechanism.value),
        ],
        _ => Vec::new(),
    }
}
