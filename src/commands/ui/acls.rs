//! Who may do what: every principal against every resource, and why one of them may or may not.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::asked::{Asked, Asking, Problem};
use super::watched::{View, watch};
use crate::acl::{
    AclFilter, AclSet, CLUSTER_NAME, Explanation, Fix, Operation, PatternType, Policy, Question, Resource,
    ResourceType, Rule, WILDCARD, WILDCARD_PRINCIPAL, render,
};
use crate::client::raw::admin::acls::describe_acls;
use crate::client::raw::admin::groups::list_groups;
use crate::client::raw::admin::topics::list_topics;
use crate::client::raw::{Cluster, RawError};
use crate::commands::acl::{explain, refused, table};
use crate::commands::{Context, connect};
use crate::error::{Error, Result};
use crate::profile::ProfileName;
use crate::words::ui as words;

/// From where everybody is assumed to ask.
const HOST: &str = "127.0.0.1";

pub(super) async fn acls(State(context): State<Arc<Context>>, Query(asked): Query<Asked>) -> Response {
    watch::<Matrix>(&context, &asked)
}

struct Matrix;

/// Something that is protected.
type Thing = (ResourceType, String);

impl View for Matrix {
    const EVENT: &'static str = "acls";
    const EVERY: Duration = Duration::from_secs(1);

    async fn look(asking: &mut Asking) -> Result<Value> {
        let known = principals(&asking.context)?;
        match look(asking).await {
            Ok((set, things)) => Ok(matrix(&set, known, things)),
            Err(failure) => Err(failed(asking, failure).await),
        }
    }
}

/// The ACLs, and what there is to protect.
async fn look(asking: &mut Asking) -> Result<(AclSet, BTreeSet<Thing>), RawError> {
    let cluster = asking.cluster().await?;
    let set = acl_set(cluster).await?;
    let mut things: BTreeSet<Thing> = [(ResourceType::Cluster, CLUSTER_NAME.to_owned())].into();
    let topics = list_topics(cluster).await?.into_iter().filter(|topic| !topic.is_internal);
    things.extend(topics.map(|topic| (ResourceType::Topic, topic.name)));
    things.extend(list_groups(cluster).await?.into_iter().map(|group| (ResourceType::Group, group.group_id)));
    // What a rule names by name is worth a column, also before it exists.
    let named =
        set.iter().filter(|acl| acl.pattern_type == PatternType::Literal && acl.resource_name != WILDCARD);
    things.extend(named.map(|acl| (acl.resource_type, acl.resource_name)));
    Ok((set, things))
}

async fn acl_set(cluster: &mut Cluster) -> Result<AclSet, RawError> {
    Ok(describe_acls(cluster, &AclFilter::default()).await?.into_iter().collect())
}

async fn failed(asking: &Asking, failure: RawError) -> Error {
    refused(&asking.context, &asking.profile, words::ACLS, "DESCRIBE", failure).await
}

/// Those of the administrator's profile.
fn principals(context: &Context) -> Result<BTreeSet<String>> {
    let file = context.library().load(ProfileName::Admin)?;
    Ok(file.principals.iter().map(|entry| format!("User:{}", entry.name)).collect())
}

/// For each principal and each thing, the operations that it may do to it.
fn matrix(set: &AclSet, mut principals: BTreeSet<String>, things: BTreeSet<Thing>) -> Value {
    let policy = Policy::lab();
    let named = set.iter().map(|acl| acl.principal).filter(|principal| principal != WILDCARD_PRINCIPAL);
    principals.extend(named);
    principals.insert("User:ANONYMOUS".to_owned());
    let allowed = |principal: &str, (resource_type, name): &Thing| {
        let resource = Resource { resource_type: *resource_type, name };
        let may = |operation: &&Operation| {
            set.decide(&Question { principal, host: HOST, operation: **operation, resource }, &policy).allowed
        };
        resource_type.supported_operations().iter().filter(may).copied().collect::<Vec<_>>()
    };
    let cells = principals
        .iter()
        .map(|principal| things.iter().map(|thing| allowed(principal, thing)).collect::<Vec<_>>())
        .collect::<Vec<_>>();
    let resources = things.iter().map(|(resource_type, name)| {
        json!({ "type": resource_type, "name": name, "operations": resource_type.supported_operations() })
    });
    json!({
        "resources": resources.collect::<Vec<_>>(), "principals": principals, "cells": cells, "count": set.len(),
    })
}

/// One cell and operation.
#[derive(Debug, Deserialize)]
pub(super) struct Cell {
    principal: String,
    operation: Operation,
    #[serde(rename = "type")]
    resource_type: ResourceType,
    name: String,
}

pub(super) async fn acl(
    State(context): State<Arc<Context>>,
    Query(asked): Query<Asked>,
    Query(cell): Query<Cell>,
) -> Result<Json<Value>, Problem> {
    let mut asking = Asking::new(&context, &asked)?;
    let set = match async { acl_set(asking.cluster().await?).await }.await {
        Ok(set) => set,
        Err(failure) => {
            let error = failed(&asking, failure).await;
            return Err(asking.problem(error));
        }
    };
    explained(&asking, &set, &cell).map(Json).map_err(|error| asking.problem(error))
}

fn explained(asking: &Asking, set: &AclSet, cell: &Cell) -> Result<Value> {
    let lang = asking.lang;
    let files = asking.context.acl_files()?;
    let resource = Resource { resource_type: cell.resource_type, name: &cell.name };
    let question = Question { principal: &cell.principal, host: HOST, operation: cell.operation, resource };
    let explanation = set.explain(&question, &Policy::lab());
    let rule = &explanation.decision.rule;
    let near = explanation
        .near_misses
        .iter()
        .map(|miss| json!({ "why": explain::why(miss.why).get(lang), "acl": table::sentence(&miss.acl) }));
    let server = connect::server_flag(&asking.profile);
    let commands = change(&explanation)
        .map(|(what, command)| json!({ "what": what.get(lang), "command": format!("{command}{server}") }));
    let entry = match &explanation.fix {
        Some(Fix::Add(acl)) => Some(render::toml_entry(acl)),
        _ => None,
    };
    Ok(json!({
        "principal": cell.principal, "operation": cell.operation,
        "resource": format!("{}:{}", cell.resource_type, cell.name),
        "allowed": explanation.decision.allowed,
        "rule": explain::rule_text(&files, rule).in_lang(lang),
        "place": explain::place(&files, rule),
        "near": near.collect::<Vec<_>>(),
        "commands": commands.into_iter().collect::<Vec<_>>(),
        "entry": entry,
    }))
}

/// The command that turns the decision around; nothing does for a super user.
fn change(explanation: &Explanation) -> Option<(crate::words::Text, String)> {
    match (&explanation.fix, &explanation.decision.rule) {
        (Some(Fix::Add(acl)), _) => Some((words::ADDS, render::add_command(acl))),
        (Some(Fix::RemoveDeny(acl)), _) => Some((words::LIFTS, render::delete_command(acl))),
        (None, Rule::Acl(acl)) => Some((words::TAKES_AWAY, render::delete_command(acl))),
        (None, _) => None,
    }
}
