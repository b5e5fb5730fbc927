//! DescribeUserScramCredentials and AlterUserScramCredentials.

use std::collections::BTreeMap;

use kafka_protocol::messages::alter_user_scram_credentials_request::{
    ScramCredentialDeletion, ScramCredentialUpsertion,
};
use kafka_protocol::messages::{AlterUserScramCredentialsRequest, DescribeUserScramCredentialsRequest};
use secrecy::{ExposeSecret, SecretString};

use crate::client::raw::cluster::{To, text};
use crate::client::raw::{BrokerError, Cluster, RawError};
use crate::scram::{self, Mechanism};

/// A change to a user's SCRAM credential.
#[derive(Debug, Clone)]
pub enum ScramChange {
    /// Sets the password. Only the salted form is sent, which the broker derives its keys from.
    Set {
        /// The user.
        user: String,
        /// The mechanism; the other one keeps its credential.
        mechanism: Mechanism,
        /// From 4096 to 16384.
        iterations: u32,
        /// The new password.
        password: SecretString,
    },
    /// Removes the credential for one mechanism.
    Delete {
        /// The user.
        user: String,
        /// The mechanism.
        mechanism: Mechanism,
    },
}

/// The mechanisms and iterations of every user that has a SCRAM credential. Needs DESCRIBE on the cluster.
///
/// # Errors
/// [`RawError::Broker`] with 31 if that is missing.
pub async fn describe_scram_users(
    cluster: &mut Cluster,
) -> Result<BTreeMap<String, Vec<(Mechanism, i32)>>, RawError> {
    let request = DescribeUserScramCredentialsRequest::default().with_users(None);
    let response = cluster.ask(To::Any, &request, i16::MAX).await?;
    BrokerError::check(response.error_code, response.error_message.as_deref())?;
    let mut users = BTreeMap::new();
    for result in response.results {
        BrokerError::check(result.error_code, result.error_message.as_deref())?;
        let infos = result.credential_infos.iter();
        let mut known: Vec<_> =
            infos.filter_map(|info| Some((Mechanism::from_code(info.mechanism)?, info.iterations))).collect();
        known.sort_unstable();
        users.insert(result.user.to_string(), known);
    }
    Ok(users)
}

/// Changes credentials; the result stands at each user. Needs ALTER on the cluster. A user may occur once only: Kafka
/// refuses it otherwise (92).
///
/// # Errors
/// As [`Connection::send`](crate::client::raw::Connection::send).
pub async fn alter_scram_users(
    cluster: &mut Cluster,
    changes: &[ScramChange],
) -> Result<BTreeMap<String, Result<(), BrokerError>>, RawError> {
    let mut request = AlterUserScramCredentialsRequest::default();
    for change in changes {
        match change {
            ScramChange::Set { user, mechanism, iterations, password } => {
                request.upsertions.push(upsertion(user, *mechanism, *iterations, password)?);
            }
            ScramChange::Delete { user, mechanism } => {
                let deletion = ScramCredentialDeletion::default().with_name(text(user));
                request.deletions.push(deletion.with_mechanism(mechanism.code()));
            }
        }
    }
    let response = cluster.ask(To::Any, &request, i16::MAX).await?;
    let results = response.results.iter();
    Ok(results
        .map(|result| {
            (result.user.to_string(), BrokerError::check(result.error_code, result.error_message.as_deref()))
        })
        .collect())
}

fn upsertion(
    user: &str,
    mechanism: Mechanism,
    iterations: u32,
    password: &SecretString,
) -> Result<ScramCredentialUpsertion, RawError> {
    let mut salt = [0; 24];
    getrandom::fill(&mut salt).map_err(|error| RawError::Unsupported(format!("{error}.")))?;
    let salted = scram::salted_password(mechanism, password.expose_secret(), &salt, iterations);
    Ok(ScramCredentialUpsertion::default()
        .with_name(text(user))
        .with_mechanism(mechanism.code())
        .with_iterations(i32::try_from(iterations).unwrap_or(i32::MAX))
        .with_salt(salt.to_vec().into())
        .with_salted_password(salted.into()))
}
