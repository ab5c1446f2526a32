//! Which panics are findings: our own code's, always; a foreign decoder's where nothing catches it.
//!
//! libFuzzer's glue ends the process at every panic. The engine runs decoders that are not ours behind a guard, which makes an
//! error of a panic, and that is what users get; so those are told once a place, and the search goes on.

use std::{
    collections::BTreeSet,
    panic::{PanicHookInfo, set_hook, take_hook},
    process::abort,
    sync::{Mutex, Once, PoisonError},
};

/// What stands between a crate from a registry and its code.
const REGISTRY: &str = "/registry/src/";

/// Sets the hook, once.
pub(crate) fn watch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        drop(take_hook());
        set_hook(Box::new(judge));
    });
}

fn judge(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    if !place.contains(REGISTRY) {
        eprintln!("{panic}\n{}", std::backtrace::Backtrace::force_capture());
        abort();
    }
    // What the guard does not catch ends the process in libFuzzer's glue.
    static TOLD: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    if TOLD.lock().unwrap_or_else(PoisonError::into_inner).insert(place) {
        eprintln!("foreign panic: {panic}");
    }
}
