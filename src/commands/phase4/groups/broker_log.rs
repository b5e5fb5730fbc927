//! The embedded broker's own events, read from the lab's log: the only place where a command can learn of a generation
//! and of the reason for a rebalance.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Seek as _, SeekFrom};

use crate::broker::group::GroupEvent;
use crate::commands::{Context, up};
use crate::error::Result;
use crate::lab::Engine;
use crate::profile::Profile;

/// The log from now on.
pub(super) struct BrokerLog {
    reader: BufReader<File>,
    /// A line whose end has not been written yet.
    begun: String,
}

impl BrokerLog {
    /// The log of the broker that `admin` talks to; `None` unless that is the lab's embedded one.
    pub(super) fn open(context: &Context, admin: &Profile) -> Result<Option<Self>> {
        let home = context.home()?;
        let embedded = home.state()?.is_some_and(|state| state.engine == Engine::Embedded);
        if !embedded || up::is_external(context, admin)? {
            return Ok(None);
        }
        let Ok(mut file) = File::open(home.broker_log()) else { return Ok(None) };
        file.seek(SeekFrom::End(0))?;
        Ok(Some(Self { reader: BufReader::new(file), begun: String::new() }))
    }

    /// What happened to groups since the last time.
    pub(super) fn news(&mut self) -> Result<Vec<GroupEvent>> {
        let mut events = Vec::new();
        while self.reader.read_line(&mut self.begun)? > 0 && self.begun.ends_with('\n') {
            events.extend(event(&std::mem::take(&mut self.begun)));
        }
        Ok(events)
    }
}

/// `[TIME] LEVEL words`, as the broker's process logs it.
fn event(line: &str) -> Option<GroupEvent> {
    let (_time, rest) = line.trim_end().split_once("] ")?;
    let (_level, words) = rest.split_once(' ')?;
    words.parse().ok()
}

/// The group that an event is about.
pub(super) fn group_of(event: &GroupEvent) -> &str {
    match event {
        GroupEvent::Moved { group, .. }
        | GroupEvent::MemberAdded { group, .. }
        | GroupEvent::MemberRemoved { group, .. }
        | GroupEvent::StaticMemberReplaced { group, .. } => group,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_log_is_an_event_of_a_group_or_none() {
        let line = "[2026-01-01T00:00:00.000Z] INFO Group phase4-a took in member m-1\n";
        let event = event(line).unwrap();
        assert_eq!(group_of(&event), "phase4-a");
        assert_eq!(super::event("[2026-01-01T00:00:00.000Z] INFO Deleted topic phase4-a\n"), None);
    }
}
