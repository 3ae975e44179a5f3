//! `cargo xtask check`: formatting and lints, for the host and for what runs in the workers.

use crate::build;
use crate::process;
use crate::project::Ready;
use anyhow::Result;

/// Formatting first: it is the quickest to fail.
pub fn run(ready: &Ready) -> Result<()> {
    formatting(ready)?;
    lints(ready)
}

fn formatting(ready: &Ready) -> Result<()> {
    let mut cargo = ready.command("cargo");
    process::run(cargo.args(["fmt", "--all", "--check"]), "cargo fmt --all --check")
}

/// The workers are linted twice: code behind `cfg(target_arch = "wasm32")` is not seen on the host.
fn lints(ready: &Ready) -> Result<()> {
    let deny = ["--", "-D", "warnings"];
    let mut host = ready.command("cargo");
    host.args(["clippy", "--workspace", "--all-targets"]).args(deny);
    process::run(&mut host, "clippy")?;

    let mut wasm = ready.command("cargo");
    wasm.args(["clippy", "--target", "wasm32-unknown-unknown"]);
    for package in build::packages(ready.project)? {
        wasm.args(["--package", &package]);
    }
    process::run(wasm.args(deny), "clippy for the wasm target")
}
