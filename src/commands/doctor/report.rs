//! The findings as a report: its data, its exit code, and the form that may be shown to strangers.

use std::env;

use serde_json::{Value, json};

use crate::client::library;
use crate::error::Kind;
use crate::report::{Block, Finding, Findings, Found, Report};
use crate::words::{Lang, Message, doctor as words};

/// The names that are the same on every lab, and so tell nothing about anybody.
const PUBLIC: [&str; 5] = ["admin", "laravel", "nest", "analytics", "ANONYMOUS"];

/// The report of all findings.
pub(super) fn assemble(groups: Vec<Findings>, lang: Lang) -> Report {
    let rows = || groups.iter().flat_map(|group| &group.rows);
    let count = |found| rows().filter(|row| row.found == found).count();
    let [passed, failed, skipped] = [Found::Passed, Found::Failed, Found::Skipped].map(count);
    let checks: Vec<Value> = groups.iter().flat_map(|group| data(group, lang)).collect();
    let outcome = outcome(rows());
    let counts = words::COUNTS.with(&[("passed", &passed), ("failed", &failed), ("skipped", &skipped)]);
    let first = rows().find(|row| row.found == Found::Failed);
    let begin = first.map(|row| words::BEGIN_WITH.with(&[("check", &row.name(lang))]));
    let next = first.and_then(|row| row.next.first());
    let data = json!({ "environment": environment(), "checks": checks, "passed": passed, "failed": failed, "skipped": skipped, "next": next });
    let report = Report::new(data).block(Block::Findings(groups)).block(Block::Gap).line(counts);
    let report = Report { outcome, ..report };
    begin.into_iter().fold(report, Report::line)
}

/// The class that all failures share; several classes are a partial failure.
fn outcome<'f>(rows: impl Iterator<Item = &'f Finding>) -> Option<Kind> {
    let mut kinds = rows.filter(|row| row.found == Found::Failed).map(|row| row.kind.unwrap_or(Kind::Failed));
    let first = kinds.next()?;
    Some(if kinds.all(|kind| kind == first) { first } else { Kind::Partial })
}

fn data(group: &Findings, lang: Lang) -> Vec<Value> {
    let one = |row: &Finding| {
        let seen: Vec<String> = row.seen.iter().map(|message| message.in_lang(lang)).collect();
        json!({
            "of": group.head.in_lang(lang),
            "check": row.check,
            "about": if row.about.is_empty() { Value::Null } else { row.about.clone().into() },
            "result": row.found,
            "class": row.kind,
            "seen": seen,
            "next": row.next,
        })
    };
    group.rows.iter().map(one).collect()
}

/// What made the findings; the first lines of a report to paste.
pub(super) fn environment() -> String {
    format!(
        "kafkalab {}, librdkafka {}, {} {}",
        env!("CARGO_PKG_VERSION"),
        library::version(),
        env::consts::OS,
        env::consts::ARCH
    )
}

/// Takes out of a text what is nobody's business: the home folder, the user's name, principals that are not the
/// lab's own, and every password that is known, should one ever get so far.
pub(super) struct Redactor {
    /// Each with what stands in its place; the home folder first, since it holds the user's name.
    secrets: Vec<(String, String)>,
}

impl Redactor {
    /// For the user of this process. `principals` and `passwords` are those of the profiles.
    pub(super) fn new(principals: &[String], passwords: &[String]) -> Self {
        let home = env::var("HOME").ok().or_else(|| env::var("USERPROFILE").ok());
        let user = ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(|name| env::var(name).ok());
        Self::of(home.as_deref(), user.as_deref(), principals, passwords)
    }

    fn of(home: Option<&str>, user: Option<&str>, principals: &[String], passwords: &[String]) -> Self {
        let folder = home.map(|path| path.trim_end_matches('/')).filter(|path| path.len() > 1);
        let own = user.or(folder.and_then(|path| path.rsplit(['/', '\\']).next()));
        let mut secrets: Vec<(String, String)> =
            passwords.iter().map(|password| (password.clone(), "(secret)".to_owned())).collect();
        secrets.extend(folder.map(|path| (path.to_owned(), "~".to_owned())));
        let strangers = principals.iter().filter(|name| !PUBLIC.contains(&name.as_str()));
        secrets
            .extend(strangers.enumerate().map(|(at, name)| (name.clone(), format!("principal-{}", at + 1))));
        let user = own.filter(|name| !PUBLIC.contains(name)).map(|name| (name.to_owned(), "user".to_owned()));
        secrets.extend(user);
        secrets.retain(|(secret, _)| !secret.is_empty());
        Self { secrets }
    }

    /// A text without them.
    pub(super) fn text(&self, text: &str) -> String {
        self.secrets
            .iter()
            .fold(text.to_owned(), |text, (secret, instead)| replace_word(&text, secret, instead))
    }

    /// Findings without them, in a language.
    pub(super) fn findings(&self, groups: Vec<Findings>, lang: Lang) -> Vec<Findings> {
        let told = |message: &Message| Message::Verbatim(self.text(&message.in_lang(lang)));
        let row = |row: Finding| Finding {
            about: self.text(&row.about),
            seen: row.seen.iter().map(told).collect(),
            next: row.next.iter().map(|command| self.text(command)).collect(),
            ..row
        };
        let group = |group: Findings| Findings {
            head: told(&group.head),
            rows: group.rows.into_iter().map(row).collect(),
        };
        groups.into_iter().map(group).collect()
    }
}

/// Replaces `word` where it stands alone and is no part of a longer one.
fn replace_word(text: &str, word: &str, instead: &str) -> String {
    let joins = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let mut out = String::new();
    let mut from = 0;
    for (at, _) in text.match_indices(word) {
        let alone = !joins(text[..at].chars().next_back()) && !joins(text[at + word.len()..].chars().next());
        if alone {
            out.push_str(&text[from..at]);
            out.push_str(instead);
            from = at + word.len();
        }
    }
    out + &text[from..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_names_neither_home_nor_user_nor_password() {
        let names = ["laravel".to_owned(), "ana".to_owned()];
        let redactor = Redactor::of(Some("/home/ana/"), Some("ana"), &names, &["hunter2".to_owned()]);
        let text = redactor.text("/home/ana/p.toml:3 of User:ana says hunter2; banana stays, laravel too");
        assert_eq!(text, "~/p.toml:3 of User:principal-1 says (secret); banana stays, laravel too");
    }

    #[test]
    fn without_a_name_the_home_folder_tells_it() {
        let redactor = Redactor::of(Some("/Users/bia"), None, &[], &[]);
        assert_eq!(redactor.text("bia at /Users/bia/lab"), "user at ~/lab");
        assert_eq!(Redactor::of(Some("/"), None, &[], &[]).text("/a"), "/a");
    }

    #[test]
    fn one_class_of_failures_is_the_exit_code_and_several_are_1() {
        let failed = |kind| Finding {
            check: "x",
            label: "x".into(),
            about: String::new(),
            found: Found::Failed,
            kind: Some(kind),
            seen: Vec::new(),
            next: Vec::new(),
        };
        let all = |kinds: &[Kind]| outcome(kinds.iter().map(|kind| failed(*kind)).collect::<Vec<_>>().iter());
        assert_eq!(all(&[]), None);
        assert_eq!(all(&[Kind::Authentication, Kind::Authentication]), Some(Kind::Authentication));
        assert_eq!(all(&[Kind::Authentication, Kind::Unreachable]), Some(Kind::Partial));
    }
}
