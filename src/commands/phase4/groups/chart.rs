//! A number over time as a small chart of text. Pure.

/// A number at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sample {
    /// Milliseconds since the beginning.
    pub at_ms: u64,
    /// The number; below zero counts as zero.
    pub value: i64,
}

/// The chart, `width` columns wide and `height` rows high without its axes. Each column shows the highest value of its
/// stretch of time, or where it has none, the last one before.
pub(super) fn chart(samples: &[Sample], width: usize, height: usize) -> Vec<String> {
    let last = samples.last().map_or(0, |sample| sample.at_ms);
    let columns = columns(samples, last, width);
    let most = columns.iter().copied().max().unwrap_or(0).max(1);
    let margin = most.to_string().len();
    let rows = i64::try_from(height.max(1)).unwrap_or(1);
    let mut lines = Vec::with_capacity(height + 2);
    for row in (1..=rows).rev() {
        // A column reaches a row if it is above the row below: what is there at all shows.
        let floor = most * (row - 1) / rows;
        let label = if row == rows { most.to_string() } else { String::new() };
        let bars: String = columns.iter().map(|value| if *value > floor { '#' } else { ' ' }).collect();
        lines.push(format!("{label:>margin$} |{bars}").trim_end().to_owned());
    }
    lines.push(format!("{:>margin$} +{}", 0, "-".repeat(width)));
    let end = format!("{:.1} s", last as f64 / 1000.0);
    let space = width.saturating_sub(end.len() + 3);
    lines.push(format!("{:margin$}  0 s{}{end}", "", " ".repeat(space)));
    lines
}

fn columns(samples: &[Sample], last: u64, width: usize) -> Vec<i64> {
    let count = u64::try_from(width.max(1)).unwrap_or(1);
    let column_of = |at: u64| (at * count).checked_div(last).unwrap_or(0).min(count - 1);
    let mut before = 0;
    (0..count)
        .map(|column| {
            let mut here = samples.iter().filter(|sample| column_of(sample.at_ms) == column);
            let highest = here.clone().map(|sample| sample.value.max(0)).max();
            let shown = highest.unwrap_or(before);
            before = here.next_back().map_or(before, |sample| sample.value.max(0));
            shown
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(values: &[(u64, i64)]) -> Vec<Sample> {
        values.iter().map(|(at_ms, value)| Sample { at_ms: *at_ms, value: *value }).collect()
    }

    #[test]
    fn a_hill_looks_like_one() {
        let hill = samples(&[(0, 0), (500, 30), (1000, 90), (1500, 60), (2000, 30), (2500, 0)]);
        let golden =
            ["90 |    ###", "   |    #####", "   |  #########", " 0 +------------", "    0 s    2.5 s"];
        assert_eq!(chart(&hill, 12, 3), golden);
    }

    #[test]
    fn nothing_at_all_is_a_flat_line() {
        assert_eq!(chart(&samples(&[(0, 0), (100, 0)]), 8, 2)[..2], ["1 |", "  |"]);
        assert_eq!(chart(&[], 8, 1).len(), 3);
    }
}
