//! Every rule finds what it is for, and leaves alone what only looks like it.

use tidegate_tidy::tree::File;
use tidegate_tidy::{Violation, guests, heads, ignored, length, licences, links, unsafety, uses, wit, words};

fn rust(path: &str, text: &str) -> [File; 1] {
    [File::sample(path, text)]
}

fn lines(found: &[Violation]) -> Vec<usize> {
    found.iter().map(|violation| violation.line).collect()
}

#[test]
fn a_function_is_too_long_by_its_code_and_not_by_braces_in_texts() {
    let body = "    call(\"}\"); // }\n".repeat(69);
    let long = format!("//! Head.\n\nfn long() {{\n{body}}}\n\nfn short() {{ '{{'; }}\n");
    let found = length::check(&rust("a.rs", &long));
    assert_eq!(lines(&found), [3]);
    assert!(found[0].message.contains("`long` has 71 lines"), "{found:?}");
    let body = "    call(\"}\"); // }\n".repeat(68);
    assert_eq!(length::check(&rust("a.rs", &format!("fn long() {{\n{body}}}\n"))), []);
}

#[test]
fn a_method_of_a_trait_without_a_body_has_no_length() {
    let text =
        format!("trait T {{\n    fn a(&self, x: [u8; 2]) -> u8;\n{}}}\n", "    const A: u8;\n".repeat(80));
    assert_eq!(length::check(&rust("a.rs", &text)), []);
}

#[test]
fn a_file_is_too_long() {
    assert_eq!(length::check(&rust("a.rs", &"\n".repeat(600))), []);
    assert_eq!(length::check(&rust("a.rs", &"\n".repeat(601))).len(), 1);
    assert_eq!(length::check(&rust("a.wit", &"x\n".repeat(601))).len(), 1);
    assert_eq!(length::check(&rust("a.wit", &"/// about x\nx\n".repeat(600))), []);
}

#[test]
fn a_file_without_a_head_comment_is_found() {
    assert_eq!(heads::check(&rust("a.rs", "//! It owns a.\nuse b;\n")), []);
    assert_eq!(heads::check(&rust("a.rs", "use b;\n")).len(), 1);
    assert_eq!(heads::check(&rust("a.md", "text\n")), []);
}

#[test]
fn ignoring_needs_a_reason() {
    let text = "#[ignore]\n#[ignore = \"too large\"]\n// #[ignore]\n# [ ignore ]\n";
    assert_eq!(lines(&ignored::check(&rust("a.rs", text))), [1, 4]);
}

#[test]
fn unsafe_code_is_found_and_talk_of_it_is_not() {
    let text = "// unsafe\nlet a = \"unsafe {\";\nunsafe { b() }\n#![deny(unsafe_code)]\n";
    assert_eq!(lines(&unsafety::check(&rust("host/service/src/a.rs", text))), [3]);
    assert_eq!(unsafety::check(&rust("host/driver/src/sys.rs", text)), []);
}

#[test]
fn marks_of_unfinished_work_are_found_wherever_they_are() {
    let text = format!("a\n{}!()\n// {}: later\n{}!(x)\n", "todo", concat!("FIX", "ME"), "dbg");
    assert_eq!(lines(&words::check(&rust("a.rs", &text))), [2, 3, 4]);
}

#[test]
fn paths_of_one_machine_are_found_and_relative_ones_are_not() {
    let (home, work) = (concat!("/ho", "me/"), concat!("/wo", "rk/"));
    let text = format!("see {home}me/a\n`{work}x`\n../net{work}b\ntarget{work}c\n");
    assert_eq!(lines(&words::check(&rust("a.md", &text))), [1, 2]);
}

#[test]
fn a_package_from_elsewhere_is_found() {
    let text = "source = \"registry+https://github.com/rust-lang/crates.io-index\"\n\
                source = \"registry+https://example.invalid/index\"\nsource = \"git+https://example.invalid/a\"\n";
    assert_eq!(lines(&words::check(&rust("Cargo.lock", text))), [2, 3]);
}

#[test]
fn sockets_belong_to_the_driver_and_wasmtime_to_the_sandbox() {
    let text = "//! About TcpStream and wasmtime.\nuse std::net::{SocketAddr, TcpStream};\nuse wasmtime::Engine;\n\
                #[cfg(test)]\nmod tests { use std::net::TcpListener; }\n";
    assert_eq!(lines(&uses::check(&rust("host/service/src/a.rs", text))), [2, 3]);
    assert_eq!(lines(&uses::check(&rust("host/driver/src/a.rs", text))), [3]);
    assert_eq!(lines(&uses::check(&rust("host/sandbox/src/a.rs", text))), [2]);
    assert_eq!(uses::check(&rust("host/service/src/a/tests.rs", text)), []);
    assert_eq!(uses::check(&rust("host/cli/tests/a.rs", text)), []);
}

#[test]
fn the_machines_know_no_clock_and_no_changing_order() {
    let text = "use std::time::{Duration, Instant};\nuse std::collections::HashMap;\nstruct MyHashMapLike;\n";
    assert_eq!(lines(&uses::check(&rust("host/machines/src/a.rs", text))), [1, 2]);
}

#[test]
fn types_of_the_contract_stay_in_the_bindings() {
    let text = "use crate::bindings::generated::Event;\n";
    assert_eq!(lines(&uses::check(&rust("host/sandbox/src/instance.rs", text))), [1]);
    assert_eq!(uses::check(&rust("host/sandbox/src/bindings/convert.rs", text)), []);
}

