//! libFuzzer over the target that the environment variable `FUZZ_TARGET` names. One binary for all
//! of them: it is linked once. `cargo xtask fuzz` builds and calls it.
#![no_main]

use fuzz::{TARGETS, Target};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static TARGET: LazyLock<&Target> = LazyLock::new(|| {
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    TARGETS.iter().find(|target| target.name == name).unwrap_or_else(|| {
        eprintln!("FUZZ_TARGET has to name a target of crates/fuzz/src/lib.rs, not `{name}`");
        std::process::exit(2)
    })
});

fuzz_target!(|bytes: &[u8]| (TARGET.check)(bytes));
