//! What the demo must show, judged from the host's counters and the client's outcome alone.

use super::CONNECTIONS;
use crate::counters::Counters;
use crate::load::tally::Outcome;
use crate::table::bytes;

/// What `echo-ack` stores at most by default.
const MAX_STORED_BYTES: u64 = 4 << 20;

/// What its memory may be beyond that: the instance itself.
const STORED_ALLOWANCE_BYTES: u64 = 1 << 20;

/// The host's read chunk: what a pulling handler has in flight.
const CHUNK_BYTES: u64 = 64 << 10;

/// One thing that had to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Check {
    /// Whether it was.
    pub(crate) holds: bool,
    what: String,
}

impl Check {
    fn new(holds: bool, what: String) -> Self {
        Self { holds, what }
    }

    /// As a line of output.
    pub(crate) fn line(&self, service: &str) -> String {
        format!("{}  {service}: {}", if self.holds { "ok    " } else { "FAILED" }, self.what)
    }
}

/// Everything that must hold for the service `name`; each client was to send `total` bytes.
pub(crate) fn judge(name: &str, counters: &Counters, outcome: &Outcome, total: u64) -> Vec<Check> {
    let mut checks = vec![bytes_compared(outcome, total), host_agrees(counters, total)];
    checks.push(Check::new(
        counters.faults.values().sum::<u64>() == 0,
        format!("no guest fault ({:?})", counters.faults),
    ));
    match name {
        "echo" => checks.push(Check::new(
            counters.refusals == 0,
            format!("paced reading: {} refusals", counters.refusals),
        )),
        "echo-nack" => checks.push(Check::new(
            counters.refusals > 0 && outcome.is_clean(),
            format!("refused {} times, and recovered from every one", counters.refusals),
        )),
        "echo-ack" => checks.extend(ack_based(counters)),
        "echo-pull" => checks.push(Check::new(
            counters.queue_peak_bytes <= CHUNK_BYTES,
            format!("at most {} queued: one chunk", bytes(counters.queue_peak_bytes)),
        )),
        _ => checks.push(Check::new(false, "nothing is known of this service".to_owned())),
    }
    checks
}

fn bytes_compared(outcome: &Outcome, total: u64) -> Check {
    let sent_all = outcome.bytes_sent == total && outcome.bytes_received == total;
    let mut what = format!(
        "{} of {CONNECTIONS} connections got back what they sent and then the end; {} bytes different",
        outcome.clean,
        outcome.wrong_bytes()
    );
    for error in &outcome.errors {
        what.push_str("\n          ");
        what.push_str(error);
    }
    let all = outcome.connections == u64::from(CONNECTIONS);
    Check::new(outcome.is_clean() && sent_all && all, what)
}

fn host_agrees(counters: &Counters, total: u64) -> Check {
    let closed: u64 = counters.closed.values().sum();
    let each_once = counters.accepted == u64::from(CONNECTIONS) && closed == counters.accepted;
    let bytes_agree = counters.bytes_in == total && counters.bytes_out == total;
    Check::new(
        each_once && counters.live == 0 && bytes_agree,
        format!(
            "the host counted the same: {} accepted, {closed} closed {:?}, {} live, {} in, {} out",
            counters.accepted,
            counters.closed,
            counters.live,
            bytes(counters.bytes_in),
            bytes(counters.bytes_out)
        ),
    )
}

fn ack_based(counters: &Counters) -> [Check; 2] {
    let limit = MAX_STORED_BYTES + STORED_ALLOWANCE_BYTES;
    [
        Check::new(
            counters.suspends > 0 && counters.resumes > 0,
            format!("suspended {} times, resumed {} times", counters.suspends, counters.resumes),
        ),
        Check::new(
            counters.guest_memory_peak_bytes <= limit,
            format!("peak memory {} of at most {}", bytes(counters.guest_memory_peak_bytes), bytes(limit)),
        ),
    ]
}
