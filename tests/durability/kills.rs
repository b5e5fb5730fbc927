//! SIGKILL at any moment loses nothing that was answered.

use super::client::{Client, PARTITIONS};
use super::keyed::Keyed;
use super::load::{Answers, Committing, Kind, Producing, TOPIC, Toggling};
use super::support::embedded::Embedded;
use super::support::folder;

/// Kills of one data folder, one after another. `KAFKALAB_KILLS` asks for more, `KAFKALAB_KILLS_SEED` for others.
const ROUNDS: u64 = 30;
/// Everybody may do everything, so that the ACLs that come and go change nothing for the load; small segments, so that
/// some kills strike while one is rolled, and a cleaner that is never late, so that some strike while one is compacted.
const ARGUMENTS: [&str; 8] = [
    "--acls",
    "none",
    "-c",
    "super.users=User:admin;User:ANONYMOUS",
    "-c",
    "log.segment.bytes=16384",
    "-c",
    "log.cleaner.backoff.ms=5",
];

/// Settings of a topic that change nothing for the load.
const SETTINGS: [&str; 3] = ["delete.retention.ms", "min.compaction.lag.ms", "index.interval.bytes"];

fn from_environment(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().unwrap())
}

/// The same numbers in every run of a seed (xorshift).
fn random(seed: u64, round: u64) -> u64 {
    let mut state = 0x9e37_79b9_7f4a_7c15 ^ (seed + round + 1).wrapping_mul(0x2545_f491_4f6c_dd1d);
    for shift in [13, 7, 17] {
        state ^= state << shift;
        state ^= state >> (shift / 2 + 1);
    }
    state
}

#[test]
fn nothing_that_was_answered_is_lost() {
    let rounds = from_environment("KAFKALAB_KILLS").unwrap_or(ROUNDS);
    let seed = from_environment("KAFKALAB_KILLS_SEED").unwrap_or_default();
    eprintln!("KAFKALAB_KILLS_SEED={seed}");
    let data = folder();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut work = None;
        for round in 0..=rounds {
            let mut broker = Embedded::start_in(&data, None, &ARGUMENTS).unwrap();
            let address = broker.plaintext.clone();
            let mut client = Client::connect(&address).await;
            let work = match &mut work {
                None => work.insert(Work::begin(&mut client).await),
                Some(work) => {
                    work.check(&mut client).await;
                    work
                }
            };
            if round < rounds {
                eprintln!("kill {round}");
                let answers = Answers::default();
                let kill = async {
                    answers.reach(random(seed, round) % 600).await;
                    tokio::task::spawn_blocking(move || broker.process.kill()).await.unwrap();
                };
                tokio::join!(work.run(&address, &answers), kill);
            } else {
                let (kept, written) = work.keyed.kept(&mut client).await;
                assert!(kept < written, "all {written} records are there: nothing was compacted");
            }
        }
    });
    std::fs::remove_dir_all(data).unwrap();
}

/// All that goes on at once.
struct Work {
    producing: Vec<Producing>,
    keyed: Keyed,
    committing: Committing,
    /// What else changes.
    toggling: [Toggling; 4],
}

impl Work {
    async fn begin(client: &mut Client) -> Work {
        assert_eq!(client.create_topic(TOPIC, &[]).await.unwrap(), 0);
        let mut producing = Vec::new();
        for partition in 0..PARTITIONS {
            producing.push(Producing::new(client, partition).await);
        }
        let names = |prefix: &str, count: i32| (0..count).map(|number| format!("{prefix}{number}")).collect();
        Work {
            producing,
            keyed: Keyed::begin(client).await,
            committing: Committing::default(),
            toggling: [
                Toggling::new(Kind::Acls, names("User:u", 7)),
                Toggling::new(Kind::Settings, SETTINGS.map(str::to_owned).into()),
                Toggling::new(Kind::Topics, names("topic-", 5)),
                Toggling::new(Kind::Users, names("user-", 3)),
            ],
        }
    }

    async fn run(&mut self, address: &str, answers: &Answers) {
        let [first, second, third] = &mut self.producing[..] else { panic!("three partitions") };
        let [acls, settings, topics, users] = &mut self.toggling;
        tokio::join!(
            async { first.run(Client::connect(address).await, answers).await },
            async { second.run(Client::connect(address).await, answers).await },
            async { third.run(Client::connect(address).await, answers).await },
            async { self.keyed.run(Client::connect(address).await, answers).await },
            async { self.committing.run(Client::connect(address).await, answers).await },
            async { acls.run(Client::connect(address).await, answers).await },
            async { settings.run(Client::connect(address).await, answers).await },
            async { topics.run(Client::connect(address).await, answers).await },
            async { users.run(Client::connect(address).await, answers).await },
        );
    }

    async fn check(&mut self, client: &mut Client) {
        for producing in &mut self.producing {
            producing.check(client).await;
        }
        self.keyed.check(client).await;
        self.committing.check(client).await;
        for toggling in &mut self.toggling {
            toggling.check(client).await;
        }
    }
}
