//! `kafkalab acl explain` against the broker itself: each question of the table is put to both, and both must give the
//! answer that the table expects.
//!
//! Every scenario has a user of its own, so that wildcards and denials concern nobody else, and names of its own. The
//! broker is asked with a request that needs exactly this right, about a resource that does not exist: Kafka authorizes
//! first, so a refusal is 29, 30 or 31 and a grant any other code.

use std::time::{Duration, Instant};

use kafkalab::acl::{AclBinding, AclFilter, Operation, PatternType, Permission, ResourceType};
use kafkalab::client::raw::admin::users::ScramChange;
use kafkalab::client::raw::admin::{acls, users};
use kafkalab::client::raw::{Cluster, Connection, Login, Mechanism, RawError};
use kafkalab::scram;
use serde_json::Value;

use crate::PATIENCE;
use crate::on_every_broker;
use crate::requests;
use crate::support::{Lab, unique};

/// Rules (`PERMISSION OPERATION TYPE PATTERN NAME [PRINCIPAL [HOST]]`; without a principal: the asking user's) and
/// questions (`OPERATION TYPE NAME ANSWER`). `@` stands for a prefix that no other scenario has.
const TABLE: &[(&str, &[&str], &[&str])] = &[
    (
        "a literal name is the whole name",
        &["ALLOW READ TOPIC LITERAL @orders"],
        &[
            "READ TOPIC @orders yes",
            "WRITE TOPIC @orders no",
            "READ TOPIC @orders-eu no",
            "READ TOPIC @order no",
            "READ TOPIC @Orders no",
            "READ GROUP @orders no",
        ],
    ),
    (
        "a prefixed name is every name that begins so",
        &["ALLOW READ GROUP PREFIXED @nest-", "ALLOW WRITE TOPIC PREFIXED @a"],
        &[
            "READ GROUP @nest-app-server yes",
            "READ GROUP @nest- yes",
            "READ GROUP @nest no",
            "READ GROUP @x-nest- no",
            "WRITE TOPIC @abc yes",
            "WRITE TOPIC @b no",
        ],
    ),
    (
        "a literal asterisk is every name, a prefixed one is not",
        &["ALLOW READ TOPIC LITERAL *", "ALLOW READ GROUP PREFIXED *"],
        &["READ TOPIC @anything yes", "WRITE TOPIC @anything no", "READ GROUP @anything no"],
    ),
    (
        "a denial wins, however specific the grant",
        &[
            "ALLOW READ TOPIC LITERAL @a",
            "DENY READ TOPIC PREFIXED @a",
            "ALLOW ALL TOPIC PREFIXED @b",
            "DENY WRITE TOPIC LITERAL @b-secret",
            "ALLOW READ GROUP LITERAL @g",
            "DENY ALL GROUP LITERAL *",
        ],
        &[
            "READ TOPIC @a no",
            "READ TOPIC @b-secret yes",
            "WRITE TOPIC @b-secret no",
            "WRITE TOPIC @b-open yes",
            "READ GROUP @g no",
            "DELETE GROUP @g no",
        ],
    ),
    (
        "a grant implies DESCRIBE, a denial does not",
        &[
            "ALLOW READ TOPIC LITERAL @read",
            "ALLOW WRITE TOPIC LITERAL @write",
            "ALLOW DELETE TOPIC LITERAL @delete",
            "ALLOW ALTER TOPIC LITERAL @alter",
            "ALLOW CREATE TOPIC LITERAL @create",
            "ALLOW ALTER_CONFIGS TOPIC LITERAL @configs",
            "ALLOW READ TOPIC LITERAL @mixed",
            "ALLOW WRITE TOPIC LITERAL @mixed",
            "DENY READ TOPIC LITERAL @mixed",
            "ALLOW READ TOPIC LITERAL @hidden",
            "DENY DESCRIBE TOPIC LITERAL @hidden",
        ],
        &[
            "DESCRIBE TOPIC @read yes",
            "DESCRIBE TOPIC @write yes",
            "DESCRIBE TOPIC @delete yes",
            "DELETE TOPIC @delete yes",
            "DESCRIBE TOPIC @alter yes",
            "ALTER TOPIC @alter yes",
            "DESCRIBE TOPIC @create no",
            "CREATE TOPIC @create yes",
            "DESCRIBE TOPIC @configs no",
            "DESCRIBE_CONFIGS TOPIC @configs yes",
            "DESCRIBE_CONFIGS TOPIC @read no",
            "DESCRIBE TOPIC @mixed yes",
            "READ TOPIC @mixed no",
            "DESCRIBE TOPIC @hidden no",
            "READ TOPIC @hidden yes",
        ],
    ),
    (
        "the same on groups",
        &["ALLOW READ GROUP LITERAL @g", "ALLOW DELETE GROUP LITERAL @d", "ALLOW DESCRIBE GROUP LITERAL @s"],
        &[
            "DESCRIBE GROUP @g yes",
            "DELETE GROUP @g no",
            "DELETE GROUP @d yes",
            "DESCRIBE GROUP @d yes",
            "READ GROUP @d no",
            "DESCRIBE GROUP @s yes",
            "READ GROUP @s no",
        ],
    ),
    (
        "principal and host are compared as text",
        &[
            "ALLOW READ TOPIC LITERAL @everybody User:*",
            "ALLOW READ TOPIC LITERAL @else User:somebody",
            "ALLOW READ TOPIC LITERAL @here USER 127.0.0.1",
            "ALLOW READ TOPIC LITERAL @there USER 10.9.9.9",
            "ALLOW READ TOPIC LITERAL @not-there",
            "DENY READ TOPIC LITERAL @not-there USER 10.9.9.9",
            "DENY READ TOPIC LITERAL @nobody User:*",
            "ALLOW READ TOPIC LITERAL @nobody",
        ],
        &[
            "READ TOPIC @everybody yes",
            "READ TOPIC @else no",
            "READ TOPIC @here yes",
            "READ TOPIC @there no",
            "READ TOPIC @not-there yes",
            "READ TOPIC @nobody no",
        ],
    ),
    (
        "the cluster",
        &["ALLOW ALTER CLUSTER LITERAL kafka-cluster"],
        &["ALTER CLUSTER kafka-cluster yes", "DESCRIBE CLUSTER kafka-cluster yes"],
    ),
    (
        "the cluster, seen and not changed",
        &["ALLOW DESCRIBE CLUSTER LITERAL kafka-cluster", "ALLOW ALL TOPIC LITERAL *"],
        &["ALTER CLUSTER kafka-cluster no", "DESCRIBE CLUSTER kafka-cluster yes", "DELETE TOPIC @x yes"],
    ),
    (
        "without an ACL",
        &[],
        &["DESCRIBE TOPIC @x no", "DESCRIBE GROUP @x no", "DESCRIBE CLUSTER kafka-cluster no"],
    ),
    (
        "admin",
        &["DENY ALL TOPIC PREFIXED @ User:admin"],
        &["READ TOPIC @x yes", "DESCRIBE CLUSTER kafka-cluster yes", "DELETE GROUP @x yes"],
    ),
];

