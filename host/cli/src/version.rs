//! What this program is: its version, the contract's and wasmtime's.

/// What `--version` prints after the program's name. The build script finds out what the contract and
/// wasmtime are.
pub(crate) const LINE: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    " (contract ",
    env!("TIDEGATE_CONTRACT"),
    ", wasmtime ",
    env!("TIDEGATE_WASMTIME"),
    ")"
);
