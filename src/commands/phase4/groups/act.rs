//! An act of the lesson: what was predicted, what the broker did, what that means.

use serde_json::{Value, json};

use super::picture::Picture;
use crate::prediction::Prediction;
use crate::report::{Block, Explanation, Report};
use crate::words::{Lang, Message};

/// What became of an act.
pub(super) struct Act {
    /// What was asked beforehand.
    pub prediction: Prediction,
    /// The choice that describes what the broker did, from 0.
    pub happened: usize,
    /// What the act is about.
    pub title: Message,
    /// What a person reads.
    pub body: Vec<Block>,
    /// What it means.
    pub explanation: Explanation,
    /// What a program reads, beside title, prediction and pictures.
    pub data: Value,
    /// The group after each rebalance.
    pub pictures: Vec<Picture>,
    /// Whether Kafka did what this act is there to show.
    pub holds: bool,
}

impl Act {
    /// An act that has been played, without a word about it yet.
    pub(super) fn new(
        title: impl Into<Message>,
        prediction: Prediction,
        happened: usize,
        holds: bool,
    ) -> Self {
        Self {
            prediction,
            happened,
            title: title.into(),
            body: Vec::new(),
            explanation: Explanation::default(),
            data: json!({}),
            pictures: Vec::new(),
            holds,
        }
    }

    /// Adds a sentence.
    #[must_use]
    pub(super) fn line(mut self, line: impl Into<Message>) -> Self {
        self.body.push(Block::Line(line.into()));
        self
    }

    /// Adds the group as it is after a rebalance.
    #[must_use]
    pub(super) fn picture(mut self, picture: Picture, lang: Lang) -> Self {
        self.body.push(Block::Verbatim(picture.lines(lang).join("\n")));
        self.pictures.push(picture);
        self
    }

    /// Adds a sentence of explanation.
    #[must_use]
    pub(super) fn explain(mut self, paragraph: impl Into<Message>) -> Self {
        self.explanation.paragraphs.push(paragraph.into());
        self
    }

    /// Adds the same with another tool.
    #[must_use]
    pub(super) fn same_with(mut self, label: &str, lines: impl IntoIterator<Item = String>) -> Self {
        self.explanation.same_with.push((label.to_owned(), lines.into_iter().collect()));
        self
    }

    /// Adds what a program reads: the fields of an object.
    #[must_use]
    pub(super) fn data(mut self, data: Value) -> Self {
        self.data = data;
        self
    }

    /// The act on a screen, below its title.
    pub(super) fn report(&self) -> Report {
        let mut body: Vec<Block> =
            self.prediction.compared(self.happened).map(Block::Line).into_iter().collect();
        for block in &self.body {
            if matches!(block, Block::Verbatim(_)) && !body.is_empty() {
                body.push(Block::Gap);
            }
            body.push(block.clone());
        }
        Report { body, explanation: self.explanation.clone(), ..Report::default() }
    }

    /// The act for a program.
    pub(super) fn to_json(&self, lang: Lang) -> Value {
        let mut data = json!({
            "id": self.prediction.id,
            "title": self.title.in_lang(lang),
            "holds": self.holds,
            "prediction": self.prediction.to_json(self.happened, lang),
            "pictures": self.pictures.iter().map(Picture::to_json).collect::<Vec<_>>(),
        });
        if let (Some(object), Value::Object(more)) = (data.as_object_mut(), &self.data) {
            object.extend(more.clone());
        }
        data
    }
}
