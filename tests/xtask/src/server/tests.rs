//! The one stable line a server prints is understood, and nothing else is taken for it.

use super::listening;

#[test]
fn the_address_is_the_last_word_of_a_listening_line() {
    for (line, expected) in [
        ("listening echo 127.0.0.1:7007", Some("127.0.0.1:7007")),
        ("listening echo-nack [::1]:40123", Some("[::1]:40123")),
        ("listening a name 127.0.0.1:1", Some("127.0.0.1:1")),
        ("listening 127.0.0.1:7007", None),
        ("listening echo nowhere", None),
        ("now listening echo 127.0.0.1:7007", None),
        ("", None),
    ] {
        assert_eq!(listening(line), expected.map(|text| text.parse().unwrap()), "{line}");
    }
}
