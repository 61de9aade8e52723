//! Imports as the core module sees them, to be called with what no binding would pass.
//!
//! The one module with `unsafe`: declaring and calling an import by its lowered signature. The host
//! checks what is passed, which is what this guest is there to show; nothing here touches memory.

#![allow(unsafe_code, reason = "imports are called by their lowered signatures, past the bindings")]

#[link(wasm_import_module = "tidegate:tcp/types@0.1.0")]
unsafe extern "C" {
    #[link_name = "[method]connection.close"]
    fn connection_close(handle: u32);
    #[link_name = "[method]connection.write"]
    fn connection_write(handle: u32, data: *const u8, len: usize, answer: i32, token: i64);
}

#[link(wasm_import_module = "tidegate:tcp/host@0.1.0")]
unsafe extern "C" {
    #[link_name = "log"]
    fn host_log(level: i32, text: *const u8, len: usize);
}

/// `connection.close` on any handle.
pub(crate) fn close(handle: u32) {
    // SAFETY: passes a number; the host looks it up in this instance's table of handles.
    unsafe { connection_close(handle) }
}

/// `connection.write` with any number as the case of the answer.
pub(crate) fn write_with_answer(handle: u32, data: &[u8], answer: i32) {
    // SAFETY: pointer and length are those of a live slice; the rest are numbers.
    unsafe { connection_write(handle, data.as_ptr(), data.len(), answer, 0) }
}

/// `connection.write` of 64 KiB that begin one byte before the end of the memory.
pub(crate) fn write_past_memory(handle: u32) {
    let last = core::arch::wasm32::memory_size(0) * 65_536 - 1;
    // SAFETY: the pointer is only a number to this side; the host checks the range and refuses it.
    unsafe { connection_write(handle, core::ptr::without_provenance(last), 65_536, 0, 0) }
}

/// `host.log` of any bytes.
pub(crate) fn log_bytes(text: &[u8]) {
    // SAFETY: pointer and length are those of a live slice.
    unsafe { host_log(2, text.as_ptr(), text.len()) }
}
