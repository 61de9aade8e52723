//! One listening socket: accepts, finds the worker with the fewest connections, hands over.
//!
//! Owns: the listening socket, the pauses when the system is out of descriptors or the service full. Never reads or
//! writes an accepted socket. A client that is gone before it is accepted costs an accept and nothing else.

use core::future::Future;
use core::net::SocketAddr;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Instant;

use rustix::io::Errno;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::unix::AsyncFd;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::drain::Stage;
use super::service::{Accepted, ServiceShared};
use super::worker::{Request, WorkerHandle};
use crate::counters::CounterShard;
use crate::limits::{ACCEPT_LOG_INTERVAL, ACCEPT_PAUSE_MAX, ACCEPT_PAUSE_MIN};
use crate::places::Places;
use crate::runtime::backed_off;
use crate::sys;

/// A socket that listens on `address`, and where it does.
pub(super) fn bind(address: SocketAddr, backlog: u32) -> io::Result<(OwnedFd, SocketAddr)> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    // A restart must not wait for connections of the last run to be forgotten.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(i32::try_from(backlog).unwrap_or(i32::MAX))?;
    let address = socket.local_addr()?.as_socket().unwrap_or(address);
    Ok((socket.into(), address))
}

/// A listening socket at work.
pub(super) struct Listener {
    service: Arc<ServiceShared>,
    worker: WorkerHandle,
    counters: CounterShard,
    address: SocketAddr,
    places: Arc<Semaphore>,
    accept_batch: usize,
    stage: watch::Receiver<Stage>,
    troubles: Troubles,
}

/// What came of one attempt to accept.
enum Attempt {
    /// A connection was handed over, or was gone before it was taken. Another may wait.
    Done,
    /// None waits.
    Empty,
    /// The system refused.
    Refused(io::Error),
    /// No worker is left.
    Over,
}

impl Listener {
    pub(super) fn new(
        service: &Arc<ServiceShared>,
        index: usize,
        address: SocketAddr,
        places: Arc<Semaphore>,
        accept_batch: usize,
    ) -> Self {
        let workers = &service.runtime.workers;
        let home = index % workers.len().max(1);
        // There is at least one worker, by construction of the runtime.
        #[expect(clippy::indexing_slicing, reason = "home < workers.len(), and there is at least one")]
        let worker = workers[home].clone();
        Self {
            worker,
            counters: service.counters.shard(home),
            address,
            places,
            accept_batch,
            stage: service.stage.subscribe(),
            troubles: Troubles::default(),
            service: Arc::clone(service),
        }
    }

    /// Begins to accept on its worker's runtime.
    pub(super) fn start(self, fd: OwnedFd) -> io::Result<()> {
        let runtime = self.worker.runtime.clone();
        let fd = {
            let _entered = runtime.enter();
            sys::register(fd)?
        };
        runtime.spawn(self.run(fd));
        Ok(())
    }

    async fn run(mut self, fd: AsyncFd<OwnedFd>) {
        self.accept_until_told(&fd).await;
        // Closing the socket resets what waits in its queue: accept it empty first.
        self.accept_the_rest(&fd).await;
        drop(fd);
        self.service.listening.send_modify(|count| *count = count.saturating_sub(1));
    }

    /// Accepts until the service drains, or no worker is left. A connection that was accepted is always handed over.
    async fn accept_until_told(&mut self, fd: &AsyncFd<OwnedFd>) {
        let mut refused_in_a_row = 0;
        let mut stage = self.stage.clone();
        loop {
            let Some(Ok(mut guard)) = unless_told(&mut stage, fd.readable()).await else { return };
            for _ in 0..self.accept_batch {
                let place = unless_told(&mut stage, Arc::clone(&self.places).acquire_owned()).await;
                let Some(Ok(place)) = place else { return };
                match self.accept_one(fd, place).await {
                    Attempt::Done => refused_in_a_row = 0,
                    Attempt::Empty => {
                        guard.clear_ready();
                        break;
                    }
                    Attempt::Refused(error) => {
                        self.troubles.log(&self.service.name, self.address, &error);
                        let pause = backed_off(refused_in_a_row, ACCEPT_PAUSE_MIN, ACCEPT_PAUSE_MAX);
                        refused_in_a_row = refused_in_a_row.saturating_add(1);
                        if unless_told(&mut stage, tokio::time::sleep(pause)).await.is_none() {
                            return;
                        }
                        break;
                    }
                    Attempt::Over => return,
                }
            }
            tokio::task::yield_now().await;
        }
    }