on_every_broker! {
    fn acl_explain_agrees_with_the_broker(lab: &Lab) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let problems = runtime.block_on(disagreements(lab));
        assert!(problems.is_empty(), "{}", problems.join("\n"));
    }
}

#[test]
fn the_table_asks_at_least_40_questions() {
    assert!(TABLE.iter().map(|(_, _, questions)| questions.len()).sum::<usize>() >= 40);
}

async fn disagreements(lab: &Lab) -> Vec<String> {
    let mut admin = Cluster::connect(lab.bootstrap_sasl(), Some(login("admin")), PATIENCE).await.unwrap();
    let mut problems = Vec::new();
    for (scenario, rules, questions) in TABLE {
        let user = if *scenario == "admin" { "admin".to_owned() } else { unique("asker") };
        let prefix = unique("explain");
        let rules: Vec<AclBinding> = rules.iter().map(|text| rule(text, &user, &prefix)).collect();
        prepare(&mut admin, &user, &rules).await;
        let mut connection = logged_in(lab, &user).await;
        for question in *questions {
            let words: Vec<&str> = question.split(' ').collect();
            let [operation, resource_type, name, answer] = words[..] else { panic!("{question}") };
            let name = name.replace('@', &prefix);
            let by_broker = asked(&mut connection, operation, resource_type, &name).await;
            let by_explain = explained(lab, &user, operation, resource_type, &name);
            let expected = answer == "yes";
            if (by_broker, by_explain) != (expected, expected) {
                problems.push(format!("{scenario}: {question}: broker {by_broker}, explain {by_explain}"));
            }
        }
        let filters: Vec<AclFilter> = rules.iter().map(AclFilter::exactly).collect();
        acls::delete_acls(&mut admin, &filters).await.unwrap();
    }
    problems
}

fn rule(text: &str, user: &str, prefix: &str) -> AclBinding {
    let words: Vec<&str> = text.split(' ').collect();
    let principal = words.get(5).copied().unwrap_or("USER");
    AclBinding {
        permission: words[0].parse::<Permission>().unwrap(),
        operation: words[1].parse::<Operation>().unwrap(),
        resource_type: words[2].parse::<ResourceType>().unwrap(),
        pattern_type: words[3].parse::<PatternType>().unwrap(),
        resource_name: words[4].replace('@', prefix),
        principal: if principal == "USER" { format!("User:{user}") } else { principal.to_owned() },
        host: words.get(6).copied().unwrap_or("*").to_owned(),
    }
}

