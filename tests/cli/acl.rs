//! `kafkalab acl`: what it says offline, and what it changes on a broker.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::program::{Run, kafkalab, kafkalab_at};
use crate::on_every_broker;
use crate::support::embedded::Embedded;
use crate::support::unique;

fn json(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{run:?}"))
}

fn count(list: &Value) -> usize {
    list.as_array().unwrap_or_else(|| panic!("{list}")).len()
}

/// A folder with one ACL file for a principal of its own: READ and WRITE on one topic, READ on one group.
fn folder_of(user: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "principal = 'User:{user}'\n\
         [[allow]]\ntopic = ['{user}-events']\noperations = ['READ', 'WRITE']\n\
         [[allow]]\ngroup = ['{user}-']\npattern = 'prefixed'\noperations = ['READ']\n"
    );
    fs::write(folder.path().join("me.toml"), text).unwrap();
    folder
}

/// `kafkalab acl …` on a broker, as JSON, with these ACL files.
fn acl(address: &str, files: &Path, args: &[&str]) -> Run {
    let common =
        ["acl", "-b", address, "--acls", files.to_str().unwrap(), "--output", "json", "--timeout", "30s"];
    kafkalab(&[&common[..], args].concat())
}

#[test]
fn explain_names_the_deciding_entry_with_its_file_and_line() {
    let run = kafkalab(&[
        "acl",
        "explain",
        "--offline",
        "--principal",
        "nest",
        "--operation",
        "READ",
        "--group",
        "nest-app-server",
    ]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(
        run.stdout,
        "allowed: User:nest may READ Group:LITERAL:nest-app-server, according to your files.\n\
         rule: ALLOW READ on GROUP:PREFIXED:nest- for User:nest (acls/nest.toml:17)\n"
    );
}

#[test]
fn explain_shows_what_nearly_matched_and_what_would_help() {
    let run = kafkalab(&[
        "acl",
        "explain",
        "--offline",
        "--principal",
        "laravel",
        "--operation",
        "WRITE",
        "--topic",
        "nest-events",
    ]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(
        run.stdout,
        "denied: User:laravel may not WRITE Topic:LITERAL:nest-events, according to your files.\n\
         rule: DefaultDeny; no ACL allows it.\n\
         \n\
         nearly:\n\
         WHY                ACL\n\
         another principal  ALLOW WRITE on TOPIC:LITERAL:nest-events for User:nest\n\
         \n\
         To allow it:\n    \
             kafkalab acl add --principal laravel --topic nest-events --operation WRITE\n\
         \n\
         For `kafkalab acl apply` to know of it, in the file of User:laravel in acls too:\n\
         [[allow]]\n\
         topic      = [\"nest-events\"]\n\
         operations = [\"WRITE\"]\n"
    );
    assert!(run.complains("kafka-acls.sh --bootstrap-server localhost:9094"), "{run:?}");
}

#[test]
fn a_name_cannot_drive_the_terminal() {
    let name = "a\u{1b}[31m\u{9b}31m\r";
    let args = ["acl", "explain", "--offline", "--principal", name, "--operation", "WRITE", "--topic", name];
    let run = kafkalab(&args);
    assert_eq!(run.code, 0, "{run:?}");
    let printed = format!("{}{}", run.stdout, run.stderr);
    assert!(printed.contains("kafkalab acl add") && printed.contains("kafka-acls.sh"), "{printed}");
    assert!(!printed.contains(['\u{1b}', '\u{9b}', '\r']), "{printed:?}");
}

/// One file of one's own would replace all those that are built in.
#[test]
fn explain_suggests_no_file_to_whoever_has_none() {
    let elsewhere = tempfile::tempdir().unwrap();
    let args =
        ["acl", "explain", "--offline", "--principal", "laravel", "--operation", "WRITE", "--topic", "x"];
    let mut command = super::program::command(elsewhere.path(), &args);
    let output = command.current_dir(elsewhere.path()).output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    let add = "To allow it:\n    kafkalab acl add --principal laravel --topic x --operation WRITE\n";
    assert!(output.status.success() && told.ends_with(add), "{told}");
}

#[test]
fn explain_speaks_portuguese_too() {
    let args =
        ["acl", "explain", "--offline", "--principal", "analytics", "--operation", "READ", "--topic", "x"];
    let run = kafkalab(&[&args[..], &["--lang", "pt-BR"]].concat());
    assert!(
        run.stdout.starts_with("negado: User:analytics não pode fazer READ em Topic:LITERAL:x"),
        "{run:?}"
    );
}

#[test]
fn explain_falls_back_to_the_files_and_says_so() {
    let args = ["acl", "explain", "--principal", "nest", "--operation", "READ", "--topic", "nest-events"];
    let run = kafkalab(&[&args[..], &["-b", "127.0.0.1:1"]].concat());
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stdout.contains("according to your files") && run.complains("could not be asked"), "{run:?}");
}

#[test]
fn a_bad_file_is_refused_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("me.toml");
    fs::write(&file, "principal = 'User:me'\n[[allow]]\ntopic = ['x']\noperations = ['REED']\n").unwrap();
    let run = kafkalab(&["acl", "render", "--acls", folder.path().to_str().unwrap()]);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{run:?}");
    assert!(run.complains("me.toml:4:15: `REED` is no operation"), "{run:?}");
    assert!(run.complains("Did you mean `READ`?"), "{run:?}");
}

