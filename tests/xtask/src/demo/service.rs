//! One service of the demo and the client that drives it: two processes and the file with counters
//! between them.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use tokio::task::JoinHandle;

use super::{BYTES, CLIENT_MAX, CONNECTIONS, RATE_BYTES_PER_SECOND, SLOW_BYTES, STOP};
use crate::counters::Counters;
use crate::group::{Ended, Group, command};
use crate::load::plan::Plan;
use crate::load::tally::{Line, Outcome};
use crate::server::Server;

/// What the parent grants a client beyond the limit the client itself keeps.
const CLIENT_GRACE: Duration = Duration::from_secs(30);

/// How often the counters are looked at while waiting for them to settle.
const SETTLE_POLL: Duration = Duration::from_millis(200);

/// A running service.
pub(crate) struct Service {
    /// Name of its guest.
    pub(crate) name: &'static str,
    server: Server,
    report: PathBuf,
}

impl Service {
    /// Starts the built-in guest `name` on a free port; its counters and its log go into `folder`.
    pub(crate) async fn start(program: &Path, name: &'static str, folder: &Path) -> anyhow::Result<Self> {
        let report = folder.join(format!("{name}.json"));
        match std::fs::remove_file(&report) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).context("cannot remove old counters");
            }
            _ => {}
        }
        let mut serve = command(program);
        serve.args(["serve", name, "--listen", "127.0.0.1:0", "--report-json"]).arg(&report);
        let server = Server::start(serve, &folder.join(format!("{name}.log"))).await?;
        Ok(Self { name, server, report })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.server.address
    }

    /// Its counters as of its last report, if there was one.
    pub(crate) fn counters(&self) -> anyhow::Result<Option<Counters>> {
        Counters::read(&self.report).with_context(|| format!("the service {}", self.name))
    }

    /// Its counters once every connection has come and gone, or, if that does not happen within
    /// `limit`, as they are then: the verdict will name what is missing.
    pub(crate) async fn settled(&self, limit: Duration) -> anyhow::Result<Counters> {
        let deadline = Instant::now() + limit;
        loop {
            let counters = self.counters()?;
            let late = Instant::now() >= deadline;
            match counters {
                Some(counters) if counters.accepted >= u64::from(CONNECTIONS) && counters.live == 0 => {
                    return Ok(counters);
                }
                Some(counters) if late => return Ok(counters),
                None if late => bail!("the service {} wrote no counters within {limit:?}", self.name),
                _ => tokio::time::sleep(SETTLE_POLL).await,
            }
        }
    }

    /// The end of its log.
    pub(crate) fn log_tail(&self) -> String {
        self.server.log_tail()
    }

    /// Stops it.
    pub(crate) async fn stop(self, limit: Duration) -> anyhow::Result<ExitStatus> {
        self.server.stop(limit).await
    }
}

/// The plan of every client, but for the address.
pub(crate) fn plan(services: &[Service]) -> Plan {
    let unspecified = SocketAddr::from(([127, 0, 0, 1], 0));
    Plan {
        address: services.first().map_or(unspecified, Service::address),
        connections: CONNECTIONS,
        bytes: BYTES,
        slow_bytes: SLOW_BYTES,
        rate_bytes_per_second: RATE_BYTES_PER_SECOND,
        stop: STOP,
        limit: CLIENT_MAX,
    }
}

/// A client at work, in a process of its own. Dropping it ends that process.
pub(crate) struct Driven {
    received: Arc<AtomicU64>,
    task: JoinHandle<anyhow::Result<Outcome>>,
}

impl Driven {
    /// Starts the client program `client` on `service`.
    pub(crate) fn start(service: &Service, client: &Path, plan: &Plan) -> anyhow::Result<Self> {
        let mut load = command(client);
        load.arg("load-client");
        for (option, value) in [
            ("--address", service.address().to_string()),
            ("--connections", plan.connections.to_string()),
            ("--bytes", plan.bytes.to_string()),
            ("--slow-bytes", plan.slow_bytes.to_string()),
            ("--rate", plan.rate_bytes_per_second.to_string()),
            ("--stop-ms", plan.stop.as_millis().to_string()),
            ("--limit-s", plan.limit.as_secs().to_string()),
        ] {
            load.args([option, &value]);
        }
        let group = Group::spawn(load.stdout(Stdio::piped()))?;
        let received = Arc::new(AtomicU64::new(0));
        let task = tokio::spawn(watch(group, plan.limit + CLIENT_GRACE, Arc::clone(&received)));
        Ok(Self { received, task })
    }

    /// Bytes that have come back so far.
    pub(crate) fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    /// Whether the client has ended.
    pub(crate) fn is_done(&self) -> bool {
        self.task.is_finished()
    }

    /// What came of it; waits for its end.
    pub(crate) async fn outcome(&mut self) -> anyhow::Result<Outcome> {
        (&mut self.task).await.context("the task that watches a client failed")?
    }
}

impl Drop for Driven {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn watch(group: Group, limit: Duration, received: Arc<AtomicU64>) -> anyhow::Result<Outcome> {
    let mut outcome = None;
    let mut unexpected = None;
    let ended = group
        .watch(limit, |line| match Line::parse(line) {
            Ok(Line::Progress { bytes_received }) => received.store(bytes_received, Ordering::Relaxed),
            Ok(Line::Result(result)) => {
                received.store(result.bytes_received, Ordering::Relaxed);
                outcome = Some(result);
            }
            Err(error) => unexpected = Some(format!("a client printed {line:?}: {error}")),
        })
        .await?;
    if let Some(unexpected) = unexpected {
        bail!(unexpected);
    }
    match (outcome, ended) {
        (Some(outcome), Ended::Exited(_)) => Ok(outcome),
        (None, Ended::Exited(status)) => bail!("a client ended without a result, with {status}"),
        (_, Ended::TooLong(limit)) => bail!("a client was not done within {limit:?}"),
    }
}
