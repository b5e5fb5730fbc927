//! Which ACLs the cluster has.

use crate::acl::{AclBinding, AclFilter, Operation, PatternType, Permission};
use crate::client::raw::Cluster;
use crate::client::raw::admin::acls::describe_acls;
use crate::lesson::AclGoal;

/// The ACLs of a principal on a resource.
pub(super) struct Found {
    /// Whether the one that the goal names is among them.
    pub(super) is_there: bool,
    /// The others, in Kafka's words.
    pub(super) others: Vec<String>,
}

/// Every ACL of the goal's principal on its resource, whatever it allows or denies.
///
/// # Errors
/// Why the cluster could not be asked, or that the goal names something that Kafka does not know.
pub(super) async fn of_resource(cluster: &mut Cluster, goal: &AclGoal) -> Result<Found, String> {
    let wanted = (
        parsed::<Operation>(&goal.operation)?,
        parsed::<PatternType>(&goal.pattern)?,
        parsed::<Permission>(&goal.permission)?,
    );
    let filter = AclFilter {
        resource_type: parsed(&goal.resource)?,
        resource_name: Some(goal.name.clone()),
        principal: Some(goal.principal.clone()),
        ..AclFilter::default()
    };
    let found = describe_acls(cluster, &filter).await.map_err(|problem| problem.to_string())?;
    let is_wanted = |acl: &&AclBinding| (acl.operation, acl.pattern_type, acl.permission) == wanted;
    let told = |acl: &AclBinding| format!("{} {} {}", acl.permission, acl.operation, acl.pattern_type);
    Ok(Found {
        is_there: found.iter().any(|acl| is_wanted(&acl)),
        others: found.iter().filter(|acl| !is_wanted(acl)).map(told).collect(),
    })
}

fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|problem: T::Err| problem.to_string())
}
