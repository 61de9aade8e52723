//! What came of the rows: a table for people, JSON for programs. Nothing of the machine but what the
//! numbers depend on.

use serde_json::{Value, json};

use super::affinity::Cores;
use super::row::Row;
use super::side::Sample;
use super::stats::{Summary, summarise};
use crate::table;

/// The two sides, measured one right after the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair {
    /// The side that is judged.
    pub(crate) ours: Sample,
    /// The side it is compared with.
    pub(crate) theirs: Sample,
}

/// A row and its pairs.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    row: Row,
    pairs: Vec<Pair>,
}

impl Measured {
    /// A row that was measured.
    pub(crate) fn new(row: Row, pairs: Vec<Pair>) -> Self {
        Self { row, pairs }
    }

    fn summary(&self, of: impl Fn(&Pair) -> f64) -> Option<Summary> {
        summarise(&self.pairs.iter().map(of).collect::<Vec<_>>())
    }

    fn ratio(&self) -> Option<Summary> {
        self.summary(Pair::ratio)
    }

    /// Ratio of the CPU time per message, if every sample has it.
    fn cpu_ratio(&self) -> Option<Summary> {
        let ratios: Option<Vec<f64>> = self.pairs.iter().map(Pair::cpu_ratio).collect();
        summarise(&ratios?)
    }

    fn verdict(&self) -> &'static str {
        match (self.ratio(), self.row.bound) {
            (Some(ratio), Some(bound)) => ratio.judge(bound).shown(),
            _ => "-",
        }
    }

    /// One line, as soon as the row is done.
    pub(crate) fn short(&self) -> String {
        let ratio = self.ratio().map_or_else(|| "no samples".to_owned(), |ratio| interval(&ratio));
        format!("{}: {ratio}", self.row.name)
    }

    fn cells(&self) -> Vec<String> {
        let rate = |of: fn(&Pair) -> f64| {
            self.summary(of).map_or_else(|| "-".to_owned(), |rate| format!("{:.0}", rate.median))
        };
        let spread = self.ratio().map(|ratio| 100.0 * ratio.quartile_distance / ratio.median);
        vec![
            self.row.name.clone(),
            rate(|pair| pair.ours.messages_per_second),
            rate(|pair| pair.theirs.messages_per_second),
            self.ratio().map_or_else(|| "-".to_owned(), |ratio| interval(&ratio)),
            spread.map_or_else(|| "-".to_owned(), |spread| format!("{spread:.1} %")),
            self.cpu_ratio().map_or_else(|| "-".to_owned(), |ratio| format!("{:.3}", ratio.median)),
            self.row.bound.map_or_else(|| "-".to_owned(), |bound| format!("≥ {bound}")),
            self.verdict().to_owned(),
        ]
    }

    fn json(&self) -> Value {
        let samples = |of: fn(&Pair) -> &Sample| -> Vec<Value> {
            let one = |pair| {
                let sample: &Sample = of(pair);
                json!({
                    "messages_per_second": sample.messages_per_second,
                    "server_cpu_ns_per_message": sample.server_cpu_ns_per_message,
                })
            };
            self.pairs.iter().map(one).collect()
        };
        json!({
            "name": self.row.name,
            "message_bytes": self.row.message_bytes,
            "connections": self.row.connections,
            "pairs": self.pairs.len(),
            "ratio": self.ratio().map(|ratio| summary_json(&ratio)),
            "server_cpu_ratio": self.cpu_ratio().map(|ratio| summary_json(&ratio)),
            "bound": self.row.bound,
            "verdict": self.verdict(),
            "ours": samples(|pair| &pair.ours),
            "theirs": samples(|pair| &pair.theirs),
        })
    }
}

impl Pair {
    fn ratio(&self) -> f64 {
        self.ours.messages_per_second / self.theirs.messages_per_second
    }

    fn cpu_ratio(&self) -> Option<f64> {
        let (ours, theirs) =
            self.ours.server_cpu_ns_per_message.zip(self.theirs.server_cpu_ns_per_message)?;
        (theirs > 0.0).then(|| ours / theirs)
    }
}

/// The table.
pub(crate) fn lines(measured: &[Measured]) -> Vec<String> {
    let header =
        ["row", "msg/s", "native msg/s", "ratio [95 %]", "spread", "CPU per message", "must reach", ""];
    let mut lines = vec![String::new()];
    lines.extend(table::render(&header, &measured.iter().map(Measured::cells).collect::<Vec<_>>()));
    lines.push(
        "\nratio: median of the pairs and its 95 % interval; spread: distance of the quartiles; \
         CPU per message: the server's, as a ratio too (below 1 is less than native)"
            .to_owned(),
    );
    lines
}

/// The JSON.
pub(crate) fn json(measured: &[Measured], cores: &Cores, seconds: f64) -> Value {
    json!({
        "system": format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        "cores": std::thread::available_parallelism().map_or(0, std::num::NonZero::get),
        "separate_cores": cores.server.is_some(),
        "seconds_per_sample": seconds,
        "rows": measured.iter().map(Measured::json).collect::<Vec<_>>(),
    })
}

fn summary_json(summary: &Summary) -> Value {
    json!({
        "median": summary.median, "low": summary.low, "high": summary.high,
        "quartile_distance": summary.quartile_distance,
    })
}

fn interval(ratio: &Summary) -> String {
    format!("{:.3} [{:.3}, {:.3}]", ratio.median, ratio.low, ratio.high)
}
