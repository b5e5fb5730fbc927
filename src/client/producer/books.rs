//! How much is under way, and who is told when that changes.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::sync::Notify;

/// From so many records under way on, acknowledgements are told of together, at the end of a poll: whoever shows them
/// would otherwise be woken for one of a batch, again and again.
const MANY: u64 = 1000;

/// What the halves of a producer and its polling thread know of each other. Each of them changes a number and then
/// looks at another's, so the order of all changes must be the same for all.
#[derive(Debug, Default)]
pub(super) struct Books {
    queued: AtomicU64,
    delivered: AtomicU64,
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

    /// Tells of acknowledgements, and of the room that they left.
    pub(super) fn tell(&self) {
        self.arrived.notify_one();
        self.room.notify_one();
    }

    /// Records in the queue.
    pub(super) fn all_queued(&self) -> u64 {
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
