//! What each page of the tutorial says, as blocks.

use super::desk::Desk;
use super::found::Found;
use super::last_page;
use crate::error::{Kind, Result};
use crate::lesson::progress::Progress;
use crate::lesson::session::Page;
use crate::lesson::{Evidence, Phase, PhaseText, Prediction, Step};
use crate::profile::Profile;
use crate::report::{Block, Table, Verdict};
use crate::words::{Lang, Message, tutorial as words};

/// What pages are made of.
pub(super) struct Scene<'a> {
    /// The lessons and the settings.
    pub(super) desk: &'a Desk<'a>,
    /// What is written down.
    pub(super) progress: &'a Progress,
    /// What the last check found.
    pub(super) found: &'a Found,
}

impl Scene<'_> {
    /// A page.
    pub(super) fn blocks(&self, page: &Page<'_>) -> Result<Vec<Block>> {
        let lang = self.desk.context.lang();
        Ok(match page {
            Page::Intro(phase) => intro(phase, lang),
            Page::Step(step) => step_page(step, lang),
            Page::Goal(step) => goal_page(step, lang),
            Page::Question(step) => {
                step.predict.as_ref().map_or_else(Vec::new, |asked| question(asked, lang))
            }
            Page::NoAnswer(step) => {
                vec![Block::Prose(words::NO_ANSWER.with(&[("choices", &step.choices())]))]
            }
            Page::Command(step) => command(step),
            Page::Verdict(step) => self.verdict(step, lang),
            Page::Predicted(step, chosen, right) => predicted(step, *chosen, *right, lang),
            Page::Seen(step) => {
                let profile = self.desk.context.profile(step.phase)?;
                seen(step, &profile, lang)
            }
            Page::Hint(step, level) => self.hint(step, *level, lang),
            Page::Summary(phase) => self.summary(phase, lang),
            Page::End => last_page::blocks(self.desk.lessons, self.progress, lang),
            Page::List => self.list(lang),
            Page::Help => help(),
            Page::Foreign(name) if name == "kafkalab" => vec![Block::Prose(words::PIPES.into())],
            Page::Foreign(name) => vec![Block::Prose(words::FOREIGN.with(&[("name", name)]))],
            Page::Nameless(line) => vec![Block::Prose(words::NAMELESS.with(&[("line", line)]))],
            Page::Nested => vec![Block::Prose(words::NESTED.into())],
            Page::Unbalanced => vec![Block::Prose(words::UNBALANCED.into())],
            Page::DoneAlready => vec![Block::Prose(words::DONE_ALREADY.into())],
            Page::Resume(step) => vec![Block::Gap, Block::Prose(titled(words::RESUME, step, lang))],
        })
    }

    fn verdict(&self, step: &Step, lang: Lang) -> Vec<Block> {
        let mut blocks = vec![Block::Gap, Block::Checks(self.found.checks())];
        blocks.push(match self.found.verdict() {
            Verdict::Done => Block::Title(titled(words::GOAL_REACHED, step, lang)),
            Verdict::NotYet => Block::Prose(words::GOAL_NOT_YET.into()),
            Verdict::CouldNotCheck => Block::Prose(words::GOAL_UNKNOWN.into()),
        });
        blocks
    }

    fn hint(&self, step: &Step, level: u8, lang: Lang) -> Vec<Block> {
        match level {
            1 => vec![Block::Title(words::HINT_NUDGE.into()), prose(&step.text(lang).nudge)],
            2 => vec![Block::Title(words::HINT_DIAGNOSIS.into()), Block::Checks(self.found.checks())],
            _ => vec![Block::Title(words::HINT_COMMAND.into()), Block::Gap, commands(step)],
        }
    }

    fn summary(&self, phase: &Phase, lang: Lang) -> Vec<Block> {
        let text = phase.texts.text(lang);
        let open: Vec<String> =
            phase.steps.iter().filter(|step| !self.progress.is_done(step)).map(Step::numbered).collect();
        let title = words::SUMMARY_TITLE.with(&[
            ("number", &number(phase)),
            ("title", &text.title),
            ("done", &(phase.steps.len() - open.len())),
            ("steps", &phase.steps.len()),
        ]);
        let mut blocks = vec![Block::Gap, Block::Title(title), learnt(text)];
        if !open.is_empty() {
            blocks.push(Block::Prose(words::STILL_OPEN.with(&[("steps", &open.join(", "))])));
        }
        blocks.push(Block::Gap);
        blocks
    }

    fn list(&self, lang: Lang) -> Vec<Block> {
        let here = self.progress.current.as_ref().map(|current| current.step.as_str());
        let row = |step: &Step| {
            let mark = match (self.progress.is_done(step), here == Some(step.id.as_str())) {
                (true, _) => "[ok]",
                (false, true) => "[->]",
                (false, false) => "[--]",
            };
            vec![mark.to_owned(), step.numbered(), step.text(lang).title.clone()]
        };
        let rows = self.desk.lessons.steps().map(row).collect();
        vec![Block::Gap, Block::Table(Table { head: vec!["", "STEP", "TITLE"], rows }), Block::Gap]
    }
}

