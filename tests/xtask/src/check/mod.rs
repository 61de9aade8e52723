//! `cargo xtask test`: every check there is, in the order of what it costs, up to the first failure.
//!
//! Owns the run and the closing line. Never passes with nothing run: a stage of tests in which no
//! test passed is a failure.

pub(crate) mod counts;
pub(crate) mod plan;
mod record;

#[cfg(test)]
mod tests;

use std::process::{ExitCode, Stdio};
use std::time::{Duration, Instant};

use counts::Counts;
use plan::{Kind, Stage};

use crate::group::{Ended, Group};
use crate::shutdown::Shutdown;
use crate::toolchain;
use crate::workspace::Workspace;

/// How one stage ended.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    /// Which.
    pub(crate) name: &'static str,
    /// The tests it ran.
    pub(crate) counts: Counts,
    /// How long it took, building included.
    pub(crate) took: Duration,
    /// Why it failed, if it did.
    pub(crate) failure: Option<String>,
}

/// Runs the stages. The exit code is the result.
pub(crate) async fn run(full: bool) -> anyhow::Result<ExitCode> {
    let workspace = Workspace::load().await?;
    toolchain::ensure_components(&workspace).await?;
    toolchain::ensure_guest_target(&workspace).await?;
    let stages = plan::plan(full);
    let mut shutdown = Shutdown::install()?;
    let mut outcomes = Vec::with_capacity(stages.len());
    for (index, stage) in stages.iter().enumerate() {
        println!("\n== [{}/{}] {}: {}", index + 1, stages.len(), stage.name, stage.shown());
        let outcome = tokio::select! {
            outcome = run_stage(&workspace, stage) => outcome?,
            () = shutdown.requested() => anyhow::bail!("interrupted in stage `{}`", stage.name),
        };
        let failed = outcome.failure.is_some();
        outcomes.push(outcome);
        if failed {
            break;
        }
    }
    let complete = outcomes.len() == stages.len() && outcomes.iter().all(|o| o.failure.is_none());
    for line in summary(&outcomes, stages.len()) {
        println!("{line}");
    }
    if full {
        record::write(&workspace, &outcomes, stages.len())?;
    }
    Ok(if complete { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn run_stage(workspace: &Workspace, stage: &Stage) -> anyhow::Result<Outcome> {
    let started = Instant::now();
    let mut command = workspace.cargo(&stage.args.iter().map(String::as_str).collect::<Vec<_>>());
    command.envs(stage.env.iter().cloned()).stdout(Stdio::piped());
    let mut counts = Counts::default();
    let ended = Group::spawn(&mut command)?
        .watch(stage.limit, |line| {
            counts.note(line);
            println!("{line}");
        })
        .await?;
    let failure = match ended {
        Ended::TooLong(limit) => Some(format!("not done within {} s", limit.as_secs())),
        Ended::Exited(status) if !status.success() => Some(format!("ended with {status}")),
        Ended::Exited(_) if counts.failed > 0 => Some("a test failed".to_owned()),
        Ended::Exited(_) if stage.kind == Kind::Tests && counts.passed == 0 => {
            Some("no test passed: none was found".to_owned())
        }
        Ended::Exited(_) => None,
    };
    Ok(Outcome { name: stage.name, counts, took: started.elapsed(), failure })
}

/// The stages with their times, and the closing line.
fn summary(outcomes: &[Outcome], stages: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    lines.extend(crate::table::render(
        &["stage", "seconds", "passed", "failed", "ignored", ""],
        &outcomes.iter().map(row).collect::<Vec<_>>(),
    ));
    if outcomes.len() < stages {
        lines.push(format!("{} of {stages} stages were not run", stages - outcomes.len()));
    }
    let (passed, failed) = totals(outcomes);
    lines.push(format!("{passed} passed, {failed} failed"));
    lines
}

/// Tests passed and failed in all; a stage that failed without a failed test counts as one failure.
fn totals(outcomes: &[Outcome]) -> (u64, u64) {
    let passed = outcomes.iter().map(|outcome| outcome.counts.passed).sum();
    let failed = outcomes
        .iter()
        .map(|outcome| match outcome.failure {
            Some(_) => outcome.counts.failed.max(1),
            None => 0,
        })
        .sum();
    (passed, failed)
}

fn row(outcome: &Outcome) -> Vec<String> {
    vec![
        outcome.name.to_owned(),
        format!("{:.1}", outcome.took.as_secs_f64()),
        outcome.counts.passed.to_string(),
        outcome.counts.failed.to_string(),
        outcome.counts.ignored.to_string(),
        outcome.failure.clone().unwrap_or_else(|| "ok".to_owned()),
    ]
}
