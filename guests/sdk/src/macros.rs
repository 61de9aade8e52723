//! The export macros, one per world.
//!
//! Owns: how a handler type becomes the exports of a component. On other targets than Wasm the macros
//! only check the type, so that the crate can be tested natively.

/// Makes a component of the world `tcp-handler` from a [`Handler`](crate::Handler), or, written
/// `export!(service T)`, from a [`Service`](crate::Service). Once per crate.
#[macro_export]
macro_rules! export {
    (service $service:ty) => {
        $crate::__export_model!($crate::runtime::Shared<$service>);
    };
    ($handler:ty) => {
        $crate::__export_model!($crate::runtime::PerConnection<$handler>);
    };
}

/// Makes a component of the world `swappable-handler` from a type that is
/// [`Resumable`](crate::Resumable): its connections can be handed over to a newer generation. Once
/// per crate, instead of [`export!`](crate::export).
#[macro_export]
macro_rules! export_swappable {
    ($handler:ty) => {
        $crate::__export_model!($crate::runtime::PerConnection<$handler>, $handler);
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __export_model {
    ($model:ty $(, $resumable:ty)?) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            ::std::thread_local! {
                static RUNTIME: ::core::cell::RefCell<$crate::runtime::Runtime<$model>> =
                    const { ::core::cell::RefCell::new($crate::runtime::Runtime::new()) };
            }

            struct Component;

            impl $crate::bindings::tcp_handler::exports::tidegate::tcp::handler::Guest for Component {
                fn handle(source: u64, event: $crate::glue::Event) {
                    RUNTIME.with_borrow_mut(|runtime| $crate::glue::handle(runtime, source, event));
                }
            }

            $crate::bindings::tcp_handler::__export_tcp_handler!(
                Component with_types_in $crate::bindings::tcp_handler
            );

            $(
                const _: fn() = $crate::runtime::check_resumable::<$resumable>;

                impl $crate::bindings::handover_part::exports::tidegate::tcp::handover::Guest for Component {
                    fn snapshot() -> Result<$crate::glue::Saved, String> {
                        RUNTIME.with_borrow(|runtime| $crate::glue::snapshot(runtime))
                    }

                    fn restore(
                        saved: $crate::glue::Saved,
                        owned: $crate::glue::Owned,
                    ) -> Result<(), String> {
                        RUNTIME.with_borrow_mut(|runtime| $crate::glue::restore(runtime, saved, owned))
                    }
                }

                $crate::bindings::handover_part::__export_handover_part!(
                    Component with_types_in $crate::bindings::handover_part
                );
            )?
        };

        #[cfg(not(target_arch = "wasm32"))]
        const _: fn() = $crate::runtime::check_model::<$model>;
        $(
            #[cfg(not(target_arch = "wasm32"))]
            const _: fn() = $crate::runtime::check_resumable::<$resumable>;
        )?
    };
}
