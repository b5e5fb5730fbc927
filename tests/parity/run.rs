//! Plays a table on one broker.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use bytes::Buf;
use kafkalab::acl::{AclBinding, AclFilter};
use kafkalab::client::raw::admin::records::OffsetAt;
use kafkalab::client::raw::admin::topics::{NewTopic, TopicPartition};
use kafkalab::client::raw::admin::{acls, records, topics};
use kafkalab::client::raw::{Cluster, Connection, Login, Mechanism, RawError};

use super::PATIENCE;
use super::case::{Action, Ask, Case, Memory, Who};
use super::support::Lab;

/// What one step came to.
#[derive(Debug)]
pub struct Outcome {
    /// The case, and the number of the step in it.
    pub name: String,
    /// The answer, or what came instead.
    pub text: String,
}

/// Plays all cases, one after the other.
pub fn run(lab: &Lab, cases: &[Case]) -> Vec<Outcome> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut player = Player::new(lab).await;
        let mut outcomes = Vec::new();
        for case in cases {
            player.set_acls(&case.acls).await;
            for (topic, partitions) in &case.topics {
                player.create_topic(topic, *partitions).await;
            }
            let mut play =
                Play { lab, connections: HashMap::new(), started: HashMap::new(), memory: Memory::default() };
            for (number, step) in case.steps.iter().enumerate() {
                let text = play.act(step.who, &step.action).await;
                let text = mask(text, &play.memory);
                outcomes.push(Outcome { name: format!("{} #{}", case.name, number + 1), text });
            }
        }
        player.set_acls(&[]).await;
        outcomes
    })
}

/// Sets up what cases need, as admin.
struct Player {
    admin: Cluster,
    acls: Vec<AclBinding>,
}

impl Player {
    async fn new(lab: &Lab) -> Self {
        let admin = Cluster::connect(lab.bootstrap_sasl(), Some(login("admin")), PATIENCE).await.unwrap();
        Self { admin, acls: Vec::new() }
    }

    /// Makes these the only ACLs of analytics (and of everybody on `parity-`), and waits until the authorizer knows: on Apache Kafka a change takes
    /// its way through the metadata log.
    async fn set_acls(&mut self, wanted: &[AclBinding]) {
        let mut wanted = wanted.to_vec();
        wanted.sort();
        if self.acls == wanted {
            return;
        }
        let ours = AclFilter { principal: Some("User:analytics".to_owned()), ..AclFilter::default() };
        // Other tests of this binary have ACLs for everybody on names of their own.
        let everybodys = AclFilter {
            principal: Some("User:*".to_owned()),
            resource_name: Some("parity-".to_owned()),
            ..AclFilter::default()
        };
        acls::delete_acls(&mut self.admin, &[ours.clone(), everybodys.clone()]).await.unwrap();
        for result in acls::create_acls(&mut self.admin, &wanted).await.unwrap() {
            result.unwrap();
        }
        let deadline = Instant::now() + PATIENCE;
        loop {
            let mut now = acls::describe_acls(&mut self.admin, &ours).await.unwrap();
            now.extend(acls::describe_acls(&mut self.admin, &everybodys).await.unwrap());
            now.sort();
            if now == wanted {
                break;
            }
            assert!(Instant::now() < deadline, "the authorizer has {now:?} instead of {wanted:?}");
        }
        self.acls = wanted;
    }

    /// Creates a topic if it is not there, and waits until each partition has a leader that answers.
    async fn create_topic(&mut self, name: &str, partitions: i32) {
        let configs = Default::default();
        let new = NewTopic { name: name.to_owned(), partitions, replication_factor: -1, configs };
        let created = topics::create_topics(&mut self.admin, &[new], false).await.unwrap();
        match &created[name] {
            Err(error) if error.code == 36 => return,
            created => created.clone().unwrap(),
        }
        let all = (0..partitions).map(|partition| (TopicPartition::new(name, partition), OffsetAt::Latest));
        let all = all.collect();
        let deadline = Instant::now() + PATIENCE;
        while !records::list_offsets(&mut self.admin, &all).await.unwrap().values().all(Result::is_ok) {
            assert!(Instant::now() < deadline, "{name} has no leader");
        }
    }
}

/// The connections and the memory of one case.
struct Play<'a> {
    lab: &'a Lab,
    connections: HashMap<Who, Connection>,
    started: HashMap<Who, (Ask, i32)>,
    memory: Memory,
}

