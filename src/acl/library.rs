//! All ACL files: those built into the program, or a folder or file in their place.

use std::fs;
use std::path::{Path, PathBuf};

use super::{AclBinding, AclFile, AclSet};
use crate::error::{Error, Result};
use crate::profile::local_folder;
use crate::source::Sourced;
use crate::words::{acl_file as words, input};

/// The files of the repository's `acls/`, built in.
const BUILT_IN: [(&str, &str); 4] = [
    ("acls/analytics.toml", include_str!("../../acls/analytics.toml")),
    ("acls/anonymous.toml", include_str!("../../acls/anonymous.toml")),
    ("acls/laravel.toml", include_str!("../../acls/laravel.toml")),
    ("acls/nest.toml", include_str!("../../acls/nest.toml")),
];

/// What `--acls` takes for a lab without any ACL.
const NONE: &str = "none";

/// The ACL files in force, sorted by name.
#[derive(Debug, Clone)]
pub struct AclFiles {
    /// Each file.
    pub files: Vec<AclFile>,
}

impl AclFiles {
    /// The lab's own.
    pub fn built_in() -> Result<Self> {
        Self::parse_all(BUILT_IN.iter().map(|(path, text)| (PathBuf::from(path), Ok((*text).to_owned()))))
    }

    /// Those of `place` (a folder or one file), else those built in. `none` stands for no files at all.
    pub fn load(place: Option<&Path>) -> Result<Self> {
        match place {
            Some(path) if path == Path::new(NONE) => Ok(Self { files: Vec::new() }),
            Some(path) => Self::read(path),
            None => Self::built_in(),
        }
    }

    /// The `acls/` folder between `here` and the root of its repository, if there is one with files.
    pub fn local_folder(here: &Path) -> Option<PathBuf> {
        local_folder(here, "acls", |folder| !toml_files(folder).is_empty())
    }

    /// Reads one file, or every `*.toml` of a folder.
    pub fn read(path: &Path) -> Result<Self> {
        let paths = if path.is_dir() { toml_files(path) } else { vec![path.to_owned()] };
        if paths.is_empty() {
            return Err(Error::usage(words::NO_FILES.with(&[("path", &path.display())])));
        }
        Self::parse_all(paths.into_iter().map(|path| {
            let text = fs::read_to_string(&path);
            (path, text)
        }))
    }

    fn parse_all(texts: impl Iterator<Item = (PathBuf, std::io::Result<String>)>) -> Result<Self> {
        let parse = |(path, text): (PathBuf, std::io::Result<String>)| {
            let shown = path.display().to_string();
            let text = text.map_err(|problem| {
                Error::usage(input::UNREADABLE_FILE.with(&[("path", &shown), ("problem", &problem)]))
            })?;
            AclFile::parse(&shown, &text)
        };
        Ok(Self { files: texts.map(parse).collect::<Result<_>>()? })
    }

    /// Every ACL with its place, file by file.
    pub fn acls(&self) -> impl Iterator<Item = &Sourced<AclBinding>> {
        self.files.iter().flat_map(|file| &file.acls)
    }

    /// All ACLs as a set.
    pub fn set(&self) -> AclSet {
        self.acls().map(|acl| acl.value.clone()).collect()
    }

    /// Where an ACL is written.
    pub fn place_of(&self, acl: &AclBinding) -> Option<&Sourced<AclBinding>> {
        self.acls().find(|written| written.value == *acl)
    }
}

/// The `*.toml` of a folder, sorted; none if it cannot be read.
fn toml_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "toml"))
        .collect();
    paths.sort();
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_and_what_is_built_in_are_equal() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("acls");
        let found: Vec<(String, String)> = toml_files(&folder)
            .iter()
            .map(|path| {
                let name = path.file_name().unwrap().to_str().unwrap();
                (format!("acls/{name}"), fs::read_to_string(path).unwrap())
            })
            .collect();
        let built_in: Vec<_> =
            BUILT_IN.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        assert_eq!(found, built_in);
    }

    #[test]
    fn what_is_built_in_grants_what_the_lessons_need_and_no_more() {
        use crate::acl::{Operation, Policy, Question, Resource};
        let set = AclFiles::built_in().unwrap().set();
        let may = |name: &str, operation, resource| {
            let principal = format!("User:{name}");
            let question = Question { principal: &principal, host: "127.0.0.1", operation, resource };
            set.decide(&question, &Policy::default()).allowed
        };
        let everybody = ["ANONYMOUS", "laravel", "nest", "analytics"];
        let who = |operation, resource| everybody.map(|name| may(name, operation, resource));
        let topic = Resource::topic;
        assert_eq!(who(Operation::Write, topic("phase0-hello")), [true, false, false, false]);
        assert_eq!(who(Operation::Create, topic("phase0-hello")), [true, false, false, false]);
        assert_eq!(who(Operation::Write, topic("laravel-events")), [false, true, false, false]);
        assert_eq!(who(Operation::Describe, topic("nest-events")), [false, false, true, false]);
        assert_eq!(who(Operation::Read, topic("integracao-pedidos-dlq")), [false, true, true, false]);
        assert_eq!(who(Operation::Write, topic("phase4-orders")), [false, true, true, false]);
        assert_eq!(who(Operation::Create, topic("phase4-orders")), [false; 4]);
        assert_eq!(who(Operation::Read, Resource::group("nest-app-server")), [false, false, true, false]);
        assert_eq!(who(Operation::Read, Resource::group("pedidos-shared-1")), [false, true, true, false]);
        assert_eq!(who(Operation::Describe, Resource::CLUSTER), [false; 4]);
    }

    #[test]
    fn a_folder_or_a_file_takes_their_place() {
        let root = tempfile::tempdir().unwrap();
        let (folder, here) = (root.path().join("acls"), root.path().join("app"));
        for path in [&folder, &here, &root.path().join(".git")] {
            fs::create_dir(path).unwrap();
        }
        assert_eq!(AclFiles::local_folder(&here), None, "an empty folder is none");
        let file = folder.join("me.toml");
        fs::write(&file, "principal = 'User:me'\n").unwrap();
        assert_eq!(AclFiles::local_folder(&here), Some(folder.clone()));
        for place in [&folder, &file] {
            assert_eq!(AclFiles::load(Some(place)).unwrap().files[0].principal, "User:me");
        }
        assert_eq!(AclFiles::load(None).unwrap().files.len(), BUILT_IN.len());
        assert!(AclFiles::load(Some(Path::new("none"))).unwrap().files.is_empty());
        let error = AclFiles::load(Some(&folder.join("absent.toml"))).unwrap_err();
        assert!(error.to_string().contains("absent.toml cannot be read"), "{error}");
    }
}
