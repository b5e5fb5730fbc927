//! Files in TOML: what is wrong with one is said with its place.

use std::{fs, str};

use kafkalab::acl::AclFile;
use kafkalab::lesson::Lessons;
use kafkalab::profile::ProfileFile;

/// A file of ACLs.
pub fn acl(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    if let Err(problem) = AclFile::parse("acls/x.toml", text) {
        assert!(problem.to_string().contains("acls/x.toml"), "{problem}");
    }
}

/// A phase's profile.
pub fn profile(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    if let Err(problem) = ProfileFile::parse("profile.toml", text) {
        assert!(problem.to_string().contains("profile.toml"), "{problem}");
    }
}

/// A step of a lesson, in a folder of lessons.
pub fn lesson(bytes: &[u8]) {
    let folder = tempfile::tempdir().expect("the temporary folder is writable");
    let steps = folder.path().join("phase0/steps");
    fs::create_dir_all(&steps).expect("a folder of our own");
    let phase = concat!(env!("CARGO_MANIFEST_DIR"), "/../phases/phase0/phase.toml");
    let phase = fs::read(phase).or_else(|_| fs::read("phases/phase0/phase.toml")).expect("the repository");
    fs::write(folder.path().join("phase0/phase.toml"), phase).expect("a folder of our own");
    fs::write(steps.join("01-fuzz.toml"), bytes).expect("a folder of our own");
    let (_, problems) = Lessons::examine_folder(folder.path());
    problems.iter().for_each(|problem| assert!(!problem.to_string().is_empty()));
}