impl Play<'_> {
    async fn act(&mut self, who: Who, action: &Action) -> String {
        let done = match action {
            Action::Send(message) => self.send(who, message(&self.memory)).await,
            Action::Until(message, text) => {
                let deadline = Instant::now() + PATIENCE;
                loop {
                    let answer = self.once(who, message(&self.memory)).await;
                    match answer {
                        Ok(answer) if !answer.contains(text) && Instant::now() < deadline => {
                            tokio::time::sleep(Duration::from_millis(20)).await;
                        }
                        answer => break answer,
                    }
                }
            }
            Action::Start(message) => {
                let ask = message(&self.memory);
                self.submit(who, &ask).await.map(|id| {
                    self.started.insert(who, (ask, id));
                    "sent".to_owned()
                })
            }
            Action::Finish => {
                let (ask, id) = self.started.remove(&who).expect("something was started");
                self.receive(who, &ask, id).await
            }
            Action::Frame(payload) => self.raw(who, payload, true).await,
            Action::Bytes(payload) => self.raw(who, payload, false).await,
        };
        done.unwrap_or_else(|error| match error {
            RawError::Closed { .. } => "closed".to_owned(),
            RawError::TimedOut { .. } => "no answer".to_owned(),
            error => error.to_string(),
        })
    }

    /// Sends a request, again while a coordinator or a leader is not ready: Apache Kafka loads them when first asked.
    async fn send(&mut self, who: Who, ask: Ask) -> Result<String, RawError> {
        let deadline = Instant::now() + PATIENCE;
        let mut ask = Some(ask);
        loop {
            let current = ask.take().expect("put back below");
            let again = Ask { body: current.body.clone(), ..current };
            let answer = self.once(who, current).await?;
            let passing =
                [5, 6, 14, 15, 16].iter().any(|code| answer.contains(&format!("error_code: {code},")));
            if !passing || Instant::now() > deadline {
                return Ok(answer);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
            ask = Some(again);
        }
    }

    async fn once(&mut self, who: Who, ask: Ask) -> Result<String, RawError> {
        let id = self.submit(who, &ask).await?;
        self.receive(who, &ask, id).await
    }

    async fn submit(&mut self, who: Who, ask: &Ask) -> Result<i32, RawError> {
        self.connection(who).await.submit_bytes(ask.key, ask.version, ask.header, &ask.body).await
    }

    async fn receive(&mut self, who: Who, ask: &Ask, id: i32) -> Result<String, RawError> {
        let Some(mut frame) = self.connection(who).await.read_frame().await? else {
            return Ok("closed".to_owned());
        };
        if frame.len() < 4 || frame.get_i32() != id {
            return Ok("an answer to another request".to_owned());
        }
        // The flexible header ends in tagged fields, of which brokers send none.
        if ask.answer_header > 0 && (frame.is_empty() || frame.get_u8() != 0) {
            return Ok("an answer with a wrong header".to_owned());
        }
        Ok((ask.show)(frame, ask.version, who.name, &mut self.memory))
    }

    async fn raw(&mut self, who: Who, payload: &[u8], framed: bool) -> Result<String, RawError> {
        let connection = self.connection(who).await;
        if framed {
            connection.write_frame(payload).await?;
        } else {
            connection.write_bytes(payload).await?;
        }
        let frame = connection.read_frame().await?;
        Ok(frame.map_or_else(|| "closed".to_owned(), |frame| format!("a frame of {} bytes", frame.len())))
    }

    async fn connection(&mut self, who: Who) -> &mut Connection {
        if !self.connections.contains_key(&who) {
            let anonymous = who.principal == "ANONYMOUS";
            let address = if anonymous { self.lab.bootstrap_plaintext() } else { self.lab.bootstrap_sasl() };
            let mut connection = Connection::connect(address, PATIENCE).await.unwrap();
            if !anonymous && who.principal != "STRANGER" {
                connection.login(&login(who.principal)).await.unwrap();
            }
            self.connections.insert(who, connection);
        }
        self.connections.get_mut(&who).unwrap()
    }
}

fn login(principal: &str) -> Login {
    let password = format!("{principal}-secret").into();
    Login { mechanism: Mechanism::Plain, username: principal.to_owned(), password }
}

/// Takes out member ids, which are random: those that are known become the name of their connection.
fn mask(mut text: String, memory: &Memory) -> String {
    for (name, member) in &memory.members {
        if let Some(prefix) = member.len().checked_sub(36).and_then(|at| member.get(..at)) {
            text = text.replace(member.as_str(), &format!("{prefix}<{name}>"));
        }
    }
    text
}
