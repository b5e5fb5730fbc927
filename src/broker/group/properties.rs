//! What must hold whatever clients do: every request is answered once and in time, no member is lost without a
//! reason, moves follow each other, generations grow, and a restart finds what was recorded.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use proptest::prelude::*;

use super::*;

const GROUP: &str = "g";
const REBALANCE_TIMEOUT: i32 = 9_000;

/// One thing a client, or time, does.
#[derive(Clone, Debug)]
enum Step {
    Pass(Millis),
    Join { client: usize, keeps_id: bool, old: bool, offer: usize },
    Sync { client: usize },
    Heartbeat { client: usize },
    Leave { client: usize },
    Commit { client: usize },
    Delete,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let client = 0..4_usize;
    let step = prop_oneof![
        3 => (1..7_000_i64).prop_map(Step::Pass),
        6 => (client.clone(), prop::bool::weighted(0.8), any::<bool>(), 0..3_usize)
            .prop_map(|(client, keeps_id, old, offer)| Step::Join { client, keeps_id, old, offer }),
        4 => client.clone().prop_map(|client| Step::Sync { client }),
        2 => client.clone().prop_map(|client| Step::Heartbeat { client }),
        1 => client.clone().prop_map(|client| Step::Leave { client }),
        1 => client.prop_map(|client| Step::Commit { client }),
        1 => Just(Step::Delete),
    ];
    prop::collection::vec(step, 1..120)
}

/// The machine, and what the outside knows of it.
struct World {
    groups: Groups<usize>,
    now: Millis,
    config: GroupConfig,
    journal: Vec<GroupRecord>,
    /// Client and time of every request that waits.
    parked: BTreeMap<usize, (usize, Millis)>,
    next_waiter: usize,
    /// What each client was told: its id and generation.
    told: BTreeMap<usize, (String, i32)>,
    members: BTreeSet<String>,
    state: GroupState,
    generation: i32,
}

impl World {
    fn new() -> World {
        let config = GroupConfig { max_size: 3, ..GroupConfig::default() };
        World {
            groups: Groups::new(config.clone()),
            now: 0,
            config,
            journal: Vec::new(),
            parked: BTreeMap::new(),
            next_waiter: 0,
            told: BTreeMap::new(),
            members: BTreeSet::new(),
            state: GroupState::Empty,
            generation: 0,
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Pass(span) => self.pass(span),
            Step::Join { client, keeps_id, old, offer } => self.join(client, keeps_id, old, offer),
            Step::Sync { client } => {
                let request = SyncRequest {
                    group: GROUP.into(),
                    member: self.member(client),
                    protocol_type: None,
                    protocol: None,
                    assignments: self
                        .members
                        .iter()
                        .map(|id| (id.clone(), Bytes::from(id.clone())))
                        .collect(),
                };
                let waiter = self.park(client);
                let effects = self.groups.sync(request, waiter, self.now);
                self.take(effects);
            }
            Step::Heartbeat { client } => {
                let member = self.member(client);
                let _ = self.groups.heartbeat(GROUP, &member, self.now);
            }
            Step::Leave { client } => {
                let member_id = self.member(client).member_id;
                let leaver = Leaver { member_id, instance_id: instance(client) };
                let (_, effects) = self.groups.leave(GROUP, &[leaver], self.now);
                self.take(effects);
            }
            Step::Commit { client } => {
                let offset = OffsetToCommit {
                    topic: "t".into(),
                    partition: 0,
                    offset: self.now,
                    leader_epoch: -1,
                    metadata: String::new(),
                };
                let request = CommitRequest {
                    group: GROUP.into(),
                    member: self.member(client),
                    retention_ms: None,
                    knows_group_id_not_found: true,
                    offsets: vec![offset],
                };
                let (_, effects) = self.groups.commit(request, self.now);
                self.take(effects);
            }
            Step::Delete => {
                let (_, effects) = self.groups.delete(GROUP, self.now);
                self.take(effects);
            }
        }
    }

