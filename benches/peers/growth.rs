//! How the time of the requests of a busy client grows with what the broker holds.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::{Duration, Instant};

use kafkalab::acl::{AclBinding, Operation, PatternType, Permission, ResourceType};
use kafkalab::client::raw::admin::{acls, offsets, topics};
use kafkalab::client::raw::batches::TopicLog;
use kafkalab::client::raw::{Cluster, Login, Mechanism};
use rdkafka::ClientConfig;
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::util::Timeout;

use crate::Plan;
use crate::brokers::{Broker, Engine, Sync};
use crate::pairs::{Runs, short};

/// How much the broker holds at each step.
const STEPS: [usize; 4] = [10, 100, 1000, 10_000];

/// Requests of a run, of which the middle one counts.
const REQUESTS: usize = 500;

/// Something of which a broker can hold many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Many {
    Topics,
    Partitions,
    Groups,
    Acls,
}

/// The topic and the group that laravel works with.
const TOPIC: &str = "bench-growth";
const GROUP: &str = "bench-growth-group";

/// What is measured of one number of things, in the order of the rows.
const REQUESTS_OF: [&str; 3] = ["a record in", "a record out", "an offset committed"];

/// Prints the table: microseconds of one answered request, logged in as laravel.
pub fn measure(plan: &Plan) {
    println!("\n### One request, by what kafkalab's broker holds, in microseconds\n");
    println!(
        "| of these | request | 10 | 100 | 1,000 | 10,000 | 10,000 ÷ 10 |\n|---|---|---|---|---|---|---|"
    );
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    for many in [Many::Topics, Many::Partitions, Many::Groups, Many::Acls] {
        let broker = Broker::start(Engine::Kafkalab, Sync::Lazily);
        let mut cluster = runtime.block_on(prepare(&broker));
        let mut held = 0;
        let mut columns = Vec::new();
        for step in STEPS {
            runtime.block_on(add(&mut cluster, many, held..step));
            held = step;
            let mut runs = REQUESTS_OF.map(|_| Runs::default());
            for _ in 0..plan.runs {
                runs[0].push(runtime.block_on(records_in(&broker)));
                let [out, committed] = runtime.block_on(records_out(&broker));
                runs[1].push(out);
                runs[2].push(committed);
            }
            columns.push(runs);
        }
        for (row, request) in REQUESTS_OF.into_iter().enumerate() {
            let cells: Vec<String> = columns.iter().map(|runs| short(runs[row].median())).collect();
            let grown = columns[STEPS.len() - 1][row].median() / columns[0][row].median();
            println!("| {many:?} | {request} | {} | {grown:.2} |", cells.join(" | "));
        }
    }
}

/// The topic, and laravel's right to it and to the group. The connection is admin's.
async fn prepare(broker: &Broker) -> Cluster {
    let mut cluster = connect(broker, "admin").await;
    create(&mut cluster, vec![topics::NewTopic::new(TOPIC, 1)]).await;
    let new = [
        acl("User:laravel", ResourceType::Topic, TOPIC, Operation::Write),
        acl("User:laravel", ResourceType::Topic, TOPIC, Operation::Read),
        acl("User:laravel", ResourceType::Group, GROUP, Operation::Read),
    ];
    for result in acls::create_acls(&mut cluster, &new).await.expect("it answers") {
        result.expect("admin may");
    }
    cluster
}

async fn connect(broker: &Broker, username: &str) -> Cluster {
    let login = Some(login(username));
    Cluster::connect(address(broker), login, Duration::from_secs(60)).await.expect("it answers")
}

