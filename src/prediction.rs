//! Predict, then look: a question about what a broker is about to do, and the learner's answer, held against what it
//! did. Pure; `Context::predict` asks it, and only where somebody can answer.

use serde_json::{Value, json};

use crate::words::{Lang, Message, prediction as words};

/// A question with choices, and the answer if there was one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prediction {
    /// A stable name for JSON, such as `same-key`.
    pub id: &'static str,
    /// What is about to happen, as a question.
    pub question: Message,
    /// The possible answers, at least two.
    pub choices: Vec<Message>,
    /// Which of them the learner chose, from 0; `None` if nobody was asked or nobody answered.
    pub answer: Option<usize>,
}

impl Prediction {
    /// A question that nobody has answered yet.
    pub fn new<T: Into<Message>>(
        id: &'static str,
        question: impl Into<Message>,
        choices: impl IntoIterator<Item = T>,
    ) -> Self {
        let choices = choices.into_iter().map(Into::into).collect();
        Self { id, question: question.into(), choices, answer: None }
    }

    /// What to tell the learner once the broker has done it: `happened` is the choice that describes it, from 0.
    /// `None` if there was no answer.
    pub fn compared(&self, happened: usize) -> Option<Message> {
        let answer = self.answer?;
        let number = happened + 1;
        Some(match self.choices.get(happened) {
            Some(_) if answer == happened => words::RIGHT.with(&[("number", &number)]),
            _ => words::DIFFERENT.with(&[("answer", &(answer + 1)), ("number", &number)]),
        })
    }

    /// For programs: question, choices, answer and what happened; numbers as they are typed, from 1.
    pub fn to_json(&self, happened: usize, lang: Lang) -> Value {
        json!({
            "id": self.id,
            "question": self.question.in_lang(lang),
            "choices": self.choices.iter().map(|choice| choice.in_lang(lang)).collect::<Vec<_>>(),
            "predicted": self.answer.map(|answer| answer + 1),
            "happened": happened + 1,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(answer: Option<usize>) -> Prediction {
        Prediction { answer, ..Prediction::new("same-key", "where?", ["one", "two"]) }
    }

    #[test]
    fn an_answer_is_held_against_what_happened() {
        let said =
            |answer, happened| asked(answer).compared(happened).map(|message| message.in_lang(Lang::En));
        assert_eq!(said(None, 0), None);
        assert_eq!(said(Some(1), 1).as_deref(), Some("Your prediction, 2, is what happened."));
        assert_eq!(said(Some(0), 1).as_deref(), Some("You predicted 1; what happened is 2."));
    }

    #[test]
    fn programs_read_the_numbers_that_people_type() {
        let data = asked(Some(0)).to_json(1, Lang::En);
        assert_eq!((&data["predicted"], &data["happened"]), (&json!(1), &json!(2)));
        assert_eq!(asked(None).to_json(0, Lang::En)["predicted"], Value::Null);
    }
}
