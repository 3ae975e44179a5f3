//! Paths of the repository, and commands that call its tools.

use anyhow::{Context, Result, bail};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The four workers: folder, package and wrangler file have the same name. `wrangler dev` gives the
/// port to the first.
pub const WORKERS: [&str; 4] = ["api", "aggregation", "ai", "webhook"];

/// Variables that `cargo run` sets. A nested cargo must not inherit them: build scripts that depend
/// on them would run each time.
const CARGO_RUN_PREFIXES: [&str; 5] =
    ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_"];

/// Disables prompts, reports and update checks of wrangler.
const QUIET_WRANGLER: [(&str, &str); 6] = [
    ("CI", "1"),
    ("DO_NOT_TRACK", "1"),
    ("WRANGLER_HIDE_BANNER", "true"),
    ("WRANGLER_NO_SKILLS_UPDATE_PROMPTS", "true"),
    ("WRANGLER_SEND_ERROR_REPORTS", "false"),
    ("WRANGLER_SEND_METRICS", "false"),
];

/// The repository.
pub struct Project {
    root: PathBuf,
}

impl Project {
    /// Returns the repository that xtask was built from.
    pub fn locate() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .ancestors()
            .nth(2)
            .context("crates/xtask is not where it was built")?
            .to_owned();
        if !root.join("wrangler").is_dir() {
            bail!("{} has moved; build xtask again", root.display());
        }
        Ok(Self { root })
    }

    /// Returns a path inside the repository.
    pub fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.root.join(relative)
    }

    /// Returns the path of a tool in `.tools`.
    pub fn tool(&self, name: &str) -> PathBuf {
        self.path(".tools/bin").join(name)
    }

    /// Returns the path of a tool in `node_modules`.
    pub fn node_tool(&self, name: &str) -> PathBuf {
        self.path("node_modules/.bin").join(name)
    }

    /// Returns a command in the root of the repository, without the variables of `cargo run`.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root).env_remove("CARGO").env_remove("OUT_DIR");
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if CARGO_RUN_PREFIXES.iter().any(|prefix| text.starts_with(prefix)) {
                command.env_remove(&name);
            }
        }
        command
    }
}

/// The repository with all tools installed.
pub struct Toolchain<'a> {
    pub project: &'a Project,
    /// PATH, with a supported Node first.
    pub path: OsString,
}

impl Toolchain<'_> {
    /// Returns a command with a supported Node on its PATH.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = self.project.command(program);
        command.env("PATH", &self.path);
        command
    }

    /// Returns a wrangler command without prompts and reports.
    pub fn wrangler(&self) -> Command {
        let mut command = self.command(self.project.node_tool("wrangler"));
        command.envs(QUIET_WRANGLER);
        command.env("WRANGLER_LOG_PATH", self.project.path(".tools/wrangler-logs"));
        command
    }
}

/// Returns the path of a worker's wrangler file, relative to the root.
pub fn config(worker: &str) -> String {
    format!("wrangler/{worker}.jsonc")
}
