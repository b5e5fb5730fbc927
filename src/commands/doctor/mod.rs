//! `kafkalab doctor`: what is wrong, one check a line, each with the next thing to do. It diagnoses what is there: it
//! starts nothing and changes nothing.
//!
//! Reading order: `check.rs` has the list of checks and what each needs; `subject.rs` what they are about; `access.rs`
//! goes from a host's name to the login (`network.rs`, `login.rs`); `rights.rs` and `topics.rs` go on from there.

mod access;
mod check;
mod library;
mod login;
mod network;
mod profile;
mod report;
mod rights;
mod subject;
mod topics;

use futures_util::future::join_all;
use secrecy::ExposeSecret as _;

use self::access::Examined;
use self::check::{Chain, Id, Seen};
use self::rights::Acls;
use self::subject::{Access, Subject};
use super::Context;
use crate::acl::AclFiles;
use crate::error::Result;
use crate::profile::{PrincipalEntry, Profile, ProfileName};
use crate::report::{Finding, Findings, Report};
use crate::words::doctor as words;

/// Arguments of `doctor`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only this phase, 0 to 4, or admin; may be given several times. Default: all of them.
    #[arg(long = "phase", value_name = "PHASE", value_parser = parse_phase)]
    only: Vec<ProfileName>,
    /// Print it without user names, home folder and secrets, to paste where others help.
    #[arg(long)]
    report: bool,
}

fn parse_phase(text: &str) -> std::result::Result<ProfileName, String> {
    let wanted = text.strip_prefix("phase").unwrap_or(text);
    let mut names = ProfileName::ALL.iter().map(|(name, ..)| *name);
    let found = names.find(|name| name.name().trim_start_matches("phase") == wanted);
    found.ok_or_else(|| "one of 0, 1, 2, 3, 4 and admin".to_owned())
}

pub(super) async fn run(context: &Context, args: &Args) -> Result<Report> {
    let bar = context.ui.waiting(words::LOOKING);
    let subjects = subjects(context, &args.only)?;
    let files = context.acl_files();
    let settings = settings(context, &subjects, &files);
    let files = files.unwrap_or(AclFiles { files: Vec::new() });
    let ways = Access::of(&subjects).into_iter().map(async |access| {
        let examined = access::examine(context, &access).await;
        let admin = access::admin(context, &access).filter(|_| examined.lets_anybody_in());
        let acls = Acls::read(admin.as_ref(), &files).await;
        Way { access, examined, acls }
    });
    let ways = join_all(ways).await;
    let phases = phases(context, &subjects, &ways).await;
    let listeners = ways.into_iter().map(|way| way.examined.findings);
    let mut groups: Vec<Findings> =
        [settings].into_iter().chain(listeners).chain([phases, program(context)]).collect();
    groups.retain(|group| !group.rows.is_empty());
    bar.finish_and_clear();
    let lang = context.lang();
    if args.report {
        groups = redactor(&subjects).findings(groups, lang);
        groups.insert(0, Findings { head: report::environment().into(), rows: Vec::new() });
    }
    Ok(report::assemble(groups, lang))
}

/// Whose settings are examined. A principal that was asked for is looked for in every profile.
fn subjects(context: &Context, only: &[ProfileName]) -> Result<Vec<Subject>> {
    let one_profile = [ProfileName::Phase1];
    let all = ProfileName::ALL.map(|(name, ..)| name);
    let names: &[ProfileName] = match only {
        [] if context.global.profile.is_some() => &one_profile,
        [] => &all,
        chosen => chosen,
    };
    let load = |name: &ProfileName| Subject::load(context, *name);
    let mut subjects: Vec<Subject> = names.iter().map(load).collect();
    if only.is_empty()
        && let Some(principal) = &context.global.principal
    {
        let knows = |subject: &Subject| {
            let file = context.library().load(subject.name);
            file.map_or(true, |file| file.principals.iter().any(|entry| entry.name == *principal))
        };
        let (known, strangers): (Vec<_>, Vec<_>) = subjects.into_iter().partition(knows);
        if known.is_empty()
            && let Some(error) = strangers.into_iter().find_map(|one| one.profile.err())
        {
            return Err(error);
        }
        subjects = known;
    }
    if only.is_empty() {
        subjects.iter_mut().for_each(without_its_own_listener);
    }
    Ok(subjects)
}

/// `-b` names the listener with the login. Phase 0 goes to the other one, if that is known.
fn without_its_own_listener(subject: &mut Subject) {
    if subject.name != ProfileName::Phase0 {
        return;
    }
    let Ok(profile) = &mut subject.profile else { return };
    if !profile.bootstrap_server.source.is_given() {
        return;
    }
    match profile.plaintext_server.clone() {
        Some(server) => {
            profile.bootstrap_server = server;
            subject.users = vec![profile.clone()];
        }
        None => subject.users.clear(),
    }
}

