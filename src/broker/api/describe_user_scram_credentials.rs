//! DescribeUserScramCredentials (50): who can log in with SCRAM, never how.
//!
//! - Version 0. DESCRIBE on the cluster, else error 31.
//! - No list, or an empty one, means all. Per user: 91 unknown, 92 asked for twice.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use kafka_protocol::error::ResponseError::{
    self, ClusterAuthorizationFailed, DuplicateResource, ResourceNotFound,
};
use kafka_protocol::messages::describe_user_scram_credentials_response::{
    CredentialInfo, DescribeUserScramCredentialsResult,
};
use kafka_protocol::messages::{DescribeUserScramCredentialsRequest, DescribeUserScramCredentialsResponse};
use kafka_protocol::protocol::StrBytes;

use super::{Api, Reply};
use crate::acl::{Operation, Resource};
use crate::broker::cx::Cx;
use crate::scram::Mechanism;

/// The handler.
pub struct DescribeUserScramCredentials;

impl Api for DescribeUserScramCredentials {
    type Req = DescribeUserScramCredentialsRequest;
    type Res = DescribeUserScramCredentialsResponse;
    const NAME: &'static str = "DescribeUserScramCredentials";
    const VERSIONS: RangeInclusive<i16> = 0..=0;

    fn handle(
        cx: &mut Cx<'_>,
        request: DescribeUserScramCredentialsRequest,
    ) -> Reply<DescribeUserScramCredentialsResponse> {
        let response = DescribeUserScramCredentialsResponse::default();
        if !cx.authorize(Operation::Describe, Resource::CLUSTER) {
            // Kafka repeats the error for each user asked for, and leaves out whose it is.
            let refused = DescribeUserScramCredentialsResult::default()
                .with_error_code(ClusterAuthorizationFailed.code())
                .with_error_message(None);
            return Reply::Now(
                response
                    .with_error_code(ClusterAuthorizationFailed.code())
                    .with_error_message(None)
                    .with_results(vec![refused; request.users.map_or(0, |users| users.len())]),
            );
        }
        let users = cx.state.users.scram_users();
        let asked = request.users.filter(|asked| !asked.is_empty());
        let results = match asked {
            None => users
                .iter()
                .map(|(name, infos)| found(StrBytes::from_string((*name).into()), infos))
                .collect(),
            Some(asked) => {
                let mut times: HashMap<StrBytes, usize> = HashMap::new();
                let mut order = Vec::new();
                for user in asked {
                    let count = times.entry(user.name.clone()).or_default();
                    *count += 1;
                    if *count == 1 {
                        order.push(user.name);
                    }
                }
                let answer = |name: StrBytes| match (times[&name], users.get(name.as_str())) {
                    (1, Some(infos)) => found(name, infos),
                    (1, None) => {
                        let why =
                            format!("Attempt to describe a user credential that does not exist: {name}");
                        refused(name, ResourceNotFound, why)
                    }
                    _ => {
                        let why = format!(
                            "Cannot describe SCRAM credentials for the same user twice in a single request: {name}"
                        );
                        refused(name, DuplicateResource, why)
                    }
                };
                order.into_iter().map(answer).collect()
            }
        };
        Reply::Now(response.with_results(results))
    }
}

fn found(user: StrBytes, infos: &[(Mechanism, u32)]) -> DescribeUserScramCredentialsResult {
    let infos = infos.iter().map(|(mechanism, iterations)| {
        CredentialInfo::default().with_mechanism(mechanism.code()).with_iterations(iterations.cast_signed())
    });
    DescribeUserScramCredentialsResult::default().with_user(user).with_credential_infos(infos.collect())
}

fn refused(user: StrBytes, error: ResponseError, message: String) -> DescribeUserScramCredentialsResult {
    DescribeUserScramCredentialsResult::default()
        .with_user(user)
        .with_error_code(error.code())
        .with_error_message(Some(StrBytes::from_string(message)))
}