fn intro(phase: &Phase, lang: Lang) -> Vec<Block> {
    let text = phase.texts.text(lang);
    let title = words::PHASE_TITLE.with(&[("number", &number(phase)), ("title", &text.title)]);
    let mut blocks = vec![Block::Gap, Block::Title(title), Block::Gap, prose(&text.intro), Block::Gap];
    blocks.push(Block::Prose(words::PHASE_STEPS.with(&[("steps", &phase.steps.len())])));
    blocks
}

/// What a step is about, without what to type.
pub(super) fn step_page(step: &Step, lang: Lang) -> Vec<Block> {
    let text = step.text(lang);
    let mut notes = goal(step);
    notes.push((words::LOOK_FOR.into(), text.look.as_str().into()));
    notes.extend(refusal(step));
    vec![
        Block::Gap,
        Block::Title(titled(words::STEP_TITLE, step, lang)),
        Block::Gap,
        prose(&text.why),
        Block::Gap,
        Block::Labelled(notes),
    ]
}

/// The same for those who need no reasons.
fn goal_page(step: &Step, lang: Lang) -> Vec<Block> {
    let notes = goal(step).into_iter().chain(refusal(step)).collect();
    vec![Block::Gap, Block::Title(titled(words::STEP_TITLE, step, lang)), Block::Labelled(notes)]
}

/// What must hold, and who can have brought it about.
fn goal(step: &Step) -> Vec<(Message, Message)> {
    let mut notes: Vec<(Message, Message)> = Vec::new();
    for (row, goal) in step.checks.iter().enumerate() {
        let label = if row == 0 { words::GOAL.into() } else { Message::from("") };
        notes.push((label, goal.message()));
    }
    let counts = match step.evidence() {
        Evidence::Broker => words::COUNTS_BROKER,
        Evidence::Observed => words::COUNTS_OBSERVED,
    };
    notes.push((words::COUNTS.into(), counts.into()));
    notes
}

/// The expected failure announces itself.
fn refusal(step: &Step) -> Option<(Message, Message)> {
    // A check that says "not yet" refuses nothing.
    let expected =
        if step.exit == Kind::NotMet.exit_code() { words::WILL_END_WITH } else { words::WILL_BE_REFUSED };
    (step.exit != 0).then(|| (words::NOTE.into(), expected.with(&[("exit", &step.exit)])))
}

fn question(asked: &Prediction, lang: Lang) -> Vec<Block> {
    let choices = asked.choice.iter().enumerate();
    let rows =
        choices.map(|(index, choice)| (format!("  {}.", index + 1).into(), choice.answer(lang).into()));
    vec![
        Block::Gap,
        Block::Title(words::QUESTION.into()),
        prose(asked.question(lang)),
        Block::Labelled(rows.collect()),
    ]
}

fn command(step: &Step) -> Vec<Block> {
    vec![
        Block::Gap,
        Block::Prose(words::TYPE_THIS.into()),
        Block::Gap,
        commands(step),
        Block::Gap,
        Block::Prose(words::WORDS_LINE.into()),
    ]
}

/// What to type, as it is pasted: never broken by us.
pub(super) fn commands(step: &Step) -> Block {
    let lines: Vec<String> = step.commands.iter().map(|command| format!("    {command}")).collect();
    Block::Verbatim(lines.join("\n"))
}

