//! The table of limits: its defaults are those of the layers below, and nonsense is refused by name.

use core::time::Duration;

use tidegate_driver::Tuning;
use tidegate_machines::limits::{ConnectionLimits, HandlerLimits};
use tidegate_sandbox::{EngineConfig, InstanceLimits};

use super::Limits;

#[test]
fn the_defaults_of_the_table_are_those_of_the_layers_it_sets() {
    let limits = Limits::default();
    assert_eq!(limits.check(), Ok(()));
    assert_eq!(limits.of_connection(), ConnectionLimits::default());
    assert_eq!(limits.of_handler(), HandlerLimits::default());
    assert_eq!(limits.of_instance(), InstanceLimits::default());
    assert_eq!(limits.tuning(), Tuning { connections_max: limits.connections, ..Tuning::default() });
    let engine = EngineConfig::default();
    assert_eq!(limits.memory_bytes, engine.memory_bytes_max);
    assert_eq!(limits.component_bytes, engine.component_bytes_max);
}

#[test]
fn a_value_that_makes_no_sense_is_refused_by_its_name() {
    let refused = |limits: Limits| limits.check().expect_err("it makes no sense").key().to_owned();
    let default = Limits::default();
    assert_eq!(refused(Limits { register: Duration::ZERO, ..default.clone() }), "register");
    assert_eq!(refused(Limits { idle: Some(Duration::ZERO), ..default.clone() }), "idle");
    assert_eq!(refused(Limits { connections: 0, ..default.clone() }), "connections");
    assert_eq!(refused(Limits { read_chunk_bytes: 511, ..default.clone() }), "read-chunk");
    assert_eq!(refused(Limits { cpu_per_second: Duration::from_secs(2), ..default }), "cpu-per-second");
}
