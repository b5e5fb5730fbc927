//! What was found about a step: the verdict on each of its goals, and what kafkalab saw meanwhile.

use crate::commands::{Context, evidence};
use crate::lesson::{Baseline, GoalResult, Run, Step, verdict_of};
use crate::report::{Check, Verdict};
use crate::words::{Lang, Message};

/// What a check has found.
#[derive(Debug, Clone, Default)]
pub(in crate::commands) struct Found {
    /// The goals, in the order of the step.
    pub(in crate::commands) results: Vec<GoalResult>,
    /// The runs of kafkalab since the step began, oldest first.
    runs: Vec<Run>,
    /// The verdict, where no goal had to be asked for.
    known: Option<Verdict>,
}

impl Found {
    /// A step that somebody has finished before.
    pub(in crate::commands) fn already() -> Self {
        Self { known: Some(Verdict::Done), ..Self::default() }
    }

    /// Whether the step is done.
    pub(in crate::commands) fn verdict(&self) -> Verdict {
        self.known.unwrap_or_else(|| verdict_of(&self.results))
    }

    /// Nobody could be asked.
    pub(in crate::commands) fn unknown() -> Self {
        Self { known: Some(Verdict::CouldNotCheck), ..Self::default() }
    }

    /// The goals as a program reads them.
    pub(in crate::commands) fn json(&self, lang: Lang) -> Vec<serde_json::Value> {
        self.results.iter().map(|result| result.to_json(lang)).collect()
    }

    /// What was seen of each goal that is not met.
    pub(in crate::commands) fn evidence(&self) -> impl Iterator<Item = Message> {
        let open = self.results.iter().filter(|result| result.verdict != Verdict::Done);
        open.map(|result| result.evidence.clone())
    }

    /// The goals as they are shown.
    pub(in crate::commands) fn checks(&self) -> Vec<Check> {
        let id = |result: &GoalResult| result.reason.map_or("done", |reason| reason.id());
        self.results
            .iter()
            .map(|result| {
                Check::new(id(result), result.goal.clone(), result.verdict, result.evidence.clone())
            })
            .collect()
    }

    /// How many records the runs wrote and read.
    pub(in crate::commands) fn records(&self) -> (u64, u64) {
        let sum = |fact: &str| {
            let found = self.runs.iter().filter_map(|run| run.facts.get(fact));
            found.filter_map(serde_json::Value::as_u64).sum()
        };
        (sum("acknowledged"), sum("records"))
    }

    /// The answer to the step's question that the last run decided for; none if no run fits any.
    pub(in crate::commands) fn right_choice(&self, step: &Step) -> Option<usize> {
        let choices = &step.predict.as_ref()?.choice;
        let fits = |run: &Run| choices.iter().position(|choice| choice.when.check(run).is_ok());
        self.runs.iter().rev().find_map(fits)
    }
}

/// Asks the broker about every goal of a step.
pub(in crate::commands) async fn check(context: &Context, step: &Step, baseline: &Baseline) -> Found {
    let runs = evidence::runs_since(context, baseline.at_ms);
    let results = evidence::check(context, step, baseline, &runs).await;
    Found { results, runs, known: None }
}
