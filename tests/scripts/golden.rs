//! The form of a golden script and the loop that runs one.
//!
//! A script is a sequence of blocks. A block is comment lines (`# …`) and command lines, a line `---`, the expected
//! trace, and an empty line. All blocks of a file run on one machine, in order.

#![allow(clippy::unwrap_used, reason = "test code: a panic is how it reports")]

use std::fs;
use std::path::Path;

/// Runs one command line and returns the lines of its trace.
pub(crate) trait Interpreter {
    /// Panics, with a sentence, on a line it does not understand.
    fn run(&mut self, command: &str) -> Vec<String>;
}

/// Checks, or with `UPDATE_GOLDEN` set rewrites, every script of a folder beside this file, each on a machine of its
/// own.
pub(crate) fn check<I: Interpreter>(folder: &str, new_machine: impl Fn() -> I) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts").join(folder);
    let mut paths: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "{} has no scripts", folder.display());
    let mut failures = Vec::new();
    for path in paths {
        let expected = fs::read_to_string(&path).unwrap();
        let actual = replay(&expected, &mut new_machine());
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&path, actual).unwrap();
        } else if actual != expected {
            failures.push(difference(&path, &expected, &actual));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

/// The script with the traces that the machine really gives.
fn replay(script: &str, machine: &mut impl Interpreter) -> String {
    let blocks: Vec<String> = script
        .split("\n\n")
        .filter(|block| !block.trim().is_empty())
        .map(|block| {
            let mut lines: Vec<String> =
                block.trim().lines().take_while(|line| *line != "---").map(str::to_owned).collect();
            let commands: Vec<String> = lines.iter().filter(|line| !line.starts_with('#')).cloned().collect();
            if !commands.is_empty() {
                lines.push("---".to_owned());
                lines.extend(commands.iter().flat_map(|command| machine.run(command)));
            }
            lines.join("\n")
        })
        .collect();
    blocks.join("\n\n") + "\n"
}

/// The first line that differs, with what follows it.
fn difference(path: &Path, expected: &str, actual: &str) -> String {
    let same =
        expected.lines().zip(actual.lines()).take_while(|(expected, actual)| expected == actual).count();
    let rest = |text: &str| text.lines().skip(same).take(6).collect::<Vec<_>>().join("\n    ");
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    format!("{name}, line {}:\n  expected\n    {}\n  got\n    {}", same + 1, rest(expected), rest(actual))
}
