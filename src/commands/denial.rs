//! After a refusal: which rule decided? The cluster's ACLs are read as `admin`; where that is not possible, the ACL
//! files at hand are asked instead, and the answer says so.

use std::time::Duration;

use super::{Context, connect};
use crate::acl::{AclFilter, AclSet, Decision, Operation, Policy, Question, Resource, ResourceType, render};
use crate::client::raw::RawError;
use crate::client::raw::admin::acls;
use crate::client::{self, Failure, Need};
use crate::error::{Denial, Error, Knowledge};
use crate::profile::Profile;
use crate::words::trouble as words;

/// Reading the ACLs must not make a refusal slow.
const PATIENCE: Duration = Duration::from_millis(800);

/// Adds the rule that decided, and the commands that explain and change it.
pub(super) async fn explain(context: &Context, profile: &Profile, error: Error, failure: &Failure) -> Error {
    let (set, source) = match of_cluster(context, profile).await {
        Some(set) => (set, Knowledge::ClusterAcls),
        None => (context.acl_files().map(|files| files.set()).unwrap_or_default(), Knowledge::YourFiles),
    };
    let principal = profile.principal().value;
    let Some((need, decision)) = deciding(&set, &principal, &failure.needs) else { return error };
    let (operation, resource_type, name) = parts(need);
    let refused_at = failure.refused_at.map(|at| format!("{} in {}", at.operation, at.api));
    let user = principal.trim_start_matches("User:");
    let resource = render::resource_flag(Resource { resource_type, name });
    let shown = if decision.allowed {
        words::ALLOWED_NOW.get(context.lang()).to_owned()
    } else {
        decision.rule.to_string()
    };
    error
        .rule(Denial {
            operation: operation.to_string(),
            resource: need.resource.to_string(),
            refused_at,
            rule: shown,
            source,
        })
        .next(format!("kafkalab acl explain --principal {user} --operation {operation} {resource}"))
}

/// The first need that the ACLs refuse; else the first.
fn deciding<'n>(set: &AclSet, principal: &str, needs: &'n [Need]) -> Option<(&'n Need, Decision)> {
    let policy = Policy::lab();
    let decide = |need: &Need| {
        let (operation, resource_type, name) = parts(need);
        let resource = Resource { resource_type, name };
        set.decide(&Question { principal, host: "127.0.0.1", operation, resource }, &policy)
    };
    let refused = needs.iter().find(|need| !decide(need).allowed).or_else(|| needs.first())?;
    Some((refused, decide(refused)))
}

fn parts(need: &Need) -> (Operation, ResourceType, &str) {
    let operation = need.operation.parse().unwrap_or(Operation::All);
    match &need.resource {
        client::Resource::Topic(name) => (operation, ResourceType::Topic, name),
        client::Resource::Group(name) => (operation, ResourceType::Group, name),
        client::Resource::Cluster => (operation, ResourceType::Cluster, crate::acl::CLUSTER_NAME),
    }
}

/// The ACLs of the cluster that refused, if `admin` can read them there.
async fn of_cluster(context: &Context, profile: &Profile) -> Option<AclSet> {
    let has_login = profile.security_protocol.value.has_login();
    let admin = connect::admin_at(context, has_login, &profile.bootstrap_server.value)?;
    readable_acls(&admin, PATIENCE).await.ok()
}

/// The ACLs of a cluster, if the principal of the profile can read them, and within `patience`; else why not, in the
/// words of the broker or of the operating system.
pub(super) async fn readable_acls(profile: &Profile, patience: Duration) -> Result<AclSet, String> {
    let read = async {
        let mut cluster = connect::raw(profile, patience).await?;
        let acls = acls::describe_acls(&mut cluster, &AclFilter::default()).await?;
        Ok::<_, RawError>(acls.into_iter().collect())
    };
    match tokio::time::timeout(patience, read).await {
        Ok(read) => read.map_err(|problem| problem.to_string()),
        Err(elapsed) => Err(elapsed.to_string()),
    }
}
