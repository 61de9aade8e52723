//! Guest output becomes bounded, escaped lines.

use super::*;
use std::cell::RefCell;

#[derive(Default)]
struct Recorder {
    lines: RefCell<Vec<(LogLevel, LogSource, String)>>,
    counts: RefCell<Vec<(String, u64)>>,
    dropped: RefCell<Vec<(Dropped, u64)>>,
}

impl Recorder {
    fn texts(&self) -> Vec<String> {
        self.lines.borrow().iter().map(|line| line.2.clone()).collect()
    }
}

impl GuestLog for Recorder {
    fn line(&self, level: LogLevel, source: LogSource, text: &str) {
        self.lines.borrow_mut().push((level, source, text.to_owned()));
    }

    fn count(&self, name: &str, by: u64) {
        self.counts.borrow_mut().push((name.to_owned(), by));
    }

    fn dropped(&self, what: Dropped, count: u64) {
        self.dropped.borrow_mut().push((what, count));
    }
}

fn output(limits: &InstanceLimits) -> (Output, Rc<Recorder>) {
    let recorder = Rc::new(Recorder::default());
    (Output::new(limits, Some(recorder.clone())), recorder)
}

#[test]
fn a_line_printed_in_pieces_is_one_line() {
    let (mut output, recorder) = output(&InstanceLimits::default());
    output.print(LogSource::Stdout, b"hel");
    output.print(LogSource::Stderr, b"oops\n");
    output.print(LogSource::Stdout, b"lo\r\nnext");
    let expected = [
        (LogLevel::Warn, LogSource::Stderr, "oops".to_owned()),
        (LogLevel::Info, LogSource::Stdout, "hello".to_owned()),
    ];
    assert_eq!(*recorder.lines.borrow(), expected);
    output.finish();
    assert_eq!(recorder.texts(), ["oops", "hello", "next"], "an unfinished line is a line at the end");
}

#[test]
fn a_long_line_is_cut_and_what_was_cut_is_counted() {
    let (mut output, recorder) =
        output(&InstanceLimits { log_line_bytes_max: 4, ..InstanceLimits::default() });
    output.print(LogSource::Stdout, b"123456");
    output.print(LogSource::Stdout, b"78\nab\n");
    output.log(LogLevel::Error, b"vwxyz");
    output.end_call();
    assert_eq!(recorder.texts(), ["1234", "ab", "vwxy"]);
    assert_eq!(*recorder.dropped.borrow(), [(Dropped::LineBytes, 5)]);
}

#[test]
fn lines_over_the_limit_of_an_event_are_dropped_and_counted() {
    let (mut output, recorder) =
        output(&InstanceLimits { log_lines_per_event_max: 2, ..InstanceLimits::default() });
    output.print(LogSource::Stdout, b"1\n2\n3\n4\n");
    output.end_call();
    assert_eq!(recorder.texts(), ["1", "2"]);
    assert_eq!(*recorder.dropped.borrow(), [(Dropped::Lines, 2)]);
    output.begin_call();
    output.print(LogSource::Stdout, b"5\n");
    output.end_call();
    assert_eq!(recorder.texts(), ["1", "2", "5"]);
    assert_eq!(recorder.dropped.borrow().len(), 1, "nothing new was dropped");
}

#[test]
fn lines_over_the_limit_of_a_second_are_dropped_until_the_bucket_refills() {
    let limits = InstanceLimits { log_lines_per_second_max: 3, ..InstanceLimits::default() };
    let mut budget = Budget::new(&limits);
    let start = Instant::now();
    let taken = (0..5).filter(|_| budget.take(start)).count();
    assert_eq!(taken, 3);
    let later = start + Duration::from_millis(700);
    assert!(budget.take(later), "two lines came back");
    assert!(budget.take(later));
    assert!(!budget.take(later));
}

#[test]
fn control_characters_cannot_forge_a_line() {
    let (mut output, recorder) = output(&InstanceLimits::default());
    output.log(LogLevel::Info, "a\nb\x1b[31m\u{202e}é".as_bytes());
    output.log(LogLevel::Info, b"\xff");
    assert_eq!(recorder.texts(), ["a\\nb\\u{1b}[31m\\u{202e}é", "\u{fffd}"]);
}

#[test]
fn a_counter_has_a_plain_name_or_is_dropped() {
    let (mut output, recorder) = output(&InstanceLimits::default());
    output.count("frames.in-2_x", 7);
    let long = "a".repeat(65);
    for name in ["", "Upper", "with space", "nul\0", long.as_str()] {
        output.count(name, 1);
    }
    output.end_call();
    assert_eq!(*recorder.counts.borrow(), [("frames.in-2_x".to_owned(), 7)]);
    assert_eq!(*recorder.dropped.borrow(), [(Dropped::Counts, 5)]);
}
