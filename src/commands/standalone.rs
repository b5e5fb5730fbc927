//! What phases 1 and 2 have alike: one application with its own principal, topic and group.

use super::matrix::{self, Row};
use super::{Context, checks, connect, consume, logins, produce};
use crate::client::rights::Attempt;
use crate::error::Result;
use crate::profile::{Profile, ProfileName};
use crate::report::{Block, Check, Report};
use crate::words::standalone as words;

/// The commands of a phase with one application.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Write records and show the broker's acknowledgement of each.
    Produce(produce::Args),
    /// Read records, from chosen partitions or as a member of a group.
    Consume(consume::Args),
    /// Check the phase end to end: login, refused logins, a message there and back through a group, the traps of the
    /// phase, and who may do what.
    Verify,
}

/// The phase as it is being verified.
pub(super) struct Standalone<'c> {
    context: &'c Context,
    /// The settings in force.
    pub profile: Profile,
    /// The topic of the phase.
    pub topic: String,
    /// The group of the phase's own application, as it stands on the wire.
    pub group: String,
    checks: Vec<Check>,
    /// What was checked last, while a person waits.
    bar: indicatif::ProgressBar,
}

impl<'c> Standalone<'c> {
    /// Reaches the broker. One that cannot be reached is the command's failure, not a column of checks that could
    /// not be made.
    pub(super) async fn begin(context: &'c Context, name: ProfileName) -> Result<Self> {
        let profile = context.lab_profile(name).await?;
        drop(connect::cluster(context, &profile, words::REACHING.with(&[("phase", &name.name())])).await?);
        let topic = profile.topic.as_ref().map_or_else(String::new, |topic| topic.value.clone());
        let group = connect::group(&context.profile_as(name, &profile.owner)?).unwrap_or_default();
        let bar = context.ui.waiting(words::CHECKING);
        Ok(Self { context, profile, topic, group, checks: Vec::new(), bar })
    }

    /// Adds a check, and tells a waiting person that it was made.
    pub(super) fn add(&mut self, check: Check) {
        self.bar.set_message(check.goal.in_lang(self.context.lang()));
        self.checks.push(check);
    }

    /// The logins, then a record there and back, then through a group.
    pub(super) async fn common(&mut self) {
        for check in logins::all(self.context, &self.profile).await {
            self.add(check);
        }
        let (message, placed) =
            checks::there_and_back(self.context, &self.profile, &self.topic, &self.group).await;
        self.add(message);
        if let Some(placed) = placed {
            let through =
                checks::through_a_group(self.context, &self.profile, &self.topic, &self.group, &placed);
            let check = through.await;
            self.add(check);
        }
    }

    /// The matrix of who may do what, and the report.
    pub(super) async fn finish(mut self) -> Result<Report> {
        let attempts = [
            Attempt::Write(self.topic.clone()),
            Attempt::Read(self.topic.clone()),
            Attempt::Join(self.group.clone()),
        ];
        let rows = rows(self.context, &self.profile)?;
        let observed = matrix::observe(self.context, &rows, &attempts, &["WRITE", "READ", "GROUP"]).await;
        self.add(observed.check);
        self.bar.finish_and_clear();
        let mut report = Report::checks(self.checks, self.context.lang());
        report.body.push(Block::Gap);
        report.body.push(observed.table);
        if let Some(data) = &mut report.data {
            data.insert("matrix".to_owned(), observed.data);
        }
        let server = &self.profile.bootstrap_server.value;
        let topic = &self.topic;
        Ok(report
            .explain(words::LOGIN_THEN_RIGHTS)
            .explain(words::TWO_LOCKS.with(&[("topic", topic), ("group", &self.group)]))
            .explain(words::SAME_ANSWER)
            .same_with("Apache Kafka", [format!(
                "kafka-acls.sh --bootstrap-server {server} --command-config admin.properties --list --topic {topic}"
            )]))
    }
}

/// Every principal of the profile, and nobody in particular.
fn rows(context: &Context, profile: &Profile) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for name in &profile.principal_names {
        let allowed = *name == profile.owner;
        rows.push(Row { profile: context.profile_as(profile.name, name)?, expected: vec![allowed; 3] });
    }
    if let Some(anonymous) = profile.without_login() {
        rows.push(Row { profile: anonymous, expected: vec![false; 3] });
    }
    Ok(rows)
}
