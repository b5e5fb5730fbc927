//! The members as processes: started, listened to, told what to do, killed. A member that is dropped is killed too, and
//! one whose parent is gone ends by itself (see [`member`](super::member)).

use std::collections::{BTreeMap, BTreeSet};
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

use super::wire::{Order, Said, Setup};
use crate::error::{Error, Kind, Result};

/// A member as its parent knows it.
pub(super) struct Member {
    /// Which process; a member that comes back under the same name is another one.
    pub id: u32,
    /// Its name, which is also its `client.id`.
    pub name: String,
    /// The group's id on the wire.
    pub group: String,
    /// What it has said of itself.
    pub seen: Seen,
    process: Child,
    orders: ChildStdin,
}

/// What a member said of itself, added up. Pure.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    /// The partitions that it has now.
    pub owned: BTreeSet<i32>,
    /// How often the group gave it an assignment.
    pub assignments: u32,
    /// Partitions that were taken away from it since [`Seen::forget_revoked`], also where they came back.
    pub revoked: BTreeSet<i32>,
    /// When its assignment changed last.
    pub moved_at: Option<Instant>,
    /// The offsets that it dealt with, by partition; more than once where a record came again.
    pub handled: BTreeMap<i32, Vec<i64>>,
    /// Whether it takes no records at the moment.
    pub paused: bool,
}

impl Seen {
    /// Takes in what the member said at this moment.
    pub(super) fn hear(&mut self, at: Instant, said: &Said) {
        match said {
            Said::Assigned { partitions } => {
                self.owned.extend(partitions);
                self.assignments += 1;
                self.moved_at = Some(at);
            }
            Said::Revoked { partitions } => {
                self.owned.retain(|partition| !partitions.contains(partition));
                self.revoked.extend(partitions);
                self.moved_at = Some(at);
            }
            Said::Handled { partition, offset } => self.handled.entry(*partition).or_default().push(*offset),
            Said::Paused => self.paused = true,
            Said::Left { .. } | Said::Failed(_) => {}
        }
    }

    /// From now on counts anew what is taken away.
    pub(super) fn forget_revoked(&mut self) {
        self.revoked.clear();
    }

    /// Whether it dealt with a record.
    pub(super) fn dealt_with(&self, partition: i32, offset: i64) -> bool {
        self.handled.get(&partition).is_some_and(|offsets| offsets.contains(&offset))
    }

    /// How many records it dealt with.
    pub(super) fn records(&self) -> usize {
        self.handled.values().map(Vec::len).sum()
    }
}

/// A line of a member, or none at the end of its output.
pub(super) struct Spoken {
    /// Whose.
    pub id: u32,
    /// When it arrived.
    pub at: Instant,
    /// What it says.
    pub said: Option<Said>,
}

impl Member {
    /// Starts the process; what it says goes to `ears`.
    pub(super) async fn start(
        id: u32,
        name: &str,
        setup: &Setup,
        ears: UnboundedSender<Spoken>,
    ) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["phase4", "member"]).kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        // Ctrl-C in the terminal is for the command, which then says goodbye to its members.
        #[cfg(unix)]
        command.process_group(0);
        let mut process = command.spawn()?;
        let (Some(mut orders), Some(output)) = (process.stdin.take(), process.stdout.take()) else {
            return Err(Error::new(Kind::Failed, "a pipe that was asked for is missing"));
        };
        tokio::spawn(listen(id, output, ears));
        write_line(&mut orders, setup).await?;
        let (name, group) = (name.to_owned(), setup.group.clone());
        Ok(Self { id, name, group, seen: Seen::default(), process, orders })
    }

    /// Tells it what to do. One that has ended does not hear it.
    pub(super) async fn order(&mut self, order: Order) -> Result<()> {
        write_line(&mut self.orders, &order).await
    }

    /// The process id, while it lives.
    pub(super) fn pid(&self) -> Option<u32> {
        self.process.id()
    }

    /// Ends the process as a crash would: SIGKILL, TerminateProcess on Windows. Nobody says goodbye to the group.
    pub(super) async fn kill(mut self) -> Result<()> {
        Ok(self.process.kill().await?)
    }

    /// Waits until the process has ended by itself.
    pub(super) async fn ended(&mut self) {
        // An error would mean that it is not our child, and then there is nothing to wait for.
        let _ = self.process.wait().await;
    }
}

async fn write_line(orders: &mut ChildStdin, value: &impl serde::Serialize) -> Result<()> {
    let mut line = serde_json::to_vec(value).map_err(|error| Error::new(Kind::Failed, error.to_string()))?;
    line.push(b'\n');
    match orders.write_all(&line).await {
        // It has ended, and why stands in what it said.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        result => Ok(result?),
    }
}

async fn listen(id: u32, output: ChildStdout, ears: UnboundedSender<Spoken>) {
    let mut lines = BufReader::new(output).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        // A line that was cut off by a kill says nothing.
        let Ok(said) = serde_json::from_str(&line) else { continue };
        if ears.send(Spoken { id, at: Instant::now(), said: Some(said) }).is_err() {
            return;
        }
    }
    // Nobody listens any more once the command is over.
    let _ = ears.send(Spoken { id, at: Instant::now(), said: None });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_member_owns_is_what_it_was_given_and_not_asked_back() {
        let mut seen = Seen::default();
        let at = Instant::now();
        seen.hear(at, &Said::Assigned { partitions: vec![0, 1, 2] });
        seen.forget_revoked();
        seen.hear(at, &Said::Revoked { partitions: vec![0, 1] });
        seen.hear(at, &Said::Assigned { partitions: vec![0] });
        assert_eq!(seen.owned, BTreeSet::from([0, 2]));
        assert_eq!(seen.revoked, BTreeSet::from([0, 1]), "0 was interrupted, although it came back");
        assert_eq!(seen.assignments, 2);
    }

    #[test]
    fn a_record_that_comes_again_counts_again() {
        let mut seen = Seen::default();
        for offset in [0, 1, 1] {
            seen.hear(Instant::now(), &Said::Handled { partition: 0, offset });
        }
        assert_eq!(seen.records(), 3);
    }
}
