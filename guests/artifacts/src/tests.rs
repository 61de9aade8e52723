//! What the constants promise, and what the components they hold import and export.

use std::collections::BTreeSet;

use wit_component::DecodedWasm;

use super::ALL;

/// The first eight bytes of every component: magic number, version, layer (component model binary
/// format, preamble).
const COMPONENT: [u8; 8] = [0x00, b'a', b's', b'm', 0x0d, 0x00, 0x01, 0x00];

#[test]
fn every_guest_is_a_component() {
    for (name, bytes) in ALL {
        assert_eq!(bytes.first_chunk::<8>(), Some(&COMPONENT), "{name}");
    }
}

#[test]
fn the_list_and_the_macro_name_the_same_guests() {
    let mut named = Vec::new();
    macro_rules! name {
        ($ident:ident, $name:literal) => {
            named.push((stringify!($ident), $name));
        };
    }
    foreach_guest!(name);
    let listed: Vec<(String, &str)> = ALL.iter().map(|(name, _)| (name.replace('-', "_"), *name)).collect();
    let named: Vec<(String, &str)> = named.into_iter().map(|(i, n)| (i.to_owned(), n)).collect();
    assert_eq!(named, listed);
}

#[test]
fn paths_lead_to_the_bytes() {
    assert_eq!(std::fs::read(super::ECHO_PATH).expect("readable"), super::ECHO);
}

/// A component's interfaces, and the imported functions of the contract.
struct World {
    imports: BTreeSet<String>,
    exports: BTreeSet<String>,
    functions: BTreeSet<String>,
}

fn world(name: &str, bytes: &[u8]) -> World {
    let decoded = wit_component::decode(bytes).unwrap_or_else(|e| panic!("{name}: {e:#}"));
    let DecodedWasm::Component(resolve, id) = decoded else { panic!("{name} is no component") };
    let world = &resolve.worlds[id];
    let names = |items: Vec<_>| items.into_iter().map(|key| resolve.name_world_key(key)).collect();
    let mut functions = BTreeSet::new();
    for (key, item) in &world.imports {
        let interface = match item {
            wit_parser::WorldItem::Interface { id, .. } => &resolve.interfaces[*id],
            _ => panic!("{name} imports more than interfaces"),
        };
        if resolve.name_world_key(key).starts_with("tidegate:tcp/") {
            functions.extend(interface.functions.keys().cloned());
        }
    }
    World {
        imports: names(world.imports.keys().collect()),
        exports: names(world.exports.keys().collect()),
        functions,
    }
}

#[test]
fn every_guest_has_a_world_of_the_contract_and_imports_nothing_else_but_wasi() {
    let (handler, handover) = ("tidegate:tcp/handler@0.1.0", "tidegate:tcp/handover@0.1.0");
    for (name, bytes) in ALL {
        let world = world(name, bytes);
        let expected: BTreeSet<String> = match *name {
            "resumable" => [handler, handover].map(str::to_owned).into(),
            _ => [handler.to_owned()].into(),
        };
        assert_eq!(world.exports, expected, "{name}");
        for import in &world.imports {
            let ours = import.starts_with("tidegate:tcp/") && import.ends_with("@0.1.0");
            assert!(ours || import.starts_with("wasi:"), "{name} imports {import}");
        }
    }
}

#[test]
fn what_a_guest_never_calls_it_does_not_import() {
    let echo = world("echo", super::ECHO).functions;
    for unused in ["[method]connection.delegate", "[method]connection.set-option", "connect", "bind"] {
        assert!(!echo.contains(unused), "echo imports {unused}");
    }
    for used in ["[method]connection.register", "[method]connection.write", "[method]connection.close"] {
        assert!(echo.contains(used), "echo does not import {used}");
    }
}

#[test]
fn every_import_imports_every_function_of_the_contract() {
    let functions = world("every-import", super::EVERY_IMPORT).functions;
    let names: Vec<&String> = functions.iter().collect();
    assert_eq!(names.len(), 49, "{names:?}");
}
