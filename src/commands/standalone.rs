//! What phases 1 and 2 have alike: one application with its own principal, topic and group.

use super::matrix::{self, Row};
use super::{Context, checks, connect, consume, logins, produce};
use crate::client::rights::Attempt;
use crate::error::Result;
use crate::profile::{Profile, ProfileName};
use crate::report::{Block, Check, Report, Verdict};
use crate::words::{Message, standalone as words};

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
    /// Every principal of the phase, and nobody in particular, with what each should be able to do.
    rows: Vec<Row>,
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
        let rows = rows(&profile, |principal| context.profile_as(name, principal))?;
        let bar = context.ui.waiting(words::CHECKING);
        Ok(Self { context, profile, topic, group, rows, checks: Vec::new(), bar })
    }

    /// The phase as a part of another one's verification, on the same broker.
    fn beside(context: &'c Context, name: ProfileName) -> Result<Self> {
        let profile = context.profile_beside(name, None)?;
        let topic = profile.topic.as_ref().map_or_else(String::new, |topic| topic.value.clone());
        let group = connect::group(&profile).unwrap_or_default();
        let rows = rows(&profile, |principal| context.profile_beside(name, Some(principal)))?;
        let bar = indicatif::ProgressBar::hidden();
        Ok(Self { context, profile, topic, group, rows, checks: Vec::new(), bar })
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

    /// Who may do what.
    async fn matrix(&self) -> matrix::Observed {
        let attempts = [
            Attempt::Write(self.topic.clone()),
            Attempt::Read(self.topic.clone()),
            Attempt::Join(self.group.clone()),
        ];
        matrix::observe(self.context, &self.rows, &attempts, &["WRITE", "READ", "GROUP"]).await
    }

    /// The matrix of who may do what, and the report.
    pub(super) async fn finish(mut self) -> Result<Report> {
        let observed = self.matrix().await;
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

/// All that the phases with one application have alike, as one check of another phase: done if each part is, else the
/// verdict and the evidence of the first that is not.
pub(super) async fn still_holds(context: &Context, name: ProfileName) -> Result<Check> {
    let mut phase = Standalone::beside(context, name)?;
    phase.common().await;
    let observed = phase.matrix().await;
    phase.add(observed.check);
    let (id, goal) = (name.name(), words::STILL_HOLDS.with(&[("phase", &name.name())]));
    let parts = phase.checks.iter().map(|check| check.id).collect::<Vec<_>>().join(", ");
    let Some(problem) = phase.checks.into_iter().find(|check| check.verdict != Verdict::Done) else {
        return Ok(Check::new(id, goal, Verdict::Done, words::PARTS_DONE.with(&[("parts", &parts)])));
    };
    let evidence = [Message::from(problem.id.to_owned()), problem.goal].into_iter().chain(problem.evidence);
    Ok(Check { id, goal, verdict: problem.verdict, evidence: evidence.collect() })
}

/// Every principal of a profile, and nobody in particular: only the phase's own may do anything.
fn rows(profile: &Profile, of: impl Fn(&str) -> Result<Profile>) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for name in &profile.principal_names {
        rows.push(Row { profile: of(name)?, expected: vec![*name == profile.owner; 3] });
    }
    if let Some(anonymous) = profile.without_login() {
        rows.push(Row { profile: anonymous, expected: vec![false; 3] });
    }
    Ok(rows)
}
