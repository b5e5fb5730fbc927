//! Proof by denial: every principal tries every right, and what the broker answers is held against what should be.

use serde_json::{Value, json};

use super::{Context, checks};
use crate::client::rights::{self, Attempt};
use crate::profile::Profile;
use crate::report::{Block, Check, Table, Verdict};
use crate::words::checks as words;

/// One principal and what it should be able to do.
pub(super) struct Row {
    /// How it connects.
    pub profile: Profile,
    /// Whether each of the attempts should be allowed, in their order.
    pub expected: Vec<bool>,
}

/// What came of a matrix: the picture, its data, and the check.
pub(super) struct Observed {
    pub table: Block,
    pub data: Value,
    pub check: Check,
}

/// Lets every principal try every attempt.
pub(super) async fn observe(
    context: &Context,
    rows: &[Row],
    attempts: &[Attempt],
    heads: &[&'static str],
) -> Observed {
    let mut table =
        Table { head: ["PRINCIPAL"].into_iter().chain(heads.iter().copied()).collect(), rows: Vec::new() };
    let (mut data, mut problems, mut unreachable) = (Vec::new(), Vec::new(), None);
    for row in rows {
        let principal = row.profile.principal().value;
        let mut cells = vec![principal.clone()];
        let answers = answers(context, &row.profile, attempts).await;
        for (index, attempt) in attempts.iter().enumerate() {
            let expected = row.expected.get(index).copied().unwrap_or_default();
            let seen = match &answers {
                Ok(answers) => answers.get(index).copied(),
                Err(error) => {
                    unreachable = Some(error.to_string());
                    None
                }
            };
            let Some(seen) = seen else {
                cells.push("?".to_owned());
                continue;
            };
            let as_expected = seen.allowed() == expected;
            if !as_expected {
                problems.push(format!("{principal} {} {}", attempt.operation(), attempt.resource()));
            }
            let word = if seen.allowed() { words::ALLOWED } else { words::DENIED };
            let word = word.fill(context.lang(), &[("code", &seen.code)]);
            cells.push(if as_expected { word } else { format!("{word}!") });
            data.push(json!({
                "principal": principal, "operation": attempt.operation(), "resource": attempt.resource(),
                "expected": expected, "allowed": seen.allowed(), "error_code": seen.code,
            }));
        }
        table.rows.push(cells);
    }
    let check = match unreachable {
        Some(why) => checks::could_not("matrix", words::MATRIX, &why),
        None if problems.is_empty() => {
            Check::new("matrix", words::MATRIX, Verdict::Done, words::MATRIX_HOLDS)
        }
        None => Check::new(
            "matrix",
            words::MATRIX,
            Verdict::NotYet,
            words::MATRIX_DIFFERS.with(&[("problems", &problems.join(", "))]),
        ),
    };
    Observed { table: Block::Table(table), data: Value::Array(data), check }
}

async fn answers(
    context: &Context,
    profile: &Profile,
    attempts: &[Attempt],
) -> Result<Vec<rights::Observed>, crate::client::raw::RawError> {
    let mut connection = checks::connection(context, profile).await?;
    let mut answers = Vec::with_capacity(attempts.len());
    for attempt in attempts {
        answers.push(rights::attempt(&mut connection, attempt).await?);
    }
    Ok(answers)
}
