//! `cargo xtask check`: formatting and lints, for the host and for the wasm target.

use crate::build;
use crate::process;
use crate::project::Toolchain;
use anyhow::Result;
use std::process::Command;

/// A name for error messages, and the command.
type Step = (&'static str, Command);

/// Runs all steps; the first failure is the error.
pub fn run(tools: &Toolchain) -> Result<()> {
    for (name, mut command) in steps(tools)? {
        process::run(&mut command, name)?;
    }
    Ok(())
}

/// Quick steps come first. The workers are linted twice: the host does not compile code behind
/// `cfg(target_arch = "wasm32")`.
fn steps(tools: &Toolchain) -> Result<Vec<Step>> {
    let cargo = |args: &[&str]| {
        let mut command = tools.command("cargo");
        command.args(args);
        command
    };
    let mut wasm_clippy = cargo(&["clippy", "--target", "wasm32-unknown-unknown"]);
    for package in build::packages(tools.project)? {
        wasm_clippy.args(["--package", &package]);
    }
    wasm_clippy.args(["--", "-D", "warnings"]);
    Ok(vec![
        ("cargo fmt", cargo(&["fmt", "--all", "--check"])),
        ("clippy", cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])),
        ("clippy for the wasm target", wasm_clippy),
    ])
}
