//! What a guest prints and logs, as bounded lines.
//!
//! Owns: the unfinished lines of stdout and stderr, the budget of lines for an event and for a second, escaping.
//! Never: where lines go; that is the embedder's [`GuestLog`], which also knows which connection they belong to.

use crate::limits::InstanceLimits;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// How much a line matters (contract: `host.level`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LogLevel {
    /// Something failed that the operator must know of.
    Error,
    /// Something is wrong and was dealt with.
    Warn,
    /// Normal, rare, worth reading.
    Info,
    /// For those who look for a fault.
    Debug,
    /// Everything.
    Trace,
}

/// How the guest wrote a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LogSource {
    /// Its standard output.
    Stdout,
    /// Its standard error.
    Stderr,
    /// `host.log`.
    Log,
}

impl LogSource {
    /// `stdout`, `stderr` or `log`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
            Self::Log => "log",
        }
    }
}

/// What was not passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dropped {
    /// Lines over the limit for an event or a second.
    Lines,
    /// Bytes of lines over the limit of one line.
    LineBytes,
    /// Counts under a name the contract does not allow.
    Counts,
}

/// Where a guest's lines and counts go. One per instance, so that the implementor knows whose they are.
pub trait GuestLog {
    /// One line, bounded in length, without a line break, control characters escaped.
    fn line(&self, level: LogLevel, source: LogSource, text: &str);

    /// Adds to a counter. The name is valid by the contract (1 to 64 of `a-z 0-9 . _ -`); how many names there may be
    /// is the implementor's limit.
    fn count(&self, name: &str, by: u64);

    /// So many lines, bytes or counts were dropped. Not called for each: once per event at most.
    fn dropped(&self, what: Dropped, count: u64);
}

/// The output of one instance.
pub(crate) struct Output {
    log: Option<Rc<dyn GuestLog>>,
    stdout: Line,
    stderr: Line,
    budget: Budget,
    line_bytes_max: usize,
    lines_dropped: u64,
    bytes_dropped: u64,
    counts_dropped: u64,
}

impl Output {
    pub(crate) fn new(limits: &InstanceLimits, log: Option<Rc<dyn GuestLog>>) -> Self {
        Self {
            log,
            stdout: Line::default(),
            stderr: Line::default(),
            budget: Budget::new(limits),
            line_bytes_max: limits.log_line_bytes_max,
            lines_dropped: 0,
            bytes_dropped: 0,
            counts_dropped: 0,
        }
    }

    pub(crate) fn begin_call(&mut self) {
        self.budget.lines_this_event = 0;
    }

    /// Bytes printed; whole lines are passed on, the rest waits for its line break.
    pub(crate) fn print(&mut self, source: LogSource, mut bytes: &[u8]) {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            self.extend(source, &bytes[..end]);
            self.end_line(source);
            bytes = &bytes[end + 1..];
        }
        self.extend(source, bytes);
    }

    /// One line by `host.log`. Line breaks in it are escaped like other control characters.
    pub(crate) fn log(&mut self, level: LogLevel, message: &[u8]) {
        let kept = message.len().min(self.line_bytes_max);
        self.bytes_dropped = self.bytes_dropped.saturating_add((message.len() - kept) as u64);
        self.emit(level, LogSource::Log, &message[..kept]);
    }

    /// `host.count`.
    pub(crate) fn count(&mut self, name: &str, by: u64) {
        let valid = (1..=COUNTER_NAME_BYTES_MAX).contains(&name.len())
            && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-'));
        match &self.log {
            Some(log) if valid => log.count(name, by),
            Some(_) | None => self.counts_dropped = self.counts_dropped.saturating_add(1),
        }
    }

    /// The event is over: says what was dropped in it.
    pub(crate) fn end_call(&mut self) {
        let dropped = [
            (Dropped::Lines, &mut self.lines_dropped),
            (Dropped::LineBytes, &mut self.bytes_dropped),
            (Dropped::Counts, &mut self.counts_dropped),
        ];
        for (what, count) in dropped {
            let count = std::mem::take(count);
            if let (1.., Some(log)) = (count, &self.log) {
                log.dropped(what, count);
            }
        }
    }

    /// The instance is gone: unfinished lines are lines too.
    pub(crate) fn finish(&mut self) {
        for source in [LogSource::Stdout, LogSource::Stderr] {
            if !self.buffer(source).bytes.is_empty() {
                self.end_line(source);
            }
        }
        self.end_call();
    }

    fn buffer(&mut self, source: LogSource) -> &mut Line {
        match source {
            LogSource::Stdout => &mut self.stdout,
            LogSource::Stderr | LogSource::Log => &mut self.stderr,
        }
    }

    fn extend(&mut self, source: LogSource, bytes: &[u8]) {
        if bytes.is_empty() || self.log.is_none() {
            return;
        }
        let line_bytes_max = self.line_bytes_max;
        let line = self.buffer(source);
        let kept = bytes.len().min(line_bytes_max.saturating_sub(line.bytes.len()));
        line.bytes.extend_from_slice(&bytes[..kept]);
        self.bytes_dropped = self.bytes_dropped.saturating_add((bytes.len() - kept) as u64);
    }

    fn end_line(&mut self, source: LogSource) {
        let mut bytes = std::mem::take(&mut self.buffer(source).bytes);
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
        let level = if source == LogSource::Stderr { LogLevel::Warn } else { LogLevel::Info };
        self.emit(level, source, &bytes);
    }

    fn emit(&mut self, level: LogLevel, source: LogSource, bytes: &[u8]) {
        let Some(log) = &self.log else { return };
        if self.budget.take(Instant::now()) {
            log.line(level, source, &escaped(&String::from_utf8_lossy(bytes)));
        } else {
            self.lines_dropped = self.lines_dropped.saturating_add(1);
        }
    }
}

/// Bytes of a counter's name (contract: `host.count`).
const COUNTER_NAME_BYTES_MAX: usize = 64;

/// An unfinished line.
#[derive(Default)]
struct Line {
    /// At most `line_bytes_max`.
    bytes: Vec<u8>,
}

/// Lines that may still be passed on: a bucket that holds one second's worth, and a bound for each event.
struct Budget {
    per_event_max: u32,
    per_second_max: u32,
    lines_this_event: u32,
    /// Lines that may come at `refilled`. A fraction of a line is kept.
    bucket: f64,
    refilled: Option<Instant>,
}

impl Budget {
    fn new(limits: &InstanceLimits) -> Self {
        Self {
            per_event_max: limits.log_lines_per_event_max,
            per_second_max: limits.log_lines_per_second_max,
            lines_this_event: 0,
            bucket: f64::from(limits.log_lines_per_second_max),
            refilled: None,
        }
    }

    fn take(&mut self, now: Instant) -> bool {
        let since = self.refilled.map_or(Duration::ZERO, |refilled| now.saturating_duration_since(refilled));
        let full = f64::from(self.per_second_max);
        self.bucket = (self.bucket + since.as_secs_f64() * full).min(full);
        self.refilled = Some(now);
        if self.lines_this_event >= self.per_event_max || self.bucket < 1.0 {
            return false;
        }
        self.lines_this_event += 1;
        self.bucket -= 1.0;
        true
    }
}

/// `text` with control characters, line separators and direction overrides escaped, so that a guest can forge
/// neither a line of the log nor the look of one.
pub(crate) fn escaped(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for char in text.chars() {
        let hidden = matches!(char, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if char.is_control() || hidden {
            line.extend(char.escape_default());
        } else {
            line.push(char);
        }
    }
    line
}

#[cfg(test)]
mod tests;
