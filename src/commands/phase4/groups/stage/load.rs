//! Records for the members to work on.

use super::Stage;
use crate::client::{Failure, Outgoing, Producer};
use crate::commands::{connect, trouble};
use crate::error::Result;
use crate::words::phase4_groups as words;

impl Stage<'_> {
    /// Writes so many records into each partition, as the profile's principal, and waits for the broker's word.
    pub(in crate::commands::phase4::groups) async fn produce(&mut self, each: usize) -> Result<usize> {
        let sent = self.try_produce(each).await;
        let doing = words::PRODUCING.with(&[("topic", &self.topic.name)]);
        match sent {
            Ok(sent) => Ok(sent),
            Err(failure) => Err(trouble::explain(self.context, &self.profile, doing, &failure).await),
        }
    }

    async fn try_produce(&mut self, each: usize) -> std::result::Result<usize, Failure> {
        let producer = match &mut self.producer {
            Some(producer) => producer,
            none => {
                let settings = connect::settings(&self.profile, self.context.global.timeout);
                let producer = Producer::new(&settings, &connect::produce_options(&self.profile))?;
                producer.topic(&self.topic.name).await?;
                none.insert(producer)
            }
        };
        let mut sent = 0;
        for number in 0..each {
            for partition in 0..self.topic.partitions {
                let value = format!("pedido-{partition}-{number}");
                let record = Outgoing {
                    topic: &self.topic.name,
                    partition: Some(partition),
                    timestamp: None,
                    key: None,
                    value: Some(value.as_bytes()),
                    headers: &[],
                };
                producer.put(&record)?;
                sent += 1;
            }
        }
        while let Some(ack) = producer.acknowledged().await? {
            ack.result.map_err(|failure| *failure)?;
        }
        Ok(sent)
    }
}
