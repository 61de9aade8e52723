//! Watermarks and the arguments that set them.

use tidegate_guest::prelude::*;

/// The most bytes the host delivers in one event, by its default. The room between the high mark and
/// `max-stored` must take that much, since reading stops only after the event that crossed the mark.
pub const READ_CHUNK_BYTES_MAX: u64 = 64 << 10;

/// Default of `max-stored`, in bytes.
const MAX_STORED: u64 = 4 << 20;
/// Largest accepted `max-stored`, in bytes.
const MAX_STORED_MOST: u64 = 1 << 30;
/// Default of `high`, in percent of `max-stored`.
const HIGH_PERCENT: u64 = 50;
/// Default of `low`, in percent of `max-stored`.
const LOW_PERCENT: u64 = 30;

/// How much is stored, and when reading stops and goes on. All in bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Watermarks {
    /// Never more than this is stored.
    pub max: u64,
    /// Above this, reading stops.
    pub high: u64,
    /// Below this, reading goes on.
    pub low: u64,
}

impl Default for Watermarks {
    fn default() -> Self {
        Self { max: MAX_STORED, high: MAX_STORED * HIGH_PERCENT / 100, low: MAX_STORED * LOW_PERCENT / 100 }
    }
}

impl Watermarks {
    /// Takes `max-stored` (bytes; default 4 MiB), `high` and `low` (percent of it; default 50 and 30).
    ///
    /// # Errors
    /// A value is malformed, the marks are out of order, or one read could overrun `max-stored`.
    pub fn from_args(args: &mut Args) -> Result<Self, ArgError> {
        let max = args.bytes("max-stored", 1, MAX_STORED_MOST)?.unwrap_or(MAX_STORED);
        let high = args.number("high", 1, 100)?.unwrap_or(HIGH_PERCENT);
        let low = args.number("low", 1, 100)?.unwrap_or(LOW_PERCENT);
        if low >= high {
            return Err(ArgError::new(format!("argument `low={low}`: must be less than `high={high}`")));
        }
        let marks = Self { max, high: max * high / 100, low: max * low / 100 };
        let most = READ_CHUNK_BYTES_MAX + crate::CHUNK_OVERHEAD_BYTES;
        if marks.max - marks.high < most {
            return Err(ArgError::new(format!(
                "arguments `max-stored={max}` and `high={high}`: one read can bring {most} bytes, but only {} \
                 are left above the high mark",
                marks.max - marks.high
            )));
        }
        Ok(marks)
    }
}

/// Takes `delivery`, the form of received bytes: `copied` (the default), `by-reference` or `automatic`.
///
/// # Errors
/// Another word.
pub fn delivery(args: &mut Args) -> Result<Delivery, ArgError> {
    let words = [
        ("copied", Delivery::Copied),
        ("by-reference", Delivery::ByReference),
        ("automatic", Delivery::Automatic),
    ];
    Ok(args.choice("delivery", &words)?.unwrap_or(Delivery::Copied))
}
