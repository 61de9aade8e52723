//! The load client: many connections to an echo, each sending a stream only it could have sent and
//! checking every byte that comes back. Runs in a process of its own and reports on standard output,
//! one JSON object per line: `progress` while it runs, one `result` at the end.
//!
//! Never retries and never skips: what does not come back is counted and named.

mod connection;
pub(crate) mod plan;
pub(crate) mod tally;

#[cfg(test)]
mod tests;

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use plan::Plan;
use tally::{Outcome, Tally};

/// How often progress is reported.
const PROGRESS_EVERY: Duration = Duration::from_millis(250);

/// Carries out the plan and prints what came of it. The exit code says whether all was well.
pub(crate) async fn run(plan: Plan) -> anyhow::Result<ExitCode> {
    let tally = Arc::new(Tally::default());
    let work = drive(plan, Arc::clone(&tally));
    tokio::pin!(work);
    let mut ticks = tokio::time::interval(PROGRESS_EVERY);
    let outcome = loop {
        tokio::select! {
            outcome = &mut work => break outcome,
            _ = ticks.tick() => print(&tally.progress())?,
        }
    };
    print(&outcome.to_json())?;
    Ok(if outcome.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Drives every connection of the plan at once; ends at the latest when the plan's limit has passed.
pub(crate) async fn drive(plan: Plan, tally: Arc<Tally>) -> Outcome {
    let mut connections = JoinSet::new();
    for index in 0..plan.connections {
        connections.spawn(connection::run(plan.clone(), index, Arc::clone(&tally)));
    }
    let mut outcome = Outcome { connections: u64::from(plan.connections), ..Outcome::default() };
    let all = async {
        while let Some(ended) = connections.join_next().await {
            match ended {
                Ok(ended) => outcome.add(ended),
                Err(error) => outcome.note_error(format!("a connection's task failed: {error}")),
            }
        }
    };
    if tokio::time::timeout(plan.limit, all).await.is_err() {
        outcome.note_error(format!("not done within {:?}", plan.limit));
    }
    connections.abort_all();
    outcome.bytes_sent = tally.sent();
    outcome.bytes_received = tally.received();
    outcome
}

fn print(line: &serde_json::Value) -> std::io::Result<()> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{line}")?;
    stdout.flush()
}
