//! How the time of a request grows with what the broker holds.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::{Duration, Instant};

use kafkalab::acl::{AclBinding, Operation, PatternType, Permission, ResourceType};
use kafkalab::client::raw::admin::{acls, offsets, topics};
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

/// The topic that laravel writes to.
const TOPIC: &str = "bench-growth";

/// Prints the table: microseconds of one acknowledged record, logged in as laravel.
pub fn measure(plan: &Plan) {
    println!("\n### One record in, acknowledged, by what kafkalab's broker holds, in microseconds\n");
    println!("| of these | 10 | 100 | 1,000 | 10,000 |\n|---|---|---|---|---|");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    for many in [Many::Topics, Many::Partitions, Many::Groups, Many::Acls] {
        let broker = Broker::start(Engine::Kafkalab, Sync::Lazily);
        let mut cluster = runtime.block_on(prepare(&broker));
        let mut held = 0;
        let mut cells = Vec::new();
        for step in STEPS {
            runtime.block_on(add(&mut cluster, many, held..step));
            held = step;
            let mut runs = Runs::default();
            (0..plan.runs).for_each(|_| runs.push(runtime.block_on(one_record(&broker))));
            cells.push(short(runs.median()));
        }
        println!("| {many:?} | {} |", cells.join(" | "));
    }
}

/// The topic, and laravel's right to it. The connection is admin's.
async fn prepare(broker: &Broker) -> Cluster {
    let login = login("admin");
    let address = broker.sasl.as_deref().expect("kafkalab's broker has one");
    let mut cluster =
        Cluster::connect(address, Some(login), Duration::from_secs(60)).await.expect("it answers");
    create(&mut cluster, vec![topics::NewTopic::new(TOPIC, 1)]).await;
    let acl = acl("User:laravel", TOPIC);
    acls::create_acls(&mut cluster, &[acl]).await.expect("it answers")[0].as_ref().expect("admin may");
    cluster
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
            let new: Vec<AclBinding> =
                numbers.map(|n| acl(&format!("User:u{n}"), &format!("bench-a-{n}"))).collect();
            acls::create_acls(cluster, &new).await.expect("it answers");
        }
    }
}

async fn create(cluster: &mut Cluster, new: Vec<topics::NewTopic>) {
    let results = topics::create_topics(cluster, &new, false).await.expect("it answers");
    results.values().for_each(|result| *result.as_ref().expect("it can be made"));
}

/// Microseconds from one record's way into the producer until it was acknowledged; the middle of many.
async fn one_record(broker: &Broker) -> f64 {
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

/// WRITE on the topics whose names begin so.
fn acl(principal: &str, prefix: &str) -> AclBinding {
    AclBinding {
        resource_type: ResourceType::Topic,
        resource_name: prefix.to_owned(),
        pattern_type: PatternType::Prefixed,
        principal: principal.to_owned(),
        host: "*".to_owned(),
        operation: Operation::Write,
        permission: Permission::Allow,
    }
}