    /// Takes what waits in the kernel's queue, as far as there is room, until it is empty.
    async fn accept_the_rest(&self, fd: &AsyncFd<OwnedFd>) {
        while *self.stage.borrow() != Stage::Expired {
            let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else { return };
            match self.accept_one(fd, place).await {
                Attempt::Done => {}
                Attempt::Empty | Attempt::Refused(_) | Attempt::Over => return,
            }
        }
    }

    async fn accept_one(&self, fd: &AsyncFd<OwnedFd>, place: OwnedSemaphorePermit) -> Attempt {
        match accept(fd) {
            Ok((socket, remote)) => {
                // With a wildcard address only the accepted socket knows which of ours it is.
                let local = local_address(&socket).unwrap_or(self.address);
                self.hand_over(socket, remote, local, place).await
            }
            Err(error) => match Errno::from_io_error(&error) {
                Some(Errno::AGAIN) => Attempt::Empty,
                Some(errno) if LOST.contains(&errno) => {
                    self.counters.accept_failed();
                    Attempt::Done
                }
                // No descriptor, no memory, or worse: trying again at once would only spin.
                Some(_) | None => {
                    self.counters.accept_failed();
                    Attempt::Refused(error)
                }
            },
        }
    }

    /// To the worker with the fewest connections; if its queue is full, it is waited for.
    async fn hand_over(
        &self,
        fd: OwnedFd,
        remote: SocketAddr,
        local: SocketAddr,
        place: OwnedSemaphorePermit,
    ) -> Attempt {
        let workers = &self.service.runtime.workers;
        let Some(worker) = workers.iter().min_by_key(|worker| worker.load.connections()) else {
            return Attempt::Over;
        };
        let places = Places::new(place, worker.load.share());
        let accepted = Accepted { fd, remote, local, places };
        let request = Request::Accepted(Arc::clone(&self.service.place), accepted);
        match worker.requests.send(request).await {
            Ok(()) => Attempt::Done,
            Err(_) => Attempt::Over,
        }
    }
}

/// The connection failed before it was taken: accept(2) hands its error on. Nothing is wrong with the listener.
const LOST: [Errno; 10] = [
    Errno::CONNABORTED,
    Errno::INTR,
    Errno::PERM,
    Errno::PROTO,
    Errno::NOPROTOOPT,
    Errno::NETDOWN,
    Errno::NETUNREACH,
    Errno::HOSTDOWN,
    Errno::HOSTUNREACH,
    Errno::OPNOTSUPP,
];

/// What `future` yields, unless the service drains first. Then the future is dropped where it waits.
async fn unless_told<T>(stage: &mut watch::Receiver<Stage>, future: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        _ = stage.wait_for(|stage| *stage != Stage::Accepting) => None,
        done = future => Some(done),
    }
}

/// When the last line about a listener in trouble was logged.
#[derive(Debug, Default)]
struct Troubles {
    logged_at: Option<Instant>,
}

impl Troubles {
    fn log(&mut self, service: &str, address: SocketAddr, error: &io::Error) {
        if self.logged_at.is_some_and(|at| at.elapsed() < ACCEPT_LOG_INTERVAL) {
            return;
        }
        self.logged_at = Some(Instant::now());
        tracing::warn!(
            service,
            %address,
            "cannot accept: {error}; clients wait. Raise the limit of open files (ulimit -n), or lower connections-max"
        );
    }
}

#[cfg(not(target_vendor = "apple"))]
fn accept(fd: &AsyncFd<OwnedFd>) -> io::Result<(OwnedFd, SocketAddr)> {
    use rustix::net::{SocketFlags, acceptfrom_with};

    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let (socket, remote) = acceptfrom_with(fd.get_ref(), flags)?;
    Ok((socket, ip(remote)?))
}

#[cfg(target_vendor = "apple")]
fn accept(fd: &AsyncFd<OwnedFd>) -> io::Result<(OwnedFd, SocketAddr)> {
    let (socket, remote) = rustix::net::acceptfrom(fd.get_ref())?;
    rustix::io::fcntl_setfd(&socket, rustix::io::FdFlags::CLOEXEC)?;
    rustix::io::ioctl_fionbio(&socket, true)?;
    Ok((socket, ip(remote)?))
}

fn local_address(socket: &OwnedFd) -> io::Result<SocketAddr> {
    Ok(SocketAddr::try_from(rustix::net::getsockname(socket)?)?)
}

fn ip(address: Option<rustix::net::SocketAddrAny>) -> io::Result<SocketAddr> {
    // A TCP socket's peer has an address; without one there is no connection to serve.
    let address = address.ok_or(Errno::CONNABORTED)?;
    Ok(SocketAddr::try_from(address)?)
}
