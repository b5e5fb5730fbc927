//! The checks, what each of them needs, and the chain that skips a check when what it needs is not there.

use crate::error::Kind;
use crate::report::{Finding, Found};
use crate::words::{Lang, Message, Text, doctor as words};

/// A check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Id {
    Profile,
    Password,
    AclFiles,
    Dns,
    Tcp,
    Listener,
    Mechanism,
    Login,
    Advertised,
    Clock,
    Rights,
    Topics,
    Library,
}

/// What is said about a check in one place.
struct Row {
    id: Id,
    /// Its name in JSON.
    name: &'static str,
    label: Text,
    /// It is skipped unless each of these has passed.
    needs: &'static [Id],
}

/// Every check, in the order in which they are made.
const CHECKS: [Row; 13] = [
    Row { id: Id::Profile, name: "profile", label: words::PROFILE, needs: &[] },
    Row { id: Id::Password, name: "password", label: words::PASSWORD, needs: &[] },
    Row { id: Id::AclFiles, name: "acl_files", label: words::ACL_FILES, needs: &[] },
    Row { id: Id::Dns, name: "dns", label: words::DNS, needs: &[] },
    Row { id: Id::Tcp, name: "tcp", label: words::TCP, needs: &[Id::Dns] },
    Row { id: Id::Listener, name: "listener", label: words::LISTENER, needs: &[Id::Tcp] },
    Row { id: Id::Mechanism, name: "mechanism", label: words::MECHANISM, needs: &[Id::Listener] },
    Row { id: Id::Login, name: "login", label: words::LOGIN, needs: &[Id::Mechanism] },
    Row { id: Id::Advertised, name: "advertised", label: words::ADVERTISED, needs: &[Id::Login] },
    Row { id: Id::Clock, name: "clock", label: words::CLOCK, needs: &[Id::Login] },
    Row { id: Id::Rights, name: "rights", label: words::RIGHTS, needs: &[Id::Login] },
    Row { id: Id::Topics, name: "topics", label: words::TOPICS, needs: &[Id::Login] },
    Row { id: Id::Library, name: "library", label: words::LIBRARY, needs: &[] },
];

impl Id {
    fn row(self) -> &'static Row {
        let row = &CHECKS[self as usize];
        debug_assert_eq!(row.id, self, "the table is in the order of the checks");
        row
    }
}

/// What a check saw.
#[derive(Debug)]
pub(super) struct Seen {
    found: Found,
    kind: Option<Kind>,
    lines: Vec<Message>,
    next: Vec<String>,
}

impl Seen {
    pub(super) fn passed(line: impl Into<Message>) -> Self {
        Self { found: Found::Passed, kind: None, lines: vec![line.into()], next: Vec::new() }
    }

    pub(super) fn failed(kind: Kind, line: impl Into<Message>) -> Self {
        Self { found: Found::Failed, kind: Some(kind), ..Self::passed(line) }
    }

    /// Not looked at, for a reason of its own.
    pub(super) fn skipped(why: impl Into<Message>) -> Self {
        Self { found: Found::Skipped, ..Self::passed(why) }
    }

    /// Another look at the same thing: it has passed if both have.
    pub(super) fn with(mut self, other: Self) -> Self {
        self.lines.extend(other.lines);
        self.next.extend(other.next);
        if self.found == Found::Passed {
            (self.found, self.kind) = (other.found, other.kind);
        }
        self
    }

    /// Adds a sentence.
    pub(super) fn and(mut self, line: impl Into<Message>) -> Self {
        self.lines.push(line.into());
        self
    }

    /// Adds something to paste.
    pub(super) fn next(mut self, command: impl Into<String>) -> Self {
        self.next.push(command.into());
        self
    }

    pub(super) fn has_passed(&self) -> bool {
        self.found == Found::Passed
    }
}

/// What became of a check, for those that need it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Past {
    Passed,
    /// It has not; the check at which the trouble began.
    Not(Id),
}

/// Checks that build on one another, and what they found.
#[derive(Debug, Clone)]
pub(super) struct Chain {
    /// The language in which one check names another.
    lang: Lang,
    past: Vec<(Id, Past)>,
    findings: Vec<Finding>,
}

impl Chain {
    /// Before the first check.
    pub(super) fn new(lang: Lang) -> Self {
        Self { lang, past: Vec::new(), findings: Vec::new() }
    }

    /// The same past, and no findings yet: for several ways on from here.
    pub(super) fn fork(&self) -> Self {
        Self { past: self.past.clone(), ..Self::new(self.lang) }
    }

