//! `kafkalab acl delete`: shows what it will delete, asks, deletes exactly that.

use serde_json::json;

use super::{Context, all_accepted, apply, connect, kafka_acls, of_cluster, table};
use crate::acl::{AclBinding, AclFilter, render};
use crate::client::raw::Cluster;
use crate::client::raw::admin::acls;
use crate::error::{Error, Result};
use crate::profile::Profile;
use crate::report::Report;
use crate::words::acl as words;

pub(super) async fn run(context: &Context, filter: &AclFilter) -> Result<Report> {
    let everything = AclFilter { pattern_type: filter.pattern_type, ..AclFilter::default() };
    if *filter == everything {
        return Err(Error::usage(words::NEEDS_FILTER));
    }
    let (profile, mut cluster) = connect::administrator(context, words::ASKING).await?;
    let found: Vec<AclBinding> = of_cluster(context, &profile, &mut cluster, filter).await?.iter().collect();
    if found.is_empty() {
        return Ok(
            Report::new(json!({ "deleted": [], "dry_run": context.global.dry_run })).line(words::NONE_FOUND)
        );
    }
    context
        .confirm(words::CONFIRM_DELETE.with(&[
            ("count", &found.len()),
            ("address", &profile.bootstrap_server.value),
            ("acls", &table::in_short(&found)),
        ]))
        .await?;
    let dry_run = context.global.dry_run;
    let (deleted, heading) = if dry_run {
        (Vec::new(), words::WOULD_DELETE)
    } else {
        (exactly(context, &profile, &mut cluster, &found).await?, words::DELETED)
    };
    let would_delete: &[AclBinding] = if dry_run { &found } else { &[] };
    let report = Report::new(json!({ "deleted": deleted, "would_delete": would_delete, "dry_run": dry_run }));
    let shown = if dry_run { &found } else { &deleted };
    let commands = shown
        .iter()
        .map(|acl| format!("{} --force {}", kafka_acls(&profile), render::arguments("--remove", acl)));
    Ok(apply::section(report, heading, shown)
        .explain(words::APPLIED)
        .same_with("Apache Kafka", commands.take(3)))
}

/// Deletes these ACLs and no other, whatever was added since they were listed.
pub(super) async fn exactly(
    context: &Context,
    profile: &Profile,
    cluster: &mut Cluster,
    doomed: &[AclBinding],
) -> Result<Vec<AclBinding>> {
    let filters: Vec<AclFilter> = doomed.iter().map(AclFilter::exactly).collect();
    let results = acls::delete_acls(cluster, &filters).await;
    let deleted = all_accepted(context, profile, words::DELETING, results).await?;
    Ok(deleted.into_iter().flatten().collect())
}
