//! From a record's way into the producer until a consumer has it, at a steady rate that no broker finds hard.

use std::time::{Duration, Instant};

use rdkafka::consumer::{Consumer as _, StreamConsumer};
use rdkafka::producer::{FutureProducer, FutureRecord, Producer as _};
use rdkafka::util::Timeout;
use rdkafka::{ClientConfig, Message as _, Offset, TopicPartitionList};

use crate::Plan;
use crate::brokers::{Broker, ENGINES, Sync};
use crate::clients;
use crate::pairs::Runs;

/// One record each millisecond.
const PACE: Duration = Duration::from_millis(1);

/// Records of a run; those of its first half second are not counted.
const RECORDS: usize = 5000;
const WARM_UP: usize = 500;

/// Prints the table.
pub fn measure(plan: &Plan) {
    let mut sides =
        ENGINES.map(|engine| (Broker::standing(engine, Sync::Lazily), Runs::default(), Runs::default()));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    for turn in 0..=plan.runs {
        for (broker, p50, p99) in &mut sides {
            let _awake = broker.awake();
            let mut millis = runtime.block_on(run(broker, clients::topic(broker, 1)));
            millis.sort_by(f64::total_cmp);
            if turn > 0 {
                p50.push(millis[millis.len() / 2]);
                p99.push(millis[millis.len() * 99 / 100]);
            }
        }
    }
    println!("\n### End to end at 1,000 records a second, `acks=all`, `linger.ms=0`\n");
    println!("| broker | p50, ms | kafkalab ÷ it | p99, ms | kafkalab ÷ it |\n|---|---|---|---|---|");
    let (_, our_p50, our_p99) = &sides[0];
    for (broker, p50, p99) in &sides {
        let (half, most) = (our_p50.over(p50), our_p99.over(p99));
        println!("| {} | {} | {half} | {} | {most} |", broker.engine.name(), p50.spread(), p99.spread());
    }
}

/// What each record took, in milliseconds. Its value is the time at which it was given to the producer.
async fn run(broker: &Broker, topic: String) -> Vec<f64> {
    let config = ClientConfig::new().set("bootstrap.servers", &broker.address).clone();
    let producer: FutureProducer =
        config.clone().set("acks", "all").set("linger.ms", "0").create().expect("a producer");
    let consumer: StreamConsumer =
        config.clone().set("group.id", "bench").set("fetch.wait.max.ms", "500").create().expect("a consumer");
    let mut place = TopicPartitionList::new();
    place.add_partition_offset(&topic, 0, Offset::Beginning).expect("an offset");
    consumer.assign(&place).expect("it can be read");

    let began = Instant::now();
    let sender = tokio::spawn(async move {
        let mut pace = tokio::time::interval(PACE);
        for _ in 0..RECORDS {
            pace.tick().await;
            let value = began.elapsed().as_nanos().to_be_bytes();
            let sent = producer.send_result(FutureRecord::<(), _>::to(&topic).payload(&value));
            sent.map_err(|(problem, _)| problem).expect("the queue has room");
        }
        producer.flush(Timeout::After(Duration::from_secs(30))).expect("the broker acknowledges");
    });
    let mut millis = Vec::with_capacity(RECORDS);
    while millis.len() < RECORDS {
        let record = consumer.recv().await.expect("a record");
        let sent =
            u128::from_be_bytes(record.payload().and_then(|value| value.try_into().ok()).expect("16 bytes"));
        millis.push(began.elapsed().as_nanos().saturating_sub(sent) as f64 / 1e6);
    }
    sender.await.expect("it was sent");
    millis.split_off(WARM_UP)
}