/// Makes the broker hold as many as the range ends with.
async fn add(cluster: &mut Cluster, many: Many, numbers: Range<usize>) {
    match many {
        Many::Topics => {
            create(cluster, numbers.map(|n| topics::NewTopic::new(format!("bench-t-{n}"), 1)).collect())
                .await;
        }
        Many::Partitions => {
            let partitions = i32::try_from(numbers.end - numbers.start).expect("a small number");
            create(cluster, vec![topics::NewTopic::new(format!("bench-p-{}", numbers.end), partitions)])
                .await;
        }
        Many::Groups => {
            let places = BTreeMap::from([(topics::TopicPartition::new(TOPIC, 0), 0)]);
            for n in numbers {
                offsets::commit_offsets(cluster, &format!("bench-g-{n}"), &places).await.expect("it answers");
            }
        }
        Many::Acls => {
            let new: Vec<AclBinding> = numbers
                .map(|n| {
                    let (principal, topic) = (format!("User:u{n}"), format!("bench-a-{n}"));
                    acl(&principal, ResourceType::Topic, &topic, Operation::Write)
                })
                .collect();
            acls::create_acls(cluster, &new).await.expect("it answers");
        }
    }
}

async fn create(cluster: &mut Cluster, new: Vec<topics::NewTopic>) {
    let results = topics::create_topics(cluster, &new, false).await.expect("it answers");
    results.values().for_each(|result| *result.as_ref().expect("it can be made"));
}

/// Microseconds from one record's way into the producer until it was acknowledged; the middle of many.
async fn records_in(broker: &Broker) -> f64 {
    let producer: FutureProducer = ClientConfig::new()
        .set("bootstrap.servers", address(broker))
        .set("security.protocol", "SASL_PLAINTEXT")
        .set("sasl.mechanism", "PLAIN")
        .set("sasl.username", "laravel")
        .set("sasl.password", "laravel-secret")
        .set("linger.ms", "0")
        .create()
        .expect("a producer");
    let mut took = Runs::default();
    for _ in 0..REQUESTS {
        let began = Instant::now();
        let record = FutureRecord::<(), _>::to(TOPIC).payload("x");
        producer.send(record, Timeout::Never).await.map_err(|(problem, _)| problem).expect("acknowledged");
        took.push(began.elapsed().as_secs_f64() * 1e6);
    }
    took.median()
}

/// Microseconds of a Fetch that brings the last record, and of a commit; the middle of many each.
async fn records_out(broker: &Broker) -> [f64; 2] {
    let mut cluster = connect(broker, "laravel").await;
    let log = TopicLog::open(&mut cluster, TOPIC).await.expect("laravel may read it");
    let bounds = log.partitions[0];
    let places = BTreeMap::from([(topics::TopicPartition::new(TOPIC, 0), bounds.end)]);
    let (mut out, mut committed) = (Runs::default(), Runs::default());
    for _ in 0..REQUESTS {
        let began = Instant::now();
        let (records, _) = log.read(&mut cluster, &bounds, bounds.end - 1, 1).await.expect("it answers");
        out.push(began.elapsed().as_secs_f64() * 1e6);
        assert_eq!(records.len(), 1, "the last record");
        let began = Instant::now();
        let results = offsets::commit_offsets(&mut cluster, GROUP, &places).await.expect("it answers");
        committed.push(began.elapsed().as_secs_f64() * 1e6);
        results.values().for_each(|result| *result.as_ref().expect("laravel may commit"));
    }
    [out.median(), committed.median()]
}

fn address(broker: &Broker) -> &str {
    broker.sasl.as_deref().expect("kafkalab's broker has one")
}

fn login(username: &str) -> Login {
    Login {
        mechanism: Mechanism::Plain,
        username: username.to_owned(),
        password: format!("{username}-secret").into(),
    }
}

/// What a principal may do with the resources whose names begin so.
fn acl(principal: &str, resource_type: ResourceType, prefix: &str, operation: Operation) -> AclBinding {
    AclBinding {
        resource_type,
        resource_name: prefix.to_owned(),
        pattern_type: PatternType::Prefixed,
        principal: principal.to_owned(),
        host: "*".to_owned(),
        operation,
        permission: Permission::Allow,
    }
}
