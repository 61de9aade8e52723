//! The committed result of the last full run: `tests/full-result.md`. Says what was run, on what kind
//! of machine and what came of it; never a path of the machine or its name.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;

use super::{Outcome, row, totals};
use crate::workspace::Workspace;

/// Where it goes, relative to the root.
const FILE: &str = "tests/full-result.md";

const SECONDS_PER_DAY: u64 = 24 * 60 * 60;

/// Writes the record.
pub(super) fn write(workspace: &Workspace, outcomes: &[Outcome], stages: usize) -> anyhow::Result<()> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock is before 1970")?;
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let text = render(outcomes, stages, &date(now.as_secs()), cores);
    std::fs::write(workspace.root.join(FILE), text).with_context(|| format!("cannot write {FILE}"))?;
    println!("written: {FILE}");
    Ok(())
}

/// The text of the record.
pub(super) fn render(outcomes: &[Outcome], stages: usize, date: &str, cores: usize) -> String {
    let mut text = String::from(
        "# Result of the last full run\n\nWritten by `cargo xtask test --full`; do not edit.\n\n",
    );
    let system = format!("{} {}", std::env::consts::OS, std::env::consts::ARCH);
    text.push_str(&format!("{date}, {system}, {cores} cores.\n\n"));
    text.push_str("| stage | seconds | passed | failed | ignored | result |\n|---|--:|--:|--:|--:|---|\n");
    for outcome in outcomes {
        text.push_str(&format!("| {} |\n", row(outcome).join(" | ")));
    }
    let (passed, failed) = totals(outcomes);
    text.push_str(&format!(
        "\n{} of {stages} stages run: {passed} passed, {failed} failed.\n",
        outcomes.len()
    ));
    text
}

/// The civil date (UTC) of a number of seconds since 1970, as year-month-day: days are counted in
/// years that begin in March, so that the leap day is the last one.
pub(super) fn date(seconds: u64) -> String {
    let days = seconds / SECONDS_PER_DAY + 719_468;
    let era = days / 146_097;
    let day_of_era = days % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}
