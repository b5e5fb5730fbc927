//! One tide: everything that clients do, all at once, until each of them has left.

use kafka_protocol::messages::DeleteGroupsRequest;
use kafka_protocol::protocol::StrBytes;
use kafkalab::client::Settings;
use kafkalab::client::raw::Connection;

use super::client::{Client, PARTITIONS, batch};
use super::orders::{self, GROUP, Ledger, TOPIC};
use super::support::embedded::Embedded;
use super::visitors;

/// What stays from tide to tide.
pub struct Work {
    settings: Settings,
    producer_id: i64,
    ledgers: [Ledger; 3],
    /// What the group had committed after the last tide.
    committed: Vec<i64>,
    tides: u64,
}

impl Work {
    pub async fn begin(broker: &Embedded) -> Work {
        let mut client = Client::connect(&broker.plaintext).await;
        assert_eq!(client.create_topic(TOPIC, &[]).await.unwrap(), 0);
        Work {
            settings: Settings::plaintext(broker.plaintext.as_str()),
            producer_id: client.producer_id().await,
            ledgers: [0, 1, 2].map(Ledger::new),
            committed: vec![0; PARTITIONS as usize],
            tides: 0,
        }
    }

    /// Runs one tide; its number chooses how much of each.
    pub async fn tide(&mut self, broker: &Embedded) {
        let number = self.tides;
        let (address, settings) = (broker.plaintext.as_str(), self.settings.clone());
        let before = [0, 1, 2].map(|at| self.ledgers[at].acknowledged());
        let visited = format!("visitors-{}", number % 8);
        let [own, plain, idempotent] = &mut self.ledgers;
        let work = async {
            tokio::join!(
                own.write_as(self.producer_id, address, 30 + (number as i64 * 7) % 40),
                plain.write_new(&settings, false, number, 50 + (number as i64 * 31) % 150),
                idempotent.write_new(&settings, true, number + 2, 50 + (number as i64 * 17) % 150),
                orders::member(&settings, 20 + number as usize % 60),
                orders::member(&settings, 40),
                come_and_go(address, number),
                visitors::logins(&broker.sasl),
                visitors::vanishing_member(address, &visited),
                visitors::slow_consumer(address, &before),
                visitors::impatient_consumer(address, &before),
            );
        };
        tokio::select! {
            () = work => {}
            () = visitors::watcher(address) => {}
        }
        orders::member(&settings, usize::MAX).await;
        self.check(address, before).await;
        self.tides += 1;
    }

    /// What was acknowledged in this tide is there, and the group has read and committed all of it.
    async fn check(&mut self, address: &str, before: [i64; 3]) {
        let mut client = Client::connect(address).await;
        for (ledger, before) in self.ledgers.iter().zip(before) {
            ledger.check_from(before, &mut client).await;
        }
        let committed = client.committed(GROUP, TOPIC).await;
        let end: Vec<i64> = self.ledgers.iter().map(Ledger::acknowledged).collect();
        assert!(committed.iter().zip(&self.committed).all(|(now, then)| now >= then), "{committed:?}");
        assert_eq!(committed, end);
        self.committed = committed;
    }

    pub fn tides(&self) -> u64 {
        self.tides
    }

    /// Records that the broker acknowledged in all.
    pub fn records(&self) -> i64 {
        self.ledgers.iter().map(Ledger::acknowledged).sum()
    }
}

/// A topic with a record, a group with an offset and an ACL are made and deleted again.
async fn come_and_go(address: &str, number: u64) {
    let (topic, group) = (format!("tide-{number}"), format!("tide-{number}"));
    let principal = format!("User:u{number}");
    let mut client = Client::connect(address).await;
    client.set_acl(&principal, true).await.unwrap();
    assert_eq!(client.create_topic(&topic, &[]).await.unwrap(), 0);
    assert_eq!(
        client.produce(&topic, 0, batch(-1, 0, 0, std::slice::from_ref(&group))).await.unwrap(),
        (0, 0)
    );
    client.commit(&group, &topic, 1).await.unwrap();
    assert_eq!(client.committed(&group, &topic).await, [1; PARTITIONS as usize]);
    assert_eq!(client.read(&topic, 0, 0).await.unwrap(), [(0, group.clone())]);
    assert_eq!(client.delete_topic(&topic).await.unwrap(), 0);
    client.set_acl(&principal, false).await.unwrap();
    let request = DeleteGroupsRequest::default().with_groups_names(vec![StrBytes::from_string(group).into()]);
    let mut connection = Connection::connect(address, std::time::Duration::from_secs(30)).await.unwrap();
    assert_eq!(connection.send(&request, 1).await.unwrap().results[0].error_code, 0);
}
