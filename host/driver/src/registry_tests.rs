//! The registry: pages are in order and of bounded size, and it says when it is empty.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tidegate_machines::facts::{Address, Endpoint};
use tidegate_machines::{ConnectionId, HandlerId};

use super::Registry;

fn endpoint() -> Endpoint {
    let address = Address::Ip(SocketAddr::from((Ipv4Addr::LOCALHOST, 1)));
    Endpoint { remote: address.clone(), local: address, is_inbound: true }
}

#[test]
fn pages_are_in_order_of_id_across_workers_and_never_larger_than_asked() {
    let registry = Registry::new(3);
    let live: Vec<_> =
        (1..=10).map(|id| registry.add(id as usize, ConnectionId(id), HandlerId(id), endpoint())).collect();
    let ids = |after, count| -> Vec<u64> {
        registry.page(ConnectionId(after), count).iter().map(|view| view.id.0).collect()
    };
    assert_eq!(ids(0, 4), [1, 2, 3, 4]);
    assert_eq!(ids(4, 4), [5, 6, 7, 8]);
    assert_eq!(ids(8, 4), [9, 10]);
    assert_eq!(registry.live(), 10);
    drop(live);
    assert_eq!(registry.live(), 0);
    assert!(registry.page(ConnectionId::NONE, 4).is_empty());
}

#[tokio::test]
async fn who_waits_for_the_last_one_is_told_when_it_is_gone() {
    let registry = Registry::new(1);
    let live = registry.add(0, ConnectionId(1), HandlerId(1), endpoint());
    let waiting = tokio::spawn({
        let registry = Arc::clone(&registry);
        async move { registry.emptied().await }
    });
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished());
    drop(live);
    tokio::time::timeout(std::time::Duration::from_secs(5), waiting).await.unwrap().unwrap();
}
