//! The table of the demo: renewed in place on a terminal, one line now and then elsewhere.

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use super::service::{Driven, Service};
use crate::counters::Counters;
use crate::load::tally::Outcome;
use crate::table;

/// How often a line is printed where no table can be renewed.
const LINE_EVERY: Duration = Duration::from_secs(5);

const HEADER: [&str; 11] = [
    "service",
    "back",
    "bytes in",
    "bytes out",
    "acks",
    "refusals",
    "suspends",
    "resumes",
    "largest queue",
    "peak guest memory",
    "different",
];

/// What has been shown, so that it can be replaced.
pub(crate) struct View {
    started: Instant,
    lines_shown: usize,
    next_line: Instant,
}

impl View {
    /// Nothing shown yet.
    pub(crate) fn new(started: Instant) -> Self {
        Self { started, lines_shown: 0, next_line: started }
    }

    /// Shows how far everybody is; `total` is what a client is to get back.
    pub(crate) fn show(&mut self, services: &[Service], driven: &[Driven], total: u64) -> anyhow::Result<()> {
        let mut rows = Vec::with_capacity(services.len());
        for (service, client) in services.iter().zip(driven) {
            let counters = service.counters()?;
            rows.push(row(service.name, &percent(client.received(), total), counters.as_ref(), ""));
        }
        if std::io::stdout().is_terminal() {
            // Cut at the right edge while it is renewed: a wrapped line would take two.
            print!("\x1b[?7l");
            self.replace(&table::render(&HEADER, &rows));
            print!("\x1b[?7h");
        } else if Instant::now() >= self.next_line {
            self.next_line = Instant::now() + LINE_EVERY;
            let done: Vec<_> = rows.iter().map(|row| format!("{} {}", row[0], row[1])).collect();
            println!("{:4.0} s  {}", self.started.elapsed().as_secs_f64(), done.join("  "));
        }
        Ok(())
    }

    /// Shows the end.
    pub(crate) fn finish(&mut self, services: &[Service], counters: &[Counters], outcomes: &[Outcome]) {
        let rows: Vec<_> = services
            .iter()
            .zip(counters.iter().zip(outcomes))
            .map(|(service, (counters, outcome))| {
                let back = percent(outcome.bytes_received, outcome.bytes_sent);
                row(service.name, &back, Some(counters), &outcome.wrong_bytes().to_string())
            })
            .collect();
        self.replace(&table::render(&HEADER, &rows));
        println!("after {:.1} s\n", self.started.elapsed().as_secs_f64());
    }

    fn replace(&mut self, lines: &[String]) {
        if self.lines_shown > 0 {
            print!("\x1b[{}A\x1b[J", self.lines_shown);
        }
        for line in lines {
            println!("{line}");
        }
        self.lines_shown = lines.len();
        // A terminal that went away is noticed elsewhere.
        let _ = std::io::stdout().flush();
    }
}

/// One row: the host's own counters, and what the client says of the bytes.
fn row(name: &str, back: &str, counters: Option<&Counters>, different: &str) -> Vec<String> {
    let mut row = vec![name.to_owned(), back.to_owned()];
    if let Some(counters) = counters {
        row.extend([
            table::bytes(counters.bytes_in),
            table::bytes(counters.bytes_out),
            counters.acks.to_string(),
            counters.refusals.to_string(),
            counters.suspends.to_string(),
            counters.resumes.to_string(),
            table::bytes(counters.queue_peak_bytes),
            table::bytes(counters.guest_memory_peak_bytes),
            different.to_owned(),
        ]);
    }
    row
}

fn percent(part: u64, whole: u64) -> String {
    if whole == 0 { "-".to_owned() } else { format!("{:.0} %", 100.0 * part as f64 / whole as f64) }
}
