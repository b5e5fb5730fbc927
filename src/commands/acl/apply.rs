//! `kafkalab acl apply` and `kafkalab acl diff`: the files against the cluster.

use serde_json::json;

use super::{Context, all_accepted, connect, delete, is_lab, of_cluster, table};
use crate::acl::{AclBinding, AclDiff, AclFilter};
use crate::client::raw::Cluster;
use crate::client::raw::admin::acls;
use crate::error::Result;
use crate::profile::Profile;
use crate::report::Report;
use crate::words::{Text, acl as words};

pub(super) async fn run(context: &Context, prune: bool) -> Result<Report> {
    let wanted = context.acl_files()?.set();
    let (profile, mut cluster) = connect::administrator(context, words::ASKING).await?;
    let there = of_cluster(context, &profile, &mut cluster, &AclFilter::default()).await?;
    let diff = AclDiff::between(&wanted, &there);
    let address = &profile.bootstrap_server.value;

    may_add(context, &profile, &diff.missing).await?;
    let doomed: &[AclBinding] = if prune { &diff.extra } else { &[] };
    if !doomed.is_empty() {
        context
            .confirm(words::CONFIRM_PRUNE.with(&[
                ("count", &doomed.len()),
                ("address", address),
                ("acls", &table::in_short(doomed)),
            ]))
            .await?;
    }
    let dry_run = context.global.dry_run;
    add(context, &profile, &mut cluster, &diff.missing).await?;
    if !dry_run && !doomed.is_empty() {
        delete::exactly(context, &profile, &mut cluster, doomed).await?;
    }

    let mut report = Report::new(json!({
        "added": if dry_run { &[] } else { &diff.missing[..] },
        "deleted": if dry_run { &[] } else { doomed },
        "would_add": if dry_run { &diff.missing[..] } else { &[] },
        "would_delete": if dry_run { doomed } else { &[] },
        "unchanged": diff.equal,
        "dry_run": dry_run,
    }));
    if diff.missing.is_empty() {
        report = report.line(words::NOTHING_TO_CHANGE.with(&[("count", &diff.equal)]));
    }
    report = section(report, if dry_run { words::WOULD_ADD } else { words::ADDED }, &diff.missing);
    report = section(report, if dry_run { words::WOULD_DELETE } else { words::DELETED }, doomed);
    if !prune && !diff.extra.is_empty() {
        report = report.line(words::KEPT_EXTRA.with(&[("count", &diff.extra.len())]));
    }
    let script = format!("BOOTSTRAP_SERVER={address} COMMAND_CONFIG=admin.properties bash acls.sh");
    let lines = ["kafkalab acl render > acls.sh".to_owned(), script];
    Ok(report.explain(words::APPLIED).same_with("Apache Kafka", lines))
}

pub(super) async fn diff(context: &Context) -> Result<Report> {
    let wanted = context.acl_files()?.set();
    let (profile, mut cluster) = connect::administrator(context, words::ASKING).await?;
    let there = of_cluster(context, &profile, &mut cluster, &AclFilter::default()).await?;
    let diff = AclDiff::between(&wanted, &there);
    let report = Report::new(json!(diff));
    if diff.is_empty() {
        return Ok(report.line(words::EQUAL.with(&[("count", &diff.equal)])));
    }
    let report = section(report, words::MISSING, &diff.missing);
    let report = section(report, words::EXTRA, &diff.extra);
    Ok(report.line(words::BOTH.with(&[("count", &diff.equal)])))
}

/// Asks before ACLs are added to a cluster that is not the lab's.
pub(super) async fn may_add(context: &Context, profile: &Profile, acls: &[AclBinding]) -> Result<()> {
    if acls.is_empty() || is_lab(profile) {
        return Ok(());
    }
    let address = &profile.bootstrap_server.value;
    context.confirm(words::CONFIRM_EXTERNAL.with(&[("count", &acls.len()), ("address", address)])).await
}

/// Adds ACLs, all or an error; with `--dry-run` none.
pub(super) async fn add(
    context: &Context,
    profile: &Profile,
    cluster: &mut Cluster,
    acls: &[AclBinding],
) -> Result<()> {
    if acls.is_empty() || context.global.dry_run {
        return Ok(());
    }
    let results = acls::create_acls(cluster, acls).await;
    all_accepted(context, profile, words::ADDING, results).await.map(drop)
}

/// A heading with its table, if there is anything to show.
pub(super) fn section(report: Report, heading: Text, acls: &[AclBinding]) -> Report {
    if acls.is_empty() {
        return report;
    }
    report.line(heading.with(&[("count", &acls.len())])).block(table::of(acls))
}
