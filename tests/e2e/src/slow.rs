//! Readers that are slow on purpose.
//!
//! Owns: an echo whose reader stops again and again until nothing moves any more between the two ends.
//! That is noticed, not timed: the writer says that it cannot write, and the reader waits for that word.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::Shutdown;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use crate::wait::{Deadline, STEP};
use crate::{Client, pattern};

/// The writer could not write for so long: everything between it and the reader is full.
const STALLED_AFTER: Duration = Duration::from_millis(100);

/// Bytes moved by one system call.
const CHUNK_BYTES: usize = 32 * 1024;

/// More than the buffers of any usual kernel hold.
const FULL_BYTES_MAX: u64 = 1 << 30;

/// What is sent and how it is read.
#[derive(Clone, Copy, Debug)]
pub struct SlowEcho {
    /// Bytes of the whole, at least: more are sent if the kernel's buffers alone hold that much, until the
    /// writer was stopped once.
    pub total_bytes_min: u64,
    /// How often the reader stops until nothing moves.
    pub stops: u32,
    /// Bytes read between two stops.
    pub burst_bytes: u64,
    /// Time all of it may take.
    pub limit: Duration,
}

/// What the writer tells the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    /// Nothing moves any more.
    Stalled,
    /// Everything is sent, the FIN too.
    Finished,
}

/// Sends the pattern, finishes, and expects every byte of it and then the host's FIN, read as slowly
/// as `plan` says. Gives how many bytes that was.
///
/// # Panics
/// If a byte is missing or wrong, or at the deadline.
#[must_use]
pub fn echo(client: &Client, number: u64, plan: SlowEcho) -> u64 {
    let deadline = Deadline::after(plan.limit);
    // One word is enough: the reader asks for the latest state, not for a history.
    let (say, hear) = sync_channel(1);
    std::thread::scope(|scope| {
        let writer = scope.spawn(move || {
            let mut writer = Writer { client, number, sent: 0, stalls: 0, deadline };
            writer.write_to(plan.total_bytes_min, &say);
            while writer.stalls == 0 && plan.stops > 0 {
                assert!(writer.sent < FULL_BYTES_MAX, "nothing between writer and reader is ever full");
                writer.write_to(writer.sent + CHUNK_BYTES as u64, &say);
            }
            writer.finish(&say)
        });
        let got = read(client, number, plan, hear, deadline);
        let sent = writer.join().expect("the writer");
        assert_eq!(got, sent, "the host finished early");
        sent
    })
}

/// Like [`echo`] with a reader of `bytes_per_second` that stops for `stop` in the middle. Takes as long as
/// that takes.
///
/// # Panics
/// If a byte is missing or wrong, or if it takes three times as long as it should.
pub fn echo_at_rate(client: &Client, number: u64, total: u64, bytes_per_second: u64, stop: Duration) {
    let expected = stop + Duration::from_secs(total / bytes_per_second.max(1));
    let deadline = Deadline::after(expected * 3);
    let (say, hear) = sync_channel(1);
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let mut writer = Writer { client, number, sent: 0, stalls: 0, deadline };
            writer.write_to(total, &say);
            writer.finish(&say)
        });
        let pause =
            |until: Instant| std::thread::park_timeout(until.saturating_duration_since(Instant::now()));
        let mut begin = Instant::now();
        let mut got = 0;
        let mut is_stopped = false;
        while got < total {
            // The rate is the point here: this reader is slow by the clock, and waits for nothing.
            pause(begin + Duration::from_millis(got * 1000 / bytes_per_second.max(1)));
            let end = total.min(got + CHUNK_BYTES as u64);
            got = read_to(client, number, got, end, deadline);
            assert_eq!(got, end, "the host finished early");
            if !is_stopped && got >= total / 2 {
                is_stopped = true;
                pause(Instant::now() + stop);
                begin += stop;
            }
        }
        drop(hear);
        expect_end(client, deadline);
    });
}

fn expect_end(client: &Client, deadline: Deadline) {
    let mut more = [0; 1];
    client.stream().set_read_timeout(Some(deadline.left("the end"))).expect("a read time-out");
    assert_eq!(client.stream().read(&mut more).expect("the host's FIN"), 0, "more than was sent");
}

/// The writing side of one connection.
struct Writer<'a> {
    client: &'a Client,
    number: u64,
    sent: u64,
    stalls: u32,
    deadline: Deadline,
}

impl Writer<'_> {
    fn write_to(&mut self, end: u64, say: &SyncSender<Word>) {
        let mut stream = self.client.stream();
        stream.set_write_timeout(Some(STALLED_AFTER)).expect("a write time-out");
        while self.sent < end {
            let _ = self.deadline.left("writing");
            let size = CHUNK_BYTES.min(usize::try_from(end - self.sent).unwrap_or(CHUNK_BYTES));
            match stream.write(&pattern::bytes(self.number, self.sent, size)) {
                Ok(count) => self.sent += count as u64,
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    self.stalls += 1;
                    // Full: the last word is still unheard, and says the same.
                    let _ = say.try_send(Word::Stalled);
                }
                Err(error) => panic!("after {} of {end} bytes sent: {error}", self.sent),
            }
        }
    }

    fn finish(self, say: &SyncSender<Word>) -> u64 {
        self.client.stream().shutdown(Shutdown::Write).expect("half-closed");
        let _ = say.send(Word::Finished);
        self.sent
    }
}

fn read(client: &Client, number: u64, plan: SlowEcho, hear: Receiver<Word>, deadline: Deadline) -> u64 {
    let mut got = 0;
    for _ in 0..plan.stops {
        match hear.recv_timeout(deadline.left("waiting for the writer").min(STEP)) {
            Ok(Word::Stalled) => {}
            // It will not stall again.
            Ok(Word::Finished) | Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => panic!("the writer neither stalled nor finished"),
        }
        got = read_to(client, number, got, got + plan.burst_bytes, deadline);
    }
    // From here on nobody listens to the writer, and it must not wait for that.
    drop(hear);
    read_to(client, number, got, u64::MAX, deadline)
}

/// Reads until `end` bytes are there, or to the host's FIN; gives how many there are.
fn read_to(client: &Client, number: u64, mut got: u64, end: u64, deadline: Deadline) -> u64 {
    let mut stream = client.stream();
    let mut buffer = vec![0; CHUNK_BYTES];
    while got < end {
        let size = buffer.len().min(usize::try_from(end - got).unwrap_or(usize::MAX));
        stream.set_read_timeout(Some(deadline.left("reading"))).expect("a read time-out");
        match stream.read(&mut buffer[..size]) {
            Ok(0) => break,
            Ok(count) => {
                pattern::check(number, got, &buffer[..count]);
                got += count as u64;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => panic!("after {got} bytes: {error}"),
        }
    }
    got
}
