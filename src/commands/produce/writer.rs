//! The thread that reads records and puts them into the producer's queue, while another shows what became of them. It
//! may wait for a terminal for ever, so it is never waited for: who closes its desk knows that it writes no more.

use std::panic;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::failures::Failures;
use super::input::{Item, Source};
use super::making::Making;
use crate::client::{Enqueued, Sender};
use crate::error::Result;

/// Records of which the key is remembered until the acknowledgement comes, to say who chose the partition.
const REMEMBERED: usize = 20;

/// One record of so many is a moment to look whether the desk is closed: that takes a lock.
const AT_A_STRETCH: u64 = 100;

/// What was written, refused records included.
#[derive(Default)]
pub(super) struct Written {
    pub(super) records: u64,
    /// Those that the client itself refused.
    pub(super) failures: Failures,
    /// The bytes of key and value of the largest.
    pub(super) largest: usize,
    /// Whether one was read as text and is none.
    pub(super) saw_bytes: bool,
}

/// The thread, seen from the one that shows.
pub(super) struct Writer {
    desk: Arc<Desk>,
    end: oneshot::Receiver<Result<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Begins to write all that the source gives, at most `rate` records a second, until it is to stop.
    pub(super) fn start(
        source: Source,
        making: Making,
        sender: Sender,
        rate: Option<u32>,
        stop: &CancellationToken,
    ) -> Result<Self> {
        let desk = Arc::new(Desk::new(sender, stop.child_token()));
        let its = Arc::clone(&desk);
        let (ended, end) = oneshot::channel();
        let thread = std::thread::Builder::new().name("records".to_owned()).spawn(move || {
            // Nobody may listen any more, and then nobody misses it.
            ended.send(its.write_all(source, making, rate)).ok();
        })?;
        Ok(Self { desk, end, thread: Some(thread) })
    }

    /// Waits until everything is in the queue, or until the input turns out not to be what it should be. May be
    /// dropped while it waits.
    ///
    /// # Panics
    /// If the thread did: that is no end of the input.
    pub(super) async fn end(&mut self) -> Result<()> {
        let ended = (&mut self.end).await;
        if let Some(thread) = self.thread.take() {
            joined(thread);
        }
        ended.unwrap_or(Ok(()))
    }

    /// The key of a record with this sequence, if it is one of the first.
    pub(super) fn first_key(&self, sequence: u64) -> Option<Option<Vec<u8>>> {
        let place = usize::try_from(sequence).ok().filter(|place| *place < REMEMBERED)?;
        self.desk.lock().first_keys.get(place).cloned()
    }

    /// Ends the writing. Nothing is put into the queue from now on.
    pub(super) fn close(&self) -> Written {
        self.desk.closed.cancel();
        let mut state = self.desk.lock();
        state.sender = None;
        std::mem::take(&mut state.written)
    }
}

/// Waits for a thread that has nothing more to do, and panics if it did.
pub(super) fn joined(thread: JoinHandle<()>) {
    if let Err(panicked) = thread.join() {
        panic::resume_unwind(panicked);
    }
}

/// Where the writing is done, by one at a time.
struct Desk {
    state: Mutex<State>,
    closed: CancellationToken,
}

struct State {
    /// Whoever has it may write.
    sender: Option<Sender>,
    written: Written,
    /// By sequence.
    first_keys: Vec<Option<Vec<u8>>>,
}

impl Desk {
    fn new(sender: Sender, closed: CancellationToken) -> Self {
        let state = State { sender: Some(sender), written: Written::default(), first_keys: Vec::new() };
        Self { state: Mutex::new(state), closed }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_all(&self, mut source: Source, mut making: Making, rate: Option<u32>) -> Result<()> {
        // Of its own: the program's ends before this thread does.
        let runtime = Builder::new_current_thread().enable_time().build()?;
        let (started, mut given) = (Instant::now(), 0_u64);
        while let Some(item) = source.next()? {
            if given.is_multiple_of(AT_A_STRETCH) && self.closed.is_cancelled() {
                break;
            }
            if let Some(rate) = rate {
                let due = Duration::from_secs_f64(given as f64 / f64::from(rate));
                if !self.wait(&runtime, async { tokio::time::sleep_until(started + due).await }) {
                    break;
                }
            }
            if !self.write(&item, &mut making, &runtime) {
                break;
            }
            given += 1;
        }
        Ok(())
    }

    /// Puts a record into the queue, once it has room. False if the desk was closed first.
    fn write(&self, item: &Item<'_>, making: &mut Making, runtime: &Runtime) -> bool {
        let record = making.record(item);
        loop {
            let mut state = self.lock();
            let State { sender: Some(sender), written, first_keys } = &mut *state else { return false };
            let sequence = sender.given();
            match sender.enqueue(&record) {
                Ok(Enqueued::Full) => {
                    let room = sender.room();
                    drop(state);
                    if !self.wait(runtime, room) {
                        return false;
                    }
                    continue;
                }
                Ok(Enqueued::Yes(_)) => {}
                // The others may still pass.
                Err(failure) => {
                    written.failures.add(sequence, failure);
                }
            }
            if first_keys.len() < REMEMBERED {
                first_keys.push(item.key.as_deref().map(<[u8]>::to_vec));
            }
            written.note(item);
            return true;
        }
    }

    /// Waits for something. False if the desk is closed first.
    fn wait(&self, runtime: &Runtime, something: impl Future<Output = ()>) -> bool {
        runtime.block_on(self.closed.run_until_cancelled(something)).is_some()
    }
}

impl Written {
    /// One more was written.
    fn note(&mut self, item: &Item<'_>) {
        self.records += 1;
        self.largest = self.largest.max(item.size());
        self.saw_bytes |= item.is_bytes;
    }
}
