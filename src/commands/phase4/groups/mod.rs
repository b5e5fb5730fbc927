//! `phase4 groups`: a group with real members, each a process of its own, so that a kill is a real death. A script of
//! acts; in each the learner predicts, the broker acts, and what it did is shown.
//!
//! Reading order: `acts/` (the script), [`act`] (what becomes of one), [`picture`] and [`chart`] (how a group
//! looks, pure), [`stage`] (topic, members, waiting), [`children`], [`wire`] and [`member`] (a member's process, from
//! both sides), [`history`] and [`broker_log`] (generations and reasons).

mod act;
mod acts;
mod broker_log;
mod chart;
mod children;
mod history;
pub(super) mod member;
mod picture;
mod stage;
mod verify;
mod wire;

use serde_json::{Value, json};

use self::act::Act;
use self::stage::Stage;
pub(super) use self::verify::verify;
use crate::commands::Context;
use crate::error::{Kind, Result};
use crate::profile::ProfileName;
use crate::report::{Block, Report, Table};
use crate::words::phase4_groups as words;

/// The flags of `phase4 groups`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How many consumers begin together.
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=12))]
    consumers: u8,
    /// How many groups read the same topic, where that is the question.
    #[arg(long, value_name = "G", default_value_t = 2, value_parser = clap::value_parser!(u8).range(2..=6))]
    groups: u8,
    /// How many partitions the topic has.
    #[arg(long, value_name = "P", default_value_t = 3, value_parser = clap::value_parser!(i32).range(1..=12))]
    partitions: i32,
    /// Wait for Enter after each act, to look at the groups with other tools while their members live.
    #[arg(long)]
    step: bool,
}

pub(super) async fn run(context: &Context, args: &Args) -> Result<Report> {
    context.lab_profile(ProfileName::Phase4).await?;
    context.tidies_up();
    let mut stage = Stage::build(context, args.partitions).await?;
    let played = context.unless_stopped(play(&mut stage, args)).await;
    let cleared = stage.clear().await;
    let report = played?;
    cleared?;
    Ok(report)
}

async fn play(stage: &mut Stage<'_>, args: &Args) -> Result<Report> {
    let consumers = usize::from(args.consumers);
    let group = stage.group("a");
    let others: Vec<String> =
        (1..args.groups).map(|number| stage.group(&char::from(b'a' + number).to_string())).collect();
    let mut told = Told { step: args.step, acts: Vec::new() };
    let act = acts::share(stage, &group, consumers).await?;
    told.tell(stage, act).await?;
    let act = acts::newcomer(stage, &group).await?;
    told.tell(stage, act).await?;
    let act = acts::too_many(stage, &group).await?;
    told.tell(stage, act).await?;
    let act = acts::two_groups(stage, &group, &others, consumers).await?;
    told.tell(stage, act).await?;
    let act = acts::farewell(stage, &group).await?;
    told.tell(stage, act).await?;
    acts::all_leave(stage, &group).await?;
    let act = acts::protocols(stage, consumers).await?;
    told.tell(stage, act).await?;
    let act = acts::lag(stage).await?;
    told.tell(stage, act).await?;
    let act = acts::static_member(stage).await?;
    told.tell(stage, act).await?;
    Ok(summary(stage, &told.acts))
}

/// The acts that are over.
struct Told {
    step: bool,
    acts: Vec<Act>,
}

impl Told {
    /// Shows an act, and lets the learner look around if asked to.
    async fn tell(&mut self, stage: &Stage<'_>, act: Act) -> Result<()> {
        stage.context.ui.show_part(&act.report())?;
        self.acts.push(act);
        if self.step {
            stage.context.ui.enter(words::STEP.with(&[("topic", &stage.topic.name)])).await?;
        }
        Ok(())
    }
}

fn summary(stage: &Stage<'_>, acts: &[Act]) -> Report {
    let lang = stage.context.lang();
    let verdict = |act: &Act| if act.holds { words::HOLDS } else { words::DIFFERS };
    let rows = acts.iter().enumerate().map(|(number, act)| {
        vec![(number + 1).to_string(), act.title.in_lang(lang), verdict(act).get(lang).to_owned()]
    });
    let data: Vec<Value> = acts.iter().map(|act| act.to_json(lang)).collect();
    let balanced = acts.first().map(|act| act.data["balanced_ms"].clone());
    let holds = acts.iter().all(|act| act.holds);
    let mut report = Report::new(json!({
        "topic": stage.topic.name,
        "partitions": stage.topic.partitions,
        "balanced_ms": balanced,
        "acts": data,
    }))
    .block(Block::Table(Table { head: vec!["ACT", "TITLE", "VERDICT"], rows: rows.collect() }))
    .block(Block::Gap)
    .line(words::CLEARED.with(&[("topic", &stage.topic.name)]));
    report.outcome = (!holds).then_some(Kind::NotMet);
    report
}
