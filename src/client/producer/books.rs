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
    queued: AtomicU64,
    delivered: AtomicU64,
    collected: AtomicU64,
    /// Somebody listens for what comes without a record, such as a refused login.
    pub(super) listens: AtomicBool,
    /// The producer ends.
    pub(super) stops: AtomicBool,
    /// There are acknowledgements to take.
    pub(super) arrived: Notify,
    /// There may be room in the queue.
    pub(super) room: Notify,
}

impl Books {
    /// A record was put into the queue. Whether it is the only one, so that nobody polls for its acknowledgement yet.
    pub(super) fn queued(&self) -> bool {
        let before = self.queued.fetch_add(1, Ordering::SeqCst);
        before <= self.delivered.load(Ordering::SeqCst)
    }

    /// An acknowledgement was put where it can be taken.
    pub(super) fn delivered(&self) {
        self.delivered.fetch_add(1, Ordering::SeqCst);
        if self.under_way() < MANY {
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
        self.queued.load(Ordering::SeqCst)
    }

    /// Acknowledgements so far, taken or not.
    pub(super) fn all_delivered(&self) -> u64 {
        self.delivered.load(Ordering::SeqCst)
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
    fn only_the_first_of_several_wakes_the_polling_thread() {
        let books = Books::default();
        assert!(books.queued());
        assert!(!books.queued());
        books.delivered();
        assert!(!books.queued());
        books.delivered();
        books.delivered();
        assert!(books.queued());
    }
}
