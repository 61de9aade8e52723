//! Tables line up and numbers are readable.

use super::{bytes, render};

#[test]
fn columns_line_up_and_missing_cells_are_empty() {
    let rows =
        vec![vec!["echo".into(), "1".into(), "long cell".into()], vec!["echo-nack".into(), "12345".into()]];
    assert_eq!(
        render(&["service", "n", "x"], &rows),
        ["service        n          x", "echo           1  long cell", "echo-nack  12345"]
    );
}

#[test]
fn bytes_are_shown_in_binary_units() {
    for (count, shown) in [
        (0, "0 B"),
        (1023, "1023 B"),
        (1536, "1.5 KiB"),
        (64 << 20, "64.0 MiB"),
        (u64::MAX, "16777216.0 TiB"),
    ] {
        assert_eq!(bytes(count), shown);
    }
}
