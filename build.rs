//! Turns `phases/words/*.toml` into constants, so that a text that lacks a language, or a use of a text that does
//! not exist, fails the build.
//!
//! A file `produce.toml` with `[acknowledged]` `en = "…"` `pt-BR = "…"` becomes `words::produce::ACKNOWLEDGED`. Only the
//! crate sees it, so the compiler warns of a text that nobody says. Both languages must name the same `{placeholders}`;
//! `{records?record|records}` is the first word where the value of `records` is 1, else the second.
//!
//! The lessons, `phases/phaseN/phase.toml` and `phases/phaseN/steps/*.toml`, are built in as they are, after the same
//! demand: whatever has a text in one language has it in the other.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

#[path = "src/lesson/languages.rs"]
mod languages;

use languages::{LANGUAGES, both_languages, placeholders};

/// The file whose texts are asked for by their keys, as a list: the page's script does.
const GIVEN_WHOLE: &str = "page";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/lesson/languages.rs");
    let mut words = String::new();
    for path in toml_files(Path::new("phases/words")) {
        words.push_str(&module(&path).unwrap_or_else(|problem| panic!("{}: {problem}", path.display())));
    }
    let mut lessons = String::from(
        "/// The files of the lessons that are built in: path and text.\nconst BUILT_IN: &[(&str, &str)] = &[\n",
    );
    for path in lesson_files() {
        lessons.push_str(&lesson(&path).unwrap_or_else(|problem| panic!("{}: {problem}", path.display())));
    }
    lessons.push_str("];\n");
    let out = env::var_os("OUT_DIR").expect("set by cargo");
    fs::write(Path::new(&out).join("words.rs"), words).expect("OUT_DIR is writable");
    fs::write(Path::new(&out).join("lessons.rs"), lessons).expect("OUT_DIR is writable");
}

/// The TOML files of a folder, by name.
fn toml_files(folder: &Path) -> Vec<PathBuf> {
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files: Vec<_> = fs::read_dir(folder)
        .map(|entries| entries.map(|entry| entry.expect("readable").path()).collect())
        .unwrap_or_default();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    files
}

/// Every `phase.toml` and the steps of its phase.
fn lesson_files() -> Vec<PathBuf> {
    let mut phases: Vec<_> = fs::read_dir("phases")
        .expect("phases exists")
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.join("phase.toml").is_file())
        .collect();
    phases.sort();
    phases
        .iter()
        .flat_map(|phase| [vec![phase.join("phase.toml")], toml_files(&phase.join("steps"))].concat())
        .collect()
}

/// One file of lessons as an element of `BUILT_IN`.
fn lesson(path: &Path) -> Result<String, String> {
    println!("cargo::rerun-if-changed={}", path.display());
    let source = fs::read_to_string(path).map_err(|e| e.to_string())?;
    let table: toml::Table = source.parse().map_err(|e: toml::de::Error| e.to_string())?;
    both_languages(&table)?;
    let shown = path.display().to_string().replace('\\', "/");
    let file = path.canonicalize().map_err(|e| e.to_string())?;
    Ok(format!("    ({shown:?}, include_str!({:?})),\n", file.display().to_string()))
}

/// One file of texts as a Rust module of constants.
fn module(path: &Path) -> Result<String, String> {
    println!("cargo::rerun-if-changed={}", path.display());
    let source = fs::read_to_string(path).map_err(|e| e.to_string())?;
    let table: toml::Table = source.parse().map_err(|e: toml::de::Error| e.to_string())?;
    let name = path.file_stem().and_then(|stem| stem.to_str()).ok_or("the file name is not UTF-8")?;
    let mut code = format!(
        "#[doc = \"Texts of `phases/words/{name}.toml`.\"]\npub(crate) mod {name} {{\n    use super::Text;\n"
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
        writeln!(
            code,
            "    #[doc = {doc:?}]\n    pub(crate) const {constant}: Text = Text::new({en:?}, {pt:?});"
        )
        .expect("writing to a String");
    }
    if name == GIVEN_WHOLE {
        code.push_str(
            "    /// Every text with its key, as the file has them.\n    pub(crate) const ALL: &[(&str, Text)] = &[\n",
        );
        for key in table.keys() {
            let constant = key.to_uppercase().replace('-', "_");
            writeln!(code, "        ({key:?}, {constant}),").expect("writing to a String");
        }
        code.push_str("    ];\n");
    }
    code.push_str("}\n");
    Ok(code)
}

/// A text as Markdown that shows it literally: `[ssl]` is a table of a profile, not a link.
fn plain(text: &str) -> String {
    let escape = |c: char| if "[]<>*_`".contains(c) { format!("\\{c}") } else { c.to_string() };
    text.chars().map(escape).collect()
}
