//! Lag over time: it grows while nobody works, and falls when somebody does.

use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::{all_leave, gather, millis, partitions, seconds};
use crate::commands::phase4::groups::act::Act;
use crate::commands::phase4::groups::chart::{Sample, chart};
use crate::commands::phase4::groups::stage::Stage;
use crate::commands::phase4::groups::wire::Order;
use crate::error::Result;
use crate::prediction::Prediction;
use crate::report::Block;
use crate::words::phase4_groups as words;

/// The load: so many batches, one each [`BEAT`].
const BATCHES: usize = 12;
/// Also how often the lag is looked at.
const BEAT: Duration = Duration::from_millis(50);
/// About how many records a batch has in all partitions together.
const BATCH: usize = 12;
/// What a record costs the member once it works again, in milliseconds.
const COST_MS: u64 = 6;
/// The chart, in characters.
const CHART: (usize, usize) = (56, 8);

/// One member pauses, records come, it works again.
pub(in super::super) async fn lag(stage: &mut Stage<'_>) -> Result<Act> {
    let group = stage.group("lag");
    let each = (BATCH / partitions(stage)).max(1);
    let records = each * partitions(stage) * BATCHES;
    let title = stage.begin(words::LAG_TITLE)?;
    let asked = Prediction::new(
        "lag",
        words::LAG_QUESTION.with(&[("records", &records)]),
        [words::LAG_ZERO, words::LAG_GROWS, words::LAG_LOST],
    );
    let asked = stage.context.predict(asked).await?;
    let picture = gather(stage, &group, 1).await?;
    stage.until_no_lag(&group).await?;
    let mut watch = Watch::begin(stage, &group);
    let member = "member-1";
    watch.stage.member(&group, member)?.order(Order::Pause).await?;
    let paused = words::AWAITING_PAUSE.with(&[("member", &member)]);
    watch.stage.until(paused, |stage| stage.of(&group).all(|member| member.seen.paused)).await?;
    watch.sample().await?;
    let mut beat = interval(BEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for _ in 0..BATCHES {
        beat.tick().await;
        watch.stage.produce(each).await?;
        watch.sample().await?;
    }
    let resumed = Instant::now();
    watch.stage.member(&group, member)?.order(Order::Resume { per_record_ms: COST_MS }).await?;
    watch.until_none().await?;
    let worked = resumed.elapsed();
    let samples = watch.samples;
    let (most, last) = (highest(&samples), samples.last().map_or(0, |sample| sample.value));
    let happened = course(most, last);
    let holds = happened == 1 && i64::try_from(records) == Ok(most);
    all_leave(stage, &group).await?;
    let lang = stage.context.lang();
    let shown: Vec<String> = std::iter::once(words::LAG_AXIS.fill(lang, &[("group", &group)]))
        .chain(chart(&samples, CHART.0, CHART.1))
        .collect();
    let points: Vec<_> = samples.iter().map(|sample| json!([sample.at_ms, sample.value])).collect();
    let mut act = Act::new(title, asked, happened, holds).picture(picture, lang);
    act.body.push(Block::Verbatim(shown.join("\n")));
    Ok(act
        .line(words::LAG_SEEN.with(&[("most", &most), ("last", &last), ("seconds", &seconds(worked))]))
        .explain(words::LAG_WHY)
        .explain(words::LAG_WATCH)
        .same_with("kafkalab", [format!("kafkalab groups describe {group}")])
        .data(json!({ "records": records, "most": most, "drained_ms": millis(worked), "lag": points })))
}

/// What became of the lag, as the choices of the question: 0 there was none, 1 it grew and fell to nothing, 2 it stayed.
fn course(most: i64, last: i64) -> usize {
    match (most, last) {
        (0, _) => 0,
        (_, 0) => 1,
        _ => 2,
    }
}

/// Somebody who asks the broker for the lag, and keeps the answers.
struct Watch<'s, 'c> {
    stage: &'s mut Stage<'c>,
    group: String,
    began: Instant,
    samples: Vec<Sample>,
}

impl<'s, 'c> Watch<'s, 'c> {
    fn begin(stage: &'s mut Stage<'c>, group: &str) -> Self {
        Self { stage, group: group.to_owned(), began: Instant::now(), samples: Vec::new() }
    }

    async fn sample(&mut self) -> Result<i64> {
        let value = self.stage.lag(&self.group).await?;
        self.samples.push(Sample { at_ms: millis(self.began.elapsed()), value });
        Ok(value)
    }

    /// Looks again and again until there is no lag.
    async fn until_none(&mut self) -> Result<()> {
        let awaited = words::AWAITING_NO_LAG.with(&[("group", &self.group)]);
        let _bar = self.stage.context.ui.waiting(awaited.clone());
        let deadline = self.stage.deadline();
        while self.sample().await? > 0 {
            let next = Instant::now() + BEAT;
            while Instant::now() < next {
                self.stage.listen(deadline, &awaited).await?;
            }
        }
        Ok(())
    }
}

fn highest(samples: &[Sample]) -> i64 {
    samples.iter().map(|sample| sample.value).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lag_that_stays_has_not_fallen() {
        assert_eq!([course(0, 0), course(144, 0), course(144, 3)], [0, 1, 2]);
        let samples = [1, 7, 0].map(|value| Sample { at_ms: 0, value });
        assert_eq!((highest(&samples), highest(&[])), (7, 0));
    }
}
