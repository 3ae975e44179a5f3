//! `cargo xtask check`: formatting and lints of Rust, for the host and for the wasm target, and of
//! TypeScript, with its types.

use crate::process;
use crate::project::{Toolchain, WORKERS};
use anyhow::Result;
use std::process::Command;

/// Runs all steps; the first failure is the error.
pub fn run(tools: &Toolchain) -> Result<()> {
    for (name, mut command) in steps(tools) {
        process::run(&mut command, name)?;
    }
    Ok(())
}

/// Returns the name and the command of each step, quick ones first. The workers are linted twice:
/// the host does not compile code behind `cfg(target_arch = "wasm32")`.
fn steps(tools: &Toolchain) -> [(&'static str, Command); 6] {
    let cargo = |args: &[&str]| {
        let mut command = tools.command("cargo");
        command.args(args);
        command
    };
    let node = |tool: &str, args: &[&str]| {
        let mut command = tools.command(tools.project.node_tool(tool));
        command.args(args);
        command
    };
    let mut wasm_clippy = cargo(&["clippy", "--target", "wasm32-unknown-unknown"]);
    for worker in WORKERS {
        wasm_clippy.args(["--package", worker]);
    }
    wasm_clippy.args(["--", "-D", "warnings"]);
    [
        ("cargo fmt", cargo(&["fmt", "--all", "--check"])),
        ("biome", node("biome", &["check", "--error-on-warnings"])),
        ("tsc of the tests", node("tsc", &["--project", "tests"])),
        ("tsc of the pages", node("tsc", &["--project", "workers/api/web"])),
        ("clippy", cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])),
        ("clippy for the wasm target", wasm_clippy),
    ]
}
