//! Checks of the login itself: the right one, and three that must be refused.

use secrecy::{ExposeSecret as _, SecretString};

use super::{Context, checks, connect};
use crate::client::raw::{self, LoginOutcome};
use crate::profile::{Mechanism, Profile};
use crate::report::{Check, Verdict};
use crate::words::logins as words;

/// The login, then a wrong password, a mechanism that is not offered, and no login at all.
pub(super) async fn all(context: &Context, profile: &Profile) -> [Check; 4] {
    [
        login(profile).await,
        wrong_password(profile).await,
        wrong_mechanism(profile).await,
        no_login(context, profile).await,
    ]
}

async fn login(profile: &Profile) -> Check {
    let goal = words::LOGIN.with(&[("principal", &profile.principal().value)]);
    let probe = connect::probe(profile, connect::address(profile), connect::login(profile)).await;
    match probe.login {
        LoginOutcome::Accepted => {
            let offered = probe.listener.offered().join(", ");
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
    let probe = connect::probe(profile, connect::address(profile), wrong).await;
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
    let probe = connect::probe(profile, connect::address(profile), asked).await;
    let evidence = words::OFFERED.with(&[("offered", &probe.listener.offered().join(", "))]);
    match probe.login {
        LoginOutcome::MechanismNotOffered => Check::new("wrong-mechanism", goal, Verdict::Done, evidence),
        LoginOutcome::Accepted | LoginOutcome::Refused { .. } => {
            Check::new("wrong-mechanism", goal, Verdict::NotYet, evidence)
        }
        login => checks::could_not("wrong-mechanism", goal, &format!("{:?}, {login:?}", probe.listener)),
    }
}

/// A client that speaks PLAINTEXT to the listener with a login: the broker hangs up without a word.
async fn no_login(context: &Context, profile: &Profile) -> Check {
    use kafka_protocol::messages::MetadataRequest;
    let asked = async {
        let mut connection = connect::bare(profile, context.global.timeout).await?;
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
