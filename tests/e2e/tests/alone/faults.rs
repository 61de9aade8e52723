//! `fault` in each mode beside 50 healthy connections.

use std::time::Duration;

use tidegate_e2e::{Client, Ending, wait};
use tidegate_guest_artifacts as guests;
use tidegate_service::{Host, Limits, Service};

use crate::common::{address, host, serve, until};
use crate::{alone, held};

/// Mode and the kind of fault it is counted as.
const FATAL: [(&str, &str); 10] = [
    ("panic", "trap"),
    ("trap", "trap"),
    ("recurse", "trap"),
    ("exit", "trap"),
    ("spin", "cpu"),
    ("flood-log", "cpu"),
    ("allocate", "memory"),
    ("flood", "commands"),
    ("flood-bytes", "commands"),
    ("sleep", "would-block"),
];

const HEALTHY: u64 = 50;
const FAULTS: u64 = 3;

#[test]
fn each_fault_takes_its_own_connection_and_leaves_fifty_others_alone() {
    let _alone = alone();
    // Without optimisation a flood of bytes takes longer than the usual limit on CPU time, which would
    // then be the limit that is met.
    let host = host(Limits { cpu_per_event: Duration::from_millis(300), ..Limits::default() });
    let healthy = serve(&host, "healthy", guests::ECHO, &[]);
    let mut beside: Vec<Client> =
        (0..HEALTHY).map(|number| Client::connect(address(&healthy), number)).collect();
    for client in &mut beside {
        client.echo(1_000);
    }
    for (mode, kind) in FATAL {
        let service = serve(&host, mode, guests::FAULT, &[("mode", mode)]);
        let before = (held().descriptors, host.instances());
        assert_eq!(before.1, HEALTHY, "{mode}");
        for round in 1..=FAULTS {
            fault_beside(&service, &mut beside, mode);
            until(&service, "the fault", |counters| (counters.faults.of(kind) == round).then_some(()));
        }
        let counters = service.counters();
        assert_eq!(counters.faults.total(), FAULTS, "{mode}: {:?}", counters.faults);
        assert_eq!(counters.closed.of("handler-failed"), FAULTS, "{mode}");
        until_as(&host, &service, before, mode);
        end(&service);
    }
    for client in &mut beside {
        client.finish();
        client.expect_rest_and_end();
    }
    until(&healthy, "the end of all", |counters| (counters.closed.of("closed") == HEALTHY).then_some(()));
    assert_eq!(healthy.counters().faults.total(), 0);
    assert_eq!(healthy.counters().bytes_in, healthy.counters().bytes_out);
}

/// One fault, while every healthy connection is in the middle of an echo.
fn fault_beside(service: &Service, beside: &mut [Client], mode: &str) {
    for client in beside.iter_mut() {
        client.send(20_000);
    }
    let mut victim = Client::connect(address(service), 1_000);
    victim.send(100);
    for client in beside.iter_mut() {
        client.expect_echo(20_000);
    }
    assert_eq!(victim.ending(), Ending::Reset, "{mode}");
}

/// Waits until descriptors and instances are as before, exactly.
fn until_as(host: &Host, service: &Service, before: (usize, u64), mode: &str) {
    until(service, "no connection is left", |counters| (counters.connections_live() == 0).then_some(()));
    wait::until(&format!("descriptors and instances are as before {mode}: {before:?}"), || {
        ((held().descriptors, host.instances()) == before).then_some(())
    });
}

/// Ends one service; the others go on.
fn end(service: &Service) {
    drop(service.drain(Duration::from_secs(10)));
    wait::until("the service is over", || service.is_over().then_some(()));
}
