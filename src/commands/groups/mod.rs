//! `kafkalab groups list | describe | reset`, as `admin` unless `--as` says otherwise, and the picture of a group that
//! other commands draw too.

mod describe;
mod fetch;
mod list;
mod picture;
mod reset;
mod watch;

pub use self::fetch::{fetch, fetch_all, fetch_over, places};
pub use self::picture::{GroupPicture, MemberPicture, PartitionPlace};

use super::{Context, voices};
use crate::error::Result;
use crate::profile::Profile;
use crate::report::Report;

/// What to do with groups.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// The groups that the principal may see, with state, members and lag.
    List,
    /// Who reads which partition, and how far the group has come in each.
    Describe {
        /// The group.
        #[arg(value_name = "GROUP", required = true)]
        groups: Vec<String>,
        /// Draw it again whenever it changes, until Ctrl-C.
        #[arg(short, long)]
        watch: bool,
    },
    /// Put a group that nobody is in to another place, after asking.
    Reset(reset::Args),
}

pub(super) async fn run(context: &Context, command: &Command) -> Result<Report> {
    match command {
        Command::List => list::run(context).await,
        Command::Describe { groups, watch: true } => watch::run(context, groups).await,
        Command::Describe { groups, watch: false } => describe::run(context, groups).await,
        Command::Reset(args) => reset::run(context, args).await,
    }
}

/// Lines for Apache's own tool, and the comment that says what its file of properties holds.
fn apache(profile: &Profile, options: impl IntoIterator<Item = String>) -> Vec<String> {
    let server = &profile.bootstrap_server.value;
    let login = voices::apache_option(profile);
    let line = |options| format!("kafka-consumer-groups.sh --bootstrap-server {server}{login} {options}");
    options.into_iter().map(line).chain(voices::apache_file(profile)).collect()
}

/// Partitions in a sentence: `orders 0,1; returns 2`.
fn in_words<'a>(places: impl IntoIterator<Item = &'a PartitionPlace>) -> String {
    picture::owned(&places.into_iter().map(PartitionPlace::at).collect::<Vec<_>>())
}
