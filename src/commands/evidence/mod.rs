//! The evidence of a lesson: what the broker holds and what kafkalab saw, measured from the moment a step began.
//!
//! [`baseline()`] is taken when a step begins; [`check`] is asked as often as one likes. Both ask the broker as `admin`,
//! and gather facts only: what they mean is decided in [`crate::lesson::decide`].

mod acls;
mod baseline;
mod groups;
mod records;
mod runs;

use super::{Context, connect};
use crate::client::raw::Cluster;
use crate::lesson::decide::{self, Decision};
use crate::lesson::{Baseline, Goal, GoalResult, Run, Step, ran};
use crate::profile::ProfileName;

pub use self::baseline::baseline;
pub use self::runs::runs_since;
pub(super) use self::runs::{run_of, write_down};

/// Asks whether each goal of a step is met. `runs` are those that kafkalab saw since the step began. Never fails: what
/// cannot be asked is a verdict of its own.
pub async fn check(context: &Context, step: &Step, baseline: &Baseline, runs: &[Run]) -> Vec<GoalResult> {
    let mut asker = Asker { context, admin: None };
    let mut results = Vec::new();
    for goal in &step.checks {
        let decided = asker.decide(step.phase, goal, baseline, runs).await;
        results.push(decided.unwrap_or_else(|problem| Decision::could_not(&problem)).of(goal));
    }
    results
}

/// Asks the broker; the connection as `admin` is opened when a goal needs it.
struct Asker<'a> {
    context: &'a Context,
    admin: Option<Cluster>,
}

impl Asker<'_> {
    /// # Errors
    /// Why the broker could not be asked.
    async fn decide(
        &mut self,
        phase: ProfileName,
        goal: &Goal,
        baseline: &Baseline,
        runs: &[Run],
    ) -> Result<Decision, String> {
        let decided = match goal {
            Goal::Topic(goal) => {
                let partitions = records::partitions(self.admin().await?, &goal.topic).await;
                partitions.map(|partitions| decide::topic(goal, partitions))
            }
            Goal::Record(goal) => {
                let found = records::since(self.admin().await?, &goal.topic, baseline).await;
                found.map(|found| decide::record(goal, found.as_ref()))
            }
            Goal::Committed(goal) => {
                let places = groups::places(self.admin().await?, goal, baseline).await;
                places.map(|places| decide::committed(goal, places.as_deref()))
            }
            Goal::Acl(goal) => {
                let found = acls::of_resource(self.admin().await?, goal).await?;
                return Ok(decide::acl(goal, found.is_there, &found.others));
            }
            Goal::Group(goal) => {
                let found = groups::describe(self.admin().await?, &goal.group).await;
                found.map(|found| decide::group(goal, found.as_ref()))
            }
            Goal::Ran(goal) => {
                let addresses = self.reach(phase).await?;
                return Ok(ran(goal, runs, &addresses));
            }
        };
        decided.map_err(|problem| problem.to_string())
    }

    async fn admin(&mut self) -> Result<&mut Cluster, String> {
        let cluster = match self.admin.take() {
            Some(cluster) => cluster,
            None => {
                let admin = self.context.profile_as(ProfileName::Admin, "admin");
                let admin = admin.map_err(|error| error.to_string())?;
                let cluster = connect::raw(&admin, self.context.global.timeout).await;
                cluster.map_err(|problem| problem.to_string())?
            }
        };
        Ok(self.admin.insert(cluster))
    }

    /// The addresses of the lesson's broker, once it has answered. What kafkalab saw says something about that broker
    /// only while it is there.
    async fn reach(&self, phase: ProfileName) -> Result<Vec<String>, String> {
        let context = self.context;
        let profiles = [context.profile(phase), context.profile_as(ProfileName::Admin, "admin")];
        let [lesson, admin] = profiles.map(|profile| profile.map_err(|error| error.to_string()));
        let (lesson, admin) = (lesson?, admin?);
        let answers =
            async { connect::bare(&lesson, context.global.timeout).await?.api_versions().await.map(drop) };
        answers.await.map_err(|problem| problem.to_string())?;
        let servers = [Some(lesson.bootstrap_server), lesson.plaintext_server, Some(admin.bootstrap_server)];
        Ok(servers.into_iter().flatten().map(|server| server.value).collect())
    }
}
