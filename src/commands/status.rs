//! `kafkalab status`: which engine runs, where, since when, with which topics, and what is next.

use serde_json::json;

use super::{Context, connect, next, up};
use crate::client::raw::admin::{brokers, topics};
use crate::client::raw::{Cluster, Connection, RawError};
use crate::error::{Kind, Result};
use crate::profile::ProfileName;
use crate::report::{Block, Report, Table};
use crate::words::up as words;

/// How a command of the lab goes over TLS; address and authority are found.
const OVER_TLS: &str = "kafkalab phase1 verify -X security.protocol=SASL_SSL";

pub(super) async fn run(context: &Context) -> Result<Report> {
    report(context).await
}

/// The status as a report; unreachable listeners are part of it, not an error block.
pub(super) async fn report(context: &Context) -> Result<Report> {
    let state = up::running(&context.home()?)?;
    let admin = context.profile(ProfileName::Admin)?;
    let phase0 = context.profile(ProfileName::Phase0)?;
    let timeout = context.global.timeout;
    let engine = state.as_ref().map_or_else(|| "-".to_owned(), |state| state.engine.to_string());
    let plaintext_up = Connection::connect(connect::address(&phase0), timeout).await.is_ok();
    let cluster = connect::raw(&admin, timeout).await;

    let mut rows = vec![
        row("engine", engine.clone()),
        row("PLAINTEXT", listener(&phase0.bootstrap_server.value, plaintext_up)),
        row(
            admin.security_protocol.value.name(),
            sasl_listener(context, &admin.bootstrap_server.value, cluster.as_ref().err()),
        ),
    ];
    let tls = state.as_ref().and_then(|state| state.tls.clone());
    let ca_file = context.home()?.ca_file().display().to_string();
    // Admin may go through it already.
    if let Some(address) = tls.as_ref().filter(|address| **address != admin.bootstrap_server.value) {
        let up = Connection::connect(address, timeout).await.is_ok();
        rows.push(row("SASL_SSL", listener(address, up)));
    }
    if tls.is_some() {
        rows.push(row("ca_file", ca_file.clone()));
    }
    if let Some(state) = &state {
        rows.push(row("uptime", uptime(state.started_at_ms)));
        rows.extend(state.pid.map(|pid| row("pid", pid.to_string())));
    }
    let mut data = json!({
        "engine": state.as_ref().map(|state| state.engine),
        "plaintext": { "address": phase0.bootstrap_server.value, "reachable": plaintext_up },
        "sasl": { "address": admin.bootstrap_server.value, "reachable": answers(cluster.as_ref().err()) },
        "started_at_ms": state.as_ref().map(|state| state.started_at_ms),
    });
    if let Some(address) = &tls {
        data["tls"] = json!({ "address": address, "ca_file": ca_file });
    }
    let mut report = Report::default();
    match cluster {
        Ok(mut cluster) => {
            if let Ok(described) = brokers::describe_cluster(&mut cluster).await {
                rows.push(row("cluster", described.cluster_id.clone()));
                data["cluster_id"] = json!(described.cluster_id);
            }
            let names = topic_names(&mut cluster).await;
            rows.push(row("topics", names.join(", ")));
            rows.push(row("principals", admin.principal_names.join(", ")));
            data["topics"] = json!(names);
        }
        Err(RawError::Sasl { .. }) => report.outcome = Some(Kind::Authentication),
        Err(_) => report.outcome = Some(Kind::Unreachable),
    }
    let next = match report.outcome {
        Some(Kind::Authentication) => "kafkalab config show admin",
        Some(_) => "kafkalab up",
        // A progress file that cannot be read is the tutorial's trouble.
        None => next::next(context).map_or("kafkalab tutorial", |next| next.command),
    };
    data["next"] = json!(next);
    let made = Report::new(data)
        .block(Block::Table(Table { head: vec!["WHAT", "VALUE"], rows }))
        .line(words::NEXT.with(&[("command", &next)]));
    let made = match tls {
        Some(_) => made.line(words::OVER_TLS.with(&[("command", &OVER_TLS)])),
        None => made,
    };
    let made = if state.is_none() && report.outcome != Some(Kind::Unreachable) {
        made.line(words::NOT_OURS.with(&[("home", &context.home()?.path().display())]))
    } else {
        made
    };
    Ok(Report { outcome: report.outcome, ..made })
}

fn row(what: &str, value: String) -> Vec<String> {
    vec![what.to_owned(), value]
}

fn listener(address: &str, reachable: bool) -> String {
    format!("{address} {}", if reachable { "[ok]" } else { "[--]" })
}

/// A broker that refuses the login is there all the same.
fn sasl_listener(context: &Context, address: &str, failure: Option<&RawError>) -> String {
    match failure {
        Some(RawError::Sasl { code, .. }) => {
            format!("{address} {}", words::LOGIN_REFUSED.fill(context.lang(), &[("code", code)]))
        }
        _ => listener(address, failure.is_none()),
    }
}

fn answers(failure: Option<&RawError>) -> bool {
    matches!(failure, None | Some(RawError::Sasl { .. }))
}

async fn topic_names(cluster: &mut Cluster) -> Vec<String> {
    let topics = topics::list_topics(cluster).await.unwrap_or_default();
    topics.into_iter().filter(|topic| !topic.is_internal).map(|topic| topic.name).collect()
}

fn uptime(started_at_ms: i64) -> String {
    let elapsed = jiff::Timestamp::now().as_millisecond() - started_at_ms;
    let seconds = jiff::SignedDuration::from_secs(elapsed.max(0) / 1000);
    format!("{seconds:#}")
}
