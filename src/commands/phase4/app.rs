//! The two applications of phase 4, each with its own credentials and manners.

use crate::client::{Failure, Partitioner, Persona, ProduceOptions, Producer, Settings};
use crate::commands::{Context, connect};
use crate::error::Result;
use crate::lanes::Sender;
use crate::profile::{Profile, ProfileName};

/// An application as it connects.
pub(super) struct App {
    /// Who it is.
    pub sender: Sender,
    /// Its settings.
    pub profile: Profile,
    /// The same for librdkafka.
    pub settings: Settings,
    /// Its group on the wire.
    pub group: String,
}

impl App {
    /// The application with the principal of the same name, whatever `--as` says.
    pub(super) fn new(context: &Context, sender: Sender) -> Result<Self> {
        let profile = context.profile_as(ProfileName::Phase4, sender.name())?;
        let settings = connect::settings(&profile, context.global.timeout);
        let group = connect::group(&profile).unwrap_or_else(|| format!("phase4-{}", sender.name()));
        Ok(Self { sender, profile, settings, group })
    }

    /// Whose manners it has.
    pub(super) fn persona(&self) -> Persona {
        connect::persona(&self.profile)
    }

    /// Who chooses the partition of its keys, as long as nobody sets anything else.
    pub(super) fn partitioner(&self) -> Partitioner {
        connect::produce_options(&self.profile).partitioner.unwrap_or_else(|| self.persona().partitioner())
    }

    /// A producer with its manners, but with this partitioner.
    pub(super) fn producer(&self, partitioner: Partitioner) -> std::result::Result<Producer, Failure> {
        let options = connect::produce_options(&self.profile);
        Producer::new(&self.settings, &ProduceOptions { partitioner: Some(partitioner), ..options })
    }
}
