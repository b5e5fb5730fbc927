//! Our own connection against real brokers: logins, the probe, and the admin requests.
#![allow(clippy::unwrap_used, reason = "test code: a panic is how it reports")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use kafkalab::acl::{AclBinding, AclFilter, Operation, PatternType, Permission, ResourceType};
use kafkalab::client::raw::admin::records::OffsetAt;
use kafkalab::client::raw::admin::topics::{NewTopic, TopicPartition};
use kafkalab::client::raw::admin::{acls, brokers, configs, groups, offsets, records, topics, users};
use kafkalab::client::raw::join::{KAFKAJS_ASSIGNOR, knock};
use kafkalab::client::raw::{
    Cluster, Connection, Handshake, Listener, Login, LoginOutcome, Mechanism, RawError, probe,
};
use kafkalab::scram;
use rdkafka::consumer::{BaseConsumer, Consumer as _};

use crate::on_every_broker;
use crate::support::{Lab, eventually, unique};

const PATIENCE: Duration = Duration::from_secs(20);
const SCRAM_256: Mechanism = Mechanism::Scram(scram::Mechanism::Sha256);

fn login(mechanism: Mechanism, user: &str, password: &str) -> Login {
    Login { mechanism, username: user.to_owned(), password: password.into() }
}

async fn cluster(lab: &Lab, principal: &str) -> Cluster {
    let login = login(Mechanism::Plain, principal, &format!("{principal}-secret"));
    Cluster::connect(lab.bootstrap_sasl(), Some(login), PATIENCE).await.unwrap()
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// Asks until the answer is as expected, or for [`PATIENCE`]; returns the last answer.
async fn until<T>(mut ask: impl AsyncFnMut() -> T, expected: impl Fn(&T) -> bool) -> T {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let answer = ask().await;
        if expected(&answer) || tokio::time::Instant::now() > deadline {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn code<T: std::fmt::Debug>(result: Result<T, RawError>) -> i16 {
    match result {
        Err(RawError::Broker(error)) => error.code,
        other => panic!("the broker refuses, and did not: {other:?}"),
    }
}

on_every_broker! {
    fn every_mechanism_logs_in_after_either_handshake(lab: &Lab) {
        block_on(async {
            for mechanism in [Mechanism::Plain, SCRAM_256] {
                for handshake in [Handshake::V0, Handshake::V1] {
                    let mut connection = Connection::connect(lab.bootstrap_sasl(), PATIENCE).await.unwrap();
                    let login = login(mechanism, "laravel", "laravel-secret");
                    connection.login_after(handshake, &login).await.unwrap();
                    connection.api_versions().await.unwrap();
                }
            }
        });
    }

    fn the_probe_says_what_a_login_would_meet(lab: &Lab) {
        let offered = Listener::Sasl(vec!["PLAIN".to_owned(), "SCRAM-SHA-256".to_owned()]);
        let refused = |message: &str| LoginOutcome::Refused { code: 58, message: message.to_owned() };
        let sha512 = Mechanism::Scram(scram::Mechanism::Sha512);
        let invalid = "Authentication failed during authentication due to invalid credentials with SASL mechanism \
                       SCRAM-SHA-256";
        for (login, outcome) in [
            (login(Mechanism::Plain, "laravel", "laravel-secret"), LoginOutcome::Accepted),
            (login(SCRAM_256, "laravel", "laravel-secret"), LoginOutcome::Accepted),
            (
                login(Mechanism::Plain, "laravel", "wrong"),
                refused("Authentication failed: Invalid username or password"),
            ),
            (
                login(Mechanism::Plain, "nobody", "laravel-secret"),
                refused("Authentication failed: Invalid username or password"),
            ),
            (login(SCRAM_256, "laravel", "wrong"), refused(invalid)),
            (login(SCRAM_256, "nobody", "laravel-secret"), refused(invalid)),
            (login(sha512, "laravel", "laravel-secret"), LoginOutcome::MechanismNotOffered),
        ] {
            let found = block_on(probe(lab.bootstrap_sasl(), Some(login.clone())));
            assert_eq!((&found.listener, &found.login), (&offered, &outcome), "{login:?}");
        }
        let found = block_on(probe(lab.bootstrap_plaintext(), Some(login(Mechanism::Plain, "laravel", "x"))));
        assert_eq!((found.listener, found.login), (Listener::Plaintext, LoginOutcome::NotTried));
    }

    fn acls_are_created_found_and_deleted(lab: &Lab) {
        block_on(async {
            let mut admin = cluster(lab, "admin").await;
            let name = unique("acl");
            let acl = |operation| AclBinding {
                resource_type: ResourceType::Topic,
                resource_name: name.clone(),
                pattern_type: PatternType::Prefixed,
                principal: "User:nest".to_owned(),
                host: "*".to_owned(),
                operation,
                permission: Permission::Deny,
            };
            let (read, write) = (acl(Operation::Read), acl(Operation::Write));
            let wrong = AclBinding { principal: "nest".to_owned(), ..read.clone() };
            let results =
                acls::create_acls(&mut admin, &[read.clone(), wrong, write.clone()]).await.unwrap();
            assert_eq!(results.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
            assert_eq!(results[1].as_ref().unwrap_err().code, 42);

            let ours = AclFilter { resource_name: Some(name.clone()), ..AclFilter::default() };
            let two = acls::describe_acls(&mut admin, &ours).await.unwrap();
            assert_eq!(two, [read.clone(), write.clone()]);
            let deleted =
                acls::delete_acls(&mut admin, &[AclFilter::exactly(&read), ours.clone()]).await.unwrap();
            assert_eq!(deleted[0], Ok(vec![read]));
            assert!(deleted[1].as_ref().unwrap().contains(&write), "{deleted:?}");
            assert_eq!(acls::describe_acls(&mut admin, &ours).await.unwrap(), []);

            let mut laravel = cluster(lab, "laravel").await;
            assert_eq!(code(acls::describe_acls(&mut laravel, &ours).await), 31);
            assert_eq!(acls::create_acls(&mut laravel, &[write]).await.unwrap()[0].as_ref().unwrap_err().code, 31);
        });
    }

    fn topics_are_created_grown_read_and_deleted(lab: &Lab) {
        block_on(async {
            let mut admin = cluster(lab, "admin").await;
            let name = unique("raw-topic");
            let configs = BTreeMap::from([("retention.ms".to_owned(), "60000".to_owned())]);
            let new = NewTopic { name: name.clone(), partitions: 2, replication_factor: -1, configs };
            let created = topics::create_topics(&mut admin, std::slice::from_ref(&new), true).await.unwrap();
            assert_eq!(created[&name], Ok(()), "validated");
            let absent = topics::describe_topics(&mut admin, &[&name]).await.unwrap();
            assert_eq!(absent[&name].as_ref().unwrap_err().code, 3);

            topics::create_topics(&mut admin, std::slice::from_ref(&new), false).await.unwrap()[&name]
                .clone()
                .unwrap();
            let again = topics::create_topics(&mut admin, &[new], false).await.unwrap();
            assert_eq!(again[&name].as_ref().unwrap_err().code, 36);
            topics::create_partitions(&mut admin, &name, 3).await.unwrap();
            assert_eq!(code(topics::create_partitions(&mut admin, &name, 3).await), 37);

            let settings = configs::describe_topic_configs(&mut admin, &name).await.unwrap();
            let retention = settings.iter().find(|setting| setting.name == "retention.ms").unwrap();
            assert_eq!((retention.value.as_deref(), retention.is_default), (Some("60000"), false));

            let partitions = (0..4).map(|partition| TopicPartition::new(&name, partition));
            let asked = partitions.map(|at| (at, OffsetAt::Latest)).collect();
            let found = records::list_offsets(&mut admin, &asked).await.unwrap();
            let found: Vec<_> = found.into_values().map(|found| found.map_err(|error| error.code)).collect();
            assert_eq!(found, [Ok(0), Ok(0), Ok(0), Err(3)]);
            let emptied = BTreeMap::from([(TopicPartition::new(&name, 0), -1)]);
            let emptied = records::delete_records(&mut admin, &emptied).await.unwrap();
            assert_eq!(emptied.into_values().next(), Some(Ok(0)));

            let mut nest = cluster(lab, "nest").await;
            let hidden = topics::describe_topics(&mut nest, &[&name]).await.unwrap();
            assert_eq!(hidden[&name].as_ref().unwrap_err().code, 29);
            let listed = topics::list_topics(&mut nest).await.unwrap();
            assert!(!listed.iter().any(|topic| topic.name == name));

            assert_eq!(topics::delete_topics(&mut admin, &[&name]).await.unwrap()[&name], Ok(()));
        });
    }

    fn offsets_are_committed_and_a_group_deleted(lab: &Lab) {
        let (group, topic) = (unique("raw-group"), lab.topic("raw-offsets", 2));
        block_on(async {
            let mut admin = cluster(lab, "admin").await;
            let at = TopicPartition::new(&topic, 1);
            let committed = offsets::commit_offsets(&mut admin, &group, &BTreeMap::from([(at.clone(), 7)])).await;
            assert_eq!(committed.unwrap()[&at], Ok(()));
            let found = offsets::committed_offsets(&mut admin, &group).await.unwrap();
            assert_eq!(found.keys().collect::<Vec<_>>(), [&at]);
            assert_eq!(found[&at].as_ref().unwrap().offset, 7);

            let listed = groups::list_groups(&mut admin).await.unwrap();
            assert!(listed.iter().any(|listed| listed.group_id == group && listed.state == "Empty"), "{listed:?}");
            let described = groups::describe_group(&mut admin, &group).await.unwrap();
            assert_eq!((described.state.as_str(), described.members.len()), ("Empty", 0));

            let mut nest = cluster(lab, "nest").await;
            assert_eq!(code(groups::describe_group(&mut nest, &group).await), 30);
            assert_eq!(code(offsets::committed_offsets(&mut nest, &group).await), 30);

            groups::delete_group(&mut admin, &group).await.unwrap();
            assert_eq!(code(groups::delete_group(&mut admin, &group).await), 69);
        });
    }

    fn a_member_is_let_in_where_the_others_know_its_assignor(lab: &Lab) {
        const MEMBER_ID_REQUIRED: i16 = 79;
        const INCONSISTENT_GROUP_PROTOCOL: i16 = 23;
        let (topic, group) = (lab.topic("phase4-raw", 1), unique("pedidos-shared"));
        let knock_as = |assignor| {
            block_on(async { knock(&mut cluster(lab, "nest").await, &group, &topic, assignor).await.unwrap() })
        };
        assert_eq!(knock_as(KAFKAJS_ASSIGNOR), MEMBER_ID_REQUIRED, "nobody is there");

        let laravel: BaseConsumer = lab.client("laravel").set("group.id", &group).create().unwrap();
        laravel.subscribe(&[&topic]).unwrap();
        let owned = eventually(|| {
            laravel.poll(Duration::from_millis(100));
            laravel.assignment().ok().filter(|owned| owned.count() == 1)
        });
        assert!(owned.is_some(), "librdkafka joins");
        assert_eq!(knock_as(KAFKAJS_ASSIGNOR), INCONSISTENT_GROUP_PROTOCOL);
        assert_eq!(knock_as("range"), MEMBER_ID_REQUIRED, "one that librdkafka has as well");
    }

    fn a_scram_user_is_made_and_can_log_in(lab: &Lab) {
        block_on(async {
            let mut admin = cluster(lab, "admin").await;
            let (user, mechanism) = (unique("=,user"), scram::Mechanism::Sha256);
            let password = || "a password of its own".into();
            let set = users::ScramChange::Set { user: user.clone(), mechanism, iterations: 4096, password: password() };
            assert_eq!(users::alter_scram_users(&mut admin, &[set]).await.unwrap()[&user], Ok(()));
            let known = async || users::describe_scram_users(&mut admin).await.unwrap();
            let known = until(known, |users| users.contains_key(&user)).await;
            assert_eq!(known[&user], [(mechanism, 4096)]);

            let login = Login { mechanism: SCRAM_256, username: user.clone(), password: password() };
            let mut client = Cluster::connect(lab.bootstrap_sasl(), Some(login.clone()), PATIENCE).await.unwrap();
            assert!(!brokers::describe_cluster(&mut client).await.unwrap().brokers.is_empty());

            let delete = || users::ScramChange::Delete { user: user.clone(), mechanism };
            assert_eq!(users::alter_scram_users(&mut admin, &[delete()]).await.unwrap()[&user], Ok(()));
            let gone = async || users::describe_scram_users(&mut admin).await.unwrap();
            assert_eq!(until(gone, |users| !users.contains_key(&user)).await.get(&user), None);
            let twice = users::alter_scram_users(&mut admin, &[delete()]).await.unwrap();
            assert_eq!(twice[&user].as_ref().unwrap_err().code, 91);
            let refused = Cluster::connect(lab.bootstrap_sasl(), Some(login), PATIENCE).await;
            assert!(matches!(refused, Err(RawError::Sasl { code: 58, .. })), "{refused:?}");
        });
    }
}

/// On a cluster: leaders answer for partitions, coordinators for groups, each broker for itself. `lab` has several.
pub(crate) fn every_request_finds_its_broker(lab: &Lab) {
    let topic = lab.topic("raw-routing", 6);
    let groups: Vec<String> = (0..6).map(|number| unique(&format!("raw-routing-{number}"))).collect();
    block_on(async {
        let mut admin = cluster(lab, "admin").await;
        let described = topics::describe_topics(&mut admin, &[&topic]).await.unwrap();
        let partitions = &described[&topic].as_ref().unwrap().partitions;
        let leaders: BTreeSet<_> = partitions.iter().map(|partition| partition.leader).collect();
        assert!(leaders.len() > 1, "partitions are spread: {partitions:?}");

        let all = (0..6).map(|partition| TopicPartition::new(&topic, partition));
        let asked = all.clone().map(|at| (at, OffsetAt::Latest)).collect();
        let found = records::list_offsets(&mut admin, &asked).await.unwrap();
        assert!(found.len() == 6 && found.values().all(|found| *found == Ok(0)), "{found:?}");
        let emptied = records::delete_records(&mut admin, &all.map(|at| (at, -1)).collect()).await.unwrap();
        assert!(emptied.len() == 6 && emptied.values().all(|start| *start == Ok(0)), "{emptied:?}");

        let at = TopicPartition::new(&topic, 0);
        for group in &groups {
            let committed = BTreeMap::from([(at.clone(), 5)]);
            assert_eq!(offsets::commit_offsets(&mut admin, group, &committed).await.unwrap()[&at], Ok(()));
            assert_eq!(groups::describe_group(&mut admin, group).await.unwrap().state, "Empty");
        }
        let listed = groups::list_groups(&mut admin).await.unwrap();
        assert!(
            groups.iter().all(|group| listed.iter().any(|listed| listed.group_id == *group)),
            "{listed:?}"
        );
        for group in &groups {
            groups::delete_group(&mut admin, group).await.unwrap();
        }
        for id in admin.broker_ids() {
            let settings = configs::describe_broker_configs(&mut admin, id).await.unwrap();
            let node = settings.iter().find(|setting| setting.name == "node.id");
            assert_eq!(node.and_then(|node| node.value.clone()), Some(id.to_string()));
        }
    });
}
