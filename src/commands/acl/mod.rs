//! `kafkalab acl list | add | apply | diff | explain | delete | render`, as `admin` unless `--as` says otherwise.

mod add;
mod apply;
mod args;
mod delete;
pub(in crate::commands) mod explain;
mod list;
pub(in crate::commands) mod table;

use serde_json::json;

use super::{Context, connect, trouble};
use crate::acl::{AclFilter, AclSet, render};
use crate::client::raw::admin::acls;
use crate::client::raw::{BrokerError, Cluster, RawError};
use crate::client::{self, Failure, Need};
use crate::error::{Error, Result};
use crate::profile::Profile;
use crate::report::{Block, Report};
use crate::words::{Message, Text, acl as words};

/// What to do with ACLs.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// The ACLs of the cluster.
    List(args::Selection),
    /// Add one ACL to the cluster, in no file: `acl diff` shows it, `acl apply --prune` takes it away again.
    Add(add::Args),
    /// Add the ACLs of your files to the cluster.
    Apply {
        /// Also delete what is on the cluster and in no file.
        #[arg(long)]
        prune: bool,
    },
    /// What your files and the cluster have and the other has not.
    Diff,
    /// Whether a principal may do something, which rule decides, what nearly matched, and what would change it.
    Explain(explain::Args),
    /// Delete ACLs of the cluster.
    Delete(args::Selection),
    /// Your files as kafka-acls.sh commands.
    Render,
}

pub(super) async fn run(context: &Context, command: &Command) -> Result<Report> {
    match command {
        Command::List(selection) => list::run(context, &selection.filter()?).await,
        Command::Add(args) => add::run(context, args).await,
        Command::Apply { prune } => apply::run(context, *prune).await,
        Command::Diff => apply::diff(context).await,
        Command::Explain(args) => explain::run(context, args).await,
        Command::Delete(selection) => delete::run(context, &selection.filter()?).await,
        Command::Render => rendered(context),
    }
}

fn rendered(context: &Context) -> Result<Report> {
    let script = render::script(context.acl_files()?.set().iter());
    Ok(Report::new(json!({ "script": script })).block(Block::File(script)).explain(words::RENDERED))
}

/// The cluster's ACLs that pass a filter.
async fn of_cluster(
    context: &Context,
    profile: &Profile,
    cluster: &mut Cluster,
    filter: &AclFilter,
) -> Result<AclSet> {
    match acls::describe_acls(cluster, filter).await {
        Ok(found) => Ok(found.into_iter().collect()),
        Err(failure) => Err(refused(context, profile, words::ASKING, "DESCRIBE", failure).await),
    }
}

/// The error block of a request that needs `operation` on the cluster.
pub(in crate::commands) async fn refused(
    context: &Context,
    profile: &Profile,
    doing: impl Into<Message>,
    operation: &'static str,
    failure: RawError,
) -> Error {
    const CLUSTER_AUTHORIZATION_FAILED: i16 = 31;
    let error = match failure {
        RawError::Broker(error) if error.code == CLUSTER_AUTHORIZATION_FAILED => error,
        other => return trouble::explain_raw(profile, doing, &other).await,
    };
    let said = error.message.clone().unwrap_or_else(|| error.name().to_owned());
    let need = Need { operation, resource: client::Resource::Cluster };
    let failure = Failure {
        code: Some(client::Code::new(error.name(), i32::from(error.code))),
        ..Failure::new(client::Kind::Authorization, said).needing([need])
    };
    trouble::explain(context, profile, doing, &failure).await
}

/// The results of a request with one answer for each ACL; the first refusal stands for all, as they share their cause.
async fn all_accepted<T>(
    context: &Context,
    profile: &Profile,
    doing: Text,
    results: std::result::Result<Vec<std::result::Result<T, BrokerError>>, RawError>,
) -> Result<Vec<T>> {
    let results = results.and_then(|all| Ok(all.into_iter().collect::<std::result::Result<Vec<T>, _>>()?));
    match results {
        Ok(values) => Ok(values),
        Err(failure) => Err(refused(context, profile, doing, "ALTER", failure).await),
    }
}

/// Whether the address is the lab's own and not one that was given for this run.
fn is_lab(profile: &Profile) -> bool {
    !profile.bootstrap_server.source.is_given()
}

/// The beginning of a `kafka-acls.sh` command for the cluster of a profile.
fn kafka_acls(profile: &Profile) -> String {
    format!(
        "kafka-acls.sh --bootstrap-server {} --command-config admin.properties",
        profile.bootstrap_server.value
    )
}
