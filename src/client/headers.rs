//! Headers of a record that librdkafka handed over.
//!
//! To Kafka the name of a header is bytes, and brokers take any. `rdkafka` has it as UTF-8 and panics otherwise, without a
//! way around that is safe; whoever may write to a topic must not be able to end its readers.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use rdkafka::message::{BorrowedHeaders, Headers as _};

/// A header's name and value; without a value it is null.
type Header<'a> = (&'a str, Option<&'a [u8]>);

/// Stands for a header whose name is not UTF-8: neither name nor value can be had.
const UNREADABLE: Header<'static> = ("\u{fffd}", None);

thread_local! {
    /// Whether a panic on this thread is expected, and nobody's concern.
    static IS_EXPECTED: Cell<bool> = const { Cell::new(false) };
}

/// All headers, in their order.
pub(super) fn read(headers: &BorrowedHeaders) -> Vec<Header<'_>> {
    let one = |index| {
        let header = headers.get(index);
        (header.key, header.value)
    };
    let all = || (0..headers.count()).map(one).collect();
    expecting_panics(|| {
        catch_unwind(AssertUnwindSafe(all)).unwrap_or_else(|_| {
            let one = |index| catch_unwind(AssertUnwindSafe(|| one(index))).unwrap_or(UNREADABLE);
            (0..headers.count()).map(one).collect()
        })
    })
}

/// Runs something whose panics are caught, without their being reported.
fn expecting_panics<T>(run: impl FnOnce() -> T) -> T {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let report = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if !IS_EXPECTED.get() {
                report(panic);
            }
        }));
    });
    IS_EXPECTED.set(true);
    let result = run();
    IS_EXPECTED.set(false);
    result
}
