//! The counters file is read whole or refused with the name of what is wrong.

use serde_json::{Value, json};

use super::Counters;

fn sample() -> Value {
    json!({
        "service": "echo",
        "connections": {"accepted": 64, "live": 2, "closed": {"closed": 61, "aborted": 1}},
        "bytes_in": 10, "bytes_out": 9, "events": 8, "acks": 7, "refusals": 6,
        "refusals_by_reason": {"queue-full": 6}, "suspends": 5, "resumes": 4,
        "queue_peak_bytes": 3, "guest_memory_peak_bytes": 2, "faults": {}, "guest_counts": {"x": 1},
        "a_field_of_the_future": [1, 2, 3],
    })
}

#[test]
fn every_field_is_read_and_unknown_ones_are_ignored() {
    let counters = Counters::parse(&sample().to_string()).unwrap();
    assert_eq!(counters.service, "echo");
    assert_eq!((counters.accepted, counters.live), (64, 2));
    assert_eq!(counters.closed.values().sum::<u64>(), 62);
    assert_eq!((counters.bytes_in, counters.bytes_out, counters.events, counters.acks), (10, 9, 8, 7));
    assert_eq!((counters.refusals, counters.refusals_by_reason["queue-full"]), (6, 6));
    assert_eq!((counters.suspends, counters.resumes), (5, 4));
    assert_eq!((counters.queue_peak_bytes, counters.guest_memory_peak_bytes), (3, 2));
    assert!(counters.faults.is_empty());
    assert_eq!(counters.guest_counts["x"], 1);
}

#[test]
fn each_missing_field_is_named() {
    for key in sample().as_object().unwrap().keys().filter(|key| *key != "a_field_of_the_future") {
        let mut cut = sample();
        cut.as_object_mut().unwrap().remove(key);
        let error = format!("{:#}", Counters::parse(&cut.to_string()).unwrap_err());
        assert!(error.contains(&format!("`{key}`")), "{error}");
    }
}

#[test]
fn a_field_of_the_wrong_type_is_named() {
    let mut wrong = sample();
    wrong["bytes_in"] = json!(-1);
    assert!(Counters::parse(&wrong.to_string()).unwrap_err().to_string().contains("`bytes_in`"));
    let mut wrong = sample();
    wrong["refusals_by_reason"]["queue-full"] = json!("many");
    let error = Counters::parse(&wrong.to_string()).unwrap_err().to_string();
    assert!(error.contains("`refusals_by_reason.queue-full`"), "{error}");
}

#[test]
fn half_a_file_is_refused() {
    let text = sample().to_string();
    assert!(Counters::parse(&text[..text.len() / 2]).is_err());
    assert!(Counters::parse("").is_err());
}
