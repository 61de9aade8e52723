//! A guest that breaks the contract below what its bindings allow: forged handles, handles used after
//! they were dropped, values that no type has.
//!
//! `mode=` says how, on the first bytes from the peer; see [`Mode`]. Without one it echoes. It does not
//! use the SDK's `Handler`, which owns handles so that this cannot happen, but the generated bindings.

#[cfg(target_arch = "wasm32")]
mod guest;
mod mode;
#[cfg(target_arch = "wasm32")]
mod raw;

pub use mode::Mode;

#[cfg(test)]
mod tests;
