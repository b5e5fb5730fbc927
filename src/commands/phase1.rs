//! `kafkalab phase1 …`: Laravel's principal, with SASL and ACL.

use secrecy::{ExposeSecret as _, SecretString};

use super::matrix::{self, Row};
use super::{Context, checks, connect, consume, produce};
use crate::client::raw::{self, Listener, LoginOutcome};
use crate::client::rights::Attempt;
use crate::error::Result;
use crate::profile::{Mechanism, Profile, ProfileName};
use crate::report::{Block, Check, Report, Verdict};
use crate::words::phase1 as words;

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
    let profile = context.lab_profile(ProfileName::Phase1).await?;
    // A broker that cannot be reached is the command's failure, not a column of checks that could not be made.
    drop(connect::cluster(context, &profile, words::REACHING).await?);
    let topic = profile.topic.as_ref().map_or("laravel-events", |topic| topic.value.as_str());
    let owner = context.profile_as(ProfileName::Phase1, &profile.owner)?;
    let group = owner.actor.group.as_ref().map_or("laravel-consumers", |group| group.value.as_str());
    let mut all = Vec::new();
    let mut add = |check: Check| {
        context.ui.checking(&check);
        all.push(check);
    };
    add(login(&profile).await);
    add(wrong_password(&profile).await);
    add(wrong_mechanism(&profile).await);
    add(no_login(context, &profile).await);
    let (message, placed) = checks::there_and_back(context, &profile, topic, group).await;
    add(message);
    if let Some(placed) = placed {
        let verifier = format!("{group}-verify");
        add(checks::through_a_group(context, &profile, topic, &verifier, &placed).await);
    }
    let attempts =
        [Attempt::Write(topic.to_owned()), Attempt::Read(topic.to_owned()), Attempt::Join(group.to_owned())];
    let rows = rows(context, &profile)?;
    let observed = matrix::observe(context, &rows, &attempts, &["WRITE", "READ", "GROUP"]).await;
    add(observed.check.clone());

    let mut report = Report::checks(all, context.lang());
    report.body.push(Block::Gap);
    report.body.push(observed.table);
    if let Some(data) = &mut report.data {
        data.insert("matrix".to_owned(), observed.data);
    }
    let server = &profile.bootstrap_server.value;
    Ok(report
        .explain(words::LOGIN_THEN_RIGHTS)
        .explain(words::TWO_LOCKS.with(&[("topic", &topic), ("group", &group)]))
        .explain(words::SAME_ANSWER)
        .same_with("Apache Kafka", [format!(
            "kafka-acls.sh --bootstrap-server {server} --command-config admin.properties --list --topic {topic}"
        )])
        .same_with("Laravel (config/kafka.php, .env)", [
            format!("KAFKA_BROKERS={server}"),
            "KAFKA_SECURITY_PROTOCOL=SASL_PLAINTEXT".to_owned(),
            "->withSasl(username: 'laravel', password: '…', mechanisms: 'PLAIN', securityProtocol: 'SASL_PLAINTEXT')"
                .to_owned(),
        ]))
}

async fn login(profile: &Profile) -> Check {
    let goal = words::LOGIN.with(&[("principal", &profile.principal().value)]);
    let probe = raw::probe(connect::address(profile), connect::login(profile).as_ref()).await;
    match probe.login {
        LoginOutcome::Accepted => {
            let offered = match probe.listener {
                Listener::Sasl(mechanisms) => mechanisms.join(", "),
                _ => String::new(),
            };
            Check::new("login", goal, Verdict::Done, words::LOGIN_EVIDENCE.with(&[("offered", &offered)]))
        }
        LoginOutcome::Refused { code, message } => {
            Check::new("login", goal, Verdict::NotYet, format!("{message} ({code})"))
        }
        other => checks::could_not("login", goal, &format!("{:?}, {other:?}", probe.listener)),
    }
}

/// The right user with another password.
async fn wrong_password(profile: &Profile) -> Check {
    let wrong = connect::login(profile).map(|login| raw::Login {
        password: SecretString::from(format!("{}-wrong", login.password.expose_secret())),
        ..login
    });
    let probe = raw::probe(connect::address(profile), wrong.as_ref()).await;
    match probe.login {
        LoginOutcome::Refused { code, message } => {
            let evidence = words::SAID.with(&[("message", &message), ("code", &code)]);
            Check::new("wrong-password", words::WRONG_PASSWORD, Verdict::Done, evidence)
        }
        LoginOutcome::Accepted => {
            Check::new("wrong-password", words::WRONG_PASSWORD, Verdict::NotYet, words::LET_IN)
        }
        other => checks::could_not("wrong-password", words::WRONG_PASSWORD, &format!("{other:?}")),
    }
}

/// A mechanism that Kafka knows and this listener does not offer.
async fn wrong_mechanism(profile: &Profile) -> Check {
    let name = Mechanism::ScramSha512.name();
    let goal = words::WRONG_MECHANISM.with(&[("mechanism", &name)]);
    let asked = raw::Mechanism::from_name(name)
        .and_then(|mechanism| connect::login(profile).map(|login| raw::Login { mechanism, ..login }));
    let probe = raw::probe(connect::address(profile), asked.as_ref()).await;
    match (probe.login, probe.listener) {
        (LoginOutcome::MechanismNotOffered, Listener::Sasl(offered)) => {
            let evidence = words::OFFERED.with(&[("offered", &offered.join(", "))]);
            Check::new("wrong-mechanism", goal, Verdict::Done, evidence)
        }
        (LoginOutcome::Accepted | LoginOutcome::Refused { .. }, Listener::Sasl(offered)) => {
            let evidence = words::OFFERED.with(&[("offered", &offered.join(", "))]);
            Check::new("wrong-mechanism", goal, Verdict::NotYet, evidence)
        }
        (login, listener) => checks::could_not("wrong-mechanism", goal, &format!("{listener:?}, {login:?}")),
    }
}

/// A client that speaks PLAINTEXT to the listener with a login: the broker hangs up without a word.
async fn no_login(context: &Context, profile: &Profile) -> Check {
    use kafka_protocol::messages::MetadataRequest;
    let asked = async {
        let mut connection =
            raw::Connection::connect(connect::address(profile), context.global.timeout).await?;
        connection.api_versions().await?;
        connection.call(&MetadataRequest::default()).await
    };
    match asked.await {
        Err(raw::RawError::Closed { .. }) => {
            Check::new("no-login", words::NO_LOGIN, Verdict::Done, words::HUNG_UP)
        }
        Err(failure) => checks::could_not("no-login", words::NO_LOGIN, &failure),
        Ok(_) => Check::new("no-login", words::NO_LOGIN, Verdict::NotYet, words::ANSWERED),
    }
}

/// Every principal of the profile, and nobody in particular.
fn rows(context: &Context, profile: &Profile) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for name in &profile.principal_names {
        let allowed = *name == profile.owner;
        rows.push(Row { profile: context.profile_as(profile.name, name)?, expected: vec![allowed; 3] });
    }
    if let Some(anonymous) = profile.without_login() {
        rows.push(Row { profile: anonymous, expected: vec![false; 3] });
    }
    Ok(rows)
}
