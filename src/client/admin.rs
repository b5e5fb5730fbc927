//! Topics: create, delete, grow, and their settings. What rdkafka's admin client lacks is in `raw/`.

use std::time::Duration;

use rdkafka::admin::{
    AdminClient, AdminOptions, NewPartitions, NewTopic, ResourceSpecifier, TopicReplication, TopicResult,
};
use rdkafka::config::FromClientConfigAndContext;
use rdkafka::error::KafkaError;

use super::failure::{Failure, Need};
use super::metadata::{Overview, Topic, on_cluster, on_topic};
use super::producer::{ProduceOptions, Producer};
use super::settings::Settings;
use super::signals::Signals;

/// A topic to create.
#[derive(Debug, Clone, Default)]
pub struct TopicPlan {
    /// The topic's name.
    pub name: String,
    /// How many partitions; `None` is the broker's `num.partitions`.
    pub partitions: Option<i32>,
    /// How many replicas; `None` is the broker's `default.replication.factor`.
    pub replication: Option<i32>,
    /// Topic settings, such as `cleanup.policy`.
    pub settings: Vec<(String, String)>,
}

/// One setting of a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicSetting {
    /// Kafka's name of it.
    pub name: String,
    /// Its value; absent where the broker hides it.
    pub value: Option<String>,
    /// Whether nobody set it.
    pub is_default: bool,
}

/// An admin connection, proven to be logged in.
pub struct Admin {
    native: AdminClient<Signals>,
    /// rdkafka's admin client never looks at the queue on which refused logins arrive; a producer does.
    metadata: Producer,
    limit: Duration,
}

impl Admin {
    /// Logs in, and tells what the cluster is.
    pub async fn connect(settings: &Settings) -> Result<(Self, Overview), Failure> {
        let metadata = Producer::new(settings, &ProduceOptions::default())?;
        let overview = metadata.overview().await?;
        let native =
            AdminClient::from_config_and_context(&settings.config([]), Signals::new(&settings.bootstrap))?;
        Ok((Self { native, metadata, limit: settings.timeout }, overview))
    }

    /// One topic as Metadata describes it.
    pub async fn topic(&self, name: &str) -> Result<Topic, Failure> {
        self.metadata.topic(name).await.map_err(|mut failure| {
            failure.refused_at = None;
            failure.needing([on_topic("DESCRIBE", name)])
        })
    }

    /// Creates a topic. `dry_run` asks the broker whether it would.
    pub async fn create_topic(&self, plan: &TopicPlan, dry_run: bool) -> Result<(), Failure> {
        let topic = NewTopic::new(
            &plan.name,
            plan.partitions.unwrap_or(-1),
            TopicReplication::Fixed(plan.replication.unwrap_or(-1)),
        );
        let topic = plan.settings.iter().fold(topic, |topic, (name, value)| topic.set(name, value));
        let options = self.options().validate_only(dry_run);
        let answer = self.native.create_topics([&topic], &options).await;
        one(answer, [on_topic("CREATE", &plan.name), on_cluster("CREATE")])
    }

    /// Deletes a topic and everything in it.
    pub async fn delete_topic(&self, name: &str) -> Result<(), Failure> {
        let answer = self.native.delete_topics(&[name], &self.options()).await;
        one(answer, [on_topic("DELETE", name)])
    }

    /// Grows a topic to `partitions`; Kafka never shrinks one.
    pub async fn create_partitions(
        &self,
        name: &str,
        partitions: usize,
        dry_run: bool,
    ) -> Result<(), Failure> {
        let options = self.options().validate_only(dry_run);
        let grow = NewPartitions::new(name, partitions);
        let answer = self.native.create_partitions([&grow], &options).await;
        one(answer, [on_topic("ALTER", name)])
    }

    /// A topic's settings, by name.
    pub async fn topic_settings(&self, name: &str) -> Result<Vec<TopicSetting>, Failure> {
        let needs = [on_topic("DESCRIBE_CONFIGS", name)];
        let asked = [ResourceSpecifier::Topic(name)];
        let answer = self.native.describe_configs(&asked, &self.options()).await;
        let resources = answer.map_err(|error| Failure::from(error).needing(needs.clone()))?;
        let mut settings = Vec::new();
        for resource in resources {
            let resource = resource.map_err(|code| Failure::from_code(code).needing(needs.clone()))?;
            settings.extend(resource.entries.into_iter().map(|entry| TopicSetting {
                name: entry.name,
                value: entry.value,
                is_default: entry.is_default,
            }));
        }
        settings.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(settings)
    }

    fn options(&self) -> AdminOptions {
        AdminOptions::new().request_timeout(Some(self.limit)).operation_timeout(Some(self.limit))
    }
}

fn one<const N: usize>(
    answer: Result<Vec<TopicResult>, KafkaError>,
    needs: [Need; N],
) -> Result<(), Failure> {
    let failed = match answer {
        Err(error) => Some(Failure::from(error)),
        Ok(results) => {
            results.into_iter().find_map(Result::err).map(|(_topic, code)| Failure::from_code(code))
        }
    };
    failed.map_or(Ok(()), |failure| Err(failure.needing(needs)))
}
