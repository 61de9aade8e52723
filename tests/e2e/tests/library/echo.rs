//! Every echo guest, in every form of delivery: nothing lost, nothing twice, whoever is slow.

use std::time::Duration;

use tidegate_e2e::slow::{self, SlowEcho};
use tidegate_e2e::{Client, Deadline, Ending};
use tidegate_guest_artifacts as guests;
use tidegate_service::Limits;

use crate::common::{address, host, serve};
use crate::emptied::until_empty;

const DELIVERIES: [&str; 3] = ["copied", "by-reference", "automatic"];

/// The guests that have flow control of their own or are paced by the host.
const ECHO_GUESTS: [(&str, &[u8]); 4] = [
    ("echo", guests::ECHO),
    ("echo-ack", guests::ECHO_ACK),
    ("echo-nack", guests::ECHO_NACK),
    ("echo-pull", guests::ECHO_PULL),
];

#[test]
fn each_guest_and_delivery_returns_the_whole_echo_to_a_slow_reader_that_half_closed() {
    for (name, component) in ECHO_GUESTS {
        let host = host(Limits::default());
        for delivery in DELIVERIES {
            let service = serve(&host, &format!("{name}-{delivery}"), component, &[("delivery", delivery)]);
            let client = Client::connect_narrow(address(&service), 1, 16 * 1024);
            let plan = SlowEcho {
                total_bytes_min: 8 << 20,
                stops: 3,
                burst_bytes: 512 * 1024,
                limit: Duration::from_secs(120),
            };
            let sent = slow::echo(&client, 1, plan);
            until_empty(&host, &service);
            let counters = service.counters();
            assert_eq!(counters.bytes_in, sent, "{name} {delivery}");
            assert_eq!(counters.bytes_out, sent, "{name} {delivery}");
            assert_eq!(counters.faults.total(), 0, "{name} {delivery}");
        }
    }
}

#[test]
fn many_connections_at_once_each_get_their_own_bytes() {
    let host = host(Limits::default());
    for (name, component) in ECHO_GUESTS {
        let service = serve(&host, name, component, &[]);
        let address = address(&service);
        std::thread::scope(|scope| {
            for number in 0..16 {
                scope.spawn(move || {
                    let mut client = Client::connect(address, number);
                    // Sizes around the limits of a read, a chunk and a page.
                    for size in [1, 63, 64, 4_095, 4_096, 65_535, 65_536, 65_537, 300_000] {
                        client.echo(size);
                    }
                    client.finish();
                    client.expect_rest_and_end();
                });
            }
        });
        until_empty(&host, &service);
        assert_eq!(service.counters().closed.of("closed"), 16, "{name}");
    }
}

#[test]
fn the_raw_echo_gives_back_what_fits_and_aborts_when_it_is_refused() {
    let host = host(Limits { queued_bytes: 256 * 1024, ..Limits::default() });
    for delivery in DELIVERIES {
        let name = format!("push-{delivery}");
        let service = serve(&host, &name, guests::ECHO, &[("read", "push"), ("delivery", delivery)]);
        let mut client = Client::connect_narrow(address(&service), 3, 16 * 1024);
        client.echo(100_000);
        // Without reading: sooner or later a write is refused, and then nothing may be lost silently.
        let deadline = Deadline::step();
        let mut is_reset = false;
        while !is_reset && service.counters().refused.total() == 0 {
            let _ = deadline.left("a refusal");
            is_reset = client.try_send_what_fits(1 << 20).is_none();
        }
        // A writer that was told of the reset is not told again when it reads.
        assert!(is_reset || client.ending_after_anything().0 == Ending::Reset, "{delivery}");
        until_empty(&host, &service);
        assert_eq!(service.counters().closed.of("aborted"), 1, "{delivery}");
        assert!(service.counters().refused.of("queue-full") > 0, "{delivery}");
    }
}

#[test]
#[ignore = "long: cargo xtask test --full"]
fn half_close_returns_64_mib_to_a_reader_of_1_mib_per_second_that_stops_for_10_seconds() {
    let host = host(Limits::default());
    let services: Vec<_> =
        ECHO_GUESTS.iter().map(|(name, component)| serve(&host, name, component, &[])).collect();
    std::thread::scope(|scope| {
        for (number, service) in (0..).zip(&services) {
            scope.spawn(move || {
                let client = Client::connect_narrow(address(service), number, 16 * 1024);
                slow::echo_at_rate(&client, number, 64 << 20, 1 << 20, Duration::from_secs(10));
            });
        }
    });
    for service in &services {
        until_empty(&host, service);
        assert_eq!(service.counters().bytes_out, 64 << 20, "{}", service.name());
    }
}
