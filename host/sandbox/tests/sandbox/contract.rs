//! Every import of the contract is there, has the contract's type, and does what it says.

use super::support::{CONNECTED, RECEIVED_CHUNK, TIMER};
use super::support::{CONNECTION, Host, contract, encode, guest_text, load, on};
use bytes::Bytes;
use tidegate_machines::command::{Command, CommandName, ConnectionCommand};
use tidegate_machines::event::Event;
use tidegate_machines::reason::Fault;
use tidegate_machines::{ConnectionId, Token};
use wit_component::dummy_module;
use wit_parser::abi::{AbiVariant, WasmType};
use wit_parser::{Function, LiftLowerAbi, ManglingAndAbi};

#[test]
fn a_component_that_imports_the_whole_contract_is_linked() {
    for world in ["tcp-handler", "swappable-handler"] {
        let (resolve, world) = contract(world);
        let module = dummy_module(&resolve, world, ManglingAndAbi::Legacy(LiftLowerAbi::Sync));
        let module = load(encode(&resolve, world, module));
        let commands = &module.info().commands;
        for command in ["connection.write", "connection.abort", "tcp.connect", "listener.unbind", "tcp.send"]
        {
            assert!(commands.iter().any(|c| c == command), "{command} is not in {commands:?}");
        }
        assert!(!commands.iter().any(|c| c.contains("address") || c.contains("chunk.")), "{commands:?}");
    }
}

/// An import of the contract by interface and name, with its core signature.
struct Import {
    interface: String,
    function: String,
    params: Vec<&'static str>,
    result: Option<&'static str>,
    return_pointer: bool,
}

fn imports() -> Vec<Import> {
    let (resolve, world) = contract("tcp-handler");
    let mut imports = Vec::new();
    for item in resolve.worlds[world].imports.values() {
        let wit_parser::WorldItem::Interface { id, .. } = item else {
            panic!("only interfaces are imported")
        };
        let interface = &resolve.interfaces[*id];
        for function in interface.functions.values() {
            imports.push(core_import(&resolve, interface.name.as_deref().unwrap(), function));
        }
    }
    imports
}

fn core_import(resolve: &wit_parser::Resolve, interface: &str, function: &Function) -> Import {
    let signature = resolve.wasm_signature(AbiVariant::GuestImport, function);
    let name = |ty: &WasmType| match ty {
        WasmType::I32 | WasmType::Pointer | WasmType::Length => "i32",
        WasmType::I64 | WasmType::PointerOrI64 => "i64",
        WasmType::F32 | WasmType::F64 => panic!("the contract has no floats"),
    };
    Import {
        interface: interface.to_owned(),
        function: function.name.clone(),
        params: signature.params.iter().map(name).collect(),
        result: signature.results.first().map(name),
        return_pointer: signature.retptr,
    }
}

impl Import {
    fn declaration(&self, index: usize) -> String {
        let result = self.result.map_or(String::new(), |ty| format!("(result {ty})"));
        let signature = format!("(param {}) {result}", self.params.join(" "));
        super::support::import(&self.interface, &self.function, &format!("f{index}"), &signature)
    }

    /// Called with the handle at hand, zero for everything else, and a place for the result.
    fn call(&self, index: usize) -> String {
        let last = self.params.len().saturating_sub(1);
        let args: Vec<String> = (0..self.params.len())
            .map(|at| match (at, self.function.as_str()) {
                (0, name) if name.starts_with("[method]chunk.") => "(global.get $chunk)".to_owned(),
                (0, name) if name.starts_with("[method]connection.") => "(global.get $connection)".to_owned(),
                (1, "[method]connection.write-chunk") => "(global.get $chunk)".to_owned(),
                (at, _) if at == last && self.return_pointer => "(i32.const 1024)".to_owned(),
                (at, _) => format!("({}.const 0)", self.params[at]),
            })
            .collect();
        let call = format!("(call $f{index} {})", args.join(" "));
        if self.result.is_some() { format!("(drop {call})") } else { call }
    }
}

