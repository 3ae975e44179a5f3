//! `cargo xtask check`: formatting and lints of Rust, for the host and for the wasm target, and of
//! TypeScript, with its types; the rules of a linter for the documents of calls and events.

use crate::process;
use crate::project::{Toolchain, WORKERS};
use anyhow::Result;
use std::process::Command;

/// The calls: the tests of the api generate it from its routes and models.
const OPENAPI: &str = "docs/reference/openapi.json";
/// The events: the tests of shared-kernel generate it from their payloads.
const ASYNCAPI: &str = "docs/reference/asyncapi.json";
/// The types of `tests/support/client.ts`, generated before each type check.
const CLIENT_TYPES: &str = "tests/support/generated/api.ts";
/// Disables the reports and update checks of Redocly.
const QUIET_REDOCLY: [(&str, &str); 2] =
    [("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true"), ("REDOCLY_TELEMETRY", "off")];

/// Runs all steps; the first failure is the error.
pub fn run(tools: &Toolchain) -> Result<()> {
    for (name, mut command) in steps(tools) {
        process::run(&mut command, name)?;
    }
    Ok(())
}

/// Returns the name and the command of each step, quick ones first. The workers are linted twice:
/// the host does not compile code behind `cfg(target_arch = "wasm32")`.
fn steps(tools: &Toolchain) -> [(&'static str, Command); 8] {
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
    let mut redocly = node("redocly", &["lint", "--extends", "recommended", "--format", "stylish"]);
    redocly.args([OPENAPI, ASYNCAPI]).envs(QUIET_REDOCLY);
    // A package of its own: it calls the API of TypeScript 5, which TypeScript 7 does not have.
    let generator = tools.project.path("tests/codegen/node_modules/.bin/openapi-typescript");
    let mut client_types = tools.command(generator);
    client_types.args([OPENAPI, "--default-non-nullable=false", "--output", CLIENT_TYPES]);
    let mut wasm_clippy = cargo(&["clippy", "--target", "wasm32-unknown-unknown"]);
    for worker in WORKERS {
        wasm_clippy.args(["--package", worker]);
    }
    wasm_clippy.args(["--", "-D", "warnings"]);
    [
        ("cargo fmt", cargo(&["fmt", "--all", "--check"])),
        ("biome", node("biome", &["check", "--error-on-warnings"])),
        ("redocly", redocly),
        ("openapi-typescript", client_types),
        ("tsc of the tests", node("tsc", &["--project", "tests"])),
        ("tsc of the pages", node("tsc", &["--project", "workers/api/web"])),
        ("clippy", cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])),
        ("clippy for the wasm target", wasm_clippy),
    ]
}