/// The profiles and their passwords.
fn settings(context: &Context, subjects: &[Subject], files: &Result<AclFiles>) -> Findings {
    let mut chain = Chain::new(context.lang());
    for subject in subjects {
        let seen = match &subject.profile {
            Ok(profile) => profile::layers(context, profile),
            Err(error) => profile::refused(error),
        };
        chain.note(Id::Profile, subject.name.name(), seen);
    }
    if subjects.iter().any(|subject| subject.users.iter().any(|user| user.actor.password.is_some())) {
        chain.note(Id::Password, "", passwords(context, subjects));
    }
    let seen = match files {
        Ok(files) => profile::acl_files(context.acls_folder().as_deref(), files),
        Err(error) => profile::refused(error),
    };
    chain.note(Id::AclFiles, "", seen);
    Findings { head: words::SETTINGS.into(), rows: chain.into_findings() }
}

/// The passwords of all principals, each once.
fn passwords(context: &Context, subjects: &[Subject]) -> Seen {
    let mut entries: Vec<PrincipalEntry> = Vec::new();
    for file in subjects.iter().filter_map(|subject| context.library().load(subject.name).ok()) {
        for entry in file.principals {
            if !entries.iter().any(|known| known.name == entry.name) {
                entries.push(entry);
            }
        }
    }
    let used = subjects.iter().flat_map(|subject| &subject.users);
    let mut sources = used.filter_map(|user| user.actor.password.as_ref().map(|password| &password.source));
    let given = sources.find(|source| source.is_given());
    let seen = profile::passwords(&entries, given);
    let lacking = subjects.iter().flat_map(|subject| &subject.lacking);
    lacking.map(profile::refused).fold(seen, Seen::with)
}

/// A way into a cluster, how far it leads, and the ACLs there.
struct Way {
    access: Access,
    examined: Examined,
    acls: Acls,
}

/// What each phase needs of the cluster: rights, and topics.
async fn phases(context: &Context, subjects: &[Subject], ways: &[Way]) -> Findings {
    let phases =
        subjects.iter().filter(|subject| subject.name != ProfileName::Admin && subject.profile.is_ok());
    let rows = phases.map(async |subject| {
        let serves = |way: &&Way| subject.users.iter().any(|user| way.access.serves(user));
        match ways.iter().find(serves) {
            Some(way) => phase(subject, way).await,
            None => {
                let mut chain = Chain::new(context.lang());
                chain.note(Id::Listener, subject.name.name(), Seen::skipped(words::OTHER_LISTENER));
                chain.into_findings()
            }
        }
    });
    Findings { head: words::PHASES.into(), rows: join_all(rows).await.concat() }
}

/// One phase: the rights of everybody who works with its topics, and the topics as its own principal sees them.
async fn phase(subject: &Subject, way: &Way) -> Vec<Finding> {
    let about = subject.name.name();
    let actors: Vec<(&Profile, Chain)> =
        subject.actors().filter_map(|user| Some((user, way.examined.way_of(user)?))).collect();
    let in_with = actors.iter().position(|(_, way)| way.passed(Id::Login)).unwrap_or(0);
    let Some((first, begun)) = actors.get(in_with) else { return Vec::new() };
    let mut chain = begun.fork();
    let rights = async {
        let of_each = actors.iter().map(async |(user, chain)| match chain.in_the_way_of(Id::Rights) {
            Some(skipped) => skipped,
            None => way.acls.check(user).await,
        });
        let together = join_all(of_each).await.into_iter().reduce(Seen::with);
        together.unwrap_or_else(|| Seen::skipped(words::NO_TOPIC))
    };
    chain.make(Id::Rights, about, rights).await;
    chain.make(Id::Topics, about, topics::check(first)).await;
    chain.into_findings()
}

/// What this program brings along.
fn program(context: &Context) -> Findings {
    let mut chain = Chain::new(context.lang());
    chain.note(Id::Library, "", library::check());
    Findings { head: words::PROGRAM.into(), rows: chain.into_findings() }
}

/// What strangers need not know, gathered from the profiles.
fn redactor(subjects: &[Subject]) -> report::Redactor {
    let users = || subjects.iter().flat_map(|subject| &subject.users);
    let names: Vec<String> = users().map(|user| user.actor.name.value.clone()).collect();
    let passwords = users().filter_map(|user| user.actor.password.as_ref());
    let passwords: Vec<String> =
        passwords.map(|password| password.value.expose_secret().to_owned()).collect();
    report::Redactor::new(&names, &passwords)
}