    fn join(&mut self, client: usize, keeps_id: bool, old: bool, offer: usize) {
        let offers: &[&str] = [&["range"][..], &["range", "roundrobin"], &["roundrobin"]][offer];
        let member = self.member(client);
        let request = JoinRequest {
            group: GROUP.into(),
            member_id: if keeps_id { member.member_id } else { String::new() },
            instance_id: instance(client),
            client_id: format!("client{client}"),
            client_host: "/127.0.0.1".into(),
            session_timeout_ms: 6_000,
            rebalance_timeout_ms: REBALANCE_TIMEOUT,
            protocol_type: "consumer".into(),
            protocols: offers
                .iter()
                .map(|name| Protocol { name: (*name).into(), metadata: Bytes::new() })
                .collect(),
            requires_known_member_id: !old,
            supports_skipping_assignment: !old,
        };
        let waiter = self.park(client);
        let effects = self.groups.join(request, &waiter.to_string(), waiter, self.now);
        self.take(effects);
    }

    fn member(&self, client: usize) -> MemberRef {
        let (member_id, generation) = self.told.get(&client).cloned().unwrap_or_default();
        MemberRef { member_id, instance_id: instance(client), generation }
    }

    fn park(&mut self, client: usize) -> usize {
        self.next_waiter += 1;
        self.parked.insert(self.next_waiter, (client, self.now));
        self.next_waiter
    }

    fn pass(&mut self, span: Millis) {
        let until = self.now + span;
        while let Some(due) = self.groups.next_deadline().filter(|due| *due <= until) {
            assert!(due >= self.now, "a deadline in the past would be a busy loop");
            self.now = due;
            let effects = self.groups.tick(due);
            self.take(effects);
        }
        self.now = until;
        let longest = Millis::from(REBALANCE_TIMEOUT);
        for (client, since) in self.parked.values() {
            assert!(
                self.now - since <= longest,
                "client {client} has waited since {since}, it is {}",
                self.now
            );
        }
    }

    fn take(&mut self, effects: Effects<usize>) {
        for event in effects.events {
            self.see(event);
        }
        for (waiter, answer) in effects.answers {
            let (client, _) = self.parked.remove(&waiter).expect("a request is answered once");
            if let Answer::Join(join) = answer {
                self.told.insert(client, (join.member_id, join.generation));
            }
        }
        self.journal.extend(effects.records);
        let described = self.groups.describe(GROUP);
        let present: BTreeSet<String> = described
            .iter()
            .flat_map(|group| &group.members)
            .map(|member| member.member_id.clone())
            .collect();
        assert_eq!(present, self.members, "who comes and goes is told");
        assert_eq!(described.map_or(GroupState::Empty, |group| group.state), self.state);
    }

    fn see(&mut self, event: GroupEvent) {
        match event {
            GroupEvent::Moved { from, to, generation, .. } => {
                assert_eq!(from, self.state, "a move begins where the last one ended");
                assert!(generation >= self.generation, "generations grow");
                let is_gone = to == GroupState::Dead;
                self.state = if is_gone { GroupState::Empty } else { to };
                self.generation = if is_gone { 0 } else { generation };
            }
            GroupEvent::MemberAdded { member, .. } => assert!(self.members.insert(member)),
            GroupEvent::MemberRemoved { member, .. } => assert!(self.members.remove(&member)),
            GroupEvent::StaticMemberReplaced { old, new, .. } => {
                assert!(self.members.remove(&old));
                assert!(self.members.insert(new));
            }
        }
    }

    /// A restart from the journal and one from a snapshot find the same.
    fn check_records(&self) {
        let snapshot = self.groups.snapshot();
        let (replayed, _) = Groups::<usize>::restore(self.config.clone(), self.journal.clone(), self.now);
        assert_eq!(replayed.snapshot(), snapshot);
        let (restored, _) = Groups::<usize>::restore(self.config.clone(), snapshot.clone(), self.now);
        assert_eq!(restored.snapshot(), snapshot);
    }
}

/// The last client is a static member.
fn instance(client: usize) -> Option<String> {
    (client == 3).then(|| "static".to_owned())
}

proptest! {
    #[test]
    fn requests_are_answered_and_members_accounted_for(steps in steps()) {
        let mut world = World::new();
        for step in steps {
            world.step(step);
        }
        world.check_records();
        world.pass(Millis::from(REBALANCE_TIMEOUT) + 1);
        prop_assert!(world.parked.is_empty(), "left without an answer: {:?}", world.parked);
        world.pass(20 * 60 * 1_000);
        prop_assert!(world.members.is_empty(), "members without heartbeats do not stay");
        world.check_records();
    }
}
