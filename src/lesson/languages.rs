//! Whatever has one language has both: the same texts in each, the same placeholders, nothing empty. Shared by
//! `build.rs`, which holds what is built in to it, and by the loader of a folder.

use std::collections::BTreeSet;

/// The languages, as files name them.
pub(crate) const LANGUAGES: [&str; 2] = ["en", "pt-BR"];

/// Whether a file has every text in both languages; else the first place where it has not.
pub(crate) fn both_languages(file: &toml::Table) -> Result<(), String> {
    in_both("", &toml::Value::Table(file.clone()))
}

fn in_both(place: &str, value: &toml::Value) -> Result<(), String> {
    match value {
        toml::Value::Table(table) => {
            let [en, pt] = LANGUAGES.map(|language| table.get(language));
            match (en, pt) {
                (Some(en), Some(pt)) => same_texts(place, en, pt)?,
                (None, None) => {}
                _ => return Err(format!("[{place}] has only one of the languages {LANGUAGES:?}")),
            }
            let inside = |key: &str| if place.is_empty() { key.to_owned() } else { format!("{place}.{key}") };
            table.iter().try_for_each(|(key, inner)| in_both(&inside(key), inner))
        }
        toml::Value::Array(items) => items.iter().try_for_each(|item| in_both(place, item)),
        _ => Ok(()),
    }
}

fn same_texts(place: &str, en: &toml::Value, pt: &toml::Value) -> Result<(), String> {
    match (en, pt) {
        (toml::Value::Table(en), toml::Value::Table(pt)) => {
            let lacking = |key: &&String| !(en.contains_key(*key) && pt.contains_key(*key));
            if let Some(key) = en.keys().chain(pt.keys()).find(lacking) {
                return Err(format!("{place}: {key:?} is not in both languages"));
            }
            en.iter().try_for_each(|(key, text)| same_texts(&format!("{place}.{key}"), text, &pt[key]))
        }
        (toml::Value::Array(en), toml::Value::Array(pt)) if en.len() == pt.len() => {
            en.iter().zip(pt).try_for_each(|(en, pt)| same_texts(place, en, pt))
        }
        (toml::Value::String(en), toml::Value::String(pt)) => {
            if en.trim().is_empty() || pt.trim().is_empty() {
                return Err(format!("{place} is empty in one language"));
            }
            if placeholders(en) != placeholders(pt) {
                return Err(format!("{place} names different placeholders in the two languages"));
            }
            Ok(())
        }
        _ => Err(format!("{place} differs in shape between the languages")),
    }
}

/// The names between braces in a text; of `{name?one|many}` the name.
pub(crate) fn placeholders(text: &str) -> BTreeSet<&str> {
    let inside = text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(inside, _)| inside);
    inside.map(|inside| inside.split_once('?').map_or(inside, |(name, _)| name)).collect()
}
