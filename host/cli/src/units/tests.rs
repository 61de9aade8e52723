//! What is accepted, what is refused and with which words.

use std::time::Duration;

use super::{OrOff, Size, Span};

fn size_error(text: &str) -> String {
    text.parse::<Size>().expect_err(text).to_string()
}

fn span_error(text: &str) -> String {
    text.parse::<Span>().expect_err(text).to_string()
}

#[test]
fn sizes_are_read_with_and_without_a_unit() {
    for (text, bytes) in
        [("0", 0), ("512", 512), ("7B", 7), ("64KiB", 65_536), ("16MiB", 16 << 20), ("2GiB", 2 << 30)]
    {
        assert_eq!(text.parse::<Size>().expect(text), Size(bytes), "{text}");
    }
}

#[test]
fn spans_are_read_with_a_unit() {
    for (text, micros) in
        [("250us", 250), ("20ms", 20_000), ("5s", 5_000_000), ("5min", 300_000_000), ("1h", 3_600_000_000)]
    {
        assert_eq!(text.parse::<Span>().expect(text), Span(Duration::from_micros(micros)), "{text}");
    }
}

#[test]
fn what_is_printed_can_be_read() {
    for bytes in [0, 1, 1023, 1024, 1536, 1 << 20, (1 << 20) + 1, 32 << 20, 3 << 30, u64::MAX] {
        assert_eq!(Size(bytes).to_string().parse::<Size>().expect("printed"), Size(bytes));
    }
    for micros in [0, 1, 999, 1_000, 1_500, 20_000, 90_000_000, 300_000_000, 3_600_000_000] {
        let span = Span(Duration::from_micros(micros));
        assert_eq!(span.to_string().parse::<Span>().expect("printed"), span);
    }
}

#[test]
fn a_time_without_a_unit_is_refused_with_a_suggestion() {
    assert_eq!(span_error("5"), "the unit is missing: `5ms`, `5s` or `5min`?");
}

#[test]
fn decimal_and_unknown_units_are_refused_by_name() {
    assert!(size_error("64KB").starts_with("unknown unit `KB`"), "{}", size_error("64KB"));
    assert!(size_error("1.5MiB").starts_with("unknown unit `.5MiB`"), "{}", size_error("1.5MiB"));
    assert!(span_error("5m").starts_with("unknown unit `m`"), "{}", span_error("5m"));
}

#[test]
fn texts_that_are_no_number_are_refused() {
    for text in ["", "-1", "many", "KiB", "٣"] {
        assert!(text.parse::<Size>().is_err(), "{text:?} was accepted as a size");
        assert!(text.parse::<Span>().is_err(), "{text:?} was accepted as a span");
    }
}

#[test]
fn numbers_that_overflow_are_refused() {
    assert!(size_error("99999999999GiB").contains("larger than"));
    assert!(size_error("99999999999999999999999").contains("larger than"));
    assert!(span_error("99999999999999999h").contains("larger than"));
}

#[test]
fn off_is_a_word_only_where_a_limit_may_be_off() {
    assert_eq!("off".parse::<OrOff<Span>>().expect("off"), OrOff::Off);
    assert_eq!("off".parse::<OrOff<Span>>().expect("off").limit(), None);
    assert_eq!("5s".parse::<OrOff<Span>>().expect("5s").limit(), Some(Span(Duration::from_secs(5))));
    assert!("off".parse::<Span>().is_err());
    let error = "none".parse::<OrOff<Span>>().expect_err("none").to_string();
    assert!(error.ends_with(", or `off`"), "{error}");
}
