//! A measurement counts echoes, and only echoes.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::Duration;

use super::measure;
use crate::native_echo;

const WARM_UP: Duration = Duration::from_millis(10);
const WINDOW: Duration = Duration::from_millis(50);

#[test]
fn a_native_echo_is_counted() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let listener = runtime.block_on(async { native_echo::bind("127.0.0.1:0".parse().unwrap()) }).unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(native_echo::serve(listener));
    for message_bytes in [1, 64, 16 << 10, 64 << 10] {
        let counted = measure(address, 8, message_bytes, WARM_UP, WINDOW).unwrap();
        assert!(counted.elapsed >= WINDOW);
        assert!(counted.messages > 0, "{message_bytes} bytes");
        assert!(counted.messages_total > counted.messages);
    }
    assert!(measure(address, 1, 0, WARM_UP, WINDOW).is_err());
    assert!(measure(address, 1, (64 << 10) + 1, WARM_UP, WINDOW).is_err());
}

/// A server for one connection that sends back what `answer` makes of each byte, and then closes.
fn once(answer: fn(usize, u8) -> u8, bytes: usize) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut buffer = vec![0; bytes];
        stream.read_exact(&mut buffer).unwrap();
        for (index, byte) in buffer.iter_mut().enumerate() {
            *byte = answer(index, *byte);
        }
        stream.write_all(&buffer).unwrap();
    });
    address
}

#[test]
fn a_server_that_changes_a_byte_is_no_echo() {
    let address = once(|index, byte| if index == 9 { !byte } else { byte }, 64);
    let error = measure(address, 1, 64, WARM_UP, WINDOW).unwrap_err().to_string();
    assert!(error.contains("1 bytes of an echo on connection 0 differ"), "{error}");
}

#[test]
fn a_server_that_closes_is_an_error() {
    let address = once(|_, byte| byte, 64);
    assert!(measure(address, 1, 64, WARM_UP, WINDOW).is_err());
}
