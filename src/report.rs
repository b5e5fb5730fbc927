//! What a command found out, as plain values. `ui` turns it into text for people or JSON for programs.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::error::Kind;
use crate::lanes::Lanes;
use crate::words::Message;

/// The answer of a check, from good to bad. An unreachable broker is never a wrong answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The broker confirms it.
    Done,
    /// The broker answers, and it is not so.
    NotYet,
    /// The broker could not be asked.
    CouldNotCheck,
}

impl Verdict {
    /// Every answer.
    pub const ALL: [Self; 3] = [Self::Done, Self::NotYet, Self::CouldNotCheck];

    /// Its ASCII symbol; colour only repeats it.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Done => "[ok]",
            Self::NotYet => "[--]",
            Self::CouldNotCheck => "[??]",
        }
    }

    /// The verdict on several checks together: done if each of them is, could not check if any could not.
    pub fn of_all(verdicts: impl IntoIterator<Item = Self>) -> Self {
        verdicts.into_iter().max().unwrap_or(Self::Done)
    }

    /// How a command ends whose result this is; `None` for success.
    pub fn outcome(self) -> Option<Kind> {
        match self {
            Self::Done => None,
            Self::NotYet => Some(Kind::NotMet),
            Self::CouldNotCheck => Some(Kind::Unreachable),
        }
    }
}

/// One thing that was checked, with what the broker answered.
#[derive(Debug, Clone)]
pub struct Check {
    /// A stable name for JSON, such as `denied-nest`.
    pub id: &'static str,
    /// What should hold.
    pub goal: Message,
    /// Whether it does.
    pub verdict: Verdict,
    /// What was seen.
    pub evidence: Vec<Message>,
}

impl Check {
    /// A check with its evidence.
    pub fn new(
        id: &'static str,
        goal: impl Into<Message>,
        verdict: Verdict,
        evidence: impl Into<Message>,
    ) -> Self {
        Self { id, goal: goal.into(), verdict, evidence: vec![evidence.into()] }
    }
}

/// Rows under heads; heads are single words in capitals.
#[derive(Debug, Clone, Default)]
pub struct Table {
    /// One word a column.
    pub head: Vec<&'static str>,
    /// As many cells a row as there are heads.
    pub rows: Vec<Vec<String>>,
}

/// What became of one check of a diagnosis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    /// It is as it should be.
    Passed,
    /// It is not.
    Failed,
    /// It was not looked at; what was seen says why.
    Skipped,
}

/// One check of a diagnosis, and what to do about it.
#[derive(Debug, Clone)]
pub struct Finding {
    /// A stable name for JSON, such as `tcp`.
    pub check: &'static str,
    /// The name of the check for people.
    pub label: Message,
    /// Whom or what it was about, where several are checked; else empty.
    pub about: String,
    /// What became of it.
    pub found: Found,
    /// The class of a failure.
    pub kind: Option<Kind>,
    /// What was seen, or why nothing was; the first sentence says the most important.
    pub seen: Vec<Message>,
    /// Commands or settings to paste.
    pub next: Vec<String>,
}

impl Finding {
    /// What a person calls it: `DNS`, or `login laravel` where several are checked.
    pub fn name(&self, lang: crate::words::Lang) -> String {
        format!("{} {}", self.label.in_lang(lang), self.about).trim_end().to_owned()
    }
}

/// The findings about one thing.
#[derive(Debug, Clone)]
pub struct Findings {
    /// The thing.
    pub head: Message,
    /// The findings, in the order in which they were made.
    pub rows: Vec<Finding>,
}

/// A part of a result.
#[derive(Debug, Clone)]
pub enum Block {
    /// A sentence.
    Line(Message),
    /// A table.
    Table(Table),
    /// Checks with their verdicts.
    Checks(Vec<Check>),
    /// Which record lies in which partition.
    Lanes(Lanes),
    /// Findings of a diagnosis, thing by thing.
    Findings(Vec<Findings>),
    /// A title above what follows.
    Title(Message),
    /// Paragraphs, an empty line between them, in lines that are not too long to read.
    Prose(Message),
    /// Labels in a column of their own, each with a text beside it.
    Labelled(Vec<(Message, Message)>),
    /// Text that keeps its line breaks.
    Verbatim(String),
    /// A file for another program: its lines are never broken, and nothing stands beside them.
    File(String),
    /// An empty line.
    Gap,
}

/// What a result means, shown beside it.
#[derive(Debug, Clone, Default)]
pub struct Explanation {
    /// Sentences about *this* result; the first says the most important.
    pub paragraphs: Vec<Message>,
    /// The same with other tools: a label, and lines to paste.
    pub same_with: Vec<(String, Vec<String>)>,
}

/// The result of a command.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// What a person reads.
    pub body: Vec<Block>,
    /// What it means.
    pub explanation: Explanation,
    /// What a program reads; `command` and `version` are added when it is printed. None: the command has written
    /// its data already.
    pub data: Option<Map<String, Value>>,
    /// A class of failure that the result itself shows, such as checks that say "not yet".
    pub outcome: Option<Kind>,
    /// What has happened all the same if this cannot be shown, such as a disk that is full.
    pub done: Option<Message>,
}

impl Report {
    /// A report with its data: an object, made with `json!`.
    pub fn new(data: Value) -> Self {
        let data = match data {
            Value::Object(fields) => fields,
            other => Map::from_iter([("result".to_owned(), other)]),
        };
        Self { data: Some(data), ..Self::default() }
    }

    /// The report of a command that has written its data itself, record by record.
    pub fn streamed() -> Self {
        Self::default()
    }

    /// Adds a sentence.
    #[must_use]
    pub fn line(mut self, line: impl Into<Message>) -> Self {
        self.body.push(Block::Line(line.into()));
        self
    }

    /// Adds a part.
    #[must_use]
    pub fn block(mut self, block: Block) -> Self {
        self.body.push(block);
        self
    }

    /// Adds a sentence of explanation.
    #[must_use]
    pub fn explain(mut self, paragraph: impl Into<Message>) -> Self {
        self.explanation.paragraphs.push(paragraph.into());
        self
    }

    /// Adds the same with another tool.
    #[must_use]
    pub fn same_with(mut self, label: impl Into<String>, lines: impl IntoIterator<Item = String>) -> Self {
        self.explanation.same_with.push((label.into(), lines.into_iter().collect()));
        self
    }

    /// A report of checks. It is not met unless all are done, and could not be checked if any could not.
    pub fn checks(checks: Vec<Check>, lang: crate::words::Lang) -> Self {
        let rows: Vec<Value> = checks.iter().map(|check| check_json(check, lang)).collect();
        let mut report = Self::new(serde_json::json!({ "checks": rows }));
        report.outcome = Verdict::of_all(checks.iter().map(|check| check.verdict)).outcome();
        report.block(Block::Checks(checks))
    }
}

fn check_json(check: &Check, lang: crate::words::Lang) -> Value {
    let evidence: Vec<String> = check.evidence.iter().map(|message| message.in_lang(lang)).collect();
    serde_json::json!({
        "id": check.id,
        "goal": check.goal.in_lang(lang),
        "verdict": check.verdict,
        "evidence": evidence,
    })
}