/// Calls import number n on `timer(n)`.
fn caller(imports: &[Import]) -> Vec<u8> {
    let declarations: String = imports.iter().enumerate().map(|(i, import)| import.declaration(i)).collect();
    let calls: String = imports
        .iter()
        .enumerate()
        .map(|(i, import)| format!("(if (i64.eq (local.get $p0) (i64.const {i})) (then {}))", import.call(i)))
        .collect();
    let (resolve, world) = contract("tcp-handler");
    let text = guest_text(&declarations, "", &on(TIMER, &calls));
    encode(&resolve, world, wat::parse_str(text).unwrap())
}

/// What the host records for an import called with zeros. `None`: nothing, it is answered at once.
fn expected(function: &str) -> Option<Command<Bytes>> {
    let on = |command| Some(Command::On(CONNECTION, command));
    let unsupported = |connection, name, token: Option<u64>| {
        Some(Command::Unsupported { connection, name, token: token.map(Token) })
    };
    let elsewhere = ConnectionId::NONE;
    match function {
        "[method]connection.resume-writing" => on(ConnectionCommand::ResumeWriting),
        "[method]connection.suspend-reading" => on(ConnectionCommand::SuspendReading),
        "[method]connection.resume-reading" => on(ConnectionCommand::ResumeReading),
        "[method]connection.close" => on(ConnectionCommand::Close),
        "[method]connection.confirmed-close" => on(ConnectionCommand::ConfirmedClose),
        "[method]connection.abort" => on(ConnectionCommand::Abort),
        "[method]connection.delegate" => unsupported(CONNECTION, CommandName::Delegate, Some(0)),
        "[method]connection.write-file" => unsupported(CONNECTION, CommandName::WriteFile, None),
        "[method]connection.set-option" => unsupported(CONNECTION, CommandName::SetOption, None),
        "[method]connection.revoke-shares" => unsupported(CONNECTION, CommandName::Other(1), None),
        "connect" => unsupported(elsewhere, CommandName::Connect, Some(0)),
        "cancel-connect" => unsupported(elsewhere, CommandName::CancelConnect, Some(0)),
        "bind" => unsupported(elsewhere, CommandName::Bind, Some(0)),
        "join" | "leave" => unsupported(elsewhere, CommandName::Join, None),
        "publish" => unsupported(elsewhere, CommandName::Publish, Some(0)),
        "send" => unsupported(elsewhere, CommandName::Send, Some(0)),
        "cancel-timer" => Some(Command::CancelTimer(Token(0))),
        "set-timer" => Some(Command::SetTimer { token: Token(0), after: std::time::Duration::ZERO }),
        _ => None,
    }
}

#[test]
fn every_import_called_once_records_its_command_or_answers_at_once() {
    let imports = imports();
    let module = load(caller(&imports));
    assert!(imports.len() >= 45, "the contract has {} imports", imports.len());
    for (index, import) in imports.iter().enumerate() {
        let mut host = Host::connected(&module);
        host.call(Event::ReceivedChunk(Bytes::from_static(b"chunk"))).unwrap();
        let called = host.timer(index as u64);
        if import.function.contains("listener.") {
            assert_eq!(called.unwrap_err().fault, Fault::Contract, "{}", import.function);
            continue;
        }
        let commands = called.unwrap_or_else(|fault| panic!("{}: {fault}", import.function));
        match import.function.as_str() {
            "[method]connection.register"
            | "[method]connection.write"
            | "[method]connection.write-chunk"
            | "[method]connection.write-compound" => {
                assert!(matches!(commands.as_slice(), [Command::On(CONNECTION, _)]), "{commands:?}");
            }
            function => assert_eq!(commands, Vec::from_iter(expected(function)), "{function}"),
        }
    }
}

#[test]
fn the_numbers_of_events_in_these_tests_are_the_contracts() {
    let (resolve, _) = contract("tcp-handler");
    let event = resolve.types.iter().find_map(|(_, ty)| match (&ty.name, &ty.kind) {
        (Some(name), wit_parser::TypeDefKind::Variant(variant)) if name == "event" => Some(variant.clone()),
        _ => None,
    });
    let cases: Vec<String> = event.unwrap().cases.into_iter().map(|case| case.name).collect();
    for (number, name) in [(CONNECTED, "connected"), (RECEIVED_CHUNK, "received-chunk"), (TIMER, "timer")] {
        assert_eq!(cases[number as usize], name);
    }
}
