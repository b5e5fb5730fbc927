//! `kafkalab acl list`.

use serde_json::json;

use super::{Context, connect, kafka_acls, of_cluster, table};
use crate::acl::{AclBinding, AclFilter};
use crate::error::Result;
use crate::report::Report;
use crate::words::acl as words;

pub(super) async fn run(context: &Context, filter: &AclFilter) -> Result<Report> {
    let (profile, mut cluster) = connect::administrator(context, words::ASKING).await?;
    let found: Vec<AclBinding> = of_cluster(context, &profile, &mut cluster, filter).await?.iter().collect();
    let report = Report::new(json!({ "acls": found }));
    let report =
        if found.is_empty() { report.line(words::NONE_FOUND) } else { report.block(table::of(&found)) };
    Ok(report
        .explain(words::LISTED.with(&[("count", &found.len())]))
        .same_with("Apache Kafka", [format!("{} --list", kafka_acls(&profile))]))
}
