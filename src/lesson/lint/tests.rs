use super::super::Lessons;
use super::*;
use crate::words::Lang;

const PHASE: &str = "after = []\n[en]\ntitle = 't'\nintro = 'i'\nlearnt = []\n[pt-BR]\ntitle = 't'\nintro = 'i'\nlearnt = []\n";

/// A step that can be taught.
const STEP: &str = r#"
teaches = "record"
commands = ["kafkalab phase0 produce --msg hello"]

[[check]]
kind = "record"
topic = "phase0-hello"

[[wrong]]
commands = ["kafkalab phase0 consume"]
reason = "no-new-record"

[voices]
apache = ["kafka-topics.sh --bootstrap-server {bootstrap_server}"]

[en]
title = "t"
why = "w"
look = "l"
seen = "s"
nudge = "n"

[pt-BR]
title = "t"
why = "w"
look = "l"
seen = "s"
nudge = "n"
"#;

/// What is found in phase 0 with these steps.
fn found(steps: &[(&str, &str)]) -> Vec<String> {
    let step = |(name, text): &(&str, &str)| (format!("phases/phase0/steps/{name}"), (*text).to_owned());
    let mut files = vec![("phases/phase0/phase.toml".to_owned(), PHASE.to_owned())];
    files.extend(steps.iter().map(step));
    let lessons = Lessons::from_files(files).unwrap();
    let ideas = ["record", "offset", "acl"].into();
    let told = |flaw: &Flaw| format!("{}: {}", flaw.place, flaw.problem.in_lang(Lang::En));
    lint(&lessons, &ideas).iter().map(told).collect()
}

/// What is found if one part of the step is another.
fn found_with(part: &str, other: &str) -> String {
    assert!(STEP.contains(part), "{part}");
    found(&[("01-send.toml", &STEP.replacen(part, other, 1))]).join("\n")
}

#[test]
fn a_step_that_can_be_taught_has_no_flaw() {
    assert_eq!(found(&[("01-send.toml", STEP)]), Vec::<String>::new());
}

#[test]
fn ideas_are_known_new_and_taught_in_order() {
    assert!(
        found_with("\"record\"", "\"recrod\"")
            .contains("01-send.toml:2: phases/terms.toml has no term recrod")
    );
    assert!(found_with("commands", "uses = [\"offset\"]\ncommands").contains("which no earlier step taught"));
    let twice = found(&[("01-a.toml", STEP), ("02-b.toml", STEP)]);
    assert_eq!(twice.len(), 1, "{twice:?}");
    assert!(twice[0].contains("02-b.toml:2") && twice[0].contains("taught record already"), "{twice:?}");
}

#[test]
fn a_step_has_something_to_do_to_check_and_to_get_wrong() {
    assert!(found(&[]).join("").contains("has no step"));
    assert!(found_with("\"kafkalab phase0 produce --msg hello\"", "").contains("nothing to type"));
    assert!(
        found_with("[[check]]\nkind = \"record\"\ntopic = \"phase0-hello\"", "check = []")
            .contains("no [[check]]")
    );
    let wrong = "[[wrong]]\ncommands = [\"kafkalab phase0 consume\"]\nreason = \"no-new-record\"";
    assert!(found_with(wrong, "").contains("no [[wrong]] action"));
    assert!(found_with("\"kafkalab phase0 consume\"", "").contains("has no command"));
    assert!(
        found_with("\"kafkalab phase0 consume\"", "\"kafkalab phase0 produce --msg hello\"")
            .contains("the right")
    );
    assert!(found_with("no-new-record", "unreachable").contains("no learner's fault"));
    assert!(
        found(&[("01-a.toml", STEP), ("01-b.toml", &STEP.replace("record\"\nc", "offset\"\nc"))])
            .join("")
            .contains("the same number as phases/phase0/steps/01-a.toml")
    );
}

#[test]
fn a_question_has_answers_that_differ() {
    let question = |choices: &str| format!("[predict]\nen = 'q'\npt-BR = 'q'\n{choices}\n[voices]");
    let choice = |when: &str| format!("[[predict.choice]]\nen = 'a'\npt-BR = 'a'\nwhen = {{ {when} }}\n");
    let with = |choices: &[&str]| {
        found_with("[voices]", &question(&choices.iter().map(|when| choice(when)).collect::<String>()))
    };
    assert_eq!(with(&["exit = 0", "exit = 5"]), "");
    assert!(with(&["exit = 0"]).contains("fewer than two answers"));
    assert!(with(&["exit = 0", "exit = 0"]).contains("right at the same time"));
}

#[test]
fn a_voice_leaves_to_the_profile_only_what_it_has() {
    assert!(found_with("{bootstrap_server}", "{bootstrap}").contains("{bootstrap}"));
    assert_eq!(found_with("{bootstrap_server}", "{ groupId: 'x' }"), "", "that is code");
}

#[test]
fn a_failure_that_is_announced_is_asked_for() {
    let ran = |run: &str| format!("kind = \"ran\"\nrun = {{ {run} }}");
    let record = "kind = \"record\"\ntopic = \"phase0-hello\"";
    let failing = STEP.replacen("\n[[check]]", "exit = 5\n\n[[check]]", 1);
    let with = |text: &str, run: &str| {
        let step = text.replacen(record, &ran(run), 1);
        found(&[("01-send.toml", &step)]).join("\n")
    };
    assert_eq!(with(&failing, "command = \"phase0 produce\", exit = 5"), "");
    assert!(with(&failing, "command = \"phase0 produce\", exit = 4").contains("exit code 5"));
    assert!(with(STEP, "command = \"phase0 produce\", exit = 5").contains("exit code 0"));
    assert!(with(STEP, "exit = 0").contains("which command"));
    assert!(found(&[("01-send.toml", &failing)]).join("").contains("no check asks for it"));
}

#[test]
fn an_acl_is_one_that_kafka_can_have() {
    let acl =
        "kind = \"acl\"\nprincipal = \"User:a\"\noperation = \"READ\"\nresource = \"topic\"\nname = \"t\"";
    let record = "kind = \"record\"\ntopic = \"phase0-hello\"";
    assert_eq!(found_with(record, acl), "");
    assert!(found_with(record, &acl.replace("READ", "REED")).contains("unknown operation"));
    assert!(found_with(record, &acl.replace("\"topic\"", "\"topik\"")).contains("unknown resource type"));
}

#[test]
fn the_lessons_built_in_can_be_taught() {
    let lessons = Lessons::built_in().unwrap();
    let ideas = crate::catalog::terms().iter().map(|term| term.name.as_str()).collect();
    let told = |flaw: &Flaw| format!("{}: {}", flaw.place, flaw.problem.in_lang(Lang::En));
    assert_eq!(lint(&lessons, &ideas).iter().map(told).collect::<Vec<_>>(), Vec::<String>::new());
}
