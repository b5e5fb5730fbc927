//! `kafkalab phase1 verify`: Laravel's principal, with SASL and ACL.

use super::Context;
use super::standalone::Standalone;
use crate::error::Result;
use crate::profile::ProfileName;
use crate::report::Report;
use crate::words::standalone as words;

pub(super) async fn verify(context: &Context) -> Result<Report> {
    let mut phase = Standalone::begin(context, ProfileName::Phase1).await?;
    phase.common().await;
    let server = phase.profile.bootstrap_server.value.clone();
    Ok(phase.finish().await?.explain(words::REAL_LARAVEL).same_with("Laravel (config/kafka.php, .env)", [
        format!("KAFKA_BROKERS={server}"),
        "KAFKA_SECURITY_PROTOCOL=SASL_PLAINTEXT".to_owned(),
        "->withSasl(username: 'laravel', password: '…', mechanisms: 'PLAIN', securityProtocol: 'SASL_PLAINTEXT')"
            .to_owned(),
    ]))
}
