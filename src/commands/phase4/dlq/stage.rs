//! Where a run plays: a topic of its own, the dead-letter topic, and three groups.

use jiff::Timestamp;

use super::application::Setup;
use super::letters::redrive_group;
use super::machine::Policy;
use super::orders::Handler;
use crate::client::raw::admin::topics::{self, NewTopic};
use crate::client::raw::{Cluster, RawError};
use crate::client::{ProduceOptions, Settings};
use crate::commands::{Context, checks, connect, trouble};
use crate::error::{Error, Result};
use crate::profile::{Profile, ProfileName};
use crate::words::phase4_dlq as words;

/// Error 36: somebody created it before.
const TOPIC_ALREADY_EXISTS: i16 = 36;

/// Who reads the topic of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    /// As Laravel does by default.
    Laravel,
    /// As Nest does by default.
    Nest,
    /// With retries and a dead-letter topic.
    Retries,
}

impl Reader {
    /// All of them, in the order in which they are shown.
    pub(super) const ALL: [Self; 3] = [Self::Laravel, Self::Nest, Self::Retries];

    /// What a reader adds to the name of the topic to make its group; Nest adds `-server` to whatever it is given.
    fn postfix(self) -> &'static str {
        match self {
            Self::Laravel => "-laravel",
            Self::Nest => "-nest-server",
            Self::Retries => "-retries",
        }
    }
}

/// The group of the third world's application on a topic.
pub(super) fn group_of(topic: &str) -> String {
    format!("{topic}{}", Reader::Retries.postfix())
}

/// The topic of the phase's profile, and its dead-letter topic: by laravel-kafka's rule the name with `-dlq`, unless
/// the profile says otherwise.
pub(super) fn names(profile: &Profile) -> Result<(String, String)> {
    let Some(topic) = &profile.topic else {
        return Err(Error::usage(crate::words::produce::NO_TOPIC));
    };
    let given = profile.dead_letter_topic.as_ref().map(|given| given.value.clone());
    Ok((topic.value.clone(), given.unwrap_or_else(|| format!("{}-dlq", topic.value))))
}

/// Where a run plays.
pub(super) struct Stage {
    /// The topic of this run.
    pub topic: String,
    /// Where its dead letters go; runs share it.
    pub dead_letters: String,
    /// Each reader's settings, in the order of [`Reader::ALL`].
    pub profiles: [Profile; 3],
    timeout: std::time::Duration,
}

impl Stage {
    /// Creates the topic, and the dead-letter topic if it is not there, both as the lab's own.
    pub(super) async fn create(context: &Context, profile: &Profile, partitions: i32) -> Result<Self> {
        let (base, dead_letters) = names(profile)?;
        let topic = format!("{base}-{}", run_name(Timestamp::now()));
        Self::at(context, profile, topic, dead_letters, partitions).await
    }

    /// The same with other names.
    pub(super) async fn at(
        context: &Context,
        profile: &Profile,
        topic: String,
        dead_letters: String,
        partitions: i32,
    ) -> Result<Self> {
        create_topics(context, &[(&topic, partitions), (&dead_letters, profile.partitions.value)]).await?;
        let profiles = [
            context.profile_as(ProfileName::Phase4, "laravel")?,
            context.profile_as(ProfileName::Phase4, "nest")?,
            profile.clone(),
        ];
        Ok(Self { topic, dead_letters, profiles, timeout: context.global.timeout })
    }

    /// A stage that is taken down when its play is over: with a dead-letter topic of its own, so that the letters of
    /// others are left alone.
    pub(super) async fn for_once(context: &Context, profile: &Profile) -> Result<Self> {
        let topic = format!("phase4-verify-{}", run_name(Timestamp::now()));
        let dead_letters = format!("{topic}-dlq");
        Self::at(context, profile, topic, dead_letters, profile.partitions.value).await
    }

    /// The same with another topic, whose dead letters go to the same place.
    pub(super) async fn beside(&self, context: &Context) -> Result<Self> {
        let profile = &self.profiles[Reader::Retries as usize];
        let topic = format!("{}-crash", self.topic);
        Self::at(context, profile, topic, self.dead_letters.clone(), profile.partitions.value).await
    }

