//! A tutorial on a terminal of 80 columns, and somebody who types.

use std::process::Command;

use rexpect::ReadUntil;
use rexpect::reader::Regex;
use rexpect::session::{PtySession, spawn_command};

use crate::lab::Home;
use crate::program::command;

/// How long the terminal may stay silent.
const PATIENCE_MS: u64 = 60_000;
/// No tour asks more often than this.
const MOST: usize = 400;

/// The tutorial.
pub(crate) struct Tour {
    terminal: PtySession,
    /// Everything that was shown so far, as bytes.
    shown: Vec<u8>,
    /// The last prompt.
    prompt: String,
}

impl Tour {
    /// Starts `kafkalab tutorial ARGS…`.
    pub(crate) fn start(home: &Home, args: &[&str], variables: &[(&str, &str)]) -> Self {
        let program = command(home.path(), &[&["tutorial"], args].concat());
        let mut shell = Command::new("sh");
        shell.args(["-c", "stty cols 80 rows 40; exec \"$@\"", "sh"]);
        shell.arg(program.get_program()).args(program.get_args()).env_clear();
        shell.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
        shell.envs(variables.iter().copied());
        let terminal = spawn_command(shell, Some(PATIENCE_MS)).unwrap();
        Self { terminal, shown: Vec::new(), prompt: String::new() }
    }

    /// Waits for the next prompt, or for the end of the tutorial: then `None`.
    pub(crate) fn asked(&mut self) -> Option<String> {
        let prompt = r"(phase\d\.\d+>|Enter [a-z ]+:|(your answer|sua resposta), 1 (to|a) \d:|\(1-\d, Enter [a-z ]+\):|\n>) $";
        let regex = Regex::new(prompt).unwrap();
        let found = self.terminal.exp_any(vec![ReadUntil::Regex(regex.clone()), ReadUntil::EOF]);
        let (before, matched) = found.unwrap_or_else(|problem| panic!("{problem}\n{}", self.text()));
        // The library makes a character of each byte.
        self.shown.extend(before.chars().chain(matched.chars()).map(|byte| byte as u8));
        self.prompt = regex.find(&matched)?.as_str().trim().to_owned();
        Some(self.prompt.clone())
    }

    /// Types a line and returns what is shown until the next prompt.
    pub(crate) fn talk(&mut self, line: &str) -> String {
        let before = self.shown.len();
        self.say(line);
        self.asked();
        String::from_utf8_lossy(&self.shown[before..]).replace("\r\n", "\n")
    }

    /// Types a line and waits for nothing.
    pub(crate) fn say(&mut self, line: &str) {
        // The library has turned the terminal's echo off.
        self.shown.extend(format!("{line}\n").bytes());
        self.terminal.send_line(line).unwrap();
    }

    /// Types a line, does not wait, and kills the tutorial as a crash would.
    pub(crate) fn say_and_kill(mut self, line: &str) {
        self.say(line);
        let sigkill = 9;
        self.terminal.process_mut().kill(sigkill.try_into().unwrap()).unwrap();
    }

    /// Ctrl and a letter.
    pub(crate) fn control(&mut self, letter: char) {
        self.terminal.send_control(letter).unwrap();
    }

    /// Waits until a text is shown.
    pub(crate) fn wait_for(&mut self, text: &str) {
        let before = self.terminal.exp_string(text).unwrap_or_else(|problem| panic!("{problem}"));
        self.shown.extend(before.chars().chain(text.chars()).map(|byte| byte as u8));
    }

    /// The last prompt.
    pub(crate) fn prompt(&self) -> &str {
        &self.prompt
    }

    /// Presses Enter, and answers questions with their first choice, until nothing is asked any more.
    pub(crate) fn press_enter_to_the_end(&mut self) -> i32 {
        for _ in 0..MOST {
            let line = if self.prompt.ends_with(":") && self.prompt.contains(", 1 ") { "1" } else { "" };
            self.say(line);
            if self.asked().is_none() {
                return self.ended();
            }
        }
        panic!("the tour does not end:\n{}", self.text());
    }

    /// Waits for the end and returns the exit code.
    pub(crate) fn ended(&mut self) -> i32 {
        while self.asked().is_some() {}
        let status = format!("{:?}", self.terminal.process().wait().unwrap());
        let code = status.trim_end_matches(')').rsplit(", ").next().and_then(|code| code.parse().ok());
        code.unwrap_or_else(|| panic!("{status}"))
    }

    /// Everything that was shown.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.shown).replace("\r\n", "\n")
    }
}