#[test]
fn what_makes_no_sense_is_a_usage_error() {
    for args in [
        &["explain", "--offline", "--principal", "nest", "--operation", "WRITE", "--group", "x"][..],
        &["explain", "--offline", "--principal", "nest", "--operation", "ALL", "--topic", "x"],
        &["explain", "--offline", "--principal", "nest", "--operation", "READ"],
        &[
            "explain",
            "--offline",
            "--principal",
            "nest",
            "--operation",
            "READ",
            "--topic",
            "x",
            "--group",
            "y",
        ],
        &["delete", "--yes"],
        &["add", "--principal", "nest", "--operation", "READ"],
        &["add", "--principal", "nest", "--operation", "WRITE", "--group", "x"],
        &["add", "--principal", "nest", "--operation", "READ", "--topic", "x", "--pattern", "match"],
        &["list", "--permission", "perhaps"],
    ] {
        let run = kafkalab(&[&["acl"], args].concat());
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{run:?}");
    }
}

#[test]
fn render_prints_the_script_of_the_init_job() {
    let run = kafkalab(&["acl", "render"]);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("dev/apache-kafka/init/acls.sh");
    assert_eq!((run.stdout, run.code), (fs::read_to_string(script).unwrap(), 0));
}

on_every_broker! {
    fn apply_adds_what_is_missing_and_changes_nothing_twice(lab: &Lab) {
        let user = unique("acl-user");
        let folder = folder_of(&user);
        let run = |args: &[&str]| acl(lab.bootstrap_sasl(), folder.path(), args);

        let planned = run(&["apply", "--dry-run"]);
        assert_eq!(planned.code, 0, "{planned:?}");
        assert_eq!((count(&json(&planned)["would_add"]), count(&json(&planned)["added"])), (3, 0), "{planned:?}");
        assert_eq!(run(&["apply"]).code, 2, "the address was given, so somebody must say yes");
        let first = run(&["apply", "--yes"]);
        assert_eq!(count(&json(&first)["added"]), 3, "{first:?}");
        let second = run(&["apply", "--yes"]);
        assert_eq!((count(&json(&second)["added"]), &json(&second)["unchanged"]), (0, &3.into()), "{second:?}");
        assert_eq!(count(&json(&run(&["diff"]))["missing"]), 0);

        let listed = json(&run(&["list", "--principal", &user, "--topic", &format!("{user}-events")]));
        assert_eq!(count(&listed["acls"]), 2, "{listed}");
        let matching = json(&run(&["list", "--group", &format!("{user}-app"), "--pattern", "match", "--principal", &user]));
        assert_eq!(count(&matching["acls"]), 1, "{matching}");

        assert_eq!(run(&["delete", "--principal", &user]).code, 2, "nobody is there to say yes");
        let planned = json(&run(&["delete", "--principal", &user, "--dry-run"]));
        assert_eq!((count(&planned["would_delete"]), count(&planned["deleted"])), (3, 0), "{planned}");
        let deleted = json(&run(&["delete", "--principal", &user, "--operation", "READ", "--yes"]));
        assert_eq!(count(&deleted["deleted"]), 2, "{deleted}");
        assert_eq!(count(&json(&run(&["diff"]))["missing"]), 2);
        assert_eq!(count(&json(&run(&["delete", "--principal", &user, "--yes"]))["deleted"]), 1);
        assert_eq!(count(&json(&run(&["delete", "--principal", &user, "--yes"]))["deleted"]), 0);
    }

    fn whoever_is_no_administrator_is_told_what_is_missing(lab: &Lab) {
        for (args, operation) in [(&["list"][..], "DESCRIBE"), (&["diff"], "DESCRIBE"), (&["apply", "--yes"], "DESCRIBE")] {
            let run = acl(lab.bootstrap_sasl(), Path::new("acls"), &[args, &["--as", "laravel"]].concat());
            assert_eq!(run.code, 5, "{run:?}");
            let error = &json(&run)["error"];
            assert_eq!(error["broker_said"]["code"], 31, "{error}");
            assert_eq!(error["rule"]["operation"], operation, "{error}");
        }
    }

    fn add_puts_one_rule_on_the_cluster_and_deny_wins(lab: &Lab) {
        let user = unique("acl-user");
        let topic = format!("{user}-events");
        let folder = folder_of(&user);
        let run = |args: &[&str]| acl(lab.bootstrap_sasl(), folder.path(), args);
        let rule = ["add", "--principal", &user, "--operation", "WRITE", "--topic", &topic];
        let ask = ["explain", "--principal", &user, "--operation", "WRITE", "--topic", &topic];

        assert_eq!(run(&rule).code, 2, "the address was given, so somebody must say yes");
        let added = run(&[&rule[..], &["--yes"]].concat());
        assert_eq!(count(&json(&added)["added"]), 1, "{added:?}");
        assert_eq!(count(&json(&run(&[&rule[..], &["--yes"]].concat()))["added"]), 0);
        assert_eq!(json(&run(&ask))["allowed"], true);
        assert_eq!(run(&[&rule[..], &["--deny", "--yes"]].concat()).code, 0);
        assert_eq!(json(&run(&ask))["allowed"], false, "DENY beats ALLOW");
        assert_eq!(count(&json(&run(&["delete", "--principal", &user, "--yes"]))["deleted"]), 2);
    }

    fn explain_tells_when_files_and_cluster_disagree(lab: &Lab) {
        let user = unique("acl-user");
        let folder = folder_of(&user);
        let topic = format!("{user}-events");
        let ask = ["explain", "--principal", &user, "--operation", "READ", "--topic", &topic];
        let run = acl(lab.bootstrap_sasl(), folder.path(), &ask);
        let report = json(&run);
        assert_eq!((&report["allowed"], &report["files"]["allowed"]), (&false.into(), &true.into()), "{report}");
        assert_eq!(report["source"], "cluster_acls", "{report}");
        assert!(report["files"]["place"].as_str().unwrap().ends_with("me.toml:3"), "{report}");
    }
}

