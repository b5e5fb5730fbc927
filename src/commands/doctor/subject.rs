//! What is examined: the profiles of the phases, their principals, and the listeners that they share.

use crate::commands::Context;
use crate::error::{Error, Result};
use crate::profile::{Profile, ProfileName, SecurityProtocol};

/// The profile of one phase, and everybody who logs in with it.
pub(super) struct Subject {
    pub name: ProfileName,
    pub profile: Result<Profile>,
    /// The principals of the profile, or the one that was asked for.
    pub users: Vec<Profile>,
    /// Nobody in particular, on the listener without a login.
    pub anonymous: Option<Profile>,
    /// Principals without a password that can be fetched.
    pub lacking: Vec<Error>,
}

impl Subject {
    pub(super) fn load(context: &Context, name: ProfileName) -> Self {
        let mut subject = Self {
            name,
            profile: context.profile(name),
            users: Vec::new(),
            anonymous: None,
            lacking: Vec::new(),
        };
        let Ok(profile) = &subject.profile else { return subject };
        subject.anonymous = without_login(profile);
        let chosen = profile.actor.name.source.is_given();
        if chosen || !profile.security_protocol.value.has_login() {
            subject.users.push(profile.clone());
            return subject;
        }
        for user in &profile.principal_names {
            match context.profile_as(name, user) {
                _ if *user == profile.actor.name.value => subject.users.push(profile.clone()),
                Ok(user) => subject.users.push(user),
                Err(error) => subject.lacking.push(error),
            }
        }
        subject
    }

    /// Those who work with the phase's topics: its own principal, or both applications where two meet.
    pub(super) fn actors(&self) -> impl Iterator<Item = &Profile> {
        let both = matches!(self.name, ProfileName::Phase3 | ProfileName::Phase4);
        let own = self.profile.as_ref().map_or("", |profile| profile.actor.name.value.as_str());
        let acts =
            move |user: &&Profile| user.actor.name.value == own || (both && user.actor.group.is_some());
        self.users.iter().filter(acts)
    }
}

/// The other listener of the same cluster: a `-b` says nothing about the one that the profile's file names.
fn without_login(profile: &Profile) -> Option<Profile> {
    let other = profile.without_login()?;
    let together = other.bootstrap_server.source.is_given() == profile.bootstrap_server.source.is_given();
    (together && profile.security_protocol.value.has_login()).then_some(other)
}

/// A way into a cluster: an address, how it is secured, and who uses it.
pub(super) struct Access {
    /// `host:port`, comma separated.
    pub bootstrap: String,
    pub protocol: SecurityProtocol,
    /// Which phases use it.
    pub phases: Vec<&'static str>,
    /// Everybody who logs in here, once.
    pub users: Vec<Profile>,
}

impl Access {
    /// The ways that the profiles use, each once.
    pub(super) fn of(subjects: &[Subject]) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for subject in subjects {
            for user in subject.users.iter().chain(&subject.anonymous) {
                match all.iter_mut().find(|access| access.serves(user)) {
                    Some(access) => access.add(subject.name, user),
                    None => all.push(Self {
                        bootstrap: user.bootstrap_server.value.clone(),
                        protocol: user.security_protocol.value,
                        phases: vec![subject.name.name()],
                        users: vec![user.clone()],
                    }),
                }
            }
        }
        all
    }

    /// Whether a profile goes this way.
    pub(super) fn serves(&self, profile: &Profile) -> bool {
        let mechanism = |profile: &Profile| profile.mechanism.as_ref().map(|mechanism| mechanism.value);
        self.bootstrap == profile.bootstrap_server.value
            && self.protocol == profile.security_protocol.value
            && self.users.first().is_some_and(|user| mechanism(user) == mechanism(profile))
    }

    fn add(&mut self, phase: ProfileName, user: &Profile) {
        if !self.phases.contains(&phase.name()) {
            self.phases.push(phase.name());
        }
        if !self.users.iter().any(|known| known.principal().value == user.principal().value) {
            self.users.push(user.clone());
        }
    }
}
