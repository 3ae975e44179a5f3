//! Runs libFuzzer on the target that the environment variable `FUZZ_TARGET` names. One binary serves
//! all targets, so it is linked once. `cargo xtask fuzz` builds and runs it.
#![no_main]

use fuzz::{TARGETS, Target};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static TARGET: LazyLock<&Target> = LazyLock::new(|| {
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    TARGETS.iter().find(|target| target.name == name).unwrap_or_else(|| {
        eprintln!("FUZZ_TARGET must name a target of crates/fuzz/src/lib.rs, not `{name}`");
        std::process::exit(2)
    })
});

fuzz_target!(|bytes: &[u8]| (TARGET.check)(bytes));
