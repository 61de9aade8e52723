//! One connection of the load client: writes its stream, reads it back at the pace of its reader,
//! half-closes after the last byte and expects the end of the stream after the last echo.
//!
//! Invariant: it ends; no progress in either direction for `STALL_MAX` is an error of its own.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, sleep_until, timeout};

use super::plan::{Plan, Reader};
use super::tally::{Ended, Tally};
use crate::pattern;

/// Bytes written or read at once by an eager connection.
const CHUNK_BYTES: usize = 64 * 1024;

/// Bytes read at once by a paced one: small, so that its pace is even.
const PACED_CHUNK_BYTES: usize = 16 * 1024;

/// Receive buffer of a reader that is to fall behind: small, so that what it does not read piles up
/// at the server.
const SLOW_RECEIVE_BUFFER_BYTES: u32 = 64 * 1024;

/// Longest time without a byte, either way. Above every pause the plan itself makes.
const STALL_MAX: Duration = Duration::from_secs(60);

/// Runs connection `index` of the plan to its end.
pub(super) async fn run(plan: Plan, index: u32, tally: Arc<Tally>) -> Ended {
    let reader = plan.reader(index);
    let stream = match open(&plan, reader).await {
        Ok(stream) => stream,
        Err(error) => return failed(plan.bytes_of(index), index, "connecting", &error),
    };
    let (read_half, write_half) = stream.into_split();
    let total = plan.bytes_of(index);
    let (written, mut ended) =
        tokio::join!(write(write_half, index, total, &tally), read(read_half, index, total, reader, &tally));
    if let (Err(error), None) = (written, &ended.error) {
        ended.error = Some(format!("connection {index}, writing: {error}"));
    }
    ended
}

async fn open(plan: &Plan, reader: Reader) -> io::Result<TcpStream> {
    let socket = if plan.address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    if reader != Reader::Eager {
        socket.set_recv_buffer_size(SLOW_RECEIVE_BUFFER_BYTES)?;
    }
    let stream = progress(socket.connect(plan.address)).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Writes the whole stream, then says so with a FIN. The half is handed back by dropping it only
/// after the shutdown, so that the FIN comes after the last byte.
async fn write(mut half: OwnedWriteHalf, index: u32, total: u64, tally: &Tally) -> io::Result<()> {
    let mut buffer = vec![0; CHUNK_BYTES];
    let mut offset = 0;
    while offset < total {
        let len = chunk_len(total - offset, CHUNK_BYTES);
        let chunk = &mut buffer[..len];
        pattern::fill(index, offset, chunk);
        let mut rest = &*chunk;
        while !rest.is_empty() {
            let taken = progress(half.write(rest)).await?;
            tally.add_sent(taken);
            rest = &rest[taken..];
        }
        offset += len as u64;
    }
    progress(half.shutdown()).await
}

/// Reads until the end of the stream and compares every byte on the way.
async fn read(mut half: OwnedReadHalf, index: u32, total: u64, reader: Reader, tally: &Tally) -> Ended {
    let chunk = if matches!(reader, Reader::Paced { .. }) { PACED_CHUNK_BYTES } else { CHUNK_BYTES };
    let mut buffer = vec![0; chunk];
    let mut ended = Ended::default();
    let mut pace = Pace { reader, started: Instant::now() };
    let mut offset = 0_u64;
    loop {
        let len = match progress(half.read(&mut buffer)).await {
            Ok(0) => break,
            Ok(len) => len,
            Err(error) => {
                ended.error = Some(format!("connection {index}, reading at byte {offset}: {error}"));
                break;
            }
        };
        let found = pattern::compare(index, offset, &buffer[..len]);
        if let (Some(at), None) = (found.first_offset, &ended.error) {
            ended.error = Some(format!("connection {index} differs first at byte {at}"));
        }
        ended.different += found.bytes;
        offset += len as u64;
        tally.add_received(len);
        pace.hold(offset).await;
    }
    ended.missing = total.saturating_sub(offset);
    ended.surplus = offset.saturating_sub(total);
    if ended.missing > 0 && ended.error.is_none() {
        ended.error = Some(format!("connection {index} ended {} bytes too early", ended.missing));
    }
    ended
}

/// Keeps a reader to its pace: the wait is part of the load, not a way to synchronise.
struct Pace {
    reader: Reader,
    started: Instant,
}

impl Pace {
    /// Waits as the reader does after `received` bytes in all.
    async fn hold(&mut self, received: u64) {
        match self.reader {
            Reader::Eager => {}
            Reader::Paced { bytes_per_second } => {
                let due = Duration::from_secs_f64(received as f64 / bytes_per_second as f64);
                sleep_until(self.started + due).await;
            }
            Reader::Stopping { after_bytes, pause } => {
                if received >= after_bytes {
                    self.reader = Reader::Eager;
                    sleep_until(Instant::now() + pause).await;
                }
            }
        }
    }
}

/// One step that must make progress in time.
async fn progress<T>(step: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    match timeout(STALL_MAX, step).await {
        Ok(done) => done,
        Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, format!("no progress for {STALL_MAX:?}"))),
    }
}

fn failed(total: u64, index: u32, doing: &str, error: &io::Error) -> Ended {
    Ended { missing: total, error: Some(format!("connection {index}, {doing}: {error}")), ..Ended::default() }
}

fn chunk_len(rest: u64, most: usize) -> usize {
    usize::try_from(rest).map_or(most, |rest| rest.min(most))
}
