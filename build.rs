//! Turns `phases/words/*.toml` into constants, so that a text that lacks a language, or a use of a text that does
//! not exist, fails the build.
//!
//! A file `produce.toml` with `[acknowledged]` `en = "…"` `pt-BR = "…"` becomes
//! `words::produce::ACKNOWLEDGED`. Both languages must name the same `{placeholders}`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

const LANGUAGES: [&str; 2] = ["en", "pt-BR"];

fn main() {
    let folder = Path::new("phases/words");
    println!("cargo::rerun-if-changed={}", folder.display());
    println!("cargo::rerun-if-changed=build.rs");
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("phases/words exists")
        .map(|entry| entry.expect("readable").path())
        .collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.sort();

    let mut code = String::new();
    for path in &files {
        match module(path) {
            Ok(text) => code.push_str(&text),
            Err(problem) => panic!("{}: {problem}", path.display()),
        }
    }
    let out = env::var_os("OUT_DIR").expect("set by cargo");
    fs::write(Path::new(&out).join("words.rs"), code).expect("OUT_DIR is writable");
}

/// One file of texts as a Rust module of constants.
fn module(path: &Path) -> Result<String, String> {
    println!("cargo::rerun-if-changed={}", path.display());
    let source = fs::read_to_string(path).map_err(|e| e.to_string())?;
    let table: toml::Table = source.parse().map_err(|e: toml::de::Error| e.to_string())?;
    let name = path.file_stem().and_then(|stem| stem.to_str()).ok_or("the file name is not UTF-8")?;
    let mut code = format!(
        "#[doc = \"Texts of `phases/words/{name}.toml`.\"]\npub mod {name} {{\n    use super::Text;\n"
    );
    for (key, value) in &table {
        let entry = value.as_table().ok_or(format!("[{key}] must be a table with en and pt-BR"))?;
        if let Some(extra) = entry.keys().find(|language| !LANGUAGES.contains(&language.as_str())) {
            return Err(format!("[{key}] has the unknown language {extra:?}"));
        }
        let [en, pt] = LANGUAGES.map(|language| {
            let text = entry.get(language).and_then(toml::Value::as_str).unwrap_or_default().trim();
            if text.is_empty() { Err(format!("[{key}] lacks {language}")) } else { Ok(text) }
        });
        let (en, pt) = (en?, pt?);
        if placeholders(en) != placeholders(pt) {
            return Err(format!("[{key}] names different placeholders in en and pt-BR"));
        }
        let constant = key.to_uppercase().replace('-', "_");
        let doc = plain(en);
        writeln!(code, "    #[doc = {doc:?}]\n    pub const {constant}: Text = Text::new({en:?}, {pt:?});")
            .expect("writing to a String");
    }
    code.push_str("}\n");
    Ok(code)
}

/// A text as Markdown that shows it literally: `[ssl]` is a table of a profile, not a link.
fn plain(text: &str) -> String {
    let escape = |c: char| if "[]<>*_`".contains(c) { format!("\\{c}") } else { c.to_string() };
    text.chars().map(escape).collect()
}

/// The names between braces in a text.
fn placeholders(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect()
}
