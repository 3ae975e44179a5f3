//! `cargo xtask deny`: the crates of Cargo.lock against `deny.toml`.

use crate::process;
use crate::project::Project;
use crate::setup;
use anyhow::Result;

/// Advisories are checked where their database can be had; where not, the output says so.
pub fn run(project: &Project) -> Result<()> {
    setup::install_cargo_deny(project)?;
    let deny = |words: &[&str]| {
        let mut command = project.command(project.tool("cargo-deny"));
        command.args(words);
        command
    };
    // Whence two versions of a crate come, `cargo tree -d` says.
    let always = ["check", "--hide-inclusion-graph", "licenses", "bans", "sources"];
    process::run(&mut deny(&always), "cargo deny check")?;
    if process::run(&mut deny(&["fetch", "db"]), "cargo deny fetch db").is_ok() {
        return process::run(&mut deny(&["check", "advisories"]), "advisories");
    }
    process::check_signals()?;
    eprintln!(
        "ADVISORIES WERE NOT CHECKED: their database (https://github.com/RustSec/advisory-db) cannot be fetched from here"
    );
    Ok(())
}
