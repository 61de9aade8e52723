//! One measurement: connections with one message under way on each, counted for a while. Lean on
//! purpose (one thread, readiness from the kernel, no runtime), so that the server is what limits.
//!
//! Checks that what it counts is an echo: before and after the counting every connection's message
//! is compared whole.

#[cfg(test)]
mod tests;

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::json;

use super::affinity;
use crate::cli::BenchClientArgs;
use crate::pattern;

/// Longest wait for any one step of the other side.
const STALL_MAX: Duration = Duration::from_secs(10);

/// Messages go round uncounted for this long before the counting.
const WARM_UP: Duration = Duration::from_millis(200);

/// Largest message: one that both kernels can hold, so that a blocking write cannot wait for ever.
const MESSAGE_BYTES_MAX: usize = 64 * 1024;

/// What was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counted {
    /// Messages in the measured time.
    pub(crate) messages: u64,
    /// The measured time.
    pub(crate) elapsed: Duration,
    /// Messages in all, warm-up included.
    pub(crate) messages_total: u64,
}

/// Measures and prints the result as one line of JSON.
pub(crate) fn run(args: &BenchClientArgs) -> anyhow::Result<ExitCode> {
    if let Some(core) = args.core {
        affinity::pin(core)?;
    }
    let window = Duration::from_secs_f64(args.seconds);
    let counted = measure(args.address, args.connections, args.message_bytes, WARM_UP, window)?;
    let elapsed_ns = u64::try_from(counted.elapsed.as_nanos()).context("a measurement of centuries")?;
    println!(
        "{}",
        json!({
            "messages": counted.messages,
            "elapsed_ns": elapsed_ns,
            "messages_total": counted.messages_total,
        })
    );
    Ok(ExitCode::SUCCESS)
}

/// Measures one server.
pub(crate) fn measure(
    address: SocketAddr,
    connections: usize,
    message_bytes: usize,
    warm_up: Duration,
    window: Duration,
) -> anyhow::Result<Counted> {
    ensure!((1..=MESSAGE_BYTES_MAX).contains(&message_bytes), "a message has 1 to {MESSAGE_BYTES_MAX} bytes");
    let mut lanes = (0..connections)
        .map(|index| Lane::open(address, index, message_bytes))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let readiness = readiness::Readiness::new(&lanes)?;
    let mut buffer = vec![0; MESSAGE_BYTES_MAX];
    for lane in &mut lanes {
        lane.send()?;
    }
    let warm = turn(&mut lanes, &readiness, &mut buffer, warm_up)?;
    let started = Instant::now();
    let messages = turn(&mut lanes, &readiness, &mut buffer, window)?;
    let elapsed = started.elapsed();
    for lane in &mut lanes {
        lane.finish(&mut buffer)?;
    }
    Ok(Counted { messages, elapsed, messages_total: warm + messages + connections as u64 })
}

/// Answers every echo with the next message until the time is over; counts the echoes.
fn turn(
    lanes: &mut [Lane],
    readiness: &readiness::Readiness,
    buffer: &mut [u8],
    time: Duration,
) -> anyhow::Result<u64> {
    let end = Instant::now() + time;
    let mut messages = 0;
    let mut ready = Vec::with_capacity(lanes.len());
    while Instant::now() < end {
        readiness.wait(STALL_MAX, &mut ready)?;
        ensure!(!ready.is_empty(), "no echo for {STALL_MAX:?}");
        for index in ready.drain(..) {
            let lane = lanes.get_mut(index).context("readiness of no connection")?;
            if lane.receive(buffer)? {
                messages += 1;
                lane.send()?;
            }
        }
    }
    Ok(messages)
}

/// One connection and its message.
struct Lane {
    stream: TcpStream,
    number: u32,
    message: Vec<u8>,
    /// Bytes of the echo under way that have come back.
    received: usize,
}

