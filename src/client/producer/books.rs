//! How much is under way, and who is told when that changes.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::sync::Notify;

/// From so many records under way on, acknowledgements are told of together, at the end of a poll: whoever shows them
/// would otherwise be woken for one of a batch, again and again.
const MANY: u64 = 1000;
/// Records of which nobody has taken the acknowledgement; with so many the queue counts as full. Whoever shows them may
/// be held up by a pipe that nobody reads, and their memory must not grow meanwhile.
const MOST: u64 = 200_000;

/// What the halves of a producer and its polling thread know of each other. Each of them changes a number and then
/// looks at another's, so the order of all changes must be the same for all.
#[derive(Debug, Default)]
pub(super) struct Books {
    queued: Apart<AtomicU64>,
    delivered: Apart<Delivered>,
    collected: AtomicU64,
    /// The polling thread is about to sleep, or does.
    pub(super) sleeps: AtomicBool,
    /// Somebody listens for what comes without a record, such as a refused login.
    pub(super) listens: AtomicBool,
    /// The producer ends.
    pub(super) stops: AtomicBool,
    /// There are acknowledgements to take.
    pub(super) arrived: Notify,
    /// There may be room in the queue.
    pub(super) room: Notify,
}

/// What two threads change for each record, on cache lines of its own: they would wait for each other otherwise.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Apart<T>(T);

#[derive(Debug, Default)]
struct Delivered {
    records: AtomicU64,
    /// So many were queued when it was last asked, which is only when that can matter.
    queued: AtomicU64,
}

impl Books {
    /// A record was put into the queue. Whether the polling thread must be woken for it.
    pub(super) fn queued(&self) -> bool {
        self.queued.0.fetch_add(1, Ordering::SeqCst);
        self.sleeps.load(Ordering::SeqCst)
    }

    /// An acknowledgement was put where it can be taken; said by whoever polls.
    pub(super) fn delivered(&self) {
        let Delivered { records, queued } = &self.delivered.0;
        let enough_for_many = records.fetch_add(1, Ordering::SeqCst) + 1 + MANY;
        if queued.load(Ordering::Relaxed) >= enough_for_many {
            return;
        }
        let now = self.all_queued();
        queued.store(now, Ordering::Relaxed);
        if now < enough_for_many {
            self.tell();
        }
    }

    /// Acknowledgements were taken from there.
    pub(super) fn collected(&self, count: usize) {
        self.collected.fetch_add(count as u64, Ordering::SeqCst);
        self.room.notify_one();
    }

    /// Whether acknowledgements must be taken first.
    pub(super) fn is_full(&self) -> bool {
        self.not_collected(0) >= MOST
    }

    /// Records whose acknowledgement is still to be collected, and so many that were and are kept.
    pub(super) fn not_collected(&self, kept: usize) -> u64 {
        (self.all_queued() + kept as u64).saturating_sub(self.collected.load(Ordering::SeqCst))
    }

    /// Tells of acknowledgements, and of the room that they left.
    pub(super) fn tell(&self) {
        self.arrived.notify_one();
        self.room.notify_one();
    }

    /// Records in the queue.
    fn all_queued(&self) -> u64 {
        self.queued.0.load(Ordering::SeqCst)
    }

    /// Acknowledgements so far, taken or not.
    pub(super) fn all_delivered(&self) -> u64 {
        self.delivered.0.records.load(Ordering::SeqCst)
    }

    /// Records without an acknowledgement. One may be acknowledged before it is counted.
    pub(super) fn under_way(&self) -> u64 {
        self.all_queued().saturating_sub(self.all_delivered())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_takes_fills_the_queue() {
        let books = Books::default();
        for _ in 0..MOST {
            assert!(!books.is_full());
            books.queued();
            books.delivered();
        }
        assert_eq!(books.under_way(), 0);
        assert!(books.is_full(), "they were acknowledged, but nobody has seen that");
        books.collected(1);
        assert!(!books.is_full());
    }

    #[test]
    fn few_are_told_of_at_once_and_many_together() {
        let books = Books::default();
        let told = || std::pin::pin!(books.arrived.notified()).enable();
        (0..MANY + 5).for_each(|_| {
            books.queued();
        });
        for still in (1..=MANY + 4).rev() {
            books.delivered();
            assert_eq!(told(), still < MANY, "{still} are under way");
        }
        books.queued();
        books.delivered();
        assert!(told());
    }

    #[test]
    fn the_polling_thread_is_woken_only_when_it_sleeps() {
        let books = Books::default();
        assert!(!books.queued());
        books.sleeps.store(true, Ordering::SeqCst);
        assert!(books.queued());
    }
}
