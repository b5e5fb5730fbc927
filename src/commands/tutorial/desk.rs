//! What a tutorial has on its desk: the lessons, the cluster they are done on, and what is written down of them.

use super::found::Found;
use crate::client::raw::admin::brokers;
use crate::commands::{Context, connect, evidence, prepare, trouble, up};
use crate::error::{Error, Kind, Result};
use crate::lab::Home;
use crate::lesson::progress::Progress;
use crate::lesson::{Lessons, Step};
use crate::profile::ProfileName;
use crate::report::Verdict;
use crate::words::tutorial as words;

/// The desk of one tutorial.
pub(in crate::commands) struct Desk<'c> {
    /// The door to everything else.
    pub(in crate::commands) context: &'c Context,
    /// The lessons.
    pub(in crate::commands) lessons: &'c Lessons,
    home: Home,
    cluster: String,
}

impl<'c> Desk<'c> {
    /// Reaches the cluster, which starts the lab if the profiles point at it, and remembers which cluster it is.
    pub(in crate::commands) async fn open(context: &'c Context, lessons: &'c Lessons) -> Result<Self> {
        let cluster = cluster_id(context).await?;
        let desk = Self { context, lessons, home: context.home()?, cluster };
        desk.change(|_| ())?;
        Ok(desk)
    }

    /// How far the learner came on this cluster.
    pub(in crate::commands) fn progress(&self) -> Result<Progress> {
        Ok(self.home.read_progress()?.clusters.remove(&self.cluster).unwrap_or_default())
    }

    /// Changes what is written down.
    pub(in crate::commands) fn change(&self, change: impl FnOnce(&mut Progress)) -> Result<()> {
        self.home.change_progress(|book| {
            book.last = Some(self.cluster.clone());
            change(book.clusters.entry(self.cluster.clone()).or_default());
        })
    }

    /// Begins a step: asks the broker what it looks like now, unless the step is under way already.
    pub(in crate::commands) async fn begin(&self, step: &Step) -> Result<()> {
        if self.progress()?.under_way().is_some_and(|current| current.step == step.id) {
            return Ok(());
        }
        if self.prepares()? {
            prepare::for_step(self.context, step).await?;
        }
        let baseline = evidence::baseline(self.context, step).await?;
        self.change(|progress| progress.begin(step, baseline, now_ms()))
    }

    /// Whether the tutorial prepares the cluster. On one of somebody else's `up --engine external` does, and asks first.
    pub(super) fn prepares(&self) -> Result<bool> {
        let context = self.context;
        let admin = || context.profile_as(ProfileName::Admin, "admin");
        Ok(context.global.yes || !up::is_external(context, &admin()?)?)
    }

    /// Asks the broker whether the step that is under way is done.
    pub(in crate::commands) async fn check(&self, step: &Step) -> Result<Found> {
        let progress = self.progress()?;
        let current = progress.under_way().filter(|current| current.step == step.id);
        match current {
            Some(current) => Ok(super::found::check(self.context, step, &current.baseline).await),
            // Somebody has done it meanwhile: another tutorial, or `watch`.
            None if progress.is_done(step) => Ok(Found::already()),
            None => Err(Error::new(Kind::Failed, words::NOT_BEGUN.with(&[("step", &step.numbered())]))),
        }
    }

    /// Writes down that a step is done, if it is.
    pub(in crate::commands) fn keep(&self, step: &Step, found: &Found) -> Result<()> {
        if found.verdict() != Verdict::Done {
            return Ok(());
        }
        self.change(|progress| {
            progress.finish(step, found.records(), now_ms());
            if let Some(right) = found.right_choice(step) {
                progress.decided(step, right);
            }
        })
    }
}

/// The time, in milliseconds since 1970.
pub(in crate::commands) fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// The id of the cluster that `admin` reaches; without an administrator, the one that answers anonymously.
async fn cluster_id(context: &Context) -> Result<String> {
    let admin = context.lab_profile(ProfileName::Admin).await?;
    let mut cluster = match connect::cluster(context, &admin, words::REACHING).await {
        Ok(cluster) => cluster,
        Err(refused) if refused.kind == Kind::Authentication => {
            let phase0 = context.profile(ProfileName::Phase0)?;
            connect::cluster(context, &phase0, words::REACHING).await?
        }
        Err(failure) => return Err(failure),
    };
    match brokers::describe_cluster(&mut cluster).await {
        Ok(described) => Ok(described.cluster_id),
        Err(failure) => Err(trouble::explain_raw(&admin, words::REACHING, &failure).await),
    }
}
