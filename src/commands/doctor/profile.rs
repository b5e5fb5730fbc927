//! The settings: are they valid, which layers made them, and where do the passwords come from?

use std::fs;
use std::path::Path;

use secrecy::ExposeSecret as _;

use super::check::Seen;
use crate::acl::AclFiles;
use crate::commands::Context;
use crate::error::{Error, Kind};
use crate::profile::{PasswordPlace, PrincipalEntry, Profile};
use crate::source::Source;
use crate::words::{Message, doctor as words};

/// A profile that was refused: file, line and column, and the nearest known word.
pub(super) fn refused(error: &Error) -> Seen {
    let seen = Seen::failed(Kind::Usage, error.doing.clone());
    let seen = error.hints.iter().cloned().fold(seen, Seen::and);
    error.next.iter().cloned().fold(seen, Seen::next)
}

/// The file of a profile, and what flags and variables put over it.
pub(super) fn layers(context: &Context, profile: &Profile) -> Seen {
    let place = match context.library().file(profile.name) {
        Some(file) => words::FROM_FILE.with(&[("path", &file.display())]),
        None => words::BUILT_IN.with(&[("path", &profile.path)]),
    };
    let over = overridden(profile);
    match over.is_empty() {
        true => Seen::passed(place),
        false => Seen::passed(place).and(words::OVER.with(&[("settings", &over.join(", "))])),
    }
}

/// Where the ACL files are read from, and how many there are.
pub(super) fn acl_files(folder: Option<&Path>, files: &AclFiles) -> Seen {
    let count = files.files.len();
    match folder {
        Some(folder) => {
            Seen::passed(words::ACLS_FROM.with(&[("path", &folder.display()), ("count", &count)]))
        }
        None => Seen::passed(words::ACLS_BUILT_IN.with(&[("count", &count)])),
    }
}

/// The settings that something above the profile decided, as `bootstrap_server (-b)`. That the lab listens on other
/// ports is no setting of the user's.
fn overridden(profile: &Profile) -> Vec<String> {
    let settings = [
        ("bootstrap_server", Some(&profile.bootstrap_server.source)),
        ("plaintext_server", profile.plaintext_server.as_ref().map(|server| &server.source)),
        ("security_protocol", Some(&profile.security_protocol.source)),
        ("mechanism", profile.mechanism.as_ref().map(|mechanism| &mechanism.source)),
        ("as", Some(&profile.actor.name.source)),
        ("password", profile.actor.password.as_ref().map(|password| &password.source)),
    ];
    let own = settings.into_iter().filter_map(|(name, source)| Some((name.to_owned(), source?)));
    let raw = profile.properties.iter().map(|(name, value)| (name.clone(), &value.source));
    own.chain(raw)
        .filter(|(_, source)| source.is_given())
        .map(|(name, source)| format!("{name} ({source})"))
        .collect()
}

/// Where the passwords of principals come from, and who else could read them. `given` is where a password was given
/// for this one run.
pub(super) fn passwords(principals: &[PrincipalEntry], given: Option<&Source>) -> Seen {
    let with_one =
        principals.iter().filter_map(|entry| Some((entry.name.as_str(), entry.password.as_ref()?)));
    let (public, own): (Vec<_>, Vec<_>) = with_one.partition(|(name, place)| is_public(name, place));
    let public: Vec<&str> = public.into_iter().map(|(name, _)| name).collect();
    let given = given.map(|source| Seen::passed(words::PASSWORD_GIVEN.with(&[("source", source)])));
    let of_the_lab = (!public.is_empty())
        .then(|| Seen::passed(words::PASSWORDS_PUBLIC.with(&[("names", &public.join(", "))])));
    let own = own.into_iter().map(|(name, place)| one(name, place));
    let all = given.into_iter().chain(of_the_lab).chain(own).reduce(Seen::with);
    all.unwrap_or_else(|| Seen::skipped(words::NO_PASSWORDS))
}

/// Whether it is the lab's own password, which everybody knows.
fn is_public(name: &str, place: &PasswordPlace) -> bool {
    matches!(place, PasswordPlace::Value(password) if password.value.expose_secret() == format!("{name}-secret"))
}

fn one(name: &str, place: &PasswordPlace) -> Seen {
    let at = place.source();
    match place {
        PasswordPlace::Value(_) => {
            Seen::passed(words::PASSWORD_IN_PROFILE.with(&[("name", &name), ("place", at)]))
        }
        PasswordPlace::Variable(variable) => {
            Seen::passed(words::PASSWORD_VARIABLE.with(&[("name", &name), ("variable", &variable.value)]))
        }
        PasswordPlace::File(path) => of_file(name, &path.value),
    }
}

fn of_file(name: &str, path: &str) -> Seen {
    let told = |text: crate::words::Text, more: &dyn std::fmt::Display| -> Message {
        text.with(&[("name", &name), ("path", &path), ("more", more)])
    };
    match mode(Path::new(path)) {
        Ok(Some(mode)) if mode & 0o077 != 0 => {
            Seen::failed(Kind::Usage, told(words::PASSWORD_FILE_LOOSE, &format!("{mode:04o}")))
                .next(format!("chmod 600 {path}"))
        }
        Ok(Some(mode)) => Seen::passed(told(words::PASSWORD_FILE, &format!("{mode:04o}"))),
        Ok(None) => Seen::passed(told(words::PASSWORD_FILE, &"-")),
        Err(problem) => Seen::failed(Kind::Usage, told(words::PASSWORD_FILE_UNREADABLE, &problem)),
    }
}

/// The permission bits of a file, where the system has them.
#[cfg(unix)]
fn mode(path: &Path) -> std::io::Result<Option<u32>> {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(Some(fs::metadata(path)?.permissions().mode() & 0o777))
}

#[cfg(not(unix))]
fn mode(path: &Path) -> std::io::Result<Option<u32>> {
    fs::metadata(path).map(|_| None)
}
