//! Medians and their intervals, without assuming anything about how the samples are distributed.

#[cfg(test)]
mod tests;

/// A median with its 95 % interval and how far the middle half of the samples spreads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Summary {
    /// The median.
    pub(crate) median: f64,
    /// Lower end of the interval.
    pub(crate) low: f64,
    /// Upper end of the interval.
    pub(crate) high: f64,
    /// Distance between the quartiles.
    pub(crate) quartile_distance: f64,
}

/// What a bound and an interval say together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The whole interval is at or above the bound.
    Reached,
    /// The whole interval is below it.
    Missed,
    /// The bound lies inside the interval.
    NotDecided,
}

/// Summary of at least one sample; `None` of none. With fewer than six the interval is all there is,
/// and covers less than 95 %.
pub(crate) fn summarise(samples: &[f64]) -> Option<Summary> {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().checked_sub(1)?;
    let rank = interval_rank(sorted.len());
    Some(Summary {
        median: quantile(&sorted, 0.5),
        low: sorted[rank],
        high: sorted[last - rank],
        quartile_distance: quantile(&sorted, 0.75) - quantile(&sorted, 0.25),
    })
}

impl Summary {
    /// Judges a bound that must be reached from above.
    pub(crate) fn judge(&self, bound: f64) -> Verdict {
        if self.low >= bound {
            Verdict::Reached
        } else if self.high < bound {
            Verdict::Missed
        } else {
            Verdict::NotDecided
        }
    }
}

impl Verdict {
    /// In words.
    pub(crate) fn shown(self) -> &'static str {
        match self {
            Self::Reached => "reached",
            Self::Missed => "missed",
            Self::NotDecided => "not decided",
        }
    }
}

/// How many samples lie outside the interval on each side: the k-th smallest and k-th largest of n
/// enclose the median with probability 1 - 2·P(B(n, ½) < k), whatever the distribution.
fn interval_rank(n: usize) -> usize {
    const OUTSIDE_MAX: f64 = 0.025;
    // P(B(n, 1/2) = 0) underflows only beyond a thousand samples; then the interval is all of them.
    let mut probability = 0.5_f64.powi(i32::try_from(n).unwrap_or(i32::MAX));
    let mut below = 0.0;
    let mut rank = 0;
    while rank < n / 2 {
        below += probability;
        if below > OUTSIDE_MAX {
            break;
        }
        rank += 1;
        probability *= (n + 1 - rank) as f64 / rank as f64;
    }
    rank.saturating_sub(1)
}

/// Linear between the two nearest samples.
fn quantile(sorted: &[f64], part: f64) -> f64 {
    let position = part * (sorted.len() - 1) as f64;
    let below = position.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (sorted[above] - sorted[below]) * (position - below as f64)
}