impl Lane {
    fn open(address: SocketAddr, index: usize, message_bytes: usize) -> anyhow::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, STALL_MAX).context("cannot connect")?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(STALL_MAX))?;
        stream.set_write_timeout(Some(STALL_MAX))?;
        let number = u32::try_from(index).context("too many connections")?;
        let mut message = vec![0; message_bytes];
        pattern::fill(number, 0, &mut message);
        let mut lane = Self { stream, number, message, received: 0 };
        lane.send()?;
        let mut echo = vec![0; message_bytes];
        lane.receive_whole(&mut echo)?;
        Ok(lane)
    }

    fn send(&mut self) -> io::Result<()> {
        self.stream.write_all(&self.message)
    }

    /// Takes what is there; true when the echo is complete.
    fn receive(&mut self, buffer: &mut [u8]) -> anyhow::Result<bool> {
        let missing = self.message.len() - self.received;
        let len = self.stream.read(&mut buffer[..missing]).context("cannot read")?;
        ensure!(len > 0, "the server closed connection {}", self.number);
        self.received += len;
        let complete = self.received == self.message.len();
        if complete {
            self.received = 0;
        }
        Ok(complete)
    }

    /// Takes the rest of the echo under way and compares it; `buffer` is at least a message.
    fn receive_whole(&mut self, buffer: &mut [u8]) -> anyhow::Result<()> {
        let rest = &mut buffer[..self.message.len() - self.received];
        self.stream.read_exact(rest).context("cannot read")?;
        let found = pattern::compare(self.number, self.received as u64, rest);
        self.received = 0;
        ensure!(found.bytes == 0, "{} bytes of an echo on connection {} differ", found.bytes, self.number);
        Ok(())
    }

    /// The last echo, then an orderly end on both sides.
    fn finish(&mut self, buffer: &mut [u8]) -> anyhow::Result<()> {
        self.receive_whole(buffer)?;
        self.stream.shutdown(Shutdown::Write)?;
        let surplus = self.stream.read(&mut buffer[..1]).context("cannot read the end")?;
        ensure!(surplus == 0, "connection {} got back more than it sent", self.number);
        Ok(())
    }
}

/// Which connections can be read, from epoll.
#[cfg(target_os = "linux")]
mod readiness {
    use std::os::fd::OwnedFd;
    use std::time::Duration;

    use anyhow::Context as _;
    use rustix::event::{Timespec, epoll};

    use super::Lane;

    /// All connections, registered once.
    pub(super) struct Readiness {
        epoll: OwnedFd,
        capacity: usize,
    }

    impl Readiness {
        pub(super) fn new(lanes: &[Lane]) -> anyhow::Result<Self> {
            let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
            for (index, lane) in lanes.iter().enumerate() {
                let data = epoll::EventData::new_u64(index as u64);
                epoll::add(&epoll, &lane.stream, data, epoll::EventFlags::IN)?;
            }
            Ok(Self { epoll, capacity: lanes.len().max(1) })
        }

        /// Fills `ready` with the indices of readable connections; leaves it empty if none was in time.
        pub(super) fn wait(&self, limit: Duration, ready: &mut Vec<usize>) -> anyhow::Result<()> {
            let limit = Timespec::try_from(limit).ok().context("too long a wait")?;
            let mut events = Vec::with_capacity(self.capacity);
            match epoll::wait(&self.epoll, rustix::buffer::spare_capacity(&mut events), Some(&limit)) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error).context("cannot wait for readiness"),
            }
            ready.clear();
            ready.extend(events.iter().map(|event| event.data.u64() as usize));
            Ok(())
        }
    }
}

/// There is no measuring here.
#[cfg(not(target_os = "linux"))]
mod readiness {
    use std::time::Duration;

    use super::Lane;

    pub(super) struct Readiness;

    impl Readiness {
        pub(super) fn new(_lanes: &[Lane]) -> anyhow::Result<Self> {
            anyhow::bail!("measuring needs Linux")
        }

        pub(super) fn wait(&self, _limit: Duration, _ready: &mut Vec<usize>) -> anyhow::Result<()> {
            anyhow::bail!("measuring needs Linux")
        }
    }
}
