//! One of the two applications: its principal, its connection, and how it writes a message.

use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

use crate::client::{Failure, Outgoing, Persona, Placed, Producer, Settings, nest_emits};
use crate::commands::{Context, connect};
use crate::contract::{Envelope, Source};
use crate::error::Result;
use crate::profile::{Profile, ProfileName};

/// An application as it connects.
pub(super) struct Side {
    /// Who it is in the contract.
    pub source: Source,
    /// Its settings.
    pub profile: Profile,
    /// The same for librdkafka, with a `client.id` of its own.
    pub settings: Settings,
    /// Its group on the wire.
    pub group: String,
}

/// A message that was sent.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    /// The message.
    pub message: Envelope,
    /// When it was handed to the client.
    pub at: Instant,
    /// Where the broker put it.
    pub placed: Placed,
}

impl Side {
    /// The application with the principal of the same name, whatever `--as` says.
    pub(super) fn new(context: &Context, source: Source) -> Result<Self> {
        let profile = context.profile_as(ProfileName::Phase3, source.name())?;
        let group = connect::group(&profile).unwrap_or_else(|| source.name().to_owned());
        let mut settings = connect::settings(&profile, context.global.timeout);
        settings.properties.insert(0, ("client.id".to_owned(), client_id(source)));
        Ok(Self { source, profile, settings, group })
    }

    /// The same application in a group that is nobody else's.
    pub(super) fn in_a_group_of_its_own(self) -> Self {
        let own = Uuid::new_v4().simple().to_string();
        Self { group: format!("{}-verify-{}", self.group, &own[..8]), ..self }
    }

    /// A producer with the side's manners.
    pub(super) fn producer(&self) -> std::result::Result<Producer, Failure> {
        Producer::new(&self.settings, &connect::produce_options(&self.profile))
    }

    /// Puts a message into a producer's queue, keyed by its order, spelled as the side's library does.
    pub(super) async fn enqueue(
        &self,
        producer: &mut Producer,
        topic: &str,
        message: &Envelope,
    ) -> std::result::Result<(), Failure> {
        let value = self.spell(message);
        let headers: Vec<_> = connect::persona(&self.profile).message_id().into_iter().collect();
        let record = Outgoing {
            topic,
            partition: None,
            timestamp: None,
            key: Some(message.order.as_bytes()),
            value: Some(value.as_bytes()),
            headers: &headers,
        };
        producer.put(&record).map(drop)
    }

    fn spell(&self, message: &Envelope) -> String {
        let value = message.to_json();
        match connect::persona(&self.profile) {
            // `emit(topic, { key, value })`, where the value is the whole message.
            Persona::Nest => nest_emits(&serde_json::json!({ "value": value })).1.unwrap_or_default(),
            persona => persona.json(&value),
        }
    }

    /// Sends messages, at most `rate` a second, and waits for the broker's word on each.
    pub(super) async fn send_all(
        &self,
        topic: &str,
        messages: Vec<Envelope>,
        rate: Option<u32>,
    ) -> std::result::Result<Vec<Sent>, Failure> {
        let mut producer = self.producer()?;
        producer.topic(topic).await?;
        let started = Instant::now();
        let mut times = Vec::with_capacity(messages.len());
        for (number, message) in messages.iter().enumerate() {
            if let Some(rate) = rate {
                let due = Duration::from_secs_f64(number as f64 / f64::from(rate));
                tokio::time::sleep_until(started + due).await;
            }
            times.push(Instant::now());
            self.enqueue(&mut producer, topic, message).await?;
        }
        let mut places = vec![None; messages.len()];
        while let Some(ack) = producer.acknowledged().await? {
            let placed = ack.result.map_err(|failure| *failure)?;
            if let Some(place) = usize::try_from(ack.sequence).ok().and_then(|number| places.get_mut(number))
            {
                *place = Some(placed);
            }
        }
        let sent = messages.into_iter().zip(times).zip(places);
        Ok(sent.filter_map(|((message, at), placed)| Some(Sent { message, at, placed: placed? })).collect())
    }
}

/// As the applications name themselves: Nest appends to a client id what it appends to a group.
fn client_id(source: Source) -> String {
    match source {
        Source::Laravel => "laravel".to_owned(),
        Source::Nest => "nest-server".to_owned(),
    }
}