fn predicted(step: &Step, chosen: usize, right: usize, lang: Lang) -> Vec<Block> {
    let answer = |index: usize| {
        let choice = step.predict.as_ref().and_then(|asked| asked.choice.get(index));
        choice.map_or_else(String::new, |choice| choice.answer(lang).to_owned())
    };
    let text = if chosen == right {
        words::PREDICTED_RIGHT.with(&[("answer", &answer(chosen))])
    } else {
        words::PREDICTED_WRONG.with(&[("answer", &answer(chosen)), ("right", &answer(right))])
    };
    vec![Block::Gap, Block::Prose(text)]
}

/// What was seen, and the same in the three voices.
pub(super) fn seen(step: &Step, profile: &Profile, lang: Lang) -> Vec<Block> {
    let mut blocks = vec![Block::Gap, Block::Title(words::WHAT_YOU_SAW.into()), prose(&step.text(lang).seen)];
    let voices = [
        (words::VOICE_APACHE, &step.voices.apache),
        (words::VOICE_LARAVEL, &step.voices.laravel),
        (words::VOICE_NEST, &step.voices.nest),
    ];
    for (name, lines) in voices.into_iter().filter(|(_, lines)| !lines.is_empty()) {
        blocks.extend([Block::Gap, Block::Title(name.into())]);
        let lines: Vec<String> =
            lines.iter().map(|line| format!("    {}", filled(line.text(lang), profile))).collect();
        blocks.push(Block::Verbatim(lines.join("\n")));
    }
    blocks.push(Block::Gap);
    blocks
}

/// A line of a voice, with the profile's own values.
fn filled(line: &str, profile: &Profile) -> String {
    let value = |found: Option<&String>| found.cloned().unwrap_or_default();
    let plaintext = profile.plaintext_server.as_ref().unwrap_or(&profile.bootstrap_server);
    [
        ("{bootstrap_server}", profile.bootstrap_server.value.clone()),
        ("{plaintext_server}", plaintext.value.clone()),
        ("{topic}", value(profile.topic.as_ref().map(|topic| &topic.value))),
        ("{group}", value(profile.actor.group.as_ref().map(|group| &group.value))),
        ("{principal}", profile.actor.name.value.clone()),
    ]
    .into_iter()
    .fold(line.to_owned(), |line, (name, value)| line.replace(name, &value))
}

fn help() -> Vec<Block> {
    let rows = [
        (words::WORD_ENTER, words::HELP_ENTER),
        (crate::words::Text::new("kafkalab …", "kafkalab …"), words::HELP_KAFKALAB),
        (words::WORD_CHECK, words::HELP_CHECK),
        (words::WORD_HINT, words::HELP_HINT),
        (words::WORD_SKIP, words::HELP_SKIP),
        (words::WORD_AGAIN, words::HELP_AGAIN),
        (words::WORD_LIST, words::HELP_LIST),
        (words::WORD_QUIT, words::HELP_QUIT),
    ];
    let rows = rows.map(|(word, help)| (word.into(), help.into())).into();
    vec![Block::Gap, Block::Title(words::HELP_TITLE.into()), Block::Labelled(rows), Block::Gap]
}

/// What the learner can do now.
pub(super) fn learnt(text: &PhaseText) -> Block {
    Block::Labelled(text.learnt.iter().map(|learnt| ("  -".into(), learnt.as_str().into())).collect())
}

fn prose(text: &str) -> Block {
    Block::Prose(text.into())
}

/// A text with the number and the title of a step.
pub(in crate::commands) fn titled(text: crate::words::Text, step: &Step, lang: Lang) -> Message {
    text.with(&[("number", &step.numbered()), ("title", &step.text(lang).title)])
}

/// `0` for phase 0.
fn number(phase: &Phase) -> &str {
    phase.name.name().trim_start_matches("phase")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lesson::PLACEHOLDERS;
    use crate::profile::{Library, Overrides, ProfileName, resolve};

    #[test]
    fn a_voice_is_filled_with_whatever_a_lesson_may_leave_to_the_profile() {
        let file = Library::default().load(ProfileName::Phase1).unwrap();
        let profile = resolve(ProfileName::Phase1, file, &Overrides::default(), &|_| None).unwrap();
        for name in PLACEHOLDERS {
            let shown = filled(&format!("a {{{name}}} b"), &profile);
            assert!(!shown.contains('{') && shown != "a  b", "{shown}");
        }
    }
}