    /// A check that this listener does not have stands in nobody's way.
    pub(super) fn not_needed(&mut self, id: Id) {
        let past = self.obstacle(id).map_or(Past::Passed, Past::Not);
        self.past.push((id, past));
    }

    /// Makes a check, unless something that it needs has not passed. `about` tells whom or what it is about where
    /// several are checked. What `work` brings is there only if it was done.
    pub(super) async fn run<T>(
        &mut self,
        id: Id,
        about: &str,
        work: impl Future<Output = (Seen, T)>,
    ) -> Option<T> {
        if let Some(root) = self.obstacle(id) {
            self.add(id, about, self.because(root), Past::Not(root));
            return None;
        }
        let (seen, brought) = work.await;
        self.note(id, about, seen);
        Some(brought)
    }

    /// The same for a check that brings nothing but what it saw.
    pub(super) async fn make(&mut self, id: Id, about: &str, work: impl Future<Output = Seen>) {
        self.run(id, about, async { (work.await, ()) }).await;
    }

    /// Writes down what a check saw that needs nothing, or that was seen elsewhere.
    pub(super) fn note(&mut self, id: Id, about: &str, seen: Seen) {
        let past = if seen.has_passed() { Past::Passed } else { Past::Not(id) };
        self.add(id, about, seen, past);
    }

    /// Why a check would be skipped here.
    pub(super) fn in_the_way_of(&self, id: Id) -> Option<Seen> {
        self.obstacle(id).map(|root| self.because(root))
    }

    fn because(&self, root: Id) -> Seen {
        Seen::skipped(words::BECAUSE.with(&[("check", &root.row().label.get(self.lang))]))
    }

    /// Whether a check has passed.
    pub(super) fn passed(&self, id: Id) -> bool {
        self.past.iter().rev().find(|(past, _)| *past == id).is_some_and(|(_, past)| *past == Past::Passed)
    }

    pub(super) fn into_findings(self) -> Vec<Finding> {
        self.findings
    }

    /// The check at which it went wrong, if something that `id` needs has not passed.
    fn obstacle(&self, id: Id) -> Option<Id> {
        id.row().needs.iter().find_map(|need| match self.past.iter().rev().find(|(past, _)| past == need) {
            Some((_, Past::Passed)) => None,
            Some((_, Past::Not(root))) => Some(*root),
            None => self.obstacle(*need).or(Some(*need)),
        })
    }

    fn add(&mut self, id: Id, about: &str, seen: Seen, past: Past) {
        self.past.push((id, past));
        let row = id.row();
        self.findings.push(Finding {
            check: row.name,
            label: row.label.into(),
            about: about.to_owned(),
            found: seen.found,
            kind: seen.kind,
            seen: seen.lines,
            next: seen.next,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_stands_in_its_place_and_needs_only_earlier_ones() {
        for (place, row) in CHECKS.iter().enumerate() {
            assert_eq!(row.id as usize, place, "{}", row.name);
            assert!(row.needs.iter().all(|need| (*need as usize) < place), "{}", row.name);
        }
    }

    #[tokio::test]
    async fn what_needs_a_failed_check_is_skipped_and_names_the_first_failure() {
        let mut chain = Chain::new(Lang::En);
        chain.make(Id::Dns, "", async { Seen::passed("127.0.0.1") }).await;
        chain.make(Id::Tcp, "", async { Seen::failed(Kind::Unreachable, "refused") }).await;
        let never = async { unreachable!("TCP has failed") };
        assert_eq!(chain.run::<()>(Id::Listener, "", never).await, None);
        chain.not_needed(Id::Mechanism);
        let never = async { unreachable!("TCP has failed") };
        assert_eq!(chain.run::<()>(Id::Login, "", never).await, None);
        assert!(!chain.passed(Id::Login) && chain.passed(Id::Dns));
        let found: Vec<_> = chain.into_findings();
        assert_eq!(
            found.iter().map(|one| one.found).collect::<Vec<_>>(),
            [Found::Passed, Found::Failed, Found::Skipped, Found::Skipped]
        );
        assert_eq!(found[3].seen, [words::BECAUSE.with(&[("check", &"TCP")])]);
    }

    #[tokio::test]
    async fn a_check_that_was_never_made_has_not_passed() {
        let mut chain = Chain::new(Lang::En);
        let never = async { unreachable!("nobody logged in") };
        chain.run::<()>(Id::Topics, "", never).await;
        assert_eq!(chain.into_findings()[0].found, Found::Skipped);
    }
}
