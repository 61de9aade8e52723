//! Bad input: each a clear error on stderr, exit code 2, nothing on stdout, nothing bound.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use tidegate_e2e::{Exit, Program};
use tidegate_guest_artifacts as guests;

use crate::tidegate;

/// Runs it, and checks what every refusal has in common.
fn refused(arguments: &[&str]) -> Exit {
    let exit = Program::run(tidegate(), arguments);
    assert_eq!(exit.code, Some(2), "{arguments:?}: {}", exit.stderr);
    assert_eq!(exit.stdout, "", "{arguments:?}");
    assert_readable(&exit.stderr);
    exit
}

/// One block for a person: no debug output of Rust values, no backtrace, no panic of the program. What a
/// guest said itself is quoted as it is.
fn assert_readable(stderr: &str) {
    let own: Vec<&str> = stderr
        .lines()
        .filter(|line| !line.starts_with('{') && !line.trim_start().starts_with("guest:"))
        .collect();
    assert!(
        own.first().is_some_and(|line| line.starts_with("error: ")),
        "it does not begin with an error: {stderr}"
    );
    assert_eq!(own.iter().filter(|line| line.starts_with("error:")).count(), 1, "not one error: {stderr}");
    for noise in ["panicked", "RUST_BACKTRACE", "stack backtrace", "Err(", "Some(", "Error {", "\u{1b}["] {
        assert!(!own.iter().any(|line| line.contains(noise)), "{noise:?} in: {stderr}");
    }
}

/// `serve` with an argument that is no component, and what the error must say.
fn not_served(component: &Path, says: &[&str]) {
    let path = component.to_str().expect("a path of ours");
    for arguments in
        [&["serve", path, "--listen", "127.0.0.1:0", "--no-cache"] as &[&str], &["inspect", path]]
    {
        let exit = refused(arguments);
        for word in says {
            assert!(exit.stderr.contains(word), "{word:?} is missing: {}", exit.stderr);
        }
    }
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn file(folder: &tempfile::TempDir, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, content).expect("written");
    path
}

#[test]
fn a_missing_file_is_named() {
    let folder = folder();
    not_served(&folder.path().join("nowhere.wasm"), &["nowhere.wasm", "no such file"]);
}

#[test]
fn a_directory_is_refused_as_one() {
    let folder = folder();
    not_served(folder.path(), &["directory"]);
}

#[test]
fn an_empty_file_is_refused_as_empty() {
    let folder = folder();
    not_served(&file(&folder, "empty.wasm", b""), &["empty.wasm", "empty"]);
}

#[test]
fn text_is_refused_as_text() {
    let folder = folder();
    not_served(&file(&folder, "text.wasm", "(component)\n"), &["text.wasm", "text"]);
}

#[test]
fn something_else_is_refused_as_no_webassembly() {
    let folder = folder();
    not_served(
        &file(&folder, "elf.wasm", b"\x7fELF\x02\x01\x01\0\0\0\0\0"),
        &["elf.wasm", "not WebAssembly"],
    );
}

#[test]
fn a_core_module_is_refused_with_the_target_to_build_for() {
    let folder = folder();
    let module = wat::parse_str("(module)").expect("a module");
    not_served(&file(&folder, "core.wasm", module), &["core.wasm", "core", "wasm32-wasip2"]);
}

#[test]
fn a_truncated_component_is_refused_as_cut_off() {
    let folder = folder();
    for length in [guests::ECHO.len() / 2, guests::ECHO.len() - 1] {
        not_served(&file(&folder, "half.wasm", &guests::ECHO[..length]), &["half.wasm"]);
    }
    not_served(&file(&folder, "half.wasm", &guests::ECHO[..guests::ECHO.len() / 2]), &["cut off"]);
}

#[test]
fn a_damaged_component_is_refused() {
    let folder = folder();
    let mut damaged = guests::ECHO.to_vec();
    for byte in &mut damaged[64..128] {
        *byte ^= 0x5a;
    }
    not_served(&file(&folder, "damaged.wasm", damaged), &["damaged.wasm"]);
}

