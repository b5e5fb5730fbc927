//! `kafkalab phase1 …`: Laravel's principal, with SASL and ACL.

use super::standalone::Standalone;
use super::{Context, consume, produce};
use crate::error::Result;
use crate::profile::ProfileName;
use crate::report::Report;

/// The commands of phase 1.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Write records and show the broker's acknowledgement of each.
    Produce(produce::Args),
    /// Read records, from chosen partitions or as a member of a group.
    Consume(consume::Args),
    /// Check the phase end to end: login, refused logins, a message there and back through a group, and who may do
    /// what.
    Verify,
}

pub(super) async fn run(context: &Context, command: &Command) -> Result<Report> {
    match command {
        Command::Consume(args) => consume::run(context, ProfileName::Phase1, args).await,
        Command::Produce(args) => produce::run(context, ProfileName::Phase1, args).await,
        Command::Verify => verify(context).await,
    }
}

async fn verify(context: &Context) -> Result<Report> {
    let mut phase = Standalone::begin(context, ProfileName::Phase1).await?;
    phase.common().await;
    let server = phase.profile.bootstrap_server.value.clone();
    Ok(phase.finish().await?.same_with("Laravel (config/kafka.php, .env)", [
        format!("KAFKA_BROKERS={server}"),
        "KAFKA_SECURITY_PROTOCOL=SASL_PLAINTEXT".to_owned(),
        "->withSasl(username: 'laravel', password: '…', mechanisms: 'PLAIN', securityProtocol: 'SASL_PLAINTEXT')"
            .to_owned(),
    ]))
}
