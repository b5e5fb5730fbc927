//! The offset language of `consume -o`: where to start, and where to stop.
//!
//! `start`, `end`, `N` (an offset), `+N` (N after the start), `-N` (N before the end), `FROM:UNTIL` and `:UNTIL` of
//! those, `@TIME` and `@FROM:UNTIL` of times. "Until" is never included. Times are in UTC: RFC 3339, a date, seconds
//! or milliseconds since 1970, or `-1h` before now.

use jiff::civil::{Date, DateTime};
use jiff::{Span, SpanRelativeTo, Timestamp, tz::TimeZone};

/// A place in a partition's log, not yet resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// The first offset that is still there.
    Start,
    /// The offset that the next record will get.
    End,
    /// An offset.
    At(i64),
    /// So many offsets after the start.
    AfterStart(i64),
    /// So many offsets before the end.
    BeforeEnd(i64),
    /// The first record whose timestamp is this or later, in milliseconds since 1970 UTC.
    Time(i64),
}

/// What to read of each partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OffsetSpec {
    /// Where to start.
    pub from: Point,
    /// Where to stop, itself not included; `None` is the end as seen at the start, or never when following.
    pub until: Option<Point>,
}

/// Why an offset text is not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OffsetError {
    /// Nothing was given.
    #[error("an empty offset")]
    Empty,
    /// A part that is neither a word nor a number of the language.
    #[error("{0:?} is not an offset")]
    NotAnOffset(String),
    /// A part after `@` that is not a time.
    #[error("{0:?} is not a time")]
    NotATime(String),
    /// The start lies after the end.
    #[error("{0:?} ends before it starts")]
    Backwards(String),
}

/// The offsets that one partition had, and the ones found for the times that were asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogBounds {
    /// The first offset that is there.
    pub start: i64,
    /// The offset that the next record gets.
    pub end: i64,
    /// The offset found for the start's time.
    pub from_time: Option<i64>,
    /// The offset found for the end's time.
    pub until_time: Option<i64>,
}

impl OffsetSpec {
    /// Everything that is there.
    pub const ALL: Self = Self { from: Point::Start, until: None };

    /// Reads the text. `now` is what relative times count from.
    pub fn parse(text: &str, now: Timestamp) -> Result<Self, OffsetError> {
        if text.is_empty() {
            return Err(OffsetError::Empty);
        }
        let spec = match text.strip_prefix('@') {
            Some(times) => parse_times(times, now)?,
            None => parse_offsets(text)?,
        };
        let backwards = match (spec.from, spec.until) {
            (Point::At(a), Some(Point::At(b)))
            | (Point::Time(a), Some(Point::Time(b)))
            | (Point::AfterStart(a), Some(Point::AfterStart(b)))
            | (Point::BeforeEnd(b), Some(Point::BeforeEnd(a))) => b < a,
            (Point::End, Some(Point::Start | Point::BeforeEnd(_))) => true,
            _ => false,
        };
        if backwards { Err(OffsetError::Backwards(text.to_owned())) } else { Ok(spec) }
    }

    /// The times that have to be looked up: of the start and of the end.
    pub fn times(&self) -> (Option<i64>, Option<i64>) {
        let time = |point| if let Point::Time(ms) = point { Some(ms) } else { None };
        (time(self.from), self.until.and_then(time))
    }

    /// The first offset to read and the one to stop before; `None` as the stop means "go on for ever".
    ///
    /// An absolute start past the end stays where it is, because waiting there is what was asked.
    pub fn resolve(&self, log: LogBounds, follow: bool) -> (i64, Option<i64>) {
        let place = |point, time: Option<i64>| match point {
            Point::Start => log.start,
            Point::End => log.end,
            Point::At(offset) => offset.max(log.start),
            Point::AfterStart(n) => log.start.saturating_add(n).min(log.end),
            Point::BeforeEnd(n) => log.end.saturating_sub(n).max(log.start),
            // No record is that young: the end.
            Point::Time(_) => time.unwrap_or(log.end),
        };
        let from = place(self.from, log.from_time);
        let until = match self.until {
            // The end as it is now, unless new records may still come before an absolute offset.
            Some(Point::At(offset)) if follow => Some(offset),
            Some(point) => Some(place(point, log.until_time).min(log.end)),
            None if follow => None,
            None => Some(log.end),
        };
        (from, until)
    }
}

fn parse_offsets(text: &str) -> Result<OffsetSpec, OffsetError> {
    match text.split_once(':') {
        None => Ok(OffsetSpec { from: parse_point(text)?, until: None }),
        Some((from, until)) => {
            let from = if from.is_empty() { Point::Start } else { parse_point(from)? };
            let until = if until.is_empty() { None } else { Some(parse_point(until)?) };
            Ok(OffsetSpec { from, until })
        }
    }
}

fn parse_point(text: &str) -> Result<Point, OffsetError> {
    let number = |digits: &str| {
        let ok = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        ok.then(|| digits.parse::<i64>().ok()).flatten()
    };
    let point = match text {
        "start" | "beginning" | "earliest" => Some(Point::Start),
        "end" | "latest" => Some(Point::End),
        _ => match (text.strip_prefix('+'), text.strip_prefix('-')) {
            (Some(digits), _) => number(digits).map(Point::AfterStart),
            (_, Some(digits)) => number(digits).map(Point::BeforeEnd),
            _ => number(text).map(Point::At),
        },
    };
    point.ok_or_else(|| OffsetError::NotAnOffset(text.to_owned()))
}

