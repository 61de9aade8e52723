//! `tidegate serve`: from options to a service that listens, and to its end.
//!
//! Owns: the order of things. Signals are taken over and the file of counters is written once before
//! anything listens; an address is printed only when it accepts connections. Never touches a
//! connection.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use tidegate_service::{DrainReport, Host, Service, Snapshot};
use tokio::runtime::Builder;
use tokio::time::{MissedTickBehavior, interval};
use tracing::{error, info, warn};

use crate::cli::ServeOptions;
use crate::cli::values::ServiceName;
use crate::exit::Failure;
use crate::report::{Report, ReportFile};
use crate::serve::hosting::Hosting;
use crate::signals::{Signals, Stop};
use crate::{descriptors, logging, stdout};

pub(crate) mod hosting;

/// Serves until it is told to stop.
pub(crate) fn run(options: &ServeOptions) -> Result<(), Failure> {
    logging::start(options.log.log_format, options.log.log_level);
    let descriptors = descriptors::raise();
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the program's own runtime")
        .map_err(Failure::starting)?;
    let ended = runtime.block_on(serve(options, descriptors));
    // A compilation that was broken off is not waited for.
    runtime.shutdown_background();
    ended
}

async fn serve(options: &ServeOptions, descriptors: Option<u64>) -> Result<(), Failure> {
    let mut signals =
        Signals::install().context("cannot take over the stop signals").map_err(Failure::starting)?;
    let name = options.name.clone().unwrap_or_else(|| options.component.service_name());
    let counters =
        options.report.report_json.as_deref().map(|path| CounterFile::open(&name, path)).transpose()?;

    // Compiling takes up to seconds; a signal need not wait for it.
    let hosting = Hosting::new(options, &name, descriptors);
    let starting = tokio::task::spawn_blocking(move || hosting.start());
    let (host, service) = tokio::select! {
        started = starting => started.context("the start was broken off").map_err(Failure::starting)??,
        stop = signals.next() => {
            info!("{}: stopped before anything was served", stop.name());
            return Ok(());
        }
    };
    announce(&name, service.addresses());

    let every = options.report.report_every.0;
    let stop = until_stopped(&service, counters.as_ref(), every, &mut signals).await;
    info!(
        service = name.as_str(),
        connections = service.counters().connections_live(),
        "{}: draining for at most {}",
        stop.name(),
        options.drain
    );
    let drained = drain(&service, options.drain.0, &mut signals).await;
    if let Some(counters) = &counters {
        counters.write(&service.counters());
    }
    drop(service);
    end_workers(host);
    say_farewell(&name, drained)
}

/// Prints one line per address, in the order asked for.
fn announce(name: &ServiceName, addresses: &[SocketAddr]) {
    for address in addresses {
        info!(service = name.as_str(), %address, "listening");
        if let Err(why) = stdout::try_say(&format!("listening {name} {address}\n")) {
            warn!("the address could not be printed on stdout ({why}); serving goes on");
        }
    }
}

/// Writes counters until a signal comes.
async fn until_stopped(
    service: &Service,
    counters: Option<&CounterFile>,
    every: Duration,
    signals: &mut Signals,
) -> Stop {
    let Some(counters) = counters else { return signals.next().await };
    let mut due = interval(every);
    // After a pause of the whole machine one report is enough.
    due.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            stop = signals.next() => return stop,
            _ = due.tick() => counters.write(&service.counters()),
        }
    }
}

/// Drains; a second signal cuts it short.
async fn drain(service: &Service, limit: Duration, signals: &mut Signals) -> DrainReport {
    let drained = service.drain(limit);
    tokio::pin!(drained);
    loop {
        tokio::select! {
            report = &mut drained => return report,
            stop = signals.next() => {
                warn!("{} again: what is left is aborted now", stop.name());
                service.abort();
            }
        }
    }
}

/// Joins the worker threads. They may drop instances, so not on a thread of a runtime that waits.
fn end_workers(host: Host) {
    drop(host);
}

/// The last line of the log, and the result.
fn say_farewell(name: &ServiceName, drained: DrainReport) -> Result<(), Failure> {
    let DrainReport { closed, aborted, left } = drained;
    if left > 0 {
        error!(service = name.as_str(), closed, aborted, left, "stopped; connections were left");
        let error = anyhow!("{left} connections could not be ended: a worker thread does not respond");
        return Err(Failure::running(error));
    }
    info!(
        service = name.as_str(),
        closed, aborted, "stopped: {closed} connections closed, {aborted} aborted"
    );
    Ok(())
}

/// The file of counters, and whether the last attempt to write it failed.
struct CounterFile {
    file: ReportFile,
    service: String,
    failing: std::cell::Cell<bool>,
}

impl CounterFile {
    /// Writes it once, with nothing counted: if that fails, nothing is served.
    fn open(name: &ServiceName, path: &std::path::Path) -> Result<Self, Failure> {
        let file = ReportFile::new(path);
        file.write(&Report::new(name.as_str(), &Snapshot::default()))
            .with_context(|| format!("cannot write the counters to {}", path.display()))
            .map_err(|error| {
                Failure::starting(error).help("--report-json names a file in a folder you may write to")
            })?;
        Ok(Self { file, service: name.as_str().to_owned(), failing: std::cell::Cell::new(false) })
    }

    /// Writes it. That it cannot be written is said once, until it can again.
    fn write(&self, counters: &Snapshot) {
        let written = self.file.write(&Report::new(&self.service, counters));
        let failed_before = self.failing.replace(written.is_err());
        match written {
            Err(why) if !failed_before => {
                warn!("the counters cannot be written to {}: {why}", self.file.path().display());
            }
            Ok(()) if failed_before => info!("the counters are written again"),
            Ok(()) | Err(_) => {}
        }
    }
}
