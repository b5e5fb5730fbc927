//! Whether the catalogue is complete: every error of Kafka, every text in both languages, every reference to
//! something that is there.

use std::collections::{BTreeMap, BTreeSet};

use super::{Catalog, ErrorEntry, ErrorText, TermEntry};
use crate::flaw::Flaw;
use crate::kafka_error;
use crate::words::{Lang, lint as words};

const LANGS: [Lang; 2] = [Lang::En, Lang::PtBr];

/// Everything that is wrong with a catalogue.
pub fn lint(catalog: &Catalog) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    every_error_is_here(catalog, &mut flaws);
    catalog.errors.iter().for_each(|entry| error(entry, &mut flaws));
    terms(&catalog.terms, &mut flaws);
    for (place, text) in catalog.texts() {
        if !text.ends_with(['.', '!', '`', ')']) || text.contains("  ") || text.trim() != text {
            flaws.push(Flaw::new(place, words::NO_SENTENCE.with(&[("text", &text)])));
        }
        if text.matches('`').count() % 2 != 0 {
            flaws.push(Flaw::new(place, words::OPEN_BACKTICK.with(&[("text", &text)])));
        }
    }
    flaws
}

fn every_error_is_here(catalog: &Catalog, flaws: &mut Vec<Flaw>) {
    for known in kafka_error::ERRORS {
        let code = i32::from(known.code);
        match catalog.errors.iter().find(|entry| entry.code == code) {
            None => flaws.push(Flaw::new(
                "phases/errors",
                words::NO_ENTRY.with(&[("name", &known.name), ("code", &code)]),
            )),
            Some(entry) if entry.name != known.name => {
                flaws.push(Flaw::new(
                    &entry.place,
                    words::OTHER_NAME.with(&[("name", &known.name), ("code", &code)]),
                ));
            }
            Some(_) => {}
        }
    }
    for pair in catalog.errors.windows(2).filter(|pair| pair[0].code == pair[1].code) {
        flaws.push(Flaw::new(&pair[1].place, words::CODE_TWICE.with(&[("code", &pair[1].code)])));
    }
}

fn error(entry: &ErrorEntry, flaws: &mut Vec<Flaw>) {
    let mut find = |problem| flaws.push(Flaw::new(&entry.place, problem));
    let [en, pt] = LANGS.map(|lang| entry.text(lang));
    let optional = |text: &ErrorText| [text.tell.is_some(), text.laravel.is_some(), text.nest.is_some()];
    if en.causes.len() != pt.causes.len() || optional(en) != optional(pt) {
        find(words::ONE_LANGUAGE.with(&[("name", &entry.name)]));
    }
    if en.causes.is_empty() {
        find(words::NO_CAUSE.with(&[("name", &entry.name)]));
    }
    if entry.lab && (en.tell.is_none() || entry.r#try.is_empty()) {
        find(words::NOTHING_TO_TRY.with(&[("name", &entry.name)]));
    }
}

fn terms(terms: &[TermEntry], flaws: &mut Vec<Flaw>) {
    let names: BTreeSet<&str> = terms.iter().map(|term| term.name.as_str()).collect();
    let mut owners: BTreeMap<&str, &str> = BTreeMap::new();
    for term in terms {
        for other in term.see.iter().filter(|other| !names.contains(other.as_str())) {
            flaws.push(Flaw::new(&term.place, words::UNKNOWN_IDEA.with(&[("idea", other)])));
        }
        for alias in LANGS.iter().flat_map(|lang| &term.text(*lang).aliases).chain([&term.name]) {
            let owner = owners.entry(alias).or_insert(&term.name);
            if *owner != term.name {
                let problem =
                    words::TWO_MEANINGS.with(&[("alias", alias), ("one", owner), ("other", &term.name)]);
                flaws.push(Flaw::new(&term.place, problem));
            }
        }
    }
}
