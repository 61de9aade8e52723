//! The three system calls that safe wrappers do not cover.
//!
//! Owns: every `unsafe` block of this crate. Never decides anything: one function for each fact or effect, with the
//! reason why it is sound beside it. Callers: `socket::tcp` and `runtime::listener`.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use bytes::BytesMut;
use rustix::net::RecvFlags;
use tokio::io::unix::AsyncFd;

/// Registers `fd` with the runtime of this thread, for both directions.
///
/// # Errors
/// What the operating system says: no memory or no watches left for the readiness queue.
#[expect(unsafe_code, reason = "registration asks that the descriptor stays open and the same")]
pub(crate) fn register(fd: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: an `OwnedFd` is open for as long as it lives, always names the same descriptor, and is moved into the
    // `AsyncFd`, which is the only one that can close it.
    unsafe { AsyncFd::register(fd) }.map_err(|refused| refused.into_parts().1)
}

/// Reads up to `bytes_max` bytes into the spare capacity of `into`, and appends them. 0 is the peer's FIN, unless
/// there was no room.
///
/// # Errors
/// `WouldBlock` if nothing has arrived; else the socket's failure.
#[expect(unsafe_code, reason = "a length is set after the kernel has filled memory that was not initialised")]
pub(crate) fn receive(fd: impl AsFd, into: &mut BytesMut, bytes_max: usize) -> io::Result<usize> {
    let filled_before = into.len();
    let spare = into.spare_capacity_mut();
    let room = spare.len().min(bytes_max);
    let Some(spare) = spare.get_mut(..room) else {
        return Ok(0);
    };
    let ((filled, _), _) = rustix::net::recv(fd, spare, RecvFlags::empty())?;
    let count = filled.len();
    // SAFETY: the first `count` bytes behind the old length were initialised by the kernel just now (`recv` returns
    // them as an initialised slice), and lie within the capacity because `spare` does.
    unsafe { into.set_len(filled_before + count) };
    Ok(count)
}

/// Bytes we wrote, our FIN included, that the peer's kernel has not acknowledged.
///
/// # Errors
/// What the operating system says; `Unsupported` where it cannot be asked.
#[cfg(any(target_os = "linux", target_os = "android"))]
#[expect(unsafe_code, reason = "there is no safe wrapper of this ioctl")]
pub(crate) fn unacked_bytes(fd: impl AsFd) -> io::Result<u64> {
    use rustix::ioctl::{Getter, ioctl};

    /// `SIOCOUTQ`, which Linux defines as `TIOCOUTQ`; the same number on x86-64 and aarch64.
    const SIOCOUTQ: u32 = 0x5411;

    // SAFETY: on a TCP socket `SIOCOUTQ` takes a pointer to one `c_int` and stores the number there; it reads nothing
    // and keeps no pointer.
    let bytes: core::ffi::c_int = unsafe { ioctl(fd, Getter::<SIOCOUTQ, core::ffi::c_int>::new()) }?;
    Ok(u64::try_from(bytes).unwrap_or(0))
}

/// Bytes we wrote, our FIN included, that the peer's kernel has not acknowledged.
///
/// # Errors
/// Always `Unsupported`: the caller then has to wait for the peer's FIN.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn unacked_bytes(_fd: impl AsFd) -> io::Result<u64> {
    Err(io::ErrorKind::Unsupported.into())
}
