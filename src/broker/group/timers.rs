//! What happens to a group when nothing else does: sessions end, joins and syncs are no longer waited for.

use super::effects::Turn;
use super::event::Reason;
use super::membership::Group;
use super::{GroupState, Millis};

/// When the present join phase ends at the latest.
#[derive(Clone, Copy, Debug)]
pub(super) struct JoinTimer {
    /// The moment.
    at: Millis,
    /// For a group that was empty: the windows in which others may arrive.
    initial: Option<InitialDelay>,
}

/// One window of the initial delay. While newcomers arrive there is another one, until the rebalance timeout is used up.
#[derive(Clone, Copy, Debug)]
struct InitialDelay {
    /// Length of the present window.
    delay: Millis,
    /// What may still follow it.
    remaining: Millis,
}

impl JoinTimer {
    /// The first window of an empty group's rebalance.
    pub(super) fn initial(now: Millis, delay: Millis, rebalance_timeout: Millis) -> JoinTimer {
        let remaining = (rebalance_timeout - delay).max(0);
        JoinTimer { at: now + delay, initial: Some(InitialDelay { delay, remaining }) }
    }

    /// The wait for members that are known.
    pub(super) fn rebalance(now: Millis, rebalance_timeout: Millis) -> JoinTimer {
        JoinTimer { at: now + rebalance_timeout, initial: None }
    }
}

/// One of the moments a group waits for.
#[derive(Debug)]
enum Timer {
    Join(JoinTimer),
    Sync,
    Session(String),
    Pending(String),
}

impl<W> Group<W> {
    /// When [`Group::expire`] is due next.
    pub(super) fn next_deadline(&self) -> Option<Millis> {
        let sessions = self.members.values().filter_map(|member| member.session_deadline);
        let joins = self.join_timer.map(|timer| timer.at);
        sessions.chain(self.pending.values().copied()).chain(joins).chain(self.sync_deadline).min()
    }

    /// Does what is due by now, earliest first.
    pub(super) fn expire(&mut self, turn: &mut Turn<'_, W>) {
        while let Some((at, timer)) = self.next_timer() {
            if at > turn.now {
                return;
            }
            match timer {
                Timer::Join(timer) => self.join_time_is_over(timer, turn),
                Timer::Sync => self.sync_time_is_over(turn),
                Timer::Session(id) => self.session_is_over(&id, turn),
                Timer::Pending(id) => self.pending_is_over(&id, turn),
            }
        }
    }

    fn next_timer(&self) -> Option<(Millis, Timer)> {
        let joins = self.join_timer.map(|timer| (timer.at, Timer::Join(timer)));
        let syncs = self.sync_deadline.map(|at| (at, Timer::Sync));
        let session =
            self.members.iter().filter_map(|(id, member)| Some((member.session_deadline?, id))).min();
        let pending = self.pending.iter().map(|(id, at)| (*at, id)).min();
        [
            session.map(|(at, id)| (at, Timer::Session(id.clone()))),
            pending.map(|(at, id)| (at, Timer::Pending(id.clone()))),
            syncs,
            joins,
        ]
        .into_iter()
        .flatten()
        .min_by_key(|(at, _)| *at)
    }

    fn join_time_is_over(&mut self, timer: JoinTimer, turn: &mut Turn<'_, W>) {
        let Some(window) = timer.initial else {
            return self.complete_join(Reason::RebalanceTimedOut, turn);
        };
        if !self.newcomer || window.remaining == 0 {
            return self.complete_join(Reason::InitialDelayOver, turn);
        }
        self.newcomer = false;
        let delay = turn.config.initial_rebalance_delay_ms.min(window.remaining);
        let remaining = (window.remaining - window.delay).max(0);
        let next = InitialDelay { delay, remaining };
        self.join_timer = Some(JoinTimer { at: turn.now + delay, initial: Some(next) });
    }

    fn sync_time_is_over(&mut self, turn: &mut Turn<'_, W>) {
        self.sync_deadline = None;
        let late: Vec<String> =
            self.members.iter().filter(|(_, member)| member.owes_sync).map(|(id, _)| id.clone()).collect();
        for id in &late {
            self.remove(id, Reason::SyncTimedOut, turn);
        }
        if !late.is_empty() {
            self.prepare_rebalance(Reason::SyncTimedOut, late.first().map(String::as_str), turn);
        }
    }

    fn session_is_over(&mut self, id: &str, turn: &mut Turn<'_, W>) {
        let Some(member) = self.members.get_mut(id) else { return };
        member.session_deadline = None;
        if member.is_excused() {
            return;
        }
        self.remove(id, Reason::SessionExpired, turn);
        match self.state {
            GroupState::Stable | GroupState::CompletingRebalance => {
                self.prepare_rebalance(Reason::SessionExpired, Some(id), turn);
            }
            _ => self.complete_join_after_removal(turn),
        }
    }

    fn pending_is_over(&mut self, id: &str, turn: &mut Turn<'_, W>) {
        self.pending.remove(id);
        self.complete_join_after_removal(turn);
    }

    /// As Kafka does it: if all that are left have joined, even an initial delay is cut short.
    fn complete_join_after_removal(&mut self, turn: &mut Turn<'_, W>) {
        if self.state == GroupState::PreparingRebalance && self.all_joined() {
            self.complete_join(Reason::AllMembersJoined, turn);
        }
    }
}
