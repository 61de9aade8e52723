//! `cargo xtask bench`: the program against a native tokio echo, as ratios inside one run.
//!
//! Owns the method. Each row is measured in pairs, one side right after the other and in alternating
//! order, so that what the machine does meanwhile hits both; the row's figure is the median of the
//! pairs' ratios with its 95 % interval. A bound inside the interval is *not decided*. Absolute
//! numbers are printed for orientation and never judged.

pub(crate) mod affinity;
pub(crate) mod client;
mod report;
mod row;
mod side;
mod stats;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail};

use crate::cli::BenchArgs;
use crate::shutdown::Shutdown;
use crate::toolchain;
use crate::workspace::Workspace;
use affinity::Cores;
use report::Measured;
use row::Row;
use side::Running;

/// Fewest pairs a row is judged by.
pub(crate) const PAIRS_MIN: usize = 20;

/// How long a server may take to stop.
const STOP_MAX: Duration = Duration::from_secs(20);

/// Measures every row. The exit code says whether it could be done, not how fast anything is.
pub(crate) async fn run(args: BenchArgs) -> anyhow::Result<ExitCode> {
    if args.pairs < PAIRS_MIN {
        bail!("--pairs {}: at least {PAIRS_MIN} are needed for a 95 % interval worth the name", args.pairs);
    }
    let mut rows = row::rows();
    if let Some(only) = &args.only {
        rows.retain(|row| row.name.contains(only.as_str()));
    }
    if rows.is_empty() {
        bail!("no row has that in its name");
    }
    let workspace = Workspace::load().await?;
    println!("building what is measured (release)");
    if rows.iter().any(Row::needs_program) {
        toolchain::ensure_guest_target(&workspace).await?;
        workspace.build_release("tidegate").await?;
    }
    let programs = workspace.build_release("xtask").await?;
    let folder = workspace.target.join("bench");
    std::fs::create_dir_all(&folder).context("cannot create a folder in the target folder")?;

    let bench = Bench { programs, folder, cores: Cores::choose(), pairs: args.pairs, seconds: args.seconds };
    println!("{}", bench.cores.described());
    let mut shutdown = Shutdown::install()?;
    let measured = tokio::select! {
        measured = bench.measure(&rows) => measured?,
        () = shutdown.requested() => bail!("interrupted"),
    };
    for line in report::lines(&measured) {
        println!("{line}");
    }
    if let Some(path) = &args.json {
        let text = format!("{:#}\n", report::json(&measured, &bench.cores, args.seconds));
        std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What all rows have in common.
struct Bench {
    programs: std::path::PathBuf,
    folder: std::path::PathBuf,
    cores: Cores,
    pairs: usize,
    seconds: f64,
}

impl Bench {
    async fn measure(&self, rows: &[Row]) -> anyhow::Result<Vec<Measured>> {
        let mut measured = Vec::with_capacity(rows.len());
        for row in rows {
            let pairs = self.measure_row(row).await.with_context(|| format!("row {}", row.name))?;
            let done = Measured::new(row.clone(), pairs);
            println!("{}", done.short());
            measured.push(done);
        }
        Ok(measured)
    }

    async fn measure_row(&self, row: &Row) -> anyhow::Result<Vec<report::Pair>> {
        let mut ours = Running::start(self, &row.ours, "ours.log").await?;
        let mut theirs = Running::start(self, &row.theirs, "theirs.log").await?;
        let mut pairs = Vec::with_capacity(self.pairs);
        for index in 0..self.pairs {
            // Alternating, so that a drift of the machine favours nobody.
            let pair = if index % 2 == 0 {
                let ours = ours.sample(self, row).await?;
                report::Pair { ours, theirs: theirs.sample(self, row).await? }
            } else {
                let theirs = theirs.sample(self, row).await?;
                report::Pair { ours: ours.sample(self, row).await?, theirs }
            };
            pairs.push(pair);
        }
        ours.stop(STOP_MAX).await?;
        theirs.stop(STOP_MAX).await?;
        Ok(pairs)
    }
}
