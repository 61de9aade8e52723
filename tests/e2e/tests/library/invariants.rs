//! The invariants of the contract that only sockets can show: 7, 8 and 9.

use std::time::Duration;

use tidegate_e2e::{Client, Ending};
use tidegate_guest_artifacts as guests;
use tidegate_service::Limits;

use crate::common::{address, host, serve, until};
use crate::emptied::until_empty;
use crate::stuck;

#[test]
fn invariant_7_a_fin_is_noticed_while_nothing_is_read() {
    // The guest answers the FIN with `close`, and only a close starts the flush time-out: no other limit
    // is on. Had the FIN not been noticed, the connection would stay as it is.
    let host = host(Limits { flush: Duration::from_millis(200), ..Limits::default() });
    let service = serve(&host, "echo", guests::ECHO, &[]);
    let client = stuck::with_nothing_unread(&service, 1);
    client.finish();
    until(&service, "the flush time-out", |counters| {
        (counters.closed.of("flush-timeout") == 1).then_some(())
    });
    drop(client);
    until_empty(&host, &service);
}

#[test]
fn invariant_7_a_rst_is_noticed_while_nothing_is_read() {
    let host = host(Limits::default());
    for (number, unread) in [false, true].into_iter().enumerate() {
        let service = serve(&host, &format!("echo-{number}"), guests::ECHO, &[]);
        let client = if unread {
            stuck::with_unread_input(&service, 2)
        } else {
            stuck::with_nothing_unread(&service, 2)
        };
        client.reset();
        until(&service, "the reset", |counters| (counters.closed.of("error-closed") == 1).then_some(()));
        until_empty(&host, &service);
    }
}

#[test]
fn invariant_7_a_rst_is_noticed_after_a_fin() {
    let host = host(Limits::default());
    let service = serve(&host, "echo", guests::ECHO, &[]);
    let client = stuck::with_nothing_unread(&service, 3);
    client.finish();
    client.reset();
    until(&service, "the reset", |counters| (counters.closed.of("error-closed") == 1).then_some(()));
    until_empty(&host, &service);
}

#[test]
fn invariant_7_a_fin_is_never_ahead_of_the_bytes_before_it() {
    let host = host(Limits::default());
    for (name, component) in
        [("echo", guests::ECHO), ("echo-ack", guests::ECHO_ACK), ("echo-pull", guests::ECHO_PULL)]
    {
        let service = serve(&host, name, component, &[]);
        for number in 0..50 {
            // Bytes and FIN reach the host together.
            let mut client = Client::connect(address(&service), number);
            client.send(1 + number * 997);
            client.finish();
            client.expect_rest_and_end();
        }
        until_empty(&host, &service);
    }
}

#[test]
fn invariant_8_a_close_with_unread_input_loses_nothing_of_the_output() {
    let host = host(Limits::default());
    let service = serve(&host, "echo", guests::ECHO, &[]);
    let mut client = stuck::with_unread_input(&service, 4);
    let read = service.counters().bytes_in;
    // Draining makes the guest close; what the kernel holds for us is unread then, and closing such a
    // socket at once would reset the connection and destroy what is on its way to the client.
    let drained = service.drain(Duration::from_secs(3_600));
    client.expect_echo(read);
    assert_eq!(client.ending(), Ending::Finished, "after all that was read");
    drop(client);
    let report = wait_for(drained);
    assert_eq!((report.closed, report.aborted), (1, 0));
    assert_eq!(service.counters().bytes_out, read);
}

#[test]
fn invariant_8_a_slow_reader_gets_all_that_was_acked_after_a_close() {
    let host = host(Limits::default());
    let service = serve(&host, "echo-ack", guests::ECHO_ACK, &[]);
    for number in 0..20 {
        let mut client = Client::connect_narrow(address(&service), number, 4 * 1024);
        client.send(200_000);
        client.finish();
        client.expect_rest_and_end();
    }
    until_empty(&host, &service);
    assert_eq!(service.counters().closed.of("closed"), 20);
}

#[test]
fn invariant_9_a_trapping_guest_loses_its_own_connection_and_no_other() {
    let host = host(Limits::default());
    let trapping = serve(&host, "trapping", guests::FAULT, &[("mode", "trap")]);
    let healthy = serve(&host, "healthy", guests::ECHO, &[]);
    let mut beside: Vec<Client> = (0..10).map(|number| Client::connect(address(&healthy), number)).collect();
    // Instances of the same module and service, which were sent nothing: they live.
    let mut siblings: Vec<Client> =
        (0..10).map(|number| Client::connect(address(&trapping), number)).collect();
    until(&trapping, "all siblings are there", |counters| (counters.connections_live() == 10).then_some(()));
    for round in 1..=5 {
        let mut victim = Client::connect(address(&trapping), 99);
        victim.send(100);
        assert_eq!(victim.ending(), Ending::Reset);
        until(&trapping, "the fault", |counters| (counters.faults.of("trap") == round).then_some(()));
        for client in &mut beside {
            client.echo(10_000);
        }
    }
    assert_eq!(trapping.counters().closed.of("handler-failed"), 5);
    assert_eq!(trapping.connections_live(), 10, "the siblings live");
    // They end in order, not by a fault that was not theirs.
    for client in &siblings {
        client.finish();
    }
    for client in &mut siblings {
        assert_eq!(client.ending(), Ending::Finished);
    }
    for client in &mut beside {
        client.finish();
        client.expect_rest_and_end();
    }
    until_empty(&host, &trapping);
    until_empty(&host, &healthy);
    assert_eq!(healthy.counters().faults.total(), 0);
    assert_eq!(host.instances(), 0);
}

/// Waits for a future that other threads complete.
fn wait_for<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> T {
    let mut future = Box::pin(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    tidegate_e2e::wait::until("the drain", || match future.as_mut().poll(&mut context) {
        std::task::Poll::Ready(value) => Some(value),
        std::task::Poll::Pending => None,
    })
}
