//! Who gets in, and what time it is over there.

use std::time::Duration;

use tokio::time::timeout;

use super::check::Seen;
use super::network::PATIENCE;
use crate::client::raw::admin::quorum::controller_time;
use crate::client::raw::{Cluster, LoginOutcome, RawError};
use crate::commands::connect;
use crate::error::Kind;
use crate::profile::Profile;
use crate::words::{doctor as words, trouble};

/// Below this, delays and `@-1h` are as good as exact; people read them in seconds.
const TOLERANCE: Duration = Duration::from_secs(2);

/// The login of one principal, with the broker's words if it says no.
pub(super) async fn login(address: &str, profile: &Profile) -> Seen {
    let probe = connect::probe(profile, address, connect::login(profile)).await;
    let name = &profile.actor.name.value;
    match probe.login {
        LoginOutcome::Accepted => {
            Seen::passed(words::LET_IN.with(&[("principal", &profile.principal().value)]))
        }
        LoginOutcome::Refused { code, message } => {
            let said = words::SAID.with(&[
                ("message", &message),
                ("name", &crate::kafka_error::name(code)),
                ("code", &code),
            ]);
            Seen::failed(Kind::Authentication, said)
                .and(trouble::WRONG_PASSWORD.with(&[("name", name)]))
                .next(format!("kafkalab config show {}", profile.name.name()))
        }
        LoginOutcome::MechanismNotOffered => {
            Seen::failed(Kind::Authentication, words::OTHER_MECHANISM).next("kafkalab explain 33")
        }
        LoginOutcome::Broken(problem) => Seen::failed(Kind::Unreachable, problem).next("kafkalab status"),
        LoginOutcome::NotTried => Seen::failed(Kind::Unreachable, words::GONE).next("kafkalab status"),
    }
}

/// The broker's clock against ours. No answer of Kafka holds the time, but one: a KRaft controller tells how far its
/// voters are, and it counts itself as caught up at this very moment. That needs DESCRIBE on the cluster. A broker
/// that is a process of this machine, as the embedded one is, reads the same clock.
pub(super) async fn clock(admin: Option<&mut Cluster>, on_this_machine: bool) -> Seen {
    if on_this_machine {
        return Seen::passed(words::CLOCK_SHARED);
    }
    let Some(cluster) = admin else { return Seen::skipped(words::CLOCK_NEEDS_ADMIN) };
    let before = now_ms();
    match timeout(PATIENCE, controller_time(cluster)).await {
        Ok(Ok(Some(theirs))) => compare(before, theirs, now_ms()),
        Ok(Ok(None) | Err(RawError::Unsupported(_))) => Seen::skipped(words::CLOCK_UNKNOWN),
        Ok(Err(failure)) => Seen::skipped(failure.to_string()),
        Err(_) => Seen::skipped(words::CLOCK_UNKNOWN),
    }
}

/// Their time lies somewhere between question and answer, unless a clock is wrong.
fn compare(before: i64, theirs: i64, after: i64) -> Seen {
    let ahead = theirs - after;
    let behind = before - theirs;
    let apart = ahead.max(behind).max(0);
    let millis = [("millis", &apart as &dyn std::fmt::Display)];
    if u128::try_from(apart).is_ok_and(|apart| apart <= TOLERANCE.as_millis()) {
        return Seen::passed(words::CLOCK_SAME.with(&millis));
    }
    let line = if ahead > behind { words::CLOCK_AHEAD } else { words::CLOCK_BEHIND };
    Seen::failed(Kind::NotMet, line.with(&millis)).and(words::CLOCK_MATTERS).next("date -u")
}

fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_wrong_only_outside_of_question_and_answer() {
        assert!(compare(1_000, 1_010, 1_020).has_passed());
        assert!(compare(1_000, 3_020, 1_020).has_passed(), "two seconds are no matter");
        assert!(!compare(1_000, 3_021, 1_020).has_passed());
        assert!(!compare(10_000, 7_999, 10_001).has_passed());
    }
}