/// On a broker of its own: pruning takes away what any other test needs.
#[test]
fn prune_deletes_what_is_in_no_file() {
    let broker = Embedded::start().unwrap();
    let folder = folder_of("me");
    let run = |args: &[&str]| acl(&broker.sasl, folder.path(), args);
    let before = json(&run(&["diff"]));
    assert_eq!(count(&before["missing"]), 3, "{before}");
    let extra = count(&before["extra"]);
    assert!(extra > 0, "the lab's own ACLs are there: {before}");
    let planned = json(&run(&["apply", "--prune", "--dry-run"]));
    assert_eq!((count(&planned["would_add"]), count(&planned["would_delete"])), (3, extra), "{planned}");
    assert_eq!(run(&["apply", "--prune"]).code, 2, "nobody is there to say yes");
    let applied = json(&run(&["apply", "--prune", "--yes"]));
    assert_eq!((count(&applied["added"]), count(&applied["deleted"])), (3, extra), "{applied}");
    let after = json(&run(&["diff"]));
    assert_eq!(
        (count(&after["missing"]), count(&after["extra"]), &after["equal"]),
        (0, 0, &3.into()),
        "{after}"
    );
}

/// The lab's own address needs no yes, and a learner sees tables.
#[test]
fn the_lab_needs_no_yes() {
    let home = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| kafkalab_at(home.path(), args);
    let up = run(&["up", "--listen", "127.0.0.1:0", "--sasl-listen", "127.0.0.1:0"]);
    assert_eq!(up.code, 0, "{up:?}");
    let applied = run(&["acl", "apply"]);
    let listed = run(&["acl", "list", "--principal", "laravel"]);
    let down = run(&["down"]);
    assert_eq!((applied.code, listed.code, down.code), (0, 0, 0), "{applied:?} {listed:?} {down:?}");
    assert!(applied.stdout.contains("Nothing to add."), "{applied:?}");
    let row = "User:laravel  ALLOW  READ,WRITE,DESCRIBE  TOPIC:LITERAL:laravel-events";
    assert!(listed.stdout.lines().any(|line| line == row), "{listed:?}");
    assert!(listed.stdout.lines().all(|line| line.chars().count() <= 80), "{listed:?}");
}

on_every_broker! {
    /// Apache Kafka answers CreateAcls before its brokers decide by them. New topics keep it busy meanwhile.
    fn an_acl_decides_as_soon_as_it_was_added(lab: &Lab) {
        let run = |arguments: &[&str]| {
            let run = kafkalab(&[arguments, &["-b", lab.bootstrap_sasl()]].concat());
            assert_eq!(run.code, 0, "{run:?}");
        };
        let topics = [(); 4].map(|()| lab.topic("acl-at-once", 1));
        std::thread::scope(|all| {
            for topic in &topics {
                all.spawn(|| run(&["topics", "create", &unique("phase4-busy"), "--partitions", "24"]));
                all.spawn(|| {
                    let whose = ["--principal", "nest", "--operation", "WRITE", "--topic", topic];
                    run(&[&["acl", "add", "--yes"], &whose[..]].concat());
                    run(&["phase2", "produce", "-t", topic, "--msg", "x"]);
                });
            }
        });
    }
}
