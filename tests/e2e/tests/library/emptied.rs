//! That everything a service held is given back.

use tidegate_e2e::wait;
use tidegate_service::{Host, Service};

use crate::common::until;

/// Waits until no connection and no instance is left.
pub(crate) fn until_empty(host: &Host, service: &Service) {
    until(service, "no connection is left", |counters| (counters.connections_live() == 0).then_some(()));
    until(service, "no instance is left", |counters| {
        (counters.instances_made == counters.instances_freed).then_some(())
    });
    assert_eq!(service.connections_live(), 0);
    let others = host.running().len();
    if others == 1 {
        wait::until("the engine has no instance", || (host.instances() == 0).then_some(()));
    }
}
