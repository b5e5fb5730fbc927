//! `kafkalab acl add`: one rule more on the cluster, as `kafka-acls.sh --add`. The files stay as they are.

use serde_json::json;

use super::args::{ResourceArgs, fits, pattern, principal};
use super::{Context, apply, connect, kafka_acls, of_cluster, table};
use crate::acl::{AclBinding, AclFilter, Operation, PatternType, Permission, WILDCARD, render};
use crate::error::{Error, Result};
use crate::report::Report;
use crate::words::acl as words;

/// The rule.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Whose: a name, or a whole principal such as User:nest.
    #[arg(long = "principal", value_name = "PRINCIPAL")]
    whose: String,
    #[command(flatten)]
    resource: ResourceArgs,
    /// literal: this name; prefixed: every name that begins so.
    #[arg(long, value_name = "PATTERN", default_value = "literal", value_parser = pattern)]
    pattern: PatternType,
    /// The operation.
    #[arg(long)]
    operation: Operation,
    /// Forbid it, whatever else allows it.
    #[arg(long)]
    deny: bool,
    /// From which address; by default from everywhere.
    #[arg(long, default_value = WILDCARD)]
    host: String,
}

impl Args {
    fn binding(&self) -> Result<AclBinding> {
        let resource = self.resource.named().ok_or_else(|| Error::usage(words::NEEDS_RESOURCE))?;
        fits(self.operation, resource.resource_type)?;
        if !matches!(self.pattern, PatternType::Literal | PatternType::Prefixed) {
            return Err(Error::usage(words::NEEDS_PATTERN));
        }
        Ok(AclBinding {
            resource_type: resource.resource_type,
            resource_name: resource.name.to_owned(),
            pattern_type: self.pattern,
            principal: principal(&self.whose),
            host: self.host.clone(),
            operation: self.operation,
            permission: if self.deny { Permission::Deny } else { Permission::Allow },
        })
    }
}

pub(super) async fn run(context: &Context, args: &Args) -> Result<Report> {
    let acl = args.binding()?;
    let (profile, mut cluster) = connect::administrator(context, words::ASKING).await?;
    let there = of_cluster(context, &profile, &mut cluster, &AclFilter::exactly(&acl)).await?;
    let missing: Vec<AclBinding> = if there.iter().next().is_some() { Vec::new() } else { vec![acl.clone()] };
    apply::may_add(context, &profile, &missing).await?;
    apply::add(context, &profile, &mut cluster, &missing).await?;
    let dry_run = context.global.dry_run;
    let report = Report::new(json!({
        "added": if dry_run { &[] } else { &missing[..] },
        "would_add": if dry_run { &missing[..] } else { &[] },
        "dry_run": dry_run,
    }));
    let report = if missing.is_empty() {
        report.line(words::THERE_ALREADY.with(&[("acl", &table::sentence(&acl))]))
    } else {
        apply::section(report, if dry_run { words::WOULD_ADD } else { words::ADDED }, &missing)
    };
    let command = format!("{} {}", kafka_acls(&profile), render::arguments("--add", &acl));
    Ok(report.explain(words::APPLIED).explain(words::IN_NO_FILE).same_with("Apache Kafka", [command]))
}
