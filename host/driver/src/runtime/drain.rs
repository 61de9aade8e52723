//! Ending a service: no more connections, handlers told, time given, the rest aborted.

use core::future::Future;
use core::time::Duration;
use std::sync::Arc;

use tokio::time::timeout;

use super::service::{Place, ServiceShared};
use super::worker::Request;
use crate::limits::RESET_GRACE;

/// How far a service's end has come. It only ever moves on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// It serves.
    Accepting,
    /// No more connections; those there are may end.
    Draining,
    /// What is left is aborted.
    Expired,
}

/// How a drain ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DrainReport {
    /// Connections that were live when it began, or were still accepted, and ended by themselves.
    pub closed: u64,
    /// Connections that were aborted at the deadline.
    pub aborted: u64,
    /// Connections that are not gone even so. Not 0 only if a worker does not come to it.
    pub left: u64,
}

/// Begins a drain, or joins the one that runs.
pub(super) fn start(
    service: &Arc<ServiceShared>,
    limit: Duration,
) -> impl Future<Output = DrainReport> + Send + 'static + use<> {
    let is_first = service.stage.send_if_modified(|stage| {
        let is_first = *stage == Stage::Accepting;
        if is_first {
            *stage = Stage::Draining;
        }
        is_first
    });
    if is_first {
        let reporting = Reporting { service: Arc::clone(service), report: DrainReport::default() };
        // If the workers are gone it is dropped unpolled, and reports all the same.
        if let Some(worker) = service.runtime.workers.first() {
            worker.runtime.spawn(drain(reporting, limit));
        }
    }
    let service = Arc::clone(service);
    async move {
        let mut drained = service.drained.subscribe();
        let report = drained.wait_for(Option::is_some).await;
        report.ok().and_then(|report| *report).unwrap_or_default()
    }
}

/// What is left is aborted now; if nothing drains yet, that begins.
pub(super) fn cut_short(service: &Arc<ServiceShared>) {
    drop(start(service, Duration::ZERO));
    service.stage.send_replace(Stage::Expired);
}

/// Says how the drain ended, even if the runtime ends first.
struct Reporting {
    service: Arc<ServiceShared>,
    report: DrainReport,
}

impl Drop for Reporting {
    fn drop(&mut self) {
        self.service.drained.send_replace(Some(self.report));
    }
}

async fn drain(mut reporting: Reporting, limit: Duration) {
    let service = Arc::clone(&reporting.service);
    let before = service.counters.snapshot();
    let mut stage = service.stage.subscribe();
    let in_order = async {
        stop_listening(&service).await;
        // What was accepted is ahead of this in the workers' queues.
        tell(&service, |place| Request::Drain(place, limit)).await;
        service.registry.emptied().await;
    };
    let ended = timeout(limit, async {
        tokio::select! {
            () = in_order => true,
            _ = stage.wait_for(|stage| *stage == Stage::Expired) => false,
        }
    });
    if !ended.await.unwrap_or(false) {
        service.stage.send_replace(Stage::Expired);
        let aborting = async {
            stop_listening(&service).await;
            tell(&service, Request::Expire).await;
            service.registry.emptied().await;
        };
        if timeout(RESET_GRACE, aborting).await.is_err() {
            tracing::error!(service = &*service.name, "connections are left after the drain deadline");
        }
    }
    tell(&service, Request::Forget).await;
    let after = service.counters.snapshot();
    let aborted = after.closed.of("drain-timeout").saturating_sub(before.closed.of("drain-timeout"));
    let gone = after.connections_gone.saturating_sub(before.connections_gone);
    let left = service.registry.live() as u64;
    reporting.report = DrainReport { closed: gone.saturating_sub(aborted), aborted, left };
}

/// Waits until every listener has taken what waited for it, and is closed.
async fn stop_listening(service: &ServiceShared) {
    // The sender lives in the service, so it cannot be gone.
    let _ = service.listening.subscribe().wait_for(|count| *count == 0).await;
}

async fn tell(service: &ServiceShared, request: impl Fn(Arc<dyn Place>) -> Request) {
    for worker in &service.runtime.workers {
        // A worker that is gone has no connections.
        let _ = worker.requests.send(request(Arc::clone(&service.place))).await;
    }
}
