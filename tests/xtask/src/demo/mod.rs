//! `cargo xtask demo`: the four echo services as processes, each driven by a real client in another
//! process, every byte compared, and a table of what the host itself counted.
//!
//! Owns the scenario and its numbers. Never asserts on time: how long it takes is shown, not judged.

mod service;
mod verdict;
mod view;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::shutdown::Shutdown;
use crate::toolchain;
use crate::workspace::Workspace;
use service::{Driven, Service};
use view::View;

/// The services, by the name of the built-in guest.
pub(crate) const SERVICES: [&str; 4] = ["echo", "echo-ack", "echo-nack", "echo-pull"];

/// Connections per service.
const CONNECTIONS: u32 = 64;

/// What a connection sends whose reader keeps up.
const BYTES: u64 = 4 << 20;

/// What a connection sends whose reader does not: more than both kernels and the guest hold together.
const SLOW_BYTES: u64 = 16 << 20;

/// What a paced reader takes.
const RATE_BYTES_PER_SECOND: u64 = 2 << 20;

/// How long the stopped reader stops.
const STOP: Duration = Duration::from_secs(5);

/// A client that is not done after this has failed.
const CLIENT_MAX: Duration = Duration::from_secs(5 * 60);

/// How often the table is renewed.
const VIEW_EVERY: Duration = Duration::from_secs(1);

/// How long the host may take to have its counters show that everything ended.
const SETTLE_MAX: Duration = Duration::from_secs(20);

/// How long a service may take to stop: its drain limit and some more.
const STOP_MAX: Duration = Duration::from_secs(20);

/// Runs the demo. The exit code is the result of the comparison and of the checks.
pub(crate) async fn run(once: bool) -> anyhow::Result<ExitCode> {
    let workspace = Workspace::load().await?;
    toolchain::ensure_guest_target(&workspace).await?;
    println!("building the program and the client (release)");
    let program = workspace.build_release("tidegate").await?.join("tidegate");
    let client = workspace.build_release("xtask").await?.join("xtask");
    let folder = workspace.target.join("demo");
    std::fs::create_dir_all(&folder).context("cannot create a folder in the target folder")?;

    let mut shutdown = Shutdown::install()?;
    let services = start(&program, &folder).await?;
    let result = tokio::select! {
        result = drive(&services, &client) => result,
        () = shutdown.requested() => Err(anyhow::anyhow!("interrupted")),
    };
    if !once && result.is_ok() {
        println!("\nthe services stay up; Ctrl-C ends them");
        shutdown.requested().await;
        println!();
    }
    let stopped = stop(services).await;
    let passed = result? && stopped?;
    println!("{}", if passed { "demo: passed" } else { "demo: FAILED" });
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn start(program: &Path, folder: &Path) -> anyhow::Result<Vec<Service>> {
    let mut services = Vec::with_capacity(SERVICES.len());
    for name in SERVICES {
        let service = Service::start(program, name, folder).await;
        let service = service.with_context(|| format!("the service {name} did not start"))?;
        println!("listening {name} {}", service.address());
        services.push(service);
    }
    Ok(services)
}

/// Drives all services at once, shows the table while they work, and judges.
async fn drive(services: &[Service], client: &Path) -> anyhow::Result<bool> {
    let plan = service::plan(services);
    println!(
        "\nper service: {CONNECTIONS} connections, {} there and back; a quarter of the readers at {}/s, \
         one stopped for {} s\n",
        crate::table::bytes(plan.bytes_total()),
        crate::table::bytes(RATE_BYTES_PER_SECOND),
        STOP.as_secs()
    );
    let started = Instant::now();
    let mut driven = Vec::with_capacity(services.len());
    for service in services {
        driven.push(Driven::start(service, client, &plan)?);
    }
    let mut view = View::new(started);
    let mut ticks = tokio::time::interval(VIEW_EVERY);
    while !driven.iter().all(Driven::is_done) {
        ticks.tick().await;
        view.show(services, &driven, plan.bytes_total())?;
    }
    let mut outcomes = Vec::with_capacity(driven.len());
    for client in &mut driven {
        outcomes.push(client.outcome().await?);
    }
    let mut finals = Vec::with_capacity(services.len());
    for service in services {
        finals.push(service.settled(SETTLE_MAX).await?);
    }
    view.finish(services, &finals, &outcomes);
    let mut passed = true;
    for (service, (counters, outcome)) in services.iter().zip(finals.iter().zip(&outcomes)) {
        let checks = verdict::judge(service.name, counters, outcome, plan.bytes_total());
        for check in &checks {
            println!("{}", check.line(service.name));
        }
        if !checks.iter().all(|check| check.holds) {
            passed = false;
            println!("{}", service.log_tail());
        }
    }
    Ok(passed)
}

/// Stops all of them; true if every one ended as asked.
async fn stop(services: Vec<Service>) -> anyhow::Result<bool> {
    let mut well = true;
    for service in services {
        let name = service.name;
        let status = service.stop(STOP_MAX).await.with_context(|| format!("the service {name}"))?;
        if !status.success() {
            println!("the service {name} ended with {status}");
            well = false;
        }
    }
    Ok(well)
}
