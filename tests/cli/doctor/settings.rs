//! Profiles, passwords and ACL files.

use std::os::unix::fs::PermissionsExt as _;

use super::{diagnose, phases_with_admin, servers, texts, write_profile};
use crate::support::Lab;

#[test]
fn an_unknown_key_is_the_profiles_failure() {
    let folder = tempfile::tempdir().unwrap();
    let profile = folder.path().join("mine.toml");
    std::fs::write(&profile, "[kafka]\nbootstrap_serverr = 'x:1'\n").unwrap();
    let found = diagnose(&["--profile", profile.to_str().unwrap()]);
    found.is_only("profile", "mine.toml:2:1: unknown key `kafka.bootstrap_serverr`", 2);
    assert!(texts(&found.failure()["seen"]).contains(&"Did you mean `bootstrap_server`?"));
}

#[test]
fn an_invalid_file_of_one_kind_does_not_hide_the_rest() {
    let lab = Lab::embedded();
    let phases = phases_with_admin("passwordd = 'admin-secret'");
    let found = diagnose(&[&["--phases", phases.path().to_str().unwrap()], &servers(lab)[..]].concat());
    found.is_only("profile", "unknown key `principals.admin.passwordd`", 2);
    assert!(found.with("passed").contains(&"rights"), "{:?}", found.run);

    let acls = tempfile::tempdir().unwrap();
    std::fs::write(acls.path().join("me.toml"), "principal = 'me'\n").unwrap();
    let found = diagnose(&[&["--acls", acls.path().to_str().unwrap()], &servers(lab)[..]].concat());
    found.is_only("acl_files", "`me` is no principal", 2);
    assert!(found.with("passed").contains(&"rights"), "{:?}", found.run);
}

#[test]
fn a_password_file_that_others_can_read_is_reported() {
    let lab = Lab::embedded();
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "laravel-secret\n").unwrap();
    let profile = write_profile(folder.path(), &format!("password_file = '{}'", secret.display()));
    for (mode, code) in [(0o600, 0), (0o644, 2), (0o640, 2)] {
        std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(mode)).unwrap();
        let found = diagnose(&["--profile", &profile, "-b", lab.bootstrap_sasl()]);
        assert_eq!(found.run.code, code, "{:?}", found.run);
        if code != 0 {
            found.is_only("password", &format!("has mode {mode:04o}"), 2);
            assert_eq!(found.next(), [format!("chmod 600 {}", secret.display())]);
        }
    }
}
