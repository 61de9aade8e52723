//! The load client against a native echo and against servers that damage the stream: it must be
//! content with the first and name what each of the others did.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::drive;
use super::plan::{Plan, Reader};
use super::tally::{Line, Outcome, Tally};
use crate::native_echo;

fn plan(address: SocketAddr) -> Plan {
    Plan {
        address,
        connections: 8,
        bytes: 300_001,
        slow_bytes: 500_009,
        rate_bytes_per_second: 8 << 20,
        stop: Duration::from_millis(20),
        limit: Duration::from_secs(30),
    }
}

async fn against_native_echo(plan: impl FnOnce(SocketAddr) -> Plan) -> Outcome {
    let listener = native_echo::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(native_echo::serve(listener));
    let outcome = drive(plan(address), Arc::new(Tally::default())).await;
    server.abort();
    outcome
}

/// Serves each connection with `serve` until dropped.
async fn against<F>(serve: fn(TcpStream) -> F) -> Outcome
where
    F: Future<Output = std::io::Result<()>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    let outcome = drive(plan(address), Arc::new(Tally::default())).await;
    server.abort();
    outcome
}

#[test]
fn a_quarter_is_paced_one_stops_and_the_rest_is_eager() {
    let plan = Plan { connections: 64, ..plan("127.0.0.1:1".parse().unwrap()) };
    let readers: Vec<Reader> = (0..64).map(|index| plan.reader(index)).collect();
    let count = |wanted: fn(&Reader) -> bool| readers.iter().filter(|reader| wanted(reader)).count();
    assert_eq!(count(|reader| matches!(reader, Reader::Paced { .. })), 16);
    assert_eq!(count(|reader| matches!(reader, Reader::Stopping { .. })), 1);
    assert_eq!(count(|reader| *reader == Reader::Eager), 47);
    assert_eq!(plan.bytes_total(), 47 * plan.bytes + 17 * plan.slow_bytes);
}

#[tokio::test]
async fn an_honest_echo_is_clean_and_every_byte_is_counted() {
    let outcome = against_native_echo(plan).await;
    assert!(outcome.is_clean(), "{outcome:?}");
    assert_eq!(outcome.clean, 8);
    let total = plan("127.0.0.1:1".parse().unwrap()).bytes_total();
    assert_eq!((outcome.bytes_sent, outcome.bytes_received), (total, total));
}

#[tokio::test]
async fn a_paced_reader_keeps_its_pace() {
    let started = std::time::Instant::now();
    let outcome = against_native_echo(|address| Plan {
        connections: 1,
        slow_bytes: 400_000,
        rate_bytes_per_second: 1_000_000,
        ..plan(address)
    })
    .await;
    assert!(outcome.is_clean(), "{outcome:?}");
    // Only the lower bound: the pace is a promise of the client, how fast the machine is is none.
    assert!(started.elapsed() >= Duration::from_millis(400), "after {:?}", started.elapsed());
}

#[tokio::test]
async fn a_changed_byte_is_found_with_its_place() {
    let outcome = against(|mut stream| async move {
        let mut buffer = vec![0; 4096];
        let mut offset = 0;
        loop {
            let len = stream.read(&mut buffer).await?;
            if len == 0 {
                return stream.shutdown().await;
            }
            if (offset..offset + len).contains(&70_000) {
                buffer[70_000 - offset] ^= 1;
            }
            stream.write_all(&buffer[..len]).await?;
            offset += len;
        }
    })
    .await;
    assert_eq!((outcome.clean, outcome.different, outcome.missing, outcome.surplus), (0, 8, 0, 0));
    assert!(outcome.errors.iter().all(|error| error.ends_with("differs first at byte 70000")), "{outcome:?}");
}

#[tokio::test]
async fn an_echo_that_ends_early_is_short() {
    let outcome = against(|mut stream| async move {
        let mut buffer = vec![0; 1000];
        stream.read_exact(&mut buffer).await?;
        stream.write_all(&buffer).await?;
        stream.shutdown().await?;
        // Reads on, so that the end is an end and not a reset.
        while stream.read(&mut buffer).await? > 0 {}
        Ok(())
    })
    .await;
    assert_eq!(outcome.clean, 0);
    assert_eq!(outcome.missing, plan("127.0.0.1:1".parse().unwrap()).bytes_total() - 8 * 1000);
    assert!(outcome.errors[0].contains("bytes too early"), "{outcome:?}");
}

#[tokio::test]
async fn an_echo_that_repeats_its_tail_has_a_surplus() {
    let outcome = against(|mut stream| async move {
        let mut buffer = vec![0; 4096];
        let mut last = Vec::new();
        loop {
            let len = stream.read(&mut buffer).await?;
            if len == 0 {
                stream.write_all(&last).await?;
                return stream.shutdown().await;
            }
            last = buffer[len - 1..len].to_vec();
            stream.write_all(&buffer[..len]).await?;
        }
    })
    .await;
    assert_eq!((outcome.clean, outcome.surplus, outcome.missing), (0, 8, 0));
}

#[tokio::test]
async fn nobody_listening_is_an_error_of_every_connection() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let outcome = drive(plan(free), Arc::new(Tally::default())).await;
    assert!(!outcome.is_clean());
    assert_eq!((outcome.clean, outcome.errors.len()), (0, 8));
}

#[test]
fn an_outcome_survives_the_way_between_the_processes() {
    let outcome = Outcome {
        connections: 3,
        clean: 2,
        bytes_sent: 10,
        bytes_received: 9,
        different: 1,
        missing: 2,
        surplus: 3,
        errors: vec!["a \"quoted\" one".into()],
    };
    assert_eq!(Line::parse(&outcome.to_json().to_string()).unwrap(), Line::Result(outcome));
    let tally = Tally::default();
    tally.add_received(5);
    assert_eq!(Line::parse(&tally.progress().to_string()).unwrap(), Line::Progress { bytes_received: 5 });
    assert!(Line::parse("{\"kind\":\"result\"}").is_err());
    assert!(Line::parse("nonsense").is_err());
}