#[test]
fn links_are_followed() {
    let files = [
        File::sample(
            "a/README.md",
            "# Top\n[ok](../b.md#two-words-2) [ok](#top) [gone](c.md) [out](../../d)\n[no heading](../b.md#three)\n\
             `[code](x)` [net](https://example.invalid/)\n```\n[block](y)\n```\n[folder](../a/) [last](z \"title\")\n",
        ),
        File::sample("b.md", "## Two words!\n```\n# Three\n```\n## `Two` words-2\n"),
    ];
    let exists = |path: &str| ["b.md", "a", "a/README.md"].contains(&path);
    assert_eq!(lines(&links::check(&files, exists)), [2, 2, 3, 8]);
}

#[test]
fn a_repeated_heading_is_numbered() {
    let files = [File::sample("a.md", "# Same\n# Same\n[one](#same) [two](#same-1) [three](#same-2)\n")];
    let found = links::check(&files, |path| path == "a.md");
    assert_eq!(found.len(), 1);
    assert!(found[0].message.contains("same-2"), "{found:?}");
}

#[test]
fn a_guest_without_a_test_is_found_and_a_library_of_guests_is_none() {
    let manifest = "[lib]\ncrate-type = [\"cdylib\"]\n";
    let files = [
        File::sample("guests/echo/Cargo.toml", manifest),
        File::sample("guests/echo-ack/Cargo.toml", manifest),
        File::sample("guests/echo-pull/Cargo.toml", manifest),
        File::sample("guests/store/Cargo.toml", "[lib]\n"),
        File::sample("tests/e2e/tests/a.rs", "start(\"echo\"); start(artifacts::ECHO_PULL);"),
    ];
    let found = guests::untested(&files);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].place, "guests/echo-ack/Cargo.toml");
}

#[test]
fn the_copy_must_be_the_contract() {
    let contract = File::sample("wit/a.wit", "one");
    let copy = |text| File::sample("guests/sdk/wit/a.wit", text);
    assert_eq!(guests::copies(&[contract.clone(), copy("one")]), []);
    assert_eq!(guests::copies(&[contract.clone(), copy("two")]).len(), 1);
    assert_eq!(guests::copies(std::slice::from_ref(&contract)).len(), 1);
    let surplus = File::sample("guests/sdk/wit/b.wit", "more");
    assert_eq!(guests::copies(&[contract, copy("one"), surplus]).len(), 1);
    assert_eq!(guests::copies(&[]).len(), 1);
}

#[test]
fn a_licence_is_allowed_if_one_choice_is_and_all_its_parts_are() {
    for (expression, allowed) in [
        ("MIT", true),
        ("MIT OR Apache-2.0", true),
        ("MIT/Apache-2.0", true),
        ("Apache-2.0 WITH LLVM-exception", true),
        ("GPL-3.0 OR MIT", true),
        ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
        ("GPL-3.0", false),
        ("MIT AND GPL-3.0", false),
        ("MIT WITH Classpath-exception-2.0", false),
        ("(MIT OR GPL-3.0) AND AGPL-3.0", false),
        ("", false),
        ("(MIT", false),
        ("MIT MIT", false),
    ] {
        assert_eq!(licences::is_allowed(expression), allowed, "{expression}");
    }
    let metadata = serde_json::json!({"packages": [{"name": "a", "license": "MIT"}, {"name": "b"}]});
    assert_eq!(licences::check(&metadata).unwrap().len(), 1);
}

const GOOD: &str = "package a:b@0.1.0;

/// I.
@since(version = 0.1.0)
interface i {
  @since(version = 0.1.0)
  use other.{x, y};
  /// R.
  @since(version = 0.1.0)
  record r {
    /// F.
    f: option<tuple<u8, u8>>,
    /// G.
    g: list<u8>,
  }
  /// V.
  @since(version = 0.1.0)
  variant v {
    /// A.
    a,
    /// B.
    b(tuple<u8, u8>),
  }
  // ---- a line that is no documentation
  /// Res.
  @since(version = 0.1.0)
  resource res {
    /// M.
    @since(version = 0.1.0)
    m: func(a: u8, b: list<u8>) -> result<_, string>;
  }
  @since(version = 0.1.0)
  /// T.
  type t = u64;
}

/// W.
@since(version = 0.1.0)
world w {
  @since(version = 0.1.0)
  import i;
  @since(version = 0.1.0)
  export i;
}
";

#[test]
fn a_documented_and_dated_contract_is_fine() {
    assert_eq!(wit::check(&rust("wit/a.wit", GOOD)), []);
}

#[test]
fn each_missing_comment_and_each_missing_date_is_found() {
    let marks: Vec<usize> = GOOD
        .lines()
        .enumerate()
        .filter(|(_, line)| line.trim_start().starts_with("///") || line.contains("@since"))
        .map(|(index, _)| index)
        .collect();
    assert_eq!(marks.len(), 21);
    for missing in marks {
        let kept: Vec<&str> =
            GOOD.lines().enumerate().filter(|(index, _)| *index != missing).map(|(_, line)| line).collect();
        let found = wit::check(&rust("wit/a.wit", &kept.join("\n")));
        assert_eq!(found.len(), 1, "without line {}: {found:?}", missing + 1);
    }
}
