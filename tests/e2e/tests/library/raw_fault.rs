//! `raw-fault`: a guest below its bindings, with handles and values that nobody gave it.

use tidegate_e2e::{Client, Ending};
use tidegate_guest_artifacts as guests;
use tidegate_service::Limits;

use crate::common::{address, host, serve, until};
use crate::emptied::until_empty;

#[test]
fn a_broken_contract_costs_the_instance_and_nothing_else() {
    let host = host(Limits::default());
    let healthy = serve(&host, "healthy", guests::ECHO, &[]);
    let mut beside: Vec<Client> = (0..5).map(|number| Client::connect(address(&healthy), number)).collect();
    for mode in ["dropped-handle", "forged-handle", "bad-discriminant", "bad-pointer", "bad-utf8"] {
        let service = serve(&host, mode, guests::RAW_FAULT, &[("mode", mode)]);
        let mut client = Client::connect(address(&service), 9);
        client.send(100);
        assert_eq!(client.ending(), Ending::Reset, "{mode}");
        until(&service, "the fault", |counters| (counters.faults.of("contract") == 1).then_some(()));
        until(&service, "its end", |counters| (counters.connections_live() == 0).then_some(()));
        assert_eq!(service.counters().closed.of("handler-failed"), 1, "{mode}");
        for client in &mut beside {
            client.echo(5_000);
        }
    }
    for client in &mut beside {
        client.finish();
        client.expect_rest_and_end();
    }
    until_empty(&host, &healthy);
}

#[test]
fn dropping_the_handle_of_a_connection_one_owns_means_close() {
    let host = host(Limits::default());
    let service = serve(&host, "drop-owner", guests::RAW_FAULT, &[("mode", "drop-owner")]);
    let mut client = Client::connect(address(&service), 1);
    client.send(100);
    assert_eq!(client.ending_after_anything().0, Ending::Finished);
    drop(client);
    until_empty(&host, &service);
    assert_eq!(service.counters().faults.total(), 0);
    assert_eq!(service.counters().closed.of("closed"), 1);
}

#[test]
fn without_a_mode_it_echoes() {
    let host = host(Limits::default());
    let service = serve(&host, "raw", guests::RAW_FAULT, &[]);
    let mut client = Client::connect(address(&service), 1);
    client.echo(10_000);
}
