//! `cargo xtask deny`: checks the crates of Cargo.lock against `deny.toml`.

use crate::process;
use crate::project::Project;
use crate::setup;
use anyhow::Result;

/// Checks licences, bans and sources, and advisories where their database can be fetched.
pub fn run(project: &Project) -> Result<()> {
    setup::install_cargo_deny(project)?;
    let deny = |args: &[&str]| {
        let mut command = project.command(project.tool("cargo-deny"));
        command.args(args);
        command
    };
    // `cargo tree -d` shows the paths to two versions of a crate.
    let offline = ["check", "--hide-inclusion-graph", "licenses", "bans", "sources"];
    process::run(&mut deny(&offline), "cargo deny check")?;
    if process::run(&mut deny(&["fetch", "db"]), "cargo deny fetch db").is_ok() {
        return process::run(&mut deny(&["check", "advisories"]), "cargo deny check advisories");
    }
    process::check_signals()?;
    eprintln!(
        "ADVISORIES WERE NOT CHECKED: their database (https://github.com/RustSec/advisory-db) cannot be fetched"
    );
    Ok(())
}
