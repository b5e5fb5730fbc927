//! Work for a broker that may vanish at any moment, and what must be true when it is back.
//!
//! Each part of the work knows what was acknowledged and what was not answered. The one change that was under way when
//! the broker vanished may or may not have happened; everything before it has, nothing else has.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use kafkalab::client::raw::RawError;
use tokio::sync::Notify;

use super::client::{Client, batch};
use super::keyed;

/// The topic that is produced to.
pub const TOPIC: &str = "orders";
const GROUP: &str = "billing";
const TIMESTAMP: i64 = 1_700_000_000_000;

/// Counts answers, to choose the moment of a kill.
#[derive(Default)]
pub struct Answers {
    count: AtomicU64,
    changed: Notify,
}

impl Answers {
    pub fn one_more(&self) {
        self.count.fetch_add(1, Ordering::Relaxed);
        self.changed.notify_one();
    }

    pub async fn reach(&self, count: u64) {
        while self.count.load(Ordering::Relaxed) < count {
            self.changed.notified().await;
        }
    }
}

/// Only a vanished broker ends the work; whatever else goes wrong is what the test looks for.
pub fn vanished(error: RawError) {
    assert!(matches!(error, RawError::Closed { .. } | RawError::Io { .. }), "{error:?}");
}

/// One idempotent producer, on one partition.
pub struct Producing {
    partition: i32,
    producer_id: i64,
    next_sequence: i32,
    acknowledged: Vec<String>,
    /// Sent and not answered.
    open: Option<(Bytes, Vec<String>)>,
}

impl Producing {
    pub async fn new(client: &mut Client, partition: i32) -> Producing {
        let producer_id = client.producer_id().await;
        Producing { partition, producer_id, next_sequence: 0, acknowledged: Vec::new(), open: None }
    }

    pub async fn run(&mut self, mut client: Client, answers: &Answers) {
        loop {
            if self.open.is_none() {
                let first = self.next_sequence;
                let values: Vec<String> = (first..=first + first % 3)
                    .map(|number| format!("{}-{number}", self.partition))
                    .collect();
                self.open = Some((batch(self.producer_id, first, TIMESTAMP, &values), values));
            }
            if let Err(error) = self.send(&mut client).await {
                return vanished(error);
            }
            answers.one_more();
        }
    }

    /// Sends what is open, for the first time or again.
    async fn send(&mut self, client: &mut Client) -> Result<(), RawError> {
        let Some((bytes, values)) = &self.open else { return Ok(()) };
        let (code, base_offset) = client.produce(TOPIC, self.partition, bytes.clone()).await?;
        assert_eq!((code, base_offset), (0, self.acknowledged.len() as i64));
        self.next_sequence += values.len() as i32;
        self.acknowledged.extend(values.iter().cloned());
        self.open = None;
        Ok(())
    }

    /// Every acknowledged record is there, in order, once; the open batch whole or not at all. Then sends that again.
    pub async fn check(&mut self, client: &mut Client) {
        let found = client.read(TOPIC, self.partition, 0).await.unwrap();
        assert!(found.iter().enumerate().all(|(at, (offset, _))| *offset == at as i64));
        let found: Vec<String> = found.into_iter().map(|(_, value)| value).collect();
        let open = self.open.as_ref().map_or(&[][..], |(_, values)| values);
        let with_open = [&self.acknowledged[..], open].concat();
        assert!(found == self.acknowledged || found == with_open, "partition {}: {found:?}", self.partition);
        self.send(client).await.unwrap();
    }
}

/// One consumer's commits, each further than the last.
#[derive(Default)]
pub struct Committing {
    acknowledged: i64,
    open: i64,
}

impl Committing {
    pub async fn run(&mut self, mut client: Client, answers: &Answers) {
        loop {
            self.open = self.acknowledged + 1;
            match client.commit(GROUP, TOPIC, self.open).await {
                Ok(code) => assert_eq!(code, 0),
                Err(error) => return vanished(error),
            }
            self.acknowledged = self.open;
            answers.one_more();
        }
    }

    pub async fn check(&mut self, client: &mut Client) {
        let committed = client.committed(GROUP, TOPIC).await;
        let first = committed[0];
        assert!(committed.iter().all(|offset| *offset == first), "part of a commit: {committed:?}");
        let nothing_yet = self.acknowledged == 0 && first == -1;
        assert!(nothing_yet || first == self.acknowledged || first == self.open, "{committed:?}");
        self.acknowledged = first.max(0);
    }
}

/// What [`Toggling`] switches on and off.
pub enum Kind {
    Acls,
    /// Settings of [`TOPIC`].
    Settings,
    Topics,
    /// SCRAM credentials.
    Users,
}

/// Things that come and go.
pub struct Toggling {
    kind: Kind,
    names: Vec<String>,
    steps: usize,
    present: BTreeSet<String>,
    open: Option<String>,
}

impl Toggling {
    pub fn new(kind: Kind, names: Vec<String>) -> Toggling {
        Toggling { kind, names, steps: 0, present: BTreeSet::new(), open: None }
    }

    pub async fn run(&mut self, mut client: Client, answers: &Answers) {
        loop {
            let name = self.names[self.steps % self.names.len()].clone();
            self.open = Some(name.clone());
            let on = !self.present.contains(&name);
            let done = match (&self.kind, on) {
                (Kind::Acls, on) => client.set_acl(&name, on).await,
                (Kind::Settings, on) => client.set_setting(TOPIC, &name, on.then_some("1000")).await,
                (Kind::Users, on) => client.set_user(&name, on).await,
                (Kind::Topics, true) => client.create_topic(&name, &[]).await,
                (Kind::Topics, false) => client.delete_topic(&name).await,
            };
            let done = done.map(|code| assert_eq!(code, 0));
            if let Err(error) = done {
                return vanished(error);
            }
            self.toggled();
            answers.one_more();
        }
    }

    fn toggled(&mut self) {
        self.steps += 1;
        if let Some(name) = self.open.take()
            && !self.present.remove(&name)
        {
            self.present.insert(name);
        }
    }

    pub async fn check(&mut self, client: &mut Client) {
        let mut found = match self.kind {
            Kind::Acls => client.principals().await,
            Kind::Settings => client.settings(TOPIC).await,
            Kind::Users => client.users(&self.names).await,
            Kind::Topics => client.topics().await,
        };
        found.remove(TOPIC);
        found.remove(keyed::TOPIC);
        if found != self.present {
            self.toggled();
        }
        self.open = None;
        assert_eq!(found, self.present);
        if let Kind::Topics = self.kind {
            for name in &self.present {
                assert_eq!(client.read(name, 0, 0).await, Ok(vec![]), "a deleted topic's records in {name}");
            }
        }
    }
}
