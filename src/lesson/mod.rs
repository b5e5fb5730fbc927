//! The lessons of the tutorial: what a step says, what it lets the learner do, and how the broker is asked whether it
//! is done. Pure: lessons are data in `phases/phaseN/`, built in by `build.rs` or read from a folder.
//!
//! A phase is `phases/phaseN/phase.toml` and one file a step, `phases/phaseN/steps/NN-name.toml`. The order of the
//! file names is the order of the steps. CONTRIBUTING.md has the recipe for a new one.

mod baseline;
pub mod decide;
mod goal;
mod languages;
mod lint;
mod matcher;
mod observed;
pub mod progress;
mod reason;
pub mod session;
mod step;
#[cfg(test)]
mod tests;
pub mod typed;

use std::fs;
use std::path::Path;

use serde::Deserialize;

pub use self::baseline::Baseline;
pub use self::decide::{GoalResult, verdict_of};
pub use self::goal::{AclGoal, CommittedGoal, Evidence, Goal, GroupGoal, RanGoal, RecordGoal, TopicGoal};
pub use self::lint::{PLACEHOLDERS, lint};
pub use self::matcher::{Facts, Matcher, Mismatch, Run};
pub use self::observed::ran;
pub use self::reason::Reason;
pub use self::step::{Choice, Prediction, Step, StepText, Voices, Wrong};
pub use self::typed::CommandLine;
use crate::profile::ProfileName;
use crate::words::Lang;

include!(concat!(env!("OUT_DIR"), "/lessons.rs"));

/// The profiles that are phases of the tutorial, in the order in which they are taught.
pub const PHASES: [ProfileName; 5] =
    [ProfileName::Phase0, ProfileName::Phase1, ProfileName::Phase2, ProfileName::Phase3, ProfileName::Phase4];

/// All lessons, in the order in which they are taught.
#[derive(Debug)]
pub struct Lessons {
    /// The phases, 0 to 4.
    pub phases: Vec<Phase>,
}

/// One phase of the tutorial.
#[derive(Debug)]
pub struct Phase {
    /// The profile with which its steps run.
    pub name: ProfileName,
    /// What is said before its first step and after its last.
    pub texts: PhaseFile,
    /// Its steps, in order; the first is number 1.
    pub steps: Vec<Step>,
}

/// `phase.toml`: what a phase is about.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PhaseFile {
    /// Phases whose steps come before, such as `phase0`.
    #[serde(default)]
    pub after: Vec<String>,
    en: PhaseText,
    #[serde(rename = "pt-BR")]
    pt_br: PhaseText,
}

impl PhaseFile {
    /// The texts of a language.
    pub fn text(&self, lang: Lang) -> &PhaseText {
        lang.pick(&self.en, &self.pt_br)
    }
}

/// What a phase says, in one language.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PhaseText {
    /// A few words.
    pub title: String,
    /// The problem that the phase solves: a paragraph or two.
    pub intro: String,
    /// What the learner can do now, one sentence each.
    pub learnt: Vec<String>,
}

/// A file of lessons that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {problem}")]
pub struct LessonError {
    /// The file, as it is to be shown.
    pub path: String,
    /// What is wrong with it, with line and column where TOML knows them.
    pub problem: String,
}

impl Lessons {
    /// The lessons of this program.
    ///
    /// # Errors
    /// The first file that cannot be used; a test says that there is none.
    pub fn built_in() -> Result<Self, LessonError> {
        let files = BUILT_IN.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
        Self::from_files(files.collect())
    }

    /// Whether a `phases/` folder has lessons: it may have profiles only.
    pub fn are_in(folder: &Path) -> bool {
        PHASES.iter().any(|phase| folder.join(phase.name()).join("phase.toml").is_file())
    }

    /// The lessons of a `phases/` folder.
    ///
    /// # Errors
    /// The first file that cannot be used.
    pub fn from_folder(folder: &Path) -> Result<Self, LessonError> {
        let (lessons, errors) = Self::examine_folder(folder);
        errors.into_iter().next().map_or(Ok(lessons), Err)
    }

    /// What can be read of a `phases/` folder, and every file that cannot.
    pub fn examine_folder(folder: &Path) -> (Self, Vec<LessonError>) {
        let (mut files, mut errors) = (Vec::new(), Vec::new());
        for phase in PHASES {
            let root = folder.join(phase.name());
            // As among the built-in lessons, a phase without this file is not taught yet.
            if !root.join("phase.toml").is_file() {
                continue;
            }
            let mut paths: Vec<_> = fs::read_dir(root.join("steps"))
                .map(|entries| entries.filter_map(Result::ok).map(|entry| entry.path()).collect())
                .unwrap_or_default();
            paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
            paths.sort();
            paths.insert(0, root.join("phase.toml"));
            for path in paths {
                let below = path.strip_prefix(folder).unwrap_or(&path).display().to_string();
                let shown = format!("phases/{}", below.replace('\\', "/"));
                match fs::read_to_string(&path) {
                    Ok(text) => files.push((shown, text)),
                    Err(problem) => errors.push(LessonError { path: shown, problem: problem.to_string() }),
                }
            }
        }
        let (lessons, unusable) = Self::examine(files);
        errors.extend(unusable);
        (lessons, errors)
    }

    /// Lessons from `(path, text)`, the paths as they are below the repository.
    fn from_files(files: Vec<(String, String)>) -> Result<Self, LessonError> {
        let (lessons, errors) = Self::examine(files);
        errors.into_iter().next().map_or(Ok(lessons), Err)
    }

    /// What can be used of these files, and every one that cannot.
    fn examine(files: Vec<(String, String)>) -> (Self, Vec<LessonError>) {
        let (mut phases, mut errors) = (Vec::new(), Vec::new());
        for phase in PHASES {
            let (mut texts, mut steps) = (None, Vec::new());
            for (path, text) in &files {
                let below = path.strip_prefix("phases/").and_then(|path| path.strip_prefix(phase.name()));
                let used = match below {
                    Some("/phase.toml") => parse(path, text).map(|file| texts = Some(file)),
                    Some(below) => match below.strip_prefix("/steps/") {
                        Some(file) => Step::read(phase.name(), file, path, text).map(|step| steps.push(step)),
                        None => Ok(()),
                    },
                    None => Ok(()),
                };
                errors.extend(used.err());
            }
            for (index, step) in steps.iter_mut().enumerate() {
                (step.phase, step.number) = (phase, index + 1);
            }
            phases.extend(texts.map(|texts| Phase { name: phase, texts, steps }));
        }
        (Self { phases }, errors)
    }

    /// All steps, in order.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.phases.iter().flat_map(|phase| &phase.steps)
    }

    /// The step with this id, or `phase2` (its first step), or `phase2.3`, or `phase2.wrong-password`.
    pub fn find(&self, name: &str) -> Option<&Step> {
        self.steps().find(|step| {
            let number = step.numbered();
            step.id == name || number == name || (step.number == 1 && step.phase.name() == name)
        })
    }
}

/// A file as what it must be, with every text in both languages.
fn parse<T: serde::de::DeserializeOwned>(path: &str, text: &str) -> Result<T, LessonError> {
    let unusable = |problem: String| LessonError { path: path.to_owned(), problem };
    let table: toml::Table = toml::from_str(text).map_err(|problem| unusable(problem.to_string()))?;
    languages::both_languages(&table).map_err(unusable)?;
    toml::from_str(text).map_err(|problem| unusable(problem.to_string()))
}
