//! The rule of the layers, on small made-up workspaces.

use serde_json::{Value, json};
use tidegate_tidy::layers::Graph;

/// Packages with what they depend on; `dev:` before a name makes it a development dependency.
fn metadata(packages: &[(&str, &[&str])]) -> Value {
    let outside = ["bytes", "tokio", "wasmtime-environ", "libc"];
    let mut listed = Vec::new();
    let mut nodes = Vec::new();
    let empty: &[&str] = &[];
    let all = packages.iter().copied().chain(outside.iter().map(|name| (*name, empty)));
    for (name, needs) in all {
        let kind = |need: &str| if need.starts_with("dev:") { json!("dev") } else { Value::Null };
        let plain = |need: &str| need.trim_start_matches("dev:").to_owned();
        let direct: Vec<Value> =
            needs.iter().map(|need| json!({"name": plain(need), "kind": kind(need)})).collect();
        let deps: Vec<Value> = needs
            .iter()
            .map(|need| json!({"pkg": plain(need), "dep_kinds": [{"kind": kind(need)}]}))
            .collect();
        listed.push(json!({"id": name, "name": name, "dependencies": direct}));
        nodes.push(json!({"id": name, "deps": deps}));
    }
    let members: Vec<&str> = packages.iter().map(|(name, _)| *name).collect();
    json!({"workspace_members": members, "packages": listed, "resolve": {"nodes": nodes}})
}

const GOOD: [(&str, &[&str]); 8] = [
    ("tidegate-machines", &["bytes"]),
    ("tidegate-driver", &["tidegate-machines", "tokio"]),
    ("tidegate-sandbox", &["tidegate-machines", "wasmtime-environ"]),
    ("tidegate-service", &["tidegate-driver", "tidegate-sandbox"]),
    ("tidegate", &["tidegate-service", "tidegate-guest-artifacts"]),
    ("tidegate-guest-artifacts", &[]),
    ("tidegate-e2e", &["dev:tidegate-guest-artifacts"]),
    ("xtask", &["tokio"]),
];

/// What is said when the package `name` depends on `needs` instead.
fn messages(name: &str, needs: &[&str]) -> Vec<String> {
    let mut packages = GOOD.to_vec();
    for package in packages.iter_mut().filter(|package| package.0 == name) {
        // The lists of a test live as long as the test program.
        package.1 = Vec::leak(needs.iter().map(|need| &*String::leak((*need).to_owned())).collect());
    }
    match Graph::parse(&metadata(&packages)) {
        Ok(graph) => graph.check().iter().map(ToString::to_string).collect(),
        Err(error) => vec![format!("not parsed: {error}")],
    }
}

#[test]
fn the_layers_as_they_are_meant_are_fine() {
    assert_eq!(messages("", &[]), Vec::<String>::new());
}

#[test]
fn every_upward_or_sideways_dependency_is_found() {
    for (name, needs, expected) in [
        ("tidegate-machines", &["bytes", "libc"][..], "tidegate-machines: reaches libc"),
        ("tidegate-machines", &["bytes", "dev:tidegate-driver"], "must not depend on tidegate-driver"),
        ("tidegate-machines", &["bytes", "xtask"], "depends on xtask; it may on bytes only"),
        (
            "tidegate-driver",
            &["tidegate-machines", "tidegate-sandbox"],
            "must not depend on tidegate-sandbox",
        ),
        ("tidegate-driver", &["wasmtime-environ"], "tidegate-driver: reaches wasmtime-environ"),
        ("tidegate-sandbox", &["tidegate-driver"], "must not depend on tidegate-driver"),
        ("tidegate-service", &["dev:tidegate-guest-artifacts"], "embeds guests"),
        ("tidegate-driver", &["dev:tidegate"], "must not depend on tidegate"),
        ("xtask", &["tidegate-service"], "xtask: reaches tidegate-service"),
    ] {
        let found = messages(name, needs);
        assert!(found.iter().any(|message| message.contains(expected)), "{name} on {needs:?}: {found:?}");
    }
}

#[test]
fn a_development_dependency_of_a_dependency_reaches_nobody() {
    let found = messages("tidegate-machines", &["bytes", "dev:tokio"]);
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn a_layer_that_is_gone_is_missed() {
    let graph = Graph::parse(&metadata(&GOOD[1..])).unwrap();
    let found: Vec<String> = graph.check().iter().map(ToString::to_string).collect();
    assert!(found.contains(&"tidegate-machines: is not in the workspace".to_owned()), "{found:?}");
}