fn login(user: &str) -> Login {
    let mechanism =
        if user == "admin" { Mechanism::Plain } else { Mechanism::Scram(scram::Mechanism::Sha256) };
    Login { mechanism, username: user.to_owned(), password: format!("{user}-secret").into() }
}

/// Creates the user and its rules, and waits until the broker has the rules.
async fn prepare(admin: &mut Cluster, user: &str, rules: &[AclBinding]) {
    if user != "admin" {
        let password = format!("{user}-secret").into();
        let mechanism = scram::Mechanism::Sha256;
        let change = ScramChange::Set { user: user.to_owned(), mechanism, iterations: 4096, password };
        let results = users::alter_scram_users(admin, &[change]).await.unwrap();
        assert!(results.into_iter().all(|(_, result)| result.is_ok()), "{user}");
    }
    if rules.is_empty() {
        return;
    }
    let results = acls::create_acls(admin, rules).await.unwrap();
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    let deadline = Instant::now() + PATIENCE;
    loop {
        let there = acls::describe_acls(admin, &AclFilter::default()).await.unwrap();
        if rules.iter().all(|rule| there.contains(rule)) {
            return;
        }
        assert!(Instant::now() < deadline, "the ACLs never came");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A login, tried until the new user has reached the broker.
async fn logged_in(lab: &Lab, user: &str) -> Connection {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let mut connection = Connection::connect(lab.bootstrap_sasl(), PATIENCE).await.unwrap();
        match connection.login(&login(user)).await {
            Ok(()) => return connection,
            Err(RawError::Sasl { .. }) if Instant::now() < deadline => {}
            Err(problem) => panic!("{user}: {problem}"),
        }
    }
}

/// Whether the broker lets the request through that needs this right.
async fn asked(connection: &mut Connection, operation: &str, resource_type: &str, name: &str) -> bool {
    let code = match (resource_type, operation) {
        ("TOPIC", "DESCRIBE") => {
            connection.send(&requests::metadata(&[name]), 9).await.unwrap().topics[0].error_code
        }
        ("TOPIC", "READ") => {
            let answer = connection.send(&requests::fetch(name, 0, 0), 11).await.unwrap();
            answer.responses[0].partitions[0].error_code
        }
        ("TOPIC", "WRITE") => {
            let request = requests::produce(name, 0, 1, requests::batch(&["hi"]));
            let answer = connection.send(&request, 9).await.unwrap();
            answer.responses[0].partition_responses[0].error_code
        }
        ("TOPIC", "CREATE") => {
            let request = requests::create_topic(name, 1, 1, &[]).with_validate_only(true);
            connection.send(&request, 5).await.unwrap().topics[0].error_code
        }
        ("TOPIC", "DELETE") => {
            let answer = connection.send(&requests::delete_records(name, 0, 0), 2).await.unwrap();
            answer.topics[0].partitions[0].error_code
        }
        ("TOPIC", "ALTER") => {
            let request = requests::create_partitions(name, 9).with_validate_only(true);
            connection.send(&request, 2).await.unwrap().results[0].error_code
        }
        ("TOPIC", "DESCRIBE_CONFIGS") => {
            let request = requests::describe_configs(2, name, &["retention.ms"]);
            connection.send(&request, 2).await.unwrap().results[0].error_code
        }
        ("GROUP", "READ") => {
            connection.send(&requests::heartbeat(name, 1, "nobody"), 3).await.unwrap().error_code
        }
        ("GROUP", "DESCRIBE") => {
            connection.send(&requests::find_coordinator(name, 0), 2).await.unwrap().error_code
        }
        ("GROUP", "DELETE") => {
            connection.send(&requests::delete_groups(&[name]), 1).await.unwrap().results[0].error_code
        }
        ("CLUSTER", "DESCRIBE") => {
            connection.send(&requests::describe_acls((1, None, 1), None), 2).await.unwrap().error_code
        }
        ("CLUSTER", "ALTER") => {
            let request = requests::delete_acls("User:nobody-has-this-name");
            connection.send(&request, 2).await.unwrap().filter_results[0].error_code
        }
        other => panic!("no request asks for {other:?}"),
    };
    !matches!(code, 29..=31)
}

/// What `kafkalab acl explain` says, from the cluster's ACLs.
fn explained(lab: &Lab, user: &str, operation: &str, resource_type: &str, name: &str) -> bool {
    let flag = format!("--{}", resource_type.to_lowercase());
    let mut arguments = vec!["acl", "explain", "--output", "json", "--timeout", "30s", "--principal", user];
    arguments.extend(["--operation", operation, &flag]);
    arguments.extend((resource_type != "CLUSTER").then_some(name));
    let output = lab.kafkalab(&arguments).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let report: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{arguments:?}: {text}"));
    assert_eq!(report["source"], "cluster_acls", "{report}");
    assert_eq!(report["fix"].is_null(), report["allowed"] == true, "{report}");
    report["allowed"] == true
}
