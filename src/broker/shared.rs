//! The state behind its lock, and the clock that wakes it.

use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::task::{JoinError, JoinHandle};
use tokio_util::sync::CancellationToken;

use super::cx::Now;
use super::event::{Event, Events};
use super::state::{Cleaned, State};

/// What all connections share.
///
/// A `std` mutex and not tokio's: handlers are synchronous, hold it for microseconds and never across an `.await`.
#[derive(Debug)]
pub(super) struct Shared {
    state: Mutex<State>,
    /// Told when the state got an earlier deadline than the timer sleeps for.
    deadline_moved: Notify,
    /// Cancelled when the broker stops, or begins again.
    pub(super) stop: CancellationToken,
    pub(super) events: Events,
}

/// The state is of no use any more, because a handler panicked while it held it.
#[derive(Debug)]
pub(super) struct Poisoned;

impl Shared {
    pub(super) fn new(state: State, events: Events, stop: CancellationToken) -> Shared {
        Shared { state: Mutex::new(state), deadline_moved: Notify::new(), stop, events }
    }

    /// Runs `work` on the state. A panic in it ends the state's life: half a change must not be served or flushed.
    pub(super) fn with<T>(&self, work: impl FnOnce(&mut State, Now) -> T) -> Result<T, Poisoned> {
        let mut state = self.lock()?;
        let before = next_deadline(&state);
        let result = {
            let _guard = StopOnPanic(self);
            work(&mut state, Now::read())
        };
        let after = next_deadline(&state);
        drop(state);
        if after.is_some_and(|after| before.is_none_or(|before| after < before)) {
            self.deadline_moved.notify_one();
        }
        Ok(result)
    }

    /// Sleeps until the state's next deadline and lets it act, until the broker stops. The only timer there is. Logs
    /// are compacted one after the other, on a thread of their own.
    pub(super) async fn keep_time(&self) -> Result<(), Poisoned> {
        let mut cleaner: Option<JoinHandle<Cleaned>> = None;
        loop {
            if cleaner.is_none()
                && let Some(work) = self.with(|state, now| state.next_cleaning(now))?
            {
                cleaner = Some(tokio::task::spawn_blocking(|| work.carry_out()));
            }
            let deadline = {
                let state = self.lock()?;
                let cleaning = state.cleaning_at().filter(|_| cleaner.is_none());
                state.next_deadline().into_iter().chain(cleaning).min()
            };
            let sleep = async {
                match deadline {
                    Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = self.stop.cancelled() => return Ok(()),
                () = self.deadline_moved.notified() => {}
                cleaned = ended(&mut cleaner) => {
                    cleaner = None;
                    match cleaned {
                        Ok(cleaned) => self.with(|state, now| state.cleaned(cleaned, now))?,
                        Err(fault) => self.events.emit(|| Event::Trouble(format!("compaction: {fault}"))),
                    }
                }
                () = sleep => {
                    if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                        self.with(|state, now| state.tick(now))?;
                    }
                }
            }
        }
    }

    /// Ends when the broker has been stopping for a while.
    pub(super) async fn stopped_for(&self, patience: Duration) {
        self.stop.cancelled().await;
        tokio::time::sleep(patience).await;
    }

    fn lock(&self) -> Result<MutexGuard<'_, State>, Poisoned> {
        self.state.lock().map_err(|_| Poisoned)
    }
}

fn next_deadline(state: &State) -> Option<Instant> {
    state.next_deadline().into_iter().chain(state.cleaning_at()).min()
}

/// The end of a task; never, if there is none.
async fn ended<T>(task: &mut Option<JoinHandle<T>>) -> Result<T, JoinError> {
    match task {
        Some(task) => task.await,
        None => std::future::pending().await,
    }
}

/// Ends the state's life if it is dropped by a panic.
struct StopOnPanic<'a>(&'a Shared);

impl Drop for StopOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0
                .events
                .emit(|| Event::Fatal("a request handler panicked while it changed the state".into()));
            self.0.stop.cancel();
        }
    }
}