/// A time may itself hold colons, so the whole text is tried first, then every colon as the separator.
fn parse_times(text: &str, now: Timestamp) -> Result<OffsetSpec, OffsetError> {
    if let Some(from) = parse_time(text, now) {
        return Ok(OffsetSpec { from: Point::Time(from), until: None });
    }
    for (colon, _) in text.match_indices(':') {
        let (from, until) = (&text[..colon], text[colon + 1..].trim_start_matches('@'));
        let from = if from.is_empty() { Some(Point::Start) } else { parse_time(from, now).map(Point::Time) };
        let until = match until {
            "" => Some(None),
            "end" => Some(Some(Point::End)),
            time => parse_time(time, now).map(|ms| Some(Point::Time(ms))),
        };
        if let (Some(from), Some(until)) = (from, until) {
            return Ok(OffsetSpec { from, until });
        }
    }
    Err(OffsetError::NotATime(text.to_owned()))
}

/// Milliseconds since 1970 UTC. What lies before is as good as its beginning: to a broker negative times are words of
/// their own.
fn parse_time(text: &str, now: Timestamp) -> Option<i64> {
    parse_instant(text, now).map(|ms| ms.max(0))
}

fn parse_instant(text: &str, now: Timestamp) -> Option<i64> {
    if let Some(ago) = text.strip_prefix('-') {
        let ago: Span = ago.parse().ok()?;
        let ago = ago.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
        return Some(now.checked_sub(ago).ok()?.as_millisecond());
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        // Eleven digits of seconds lie in the year 5138; so many milliseconds lie in 1973.
        let number: i64 = text.parse().ok()?;
        return Some(if text.len() >= 12 { number } else { number * 1000 });
    }
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time.as_millisecond());
    }
    let civil = text.parse::<DateTime>().or_else(|_| text.parse::<Date>().map(DateTime::from)).ok()?;
    Some(TimeZone::UTC.to_timestamp(civil).ok()?.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;

    fn now() -> Timestamp {
        Timestamp::from_millisecond(100 * HOUR).unwrap()
    }

    fn parse(text: &str) -> Result<(Point, Option<Point>), OffsetError> {
        OffsetSpec::parse(text, now()).map(|spec| (spec.from, spec.until))
    }

    #[test]
    fn every_form_of_the_language() {
        use Point::*;
        for (text, from, until) in [
            ("start", Start, None),
            ("end", End, None),
            ("5", At(5), None),
            ("+5", AfterStart(5), None),
            ("-5", BeforeEnd(5), None),
            ("5:9", At(5), Some(At(9))),
            ("5:", At(5), None),
            (":end", Start, Some(End)),
            (":7", Start, Some(At(7))),
            ("-9:-3", BeforeEnd(9), Some(BeforeEnd(3))),
            ("@1700000000", Time(1_700_000_000_000), None),
            ("@1960-01-01", Time(0), None),
            ("@1700000000000", Time(1_700_000_000_000), None),
            ("@-1h", Time(99 * HOUR), None),
            ("@-2d:-1h", Time(52 * HOUR), Some(Time(99 * HOUR))),
            ("@1970-01-02", Time(24 * HOUR), None),
            ("@1970-01-02T01:00", Time(25 * HOUR), None),
            ("@1970-01-02T01:00:00-03:00", Time(28 * HOUR), None),
            ("@1970-01-02T01:00:00Z:1970-01-02T02:00:00Z", Time(25 * HOUR), Some(Time(26 * HOUR))),
            ("@1970-01-02:-1h", Time(24 * HOUR), Some(Time(99 * HOUR))),
            ("@-1h:end", Time(99 * HOUR), Some(End)),
        ] {
            assert_eq!(parse(text), Ok((from, until)), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert_eq!(parse(""), Err(OffsetError::Empty));
        assert_eq!(parse("+"), Err(OffsetError::NotAnOffset("+".into())));
        assert_eq!(parse("1:x"), Err(OffsetError::NotAnOffset("x".into())));
        assert_eq!(parse("--5"), Err(OffsetError::NotAnOffset("--5".into())));
        assert_eq!(
            parse("99999999999999999999"),
            Err(OffsetError::NotAnOffset("99999999999999999999".into()))
        );
        assert_eq!(parse("@yesterday"), Err(OffsetError::NotATime("yesterday".into())));
        assert_eq!(parse("@"), Err(OffsetError::NotATime(String::new())));
        assert_eq!(parse("9:5"), Err(OffsetError::Backwards("9:5".into())));
        assert_eq!(parse("@-1h:-2h"), Err(OffsetError::Backwards("@-1h:-2h".into())));
    }

    #[test]
    fn resolving_stays_inside_the_log() {
        let log = LogBounds { start: 10, end: 20, from_time: Some(15), until_time: None };
        let resolve = |text: &str, follow| OffsetSpec::parse(text, now()).unwrap().resolve(log, follow);
        assert_eq!(resolve("start", false), (10, Some(20)));
        assert_eq!(resolve("start", true), (10, None));
        assert_eq!(resolve("3", false), (10, Some(20)));
        assert_eq!(resolve("30", false), (30, Some(20)));
        assert_eq!(resolve("+4", false), (14, Some(20)));
        assert_eq!(resolve("-4", false), (16, Some(20)));
        assert_eq!(resolve("-40", false), (10, Some(20)));
        assert_eq!(resolve("12:15", false), (12, Some(15)));
        assert_eq!(resolve("12:25", false), (12, Some(20)));
        assert_eq!(resolve("12:25", true), (12, Some(25)));
        assert_eq!(resolve("@5", false), (15, Some(20)));
        assert_eq!(resolve("@5:6", false), (15, Some(20)), "no record after the second time");
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in "[-+@:0-9a-zT]{0,24}|\\PC{0,12}") {
            let _ = OffsetSpec::parse(&text, now());
        }
    }
}
