//! `resumable`: a guest of the world with hand-over is served like any other.

use tidegate_e2e::{Client, Ending};
use tidegate_guest_artifacts as guests;
use tidegate_service::{Limits, World};

use crate::common::{address, host, serve};
use crate::emptied::until_empty;

#[test]
fn a_guest_that_can_be_handed_over_is_known_as_one_and_serves() {
    let host = host(Limits::default());
    let service = serve(&host, "resumable", guests::RESUMABLE, &[]);
    assert_eq!(service.module().world(), World::SwappableHandler);
    let mut client = Client::connect(address(&service), 1);
    client.echo(1_234);
    client.finish();
    assert_eq!(client.read_to_end(), "echoed 1234\n");
    assert_eq!(client.ending(), Ending::Finished);
    drop(client);
    until_empty(&host, &service);
}
