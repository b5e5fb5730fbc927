//! Laravel's default (laravel-kafka 2.10.3): a handler that throws is logged, and its message is committed all the
//! same. Its committer ignores whether the handler did well.

use super::{Place, Play, Reader};
use crate::client::{Failure, GroupEvent};
use crate::commands::phase4::dlq::orders::{Exception, Handler};

/// What the first world came to.
#[derive(Debug, Default)]
pub(in super::super) struct Laravel {
    /// Orders that were handled.
    pub handled: u64,
    /// Orders that are committed and were not handled, with what the log of the application says of them.
    pub lost: Vec<(Place, Exception)>,
}

/// Lives until every order was seen.
pub(super) async fn live(play: &Play<'_>) -> Result<Laravel, Failure> {
    let mut world = Laravel::default();
    let mut member = play.member(Reader::Laravel).await?;
    if play.owns(Reader::Laravel, &mut member).await? {
        while world.handled + (world.lost.len() as u64) < play.plan.orders.len() as u64 {
            let (place, result) = tokio::select! {
                () = play.over.cancelled() => break,
                event = member.next() => match event? {
                    GroupEvent::Record(record) => {
                        let view = record.view();
                        ((view.partition, view.offset), Handler::AsWritten.handle(view.value))
                    }
                    _ => continue,
                },
            };
            match result {
                Ok(_cents) => world.handled += 1,
                Err(exception) => world.lost.push((place, exception)),
            }
            // One synchronous commit a message, whatever became of it.
            member.handled(place.0, place.1);
            member.commit().await?;
        }
    }
    member.leave().await?;
    Ok(world)
}
