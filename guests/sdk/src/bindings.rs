//! What `wit-bindgen` makes of the contract, for both worlds over one set of types.
//!
//! Owns: the generated code, and nothing written by hand. Everything else in this crate speaks to it
//! through `backend` and `glue`. Never used directly by a guest, except through the export macros.

/// The world `tcp-handler`, and the types both worlds share.
pub mod tcp_handler {
    wit_bindgen::generate!({
        path: "wit",
        world: "tcp-handler",
        pub_export_macro: true,
        export_macro_name: "__export_tcp_handler",
        default_bindings_module: "tidegate_guest::bindings::tcp_handler",
        additional_derives: [PartialEq, Eq, Hash],
        additional_derives_ignore: [
            "failure", "payload", "part-data", "part", "message", "event"
        ],
    });
}

/// What the world `swappable-handler` has beyond `tcp-handler`: the interface `handover`. A guest that
/// exports both parts is a component of that world (the sections that describe them are united).
pub mod handover_part {
    wit_bindgen::generate!({
        path: "wit",
        inline: "
            package tidegate:guest;
            world handover-part { export tidegate:tcp/handover@0.1.0; }
        ",
        world: "tidegate:guest/handover-part",
        pub_export_macro: true,
        export_macro_name: "__export_handover_part",
        default_bindings_module: "tidegate_guest::bindings::handover_part",
        with: {
            "tidegate:tcp/types@0.1.0": super::tcp_handler::tidegate::tcp::types,
        },
    });
}
