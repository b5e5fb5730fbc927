//! One step, as its file has it.

use serde::Deserialize;

use super::goal::{Evidence, Goal};
use super::matcher::Matcher;
use super::reason::Reason;
use super::{LessonError, parse};
use crate::flaw::Flaw;
use crate::profile::ProfileName;
use crate::words::{Lang, Message};

/// One step of the tutorial: one new idea, one thing to do, and how the broker is asked whether it is done.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// `phase1.wrong-password`: stable, progress is kept under it.
    #[serde(skip)]
    pub id: String,
    /// The phase.
    #[serde(skip, default = "first_phase")]
    pub phase: ProfileName,
    /// Its place in the phase, from 1 on.
    #[serde(skip)]
    pub number: usize,
    /// Its file.
    #[serde(skip)]
    pub path: String,
    /// The text of the file.
    #[serde(skip)]
    source: String,
    /// The idea that is new here: a term of `phases/terms.toml`.
    pub teaches: String,
    /// Ideas that it uses; an earlier step taught each.
    #[serde(default)]
    pub uses: Vec<String>,
    /// What to type, in order: `kafkalab …`, with `VARIABLE=value` before it where one is needed. Enter runs them.
    pub commands: Vec<String>,
    /// With which code the last command ends. Any other than 0 is announced before: it will be refused, and that is
    /// the point.
    #[serde(default)]
    pub exit: u8,
    /// What must hold at the end; the goal that is shown is made of these.
    #[serde(rename = "check")]
    pub checks: Vec<Goal>,
    /// A question to answer before the broker does.
    pub predict: Option<Prediction>,
    /// The same with other tools.
    #[serde(default)]
    pub voices: Voices,
    /// Plausible wrong actions, which must leave the step "not yet".
    #[serde(default)]
    pub wrong: Vec<Wrong>,
    en: StepText,
    #[serde(rename = "pt-BR")]
    pt_br: StepText,
}

/// What a step says, in one language.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepText {
    /// A few words.
    pub title: String,
    /// The reason, before the command: short paragraphs, an empty line between them.
    pub why: String,
    /// What will be seen.
    pub look: String,
    /// What was seen, and what it means: told after success.
    pub seen: String,
    /// The first hint: a nudge that does not give the command away.
    pub nudge: String,
}

/// A question with a choice of answers. Which one is right is decided by what the broker did, not written down.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prediction {
    /// The question.
    pub en: String,
    /// The question in Portuguese.
    #[serde(rename = "pt-BR")]
    pub pt_br: String,
    /// The answers to choose from, in order.
    pub choice: Vec<Choice>,
}

/// One answer, and the outcome of the step's last command that makes it the right one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// The answer.
    pub en: String,
    /// The answer in Portuguese.
    #[serde(rename = "pt-BR")]
    pub pt_br: String,
    /// What the last run of the step's command was like, if this answer is right.
    pub when: Matcher,
}

/// "The same with": lines to paste. Placeholders are filled from the profile of the phase: `{bootstrap_server}`,
/// `{plaintext_server}`, `{topic}`, `{group}`, `{principal}`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Voices {
    /// Apache's own tools, with their current option names.
    #[serde(default)]
    pub apache: Vec<VoiceLine>,
    /// Settings or code of Laravel (laravel-kafka 2.10).
    #[serde(default)]
    pub laravel: Vec<VoiceLine>,
    /// Settings or code of NestJS (KafkaJS).
    #[serde(default)]
    pub nest: Vec<VoiceLine>,
}

/// A line of a voice. Code is the same in every language; a comment is read by people.
#[derive(Debug, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum VoiceLine {
    /// Code, a setting or a command.
    Code(String),
    /// A comment.
    Comment {
        /// The comment in English.
        en: String,
        /// The comment in Portuguese.
        #[serde(rename = "pt-BR")]
        pt_br: String,
    },
}

impl VoiceLine {
    /// The line in a language.
    pub fn text(&self, lang: Lang) -> &str {
        match (self, lang) {
            (Self::Code(line), _) => line,
            (Self::Comment { en, .. }, Lang::En) => en,
            (Self::Comment { pt_br, .. }, Lang::PtBr) => pt_br,
        }
    }
}

/// A plausible wrong action.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wrong {
    /// What is done instead.
    pub commands: Vec<String>,
    /// The reason that the check must give, such as `no-new-record`.
    pub reason: Reason,
}

impl Step {
    /// Reads the file of a step; its place among the others is not known yet.
    pub(super) fn read(phase: &str, file: &str, path: &str, text: &str) -> Result<Self, LessonError> {
        let misnamed =
            || LessonError { path: path.to_owned(), problem: "a step is called NN-name.toml".to_owned() };
        let id = id_of(phase, file).ok_or_else(misnamed)?;
        let step: Self = parse(path, text)?;
        Ok(Self { id, path: path.to_owned(), source: text.to_owned(), ..step })
    }

    /// A flaw at the first line of the file that holds `part`.
    pub fn flaw(&self, part: &str, problem: impl Into<Message>) -> Flaw {
        match part {
            "" => Flaw::new(&self.path, problem),
            part => Flaw::at(&self.path, &self.source, part, problem),
        }
    }

    /// The texts of a language.
    pub fn text(&self, lang: Lang) -> &StepText {
        lang.pick(&self.en, &self.pt_br)
    }

    /// `phase1.3`: how a learner calls it.
    pub fn numbered(&self) -> String {
        format!("{}.{}", self.phase.name(), self.number)
    }

    /// How many answers its question offers; none without a question.
    pub fn choices(&self) -> usize {
        self.predict.as_ref().map_or(0, |question| question.choice.len())
    }

    /// Whether any client may have done it, or only kafkalab's own run can prove it.
    pub fn evidence(&self) -> Evidence {
        let observed = self.checks.iter().any(|check| check.evidence() == Evidence::Observed);
        if observed { Evidence::Observed } else { Evidence::Broker }
    }
}

impl Prediction {
    /// The question in a language.
    pub fn question(&self, lang: Lang) -> &str {
        lang.pick(&self.en, &self.pt_br)
    }
}

impl Choice {
    /// The answer in a language.
    pub fn answer(&self, lang: Lang) -> &str {
        lang.pick(&self.en, &self.pt_br)
    }
}

/// Filled in by the loader right after parsing.
fn first_phase() -> ProfileName {
    ProfileName::Phase0
}

/// `phase1` and `03-wrong-password.toml` make `phase1.wrong-password`.
fn id_of(phase: &str, file: &str) -> Option<String> {
    let (number, name) = file.strip_suffix(".toml")?.split_once('-')?;
    let numbered = number.len() == 2 && number.bytes().all(|byte| byte.is_ascii_digit());
    let named = !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    (numbered && named).then(|| format!("{phase}.{name}"))
}
