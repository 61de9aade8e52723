//! The native echo benchmarks compare with: plain tokio, one task per connection, the options the
//! host uses (TCP_NODELAY, backlog 1024, reads of 64 KiB, the same number of worker threads).

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::Builder;

/// As the host's default.
const BACKLOG: u32 = 1024;

/// As the host's read chunk.
const READ_BYTES: usize = 64 * 1024;

/// Pause after `accept` failed, so that a lack of descriptors does not spin.
const ACCEPT_BACK_OFF: Duration = Duration::from_millis(50);

/// Serves until the process is ended.
pub(crate) fn run(address: SocketAddr, workers: usize) -> anyhow::Result<ExitCode> {
    let runtime = if workers <= 1 {
        Builder::new_current_thread().enable_all().build()?
    } else {
        Builder::new_multi_thread().worker_threads(workers).enable_all().build()?
    };
    runtime.block_on(async {
        let listener = bind(address).with_context(|| format!("cannot listen on {address}"))?;
        println!("listening native {}", listener.local_addr()?);
        serve(listener).await;
        Ok(ExitCode::SUCCESS)
    })
}

/// Opens the listener with the host's options.
pub(crate) fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Accepts for ever.
pub(crate) async fn serve(listener: TcpListener) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(async move {
                    // A peer that went away ends its own connection and nothing else.
                    let _ = echo(stream).await;
                });
            }
            Err(_) => tokio::time::sleep(ACCEPT_BACK_OFF).await,
        }
    }
}

async fn echo(mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = vec![0; READ_BYTES];
    loop {
        let len = stream.read(&mut buffer).await?;
        if len == 0 {
            return stream.shutdown().await;
        }
        stream.write_all(&buffer[..len]).await?;
    }
}
