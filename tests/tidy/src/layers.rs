//! Who may depend on whom, judged from `cargo metadata`:
//! `machines` ← `driver` | `sandbox` ← `service` ← the program.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use serde_json::Value;

use crate::Violation;

/// The packages that embed guests, in any kind of dependency.
const MAY_EMBED_GUESTS: [&str; 2] = ["tidegate", "tidegate-e2e"];

const ARTIFACTS: &str = "tidegate-guest-artifacts";

/// What a library crate may depend on of ours, tests included.
const LAYERS: [(&str, &[&str]); 4] = [
    ("tidegate-machines", &[]),
    ("tidegate-driver", &["tidegate-machines"]),
    ("tidegate-sandbox", &["tidegate-machines"]),
    ("tidegate-service", &["tidegate-machines", "tidegate-driver", "tidegate-sandbox"]),
];

/// What a package must not depend on, directly or through others, and what a name begins with there.
const NEVER_REACHED: [(&str, &[&str]); 5] = [
    ("tidegate-machines", &["wasmtime", "tokio", "mio", "rustix", "libc"]),
    ("tidegate-driver", &["wasmtime", "cranelift"]),
    ("tidegate-guest", &["wasmtime", "tokio"]),
    ("xtask", &["wasmtime", "cranelift", "tidegate"]),
    ("tidegate-tidy", &["wasmtime", "cranelift", "tokio"]),
];

/// The one thing the machines may depend on, tests apart.
const MACHINES_NEED: &str = "bytes";

/// What cargo says of the workspace.
#[derive(Debug, Default)]
pub struct Graph {
    packages: BTreeMap<String, Package>,
    members: BTreeSet<String>,
}

#[derive(Debug, Default)]
struct Package {
    name: String,
    /// Direct dependencies by name.
    direct: Vec<Dependency>,
    /// Ids of what is linked into it, development dependencies apart.
    linked: Vec<String>,
}

#[derive(Debug)]
struct Dependency {
    name: String,
    development: bool,
}

impl Graph {
    /// From the JSON cargo prints.
    ///
    /// # Errors
    /// If something is not where it should be.
    pub fn parse(metadata: &Value) -> anyhow::Result<Self> {
        let mut graph = Self::default();
        for id in list(metadata, "workspace_members")? {
            graph.members.insert(id.as_str().context("a member that is no text")?.to_owned());
        }
        for package in list(metadata, "packages")? {
            let direct = list(package, "dependencies")?
                .iter()
                .map(|dependency| {
                    Ok(Dependency {
                        name: text(dependency, "name")?.to_owned(),
                        development: dependency.get("kind").and_then(Value::as_str) == Some("dev"),
                    })
                })
                .collect::<anyhow::Result<_>>()?;
            let package_id = text(package, "id")?.to_owned();
            let name = text(package, "name")?.to_owned();
            graph.packages.insert(package_id, Package { name, direct, linked: Vec::new() });
        }
        let resolve = metadata.get("resolve").context("no `resolve`")?;
        for node in list(resolve, "nodes")? {
            let package = graph.packages.get_mut(text(node, "id")?).context("a node of no package")?;
            for dependency in list(node, "deps")? {
                let kinds = list(dependency, "dep_kinds")?;
                if kinds.iter().any(|kind| kind.get("kind").and_then(Value::as_str) != Some("dev")) {
                    package.linked.push(text(dependency, "pkg")?.to_owned());
                }
            }
        }
        Ok(graph)
    }

    /// Everything that breaks the layers.
    #[must_use]
    pub fn check(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        let ours: BTreeSet<&str> = self.member_packages().map(|(_, package)| package.name.as_str()).collect();
        for (id, package) in self.member_packages() {
            let name = package.name.as_str();
            let ours_needed: Vec<&str> = package
                .direct
                .iter()
                .map(|needed| needed.name.as_str())
                .filter(|n| ours.contains(n))
                .collect();
            if let Some((_, allowed)) = LAYERS.iter().find(|(layer, _)| *layer == name) {
                for needed in ours_needed.iter().filter(|needed| !allowed.contains(needed)) {
                    found.push(Violation::of(name, format!("must not depend on {needed}")));
                }
            }
            if ours_needed.contains(&ARTIFACTS) && !MAY_EMBED_GUESTS.contains(&name) {
                found.push(Violation::of(name, "embeds guests; only the program and the tests do"));
            }
            if let Some((_, never)) = NEVER_REACHED.iter().find(|(layer, _)| *layer == name) {
                for reached in self.reached(id) {
                    if never.iter().any(|prefix| is_of_family(&reached, prefix)) && reached != name {
                        found.push(Violation::of(name, format!("reaches {reached}")));
                    }
                }
            }
            if name == "tidegate-machines" {
                let needed = package.direct.iter().filter(|needed| !needed.development);
                for needed in needed.filter(|needed| needed.name != MACHINES_NEED) {
                    let message = format!("depends on {}; it may on {MACHINES_NEED} only", needed.name);
                    found.push(Violation::of(name, message));
                }
            }
        }
        for (layer, _) in LAYERS.iter().filter(|(layer, _)| !ours.contains(layer)) {
            found.push(Violation::of(layer, "is not in the workspace"));
        }
        found
    }

    fn member_packages(&self) -> impl Iterator<Item = (&String, &Package)> {
        self.packages.iter().filter(|(id, _)| self.members.contains(*id))
    }

    /// Names of everything linked into a package, itself included.
    fn reached(&self, id: &str) -> BTreeSet<String> {
        let mut seen = BTreeSet::new();
        let mut waiting = vec![id];
        while let Some(id) = waiting.pop() {
            if seen.insert(id) {
                waiting.extend(
                    self.packages.get(id).into_iter().flat_map(|p| p.linked.iter().map(String::as_str)),
                );
            }
        }
        seen.into_iter().filter_map(|id| self.packages.get(id)).map(|package| package.name.clone()).collect()
    }
}

/// `wasmtime` itself or one of its parts, `wasmtime-environ`; not a name that only begins alike.
fn is_of_family(name: &str, family: &str) -> bool {
    name.strip_prefix(family).is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_']))
}

fn list<'a>(value: &'a Value, key: &str) -> anyhow::Result<&'a Vec<Value>> {
    value.get(key).and_then(Value::as_array).with_context(|| format!("no list `{key}`"))
}

fn text<'a>(value: &'a Value, key: &str) -> anyhow::Result<&'a str> {
    value.get(key).and_then(Value::as_str).with_context(|| format!("no text `{key}`"))
}
