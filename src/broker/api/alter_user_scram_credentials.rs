//! AlterUserScramCredentials (51): passwords for SCRAM, already salted by the client.
//!
//! - Version 0. ALTER on the cluster, else error 31 for every user.
//! - A user named twice in one request, even with two mechanisms: 92, nothing done for it (`ScramControlManager.java`).
//! - Per user: 33 unknown mechanism, 91 nothing to delete, 93 no name, or iterations outside 4096 to 16384.
//! - PLAIN is not touched: its passwords are configuration, as in Kafka.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use kafka_protocol::error::ResponseError::{
    self, ClusterAuthorizationFailed, DuplicateResource, KafkaStorageError, ResourceNotFound,
    UnacceptableCredential, UnsupportedSaslMechanism,
};
use kafka_protocol::messages::alter_user_scram_credentials_request::{
    ScramCredentialDeletion, ScramCredentialUpsertion,
};
use kafka_protocol::messages::alter_user_scram_credentials_response::AlterUserScramCredentialsResult;
use kafka_protocol::messages::{AlterUserScramCredentialsRequest, AlterUserScramCredentialsResponse};
use kafka_protocol::protocol::StrBytes;

use super::{Api, Reply};
use crate::acl::{Operation, Resource};
use crate::broker::cx::Cx;
use crate::scram::{Credential, MAX_ITERATIONS, MIN_ITERATIONS, Mechanism};

/// The handler.
pub struct AlterUserScramCredentials;

/// One change that a request asks for.
enum Change {
    Delete(ScramCredentialDeletion),
    Upsert(ScramCredentialUpsertion),
}

impl Api for AlterUserScramCredentials {
    type Req = AlterUserScramCredentialsRequest;
    type Res = AlterUserScramCredentialsResponse;
    const NAME: &'static str = "AlterUserScramCredentials";
    const VERSIONS: RangeInclusive<i16> = 0..=0;

    fn handle(
        cx: &mut Cx<'_>,
        request: AlterUserScramCredentialsRequest,
    ) -> Reply<AlterUserScramCredentialsResponse> {
        let deletions = request.deletions.into_iter().map(|it| (it.name.clone(), Change::Delete(it)));
        let upsertions = request.upsertions.into_iter().map(|it| (it.name.clone(), Change::Upsert(it)));
        let mut users: BTreeMap<StrBytes, Vec<Change>> = BTreeMap::new();
        for (user, change) in deletions.chain(upsertions) {
            users.entry(user).or_default().push(change);
        }
        let allowed = cx.authorize(Operation::Alter, Resource::CLUSTER);
        let results = users.into_iter().map(|(user, changes)| {
            let outcome = if allowed {
                only(cx, changes).and_then(|(mechanism, change)| apply(cx, mechanism, change))
            } else {
                Err((ClusterAuthorizationFailed, "Cluster authorization failed."))
            };
            let result = AlterUserScramCredentialsResult::default().with_user(user).with_error_message(None);
            match outcome {
                Ok(()) => result,
                Err((error, message)) => result
                    .with_error_code(error.code())
                    .with_error_message(Some(StrBytes::from_static_str(message))),
            }
        });
        let results = results.collect();
        Reply::Now(AlterUserScramCredentialsResponse::default().with_results(results))
    }
}

/// Why a change is refused.
type Refusal = (ResponseError, &'static str);

/// The only change of a user, if each that is asked for is valid by itself: the first fault is the one told.
fn only(cx: &Cx<'_>, changes: Vec<Change>) -> Result<(Mechanism, Change), Refusal> {
    let mut valid = None;
    for change in changes {
        let mechanism = validate(cx, &change)?;
        if valid.is_some() {
            return Err((DuplicateResource, "A user credential cannot be altered twice in the same request"));
        }
        valid = Some((mechanism, change));
    }
    valid.ok_or((ResourceNotFound, "Nothing to change"))
}

fn validate(cx: &Cx<'_>, change: &Change) -> Result<Mechanism, Refusal> {
    let (name, code) = match change {
        Change::Delete(deletion) => (&deletion.name, deletion.mechanism),
        Change::Upsert(upsertion) => (&upsertion.name, upsertion.mechanism),
    };
    if name.is_empty() {
        return Err((UnacceptableCredential, "Username must not be empty"));
    }
    let mechanism =
        Mechanism::from_code(code).ok_or((UnsupportedSaslMechanism, "Unknown SCRAM mechanism"))?;
    match change {
        Change::Delete(_) => {
            let stored = cx.state.users.scram_users();
            let has =
                stored.get(name.as_str()).is_some_and(|infos| infos.iter().any(|(of, _)| *of == mechanism));
            if !has {
                return Err((ResourceNotFound, "Attempt to delete a user credential that does not exist"));
            }
        }
        Change::Upsert(upsertion) => match u32::try_from(upsertion.iterations).unwrap_or(0) {
            ..MIN_ITERATIONS => return Err((UnacceptableCredential, "Too few iterations")),
            MIN_ITERATIONS..=MAX_ITERATIONS => {}
            _ => return Err((UnacceptableCredential, "Too many iterations")),
        },
    }
    Ok(mechanism)
}

/// Makes a change that was found valid.
fn apply(cx: &mut Cx<'_>, mechanism: Mechanism, change: Change) -> Result<(), Refusal> {
    let changed = match change {
        Change::Delete(deletion) => cx.state.remove_scram(deletion.name.to_string(), mechanism, cx.now),
        Change::Upsert(upsertion) => {
            let credential = Credential::from_salted_password(
                mechanism,
                &upsertion.salted_password,
                upsertion.salt.to_vec(),
                upsertion.iterations.unsigned_abs(),
            );
            cx.state.set_scram(upsertion.name.to_string(), mechanism, credential, cx.now)
        }
    };
    changed.map_err(|_| (KafkaStorageError, "The data folder could not be written."))
}
