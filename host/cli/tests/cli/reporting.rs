//! The file of counters.

use tidegate_e2e::{Client, Started};

use crate::tidegate;

#[test]
fn the_counters_follow_what_happens() {
    let host = Started::serve(tidegate(), &["echo", "--name", "counted"]);
    assert_eq!(host.report().text("/service"), "counted");
    assert_eq!(host.report().number("/connections/accepted"), 0);
    let mut client = Client::connect(host.address(), 1);
    client.echo(5_000);
    host.until_report("the bytes are counted", |report| {
        (report.number("/bytes_in") == 5_000 && report.number("/bytes_out") == 5_000).then_some(())
    });
    let report = host.report();
    assert_eq!(report.number("/connections/live"), 1, "{report}");
    assert!(report.number("/events") >= 3, "started, connected, received: {report}");
    client.finish();
    client.expect_rest_and_end();
    host.until_empty_after(1);
    let (_, last) = host.stop();
    assert_eq!(last.count("/connections/closed/closed"), 1, "{last}");
    assert!(last.number("/guest_memory_peak_bytes") > 0, "{last}");
}

#[test]
fn refusals_and_suspensions_are_counted_where_the_algorithms_need_them() {
    for (guest, place) in [("echo-nack", "/refusals"), ("echo-ack", "/suspends")] {
        let host = Started::serve(tidegate(), &[guest]);
        let mut client = Client::connect_narrow(host.address(), 2, 16 * 1024);
        host.until_report(place, |report| {
            let _ = client.send_what_fits(1 << 20);
            (report.number(place) > 0).then_some(())
        });
        client.finish();
        client.expect_rest_and_end();
        host.until_empty_after(1);
        let (_, last) = host.stop();
        let (sent, got) = client.moved();
        assert_eq!(sent, got, "{guest}: recovered without a hole");
        assert_eq!(last.number("/bytes_in"), sent, "{guest}: {last}");
        assert_eq!(last.number("/bytes_out"), sent, "{guest}: {last}");
    }
}
