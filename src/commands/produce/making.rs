//! What a run gives each record besides its key and value.

use super::input::Item;
use super::{Args, Headers};
use crate::client::{Outgoing, Persona};
use crate::commands::connect;
use crate::profile::Profile;

/// How records are made of items.
pub(super) struct Making {
    topic: String,
    partition: Option<i32>,
    keeps_partition: bool,
    /// The framework's message id, where it has one, then the headers of the command line.
    headers: Headers,
    /// Where those of the command line begin. A record that is a copy of another one gets only these.
    given_from: usize,
    /// The headers of such a copy.
    copied: Headers,
}

impl Making {
    /// Records for a topic, with the headers of the command line.
    pub(super) fn new(args: &Args, profile: &Profile, topic: String, given: Headers) -> Self {
        let id = connect::persona(profile).message_id();
        Self {
            topic,
            partition: args.partition,
            keeps_partition: args.keep_partition,
            given_from: id.iter().len(),
            headers: id.into_iter().chain(given).collect(),
            copied: Vec::new(),
        }
    }

    /// The partition that is asked for, if one is.
    pub(super) fn partition(&self, item: &Item<'_>) -> Option<i32> {
        self.partition.or(item.partition.filter(|_| self.keeps_partition))
    }

    /// The next record, with an id of its own.
    pub(super) fn record<'a>(&'a mut self, item: &'a Item<'_>) -> Outgoing<'a> {
        let (ids, given) = self.headers.split_at_mut(self.given_from);
        if item.is_complete {
            self.copied = [&item.headers[..], given].concat();
        } else {
            ids.iter_mut().filter_map(|(_, id)| id.as_deref_mut()).for_each(Persona::renew_id);
        }
        Outgoing {
            topic: &self.topic,
            partition: self.partition(item),
            timestamp: item.timestamp,
            key: item.key.as_deref(),
            value: item.value.as_deref(),
            headers: if item.is_complete { &self.copied } else { &self.headers },
        }
    }
}
