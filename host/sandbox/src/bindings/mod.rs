//! The WIT contract on this side: generated types, conversions, host functions, versions.
//!
//! Owns: everything that names a type of the contract. Never: a decision; imports record or answer, and that is all.
//!
//! The types and the call of `handle` are generated from the WIT files. The host functions are linked by hand with
//! those types, because the generated ones would first copy every list into a `Vec`; a test links a component that
//! imports the whole contract, so that none can be forgotten.

pub(crate) mod convert;
pub(crate) mod deliver;
pub(crate) mod imports;
pub(crate) mod version;

/// What `bindgen!` makes of the contract.
pub(crate) mod generated {
    #![allow(
        missing_docs,
        unreachable_pub,
        dead_code,
        elided_lifetimes_in_paths,
        unused_qualifications,
        unsafe_code,
        clippy::allow_attributes_without_reason,
        clippy::use_self,
        reason = "made by the bindgen macro of wasmtime from the WIT files"
    )]

    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "tcp-handler",
        // Payload is lowered from a slice, without a copy into a `Vec` first.
        ownership: Borrowing { duplicate_if_necessary: true },
    });
}

pub(crate) use generated::tidegate::tcp::types;