    /// Deletes the topics and groups. Only `admin` may; elsewhere they stay for `kafkalab reset`.
    pub(super) async fn take_down(self, context: &Context) -> Result<()> {
        for reader in Reader::ALL {
            checks::delete_group(context, &self.group(reader)).await;
        }
        checks::delete_group(context, &redrive_group(&self.dead_letters)).await;
        let admin = context.profile_as(ProfileName::Admin, "admin")?;
        let mut cluster = connect::cluster(context, &admin, words::PREPARING).await?;
        let names = [&*self.topic, &*self.dead_letters];
        match topics::delete_topics(&mut cluster, &names).await {
            Ok(results) => {
                let gone = results.into_iter().filter(|(_, result)| result.is_ok());
                let home = context.home()?;
                gone.into_iter().try_for_each(|(name, _)| home.disown(&admin.bootstrap_server.value, &name))
            }
            Err(failure) => Err(trouble::explain_raw(&admin, words::PREPARING, &failure).await),
        }
    }

    /// A reader's group on the wire.
    pub(super) fn group(&self, reader: Reader) -> String {
        format!("{}{}", self.topic, reader.postfix())
    }

    /// How a reader connects.
    pub(super) fn settings(&self, reader: Reader) -> Settings {
        connect::settings(&self.profiles[reader as usize], self.timeout)
    }

    /// How orders and dead letters are written.
    pub(super) fn options(&self) -> ProduceOptions {
        options(&self.profiles[Reader::Retries as usize])
    }

    /// The application of the third world.
    pub(super) fn setup(&self, policy: Policy, handler: Handler) -> Setup {
        Setup {
            settings: self.settings(Reader::Retries),
            options: self.options(),
            topic: self.topic.clone(),
            group: self.group(Reader::Retries),
            dead_letters: self.dead_letters.clone(),
            policy,
            handler,
        }
    }

    /// A connection of the third world's principal, for what librdkafka has no call for.
    pub(super) async fn cluster(&self) -> Result<Cluster, RawError> {
        connect::raw(&self.profiles[Reader::Retries as usize], self.timeout).await
    }
}

/// How a profile writes records that any client should be able to read: its own partitioner, and no codec.
pub(super) fn options(profile: &Profile) -> ProduceOptions {
    ProduceOptions { compression: Some("none".to_owned()), ..connect::produce_options(profile) }
}

/// Creates topics as admin where they are not there.
async fn create_topics(context: &Context, wanted: &[(&str, i32)]) -> Result<()> {
    let admin = context.profile_as(ProfileName::Admin, "admin")?;
    let mut cluster = connect::cluster(context, &admin, words::PREPARING).await?;
    let new: Vec<NewTopic> =
        wanted.iter().map(|(name, partitions)| NewTopic::new(*name, *partitions)).collect();
    let created = async {
        let results = topics::create_topics(&mut cluster, &new, false).await?;
        let mut own = Vec::new();
        for (name, result) in results {
            match result {
                Ok(()) => own.push(name),
                Err(error) if error.code == TOPIC_ALREADY_EXISTS => {}
                Err(error) => return Err(RawError::from(error)),
            }
        }
        Ok(own)
    };
    match created.await {
        Ok(own) => context.home()?.own(&admin.bootstrap_server.value, own),
        Err(failure) => Err(trouble::explain_raw(&admin, words::PREPARING, &failure).await),
    }
}

/// The name of a run: later ones come later in the alphabet, and two of the same second differ.
fn run_name(now: Timestamp) -> String {
    let chance = uuid::Uuid::new_v4().simple().to_string();
    format!("{:08x}{}", now.as_second(), &chance[..4])
}

/// Whether a topic is that of a run, by its name.
pub(super) fn is_run_of(topic: &str, base: &str) -> bool {
    let run = topic.strip_prefix(base).and_then(|rest| rest.strip_prefix('-'));
    run.is_some_and(|run| run.len() == 12 && run.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_runs_sort_later() {
        let at = |text: &str| run_name(text.parse().unwrap());
        let (first, second) = (at("2026-01-01T00:00:00Z"), at("2026-01-01T00:00:01Z"));
        assert!(first < second);
        assert!(is_run_of(&format!("phase4-pedidos-{first}"), "phase4-pedidos"));
        assert!(!is_run_of("phase4-pedidos-dlq", "phase4-pedidos"));
    }
}
