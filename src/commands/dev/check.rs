//! `kafkalab dev check`: everything that people write, held against what the program knows.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{command_line, lab};
use crate::catalog::{self, Catalog};
use crate::commands::Context;
use crate::error::{Error, Kind, Result};
use crate::flaw::Flaw;
use crate::lesson::{self, Lessons};
use crate::profile::ProfileName;
use crate::report::{Block, Report};
use crate::words::{Message, lint as words};

pub(super) fn run(context: &Context) -> Result<Report> {
    let folder = context.library().folder();
    let (lessons, unusable) = match folder {
        Some(folder) => Lessons::examine_folder(folder),
        None => (Lessons::built_in().map_err(|problem| Error::usage(problem.to_string()))?, Vec::new()),
    };
    let mut flaws: Vec<Flaw> =
        unusable.into_iter().map(|error| Flaw::new(error.path, error.problem)).collect();
    let own = folder.filter(|folder| folder.join("terms.toml").is_file()).map(Catalog::from_folder);
    let catalog = match &own {
        Some(Ok(catalog)) => catalog,
        _ => Catalog::built_in(),
    };
    let taught = |phase: &ProfileName| lessons.phases.iter().any(|known| known.name == *phase);
    let missing = lesson::PHASES.into_iter().filter(|phase| !taught(phase));
    let path = |phase: ProfileName| format!("phases/{}/phase.toml", phase.name());
    flaws.extend(missing.map(|phase| Flaw::new(path(phase), words::NO_PHASE)));
    flaws.extend(own.as_ref().and_then(|own| own.as_ref().err()).cloned());
    let ideas: BTreeSet<&str> = catalog.terms.iter().map(|term| term.name.as_str()).collect();
    flaws.extend(lesson::lint(&lessons, &ideas));
    flaws.extend(catalog::lint(catalog));
    flaws.extend(command_line::lint(&lessons, catalog));
    flaws.extend(lab::lint(context, &lessons));
    Ok(report(context, &lessons, catalog, &flaws))
}

fn report(context: &Context, lessons: &Lessons, catalog: &Catalog, flaws: &[Flaw]) -> Report {
    let lang = context.lang();
    let rows: Vec<Value> = flaws
        .iter()
        .map(|flaw| json!({ "place": flaw.place, "problem": flaw.problem.in_lang(lang) }))
        .collect();
    let steps = lessons.steps().count();
    let report = Report::new(json!({
        "steps": steps, "terms": catalog.terms.len(), "errors": catalog.errors.len(), "flaws": rows,
    }));
    if flaws.is_empty() {
        return report.line(words::NO_FLAW.with(&[
            ("steps", &steps),
            ("profiles", &ProfileName::ALL.len()),
            ("terms", &catalog.terms.len()),
            ("errors", &catalog.errors.len()),
        ]));
    }
    let lines =
        flaws.iter().map(|flaw| Block::Line(Message::At(flaw.place.clone(), Box::new(flaw.problem.clone()))));
    let body = lines.chain([Block::Line(words::FLAWS.with(&[("count", &flaws.len())]))]).collect();
    Report { body, outcome: Some(Kind::NotMet), ..report }
}
