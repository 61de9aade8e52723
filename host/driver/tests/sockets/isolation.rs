//! What one guest does wrong costs that guest's connections and nothing else.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::common::{Factory, Recorder, Script, assert_nothing_left, connect, eventually, spec, start};
use bytes::Bytes;
use tidegate_driver::{Guest, GuestContext, GuestFactory, GuestFault};
use tidegate_machines::command::{Answer, Registration};
use tidegate_machines::event::{Envelope, Event};
use tidegate_machines::reason::Fault;
use tidegate_machines::turn::Turn;

/// Echoes, but the first byte of a message can be an order to fail.
fn failing_on_order() -> impl Fn() -> Script + Send + Sync + 'static {
    || {
        Box::new(|event, recorder| {
            match event {
                Event::Connected => recorder.register(Registration::default()),
                Event::Received(data) => {
                    // Recorded before the fault: it must have no effect.
                    recorder.write(Bytes::copy_from_slice(data), Answer::None);
                    match data.first() {
                        Some(b'F') => {
                            return Err(GuestFault { fault: Fault::Trap, message: "told to".into() });
                        }
                        Some(b'P') => panic!("told to panic"),
                        _ => {}
                    }
                }
                _ => {}
            }
            Ok(())
        })
    }
}

fn talks(mut client: &TcpStream) {
    client.write_all(b"hello").unwrap();
    let mut back = [0; 5];
    client.read_exact(&mut back).unwrap();
    assert_eq!(&back, b"hello");
}

fn is_reset(mut client: &TcpStream) {
    let mut byte = [0];
    let error = client.read(&mut byte).expect_err("nothing of the turn is sent, and the end is a RST");
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
}

#[test]
fn a_fault_resets_its_own_connection_and_no_other() {
    let runtime = start(1);
    let service = runtime.serve(spec(Factory(failing_on_order()))).unwrap();
    let healthy: Vec<_> = (0..50).map(|_| connect(&service)).collect();
    let mut victim = connect(&service);
    victim.write_all(b"F").unwrap();
    is_reset(&victim);
    for client in &healthy {
        talks(client);
    }
    let counters = service.counters().snapshot();
    assert_eq!(counters.faults.of("trap"), 1);
    assert_eq!(counters.closed.of("handler-failed"), 1);
    drop(healthy);
    assert_nothing_left(&service);
}

#[test]
fn a_panic_in_a_cell_costs_that_cell_only() {
    let runtime = start(1);
    let service = runtime.serve(spec(Factory(failing_on_order()))).unwrap();
    let healthy = connect(&service);
    talks(&healthy);
    let mut victim = connect(&service);
    victim.write_all(b"P").unwrap();
    is_reset(&victim);
    talks(&healthy);
    eventually("the panic is counted", || service.counters().snapshot().panics == 1);
    drop(healthy);
    assert_nothing_left(&service);
}

struct Unmakeable;

impl Guest for Unmakeable {
    fn call(&mut self, _: Envelope<Bytes>, turn: Turn<Bytes>) -> Result<Turn<Bytes>, GuestFault> {
        Ok(turn)
    }
}

impl GuestFactory for Unmakeable {
    type Guest = Self;

    fn instantiate(&self, _: GuestContext) -> Result<Self, GuestFault> {
        Err(GuestFault { fault: Fault::Memory, message: "no room for an instance".into() })
    }
}

#[test]
fn an_instance_that_cannot_be_made_costs_its_connection() {
    let runtime = start(1);
    let service = runtime.serve(spec(Unmakeable)).unwrap();
    is_reset(&connect(&service));
    assert_nothing_left(&service);
    let counters = service.counters().snapshot();
    assert_eq!(counters.instances_made, 0);
    assert_eq!(counters.faults.of("memory"), 1);
}

#[test]
fn a_guest_that_records_too_much_is_stopped() {
    let runtime = start(1);
    let mut flooding = spec(Factory(|| {
        |event: &Event<Bytes>, recorder: &mut Recorder| -> Result<(), GuestFault> {
            if *event == Event::Connected {
                for _ in 0..5 {
                    recorder.on_source(tidegate_machines::command::ConnectionCommand::ResumeReading);
                }
            }
            Ok(())
        }
    }));
    flooding.handler_limits.commands_per_turn_max = 4;
    let service = runtime.serve(flooding).unwrap();
    is_reset(&connect(&service));
    assert_nothing_left(&service);
    assert_eq!(service.counters().snapshot().faults.of("commands"), 1);
}
