//! Connections with output that waits: the client takes nothing, and everything between is full.

use std::time::{Duration, Instant};

use tidegate_e2e::{Client, wait};
use tidegate_service::Service;

use crate::common::{address, until};

/// Bytes sent at a time: less than a read chunk, so that the host takes each piece whole.
const STEP_BYTES: u64 = 32 * 1024;

/// Bytes after which something between the two must be full: the largest socket buffers of a usual
/// kernel are a few MiB.
const FULL_BYTES_MAX: u64 = 256 << 20;

/// Nothing moved for so long: it is full.
const QUIET: Duration = Duration::from_millis(300);

/// A client whose every byte the service has read, whose echo waits, and for which the service does not
/// read any more. Only for guests that read nothing while output waits, one connection per service.
pub(crate) fn with_nothing_unread(service: &Service, number: u64) -> Client {
    let mut client = Client::connect_narrow(address(service), number, 16 * 1024);
    loop {
        client.send(STEP_BYTES);
        let (sent, _) = client.moved();
        assert!(sent < FULL_BYTES_MAX, "it is never full");
        until(service, "all that was sent is read", |counters| (counters.bytes_in == sent).then_some(()));
        if is_stuck(service) {
            return client;
        }
    }
}

/// A client that sends until nothing moves any more: output waits, and so does input.
pub(crate) fn with_unread_input(service: &Service, number: u64) -> Client {
    let mut client = with_nothing_unread(service, number);
    let (sent, _) = client.moved();
    let more = client.send_what_fits(STEP_BYTES);
    assert!(more > 0, "the kernel takes some more");
    assert_eq!(service.counters().bytes_in, sent, "the service read although its output waits");
    client
}

/// Does output wait, and stay where it is?
fn is_stuck(service: &Service) -> bool {
    let mut last = service.counters().bytes_out;
    let mut since = Instant::now();
    wait::until("all is written, or nothing moves", || {
        let counters = service.counters();
        if counters.bytes_out == counters.bytes_in {
            return Some(false);
        }
        if counters.bytes_out != last {
            last = counters.bytes_out;
            since = Instant::now();
        }
        (since.elapsed() > QUIET).then_some(true)
    })
}