#[test]
fn a_component_of_another_world_is_refused_with_what_is_missing() {
    let folder = folder();
    let other = wat::parse_str(r#"(component (instance $i) (export "wasi:cli/run@0.2.0" (instance $i)))"#)
        .expect("a component");
    not_served(
        &file(&folder, "other.wasm", other),
        &["other.wasm", "another world", "tidegate:tcp/handler@", "wasi:cli/run@0.2.0"],
    );
}

#[test]
fn a_component_of_a_newer_contract_is_refused_with_both_versions() {
    let folder = folder();
    let newer =
        wat::parse_str(r#"(component (instance $i) (export "tidegate:tcp/handler@0.2.0" (instance $i)))"#)
            .expect("a component");
    not_served(
        &file(&folder, "newer.wasm", newer),
        &["newer.wasm", "tidegate:tcp/handler@0.2.0", "0.1.0", "newer host"],
    );
}

#[test]
fn a_component_over_the_size_limit_is_refused_with_the_limit() {
    let exit = refused(&[
        "serve",
        guests::ECHO_PATH,
        "--listen",
        "127.0.0.1:0",
        "--no-cache",
        "--component-max",
        "4KiB",
    ]);
    assert!(exit.stderr.contains("4096"), "{}", exit.stderr);
    let exit = refused(&["inspect", guests::ECHO_PATH, "--component-max", "4KiB"]);
    assert!(exit.stderr.contains("4096"), "{}", exit.stderr);
}

#[test]
fn an_unknown_built_in_is_refused_with_the_known_ones() {
    let exit = refused(&["serve", "echo-nak"]);
    assert!(exit.stderr.contains("did you mean `echo-nack`?"), "{}", exit.stderr);
}

#[test]
fn unknown_options_verbs_and_malformed_values_are_refused() {
    for arguments in [
        &["serve", "echo", "--lisen", "127.0.0.1:0"] as &[&str],
        &["serve", "echo", "--listen", "localhost:7007"],
        &["serve", "echo", "--listen", "127.0.0.1:99999"],
        &["serve", "echo", "--drain", "10"],
        &["serve", "echo", "--arg", "novalue"],
        &["serve"],
        &["sevre", "echo"],
        &["new", "../evil"],
    ] {
        refused(arguments);
    }
}

#[test]
fn an_argument_the_guest_does_not_know_is_refused_in_its_own_words() {
    let exit = refused(&["serve", "echo", "--listen", "127.0.0.1:0", "--no-cache", "--arg", "colour=red"]);
    assert!(exit.stderr.contains("unknown argument `colour`"), "{}", exit.stderr);
}

#[test]
fn a_guest_that_fails_in_started_stops_the_program_before_it_listens() {
    for (mode, says) in [("panic", "panicking as asked"), ("spin", "cpu"), ("allocate", "memory")] {
        let mode = format!("mode={mode}");
        let exit = refused(&[
            "serve",
            guests::FAULT_PATH,
            "--listen",
            "127.0.0.1:0",
            "--no-cache",
            "--arg",
            &mode,
            "--arg",
            "when=started",
        ]);
        assert!(exit.stderr.to_lowercase().contains(says), "{mode}: {}", exit.stderr);
        assert!(exit.stderr.contains("started"), "{mode}: {}", exit.stderr);
    }
}

#[test]
fn an_address_in_use_is_named_and_no_other_is_announced() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a listener");
    let address = taken.local_addr().expect("its address").to_string();
    let exit = refused(&["serve", "echo", "--no-cache", "--listen", "127.0.0.1:0", "--listen", &address]);
    assert!(exit.stderr.contains(&address), "{}", exit.stderr);
    assert!(exit.stderr.contains("in use"), "{}", exit.stderr);
}

#[test]
fn an_address_that_is_not_ours_is_named() {
    // A documentation address (RFC 5737): no machine has it.
    let exit = refused(&["serve", "echo", "--no-cache", "--listen", "192.0.2.1:0"]);
    assert!(exit.stderr.contains("192.0.2.1:0"), "{}", exit.stderr);
}

#[test]
fn a_report_that_cannot_be_written_stops_the_program_before_it_listens() {
    let folder = folder();
    let report = folder.path().join("missing/report.json");
    let report = report.to_str().expect("a path of ours");
    let exit = refused(&["serve", "echo", "--listen", "127.0.0.1:0", "--no-cache", "--report-json", report]);
    assert!(exit.stderr.contains("report.json"), "{}", exit.stderr);
}

#[test]
fn no_arguments_at_all_show_the_help() {
    let exit = Program::run(tidegate(), &[]);
    assert_eq!(exit.code, Some(2));
    assert!(exit.stderr.contains("Usage: tidegate"), "{}", exit.stderr);
}
