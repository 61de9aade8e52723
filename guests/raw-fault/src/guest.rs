//! The component: a bare handler over the generated bindings.

use std::cell::RefCell;

use tidegate_guest::bindings::tcp_handler;
use tidegate_guest::bindings::tcp_handler::exports::tidegate::tcp::handler::Guest;
use tidegate_guest::bindings::tcp_handler::tidegate::tcp::types::{Connection, Event};
use tidegate_guest::{Answer, Registration, error};

use crate::{Mode, raw};

struct State {
    mode: Mode,
    /// The one connection, until it is closed.
    connection: Option<Connection>,
}

thread_local! {
    static STATE: RefCell<State> = const { RefCell::new(State { mode: Mode::None, connection: None }) };
}

struct RawFault;

impl Guest for RawFault {
    fn handle(_source: u64, event: Event) {
        STATE.with_borrow_mut(|state| state.on(event));
    }
}

impl State {
    fn on(&mut self, event: Event) {
        match event {
            Event::Started(info) => {
                for (key, value) in info.args {
                    match (key.as_str(), Mode::parse(&value)) {
                        ("mode", Some(mode)) => self.mode = mode,
                        _ => {
                            error!("refused to start: argument `{key}={value}` is not known");
                            core::arch::wasm32::unreachable();
                        }
                    }
                }
            }
            Event::Connected(connection) => {
                connection.register(Registration::paced());
                self.connection = Some(connection);
            }
            Event::Received(data) => self.received(&data),
            Event::PeerClosed => {
                if let Some(connection) = &self.connection {
                    connection.close();
                }
            }
            Event::Closed(_) => self.connection = None,
            _ => {}
        }
    }

    fn received(&mut self, data: &[u8]) {
        let Some(connection) = &self.connection else { return };
        match self.mode {
            Mode::None => connection.write(data, Answer::None),
            Mode::DropOwner => self.connection = None,
            Mode::DroppedHandle => {
                let handle = connection.handle();
                self.connection = None;
                raw::close(handle);
            }
            Mode::ForgedHandle => raw::close(connection.handle() + 1_000),
            Mode::BadDiscriminant => raw::write_with_answer(connection.handle(), data, 7),
            Mode::BadPointer => raw::write_past_memory(connection.handle()),
            Mode::BadUtf8 => raw::log_bytes(b"not \xff\xfe utf-8"),
        }
    }
}

tcp_handler::__export_tcp_handler!(RawFault with_types_in tidegate_guest::bindings::tcp_handler);
