//! Logging macros: one line of the host's log each, with `format!` arguments.

/// Logs at error level: something failed that the operator must know of.
#[macro_export]
macro_rules! error { ($($arg:tt)+) => { $crate::host::log($crate::host::Level::Error, &::std::format!($($arg)+)) }; }

/// Logs at warn level: something is wrong and was dealt with.
#[macro_export]
macro_rules! warn { ($($arg:tt)+) => { $crate::host::log($crate::host::Level::Warn, &::std::format!($($arg)+)) }; }

/// Logs at info level: normal, rare, worth reading.
#[macro_export]
macro_rules! info { ($($arg:tt)+) => { $crate::host::log($crate::host::Level::Info, &::std::format!($($arg)+)) }; }

/// Logs at debug level: for those who look for a fault.
#[macro_export]
macro_rules! debug { ($($arg:tt)+) => { $crate::host::log($crate::host::Level::Debug, &::std::format!($($arg)+)) }; }

/// Logs at trace level: everything.
#[macro_export]
macro_rules! trace { ($($arg:tt)+) => { $crate::host::log($crate::host::Level::Trace, &::std::format!($($arg)+)) }; }
