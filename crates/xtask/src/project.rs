//! Where things are, and how the tools of the project are called.

use anyhow::{Context, Result, bail};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The four workers, the one that answers HTTP first: `wrangler dev` gives it the port.
pub const WORKERS: [&str; 4] = ["api", "aggregation", "ai", "webhook"];

/// What cargo tells the program it runs. A nested cargo must not take it for its own: build
/// scripts that watch these variables would run again and again.
const CARGO_RUN_PREFIXES: [&str; 5] =
    ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_"];

/// No prompts, no reports, no update checks from wrangler.
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
    /// The repository this xtask was built from.
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

    /// A path inside the repository.
    pub fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.root.join(relative)
    }

    /// A tool of the repository's own `.tools`.
    pub fn tool(&self, name: &str) -> PathBuf {
        self.path(".tools/bin").join(name)
    }

    /// A tool of `node_modules`.
    pub fn node_tool(&self, name: &str) -> PathBuf {
        self.path("node_modules/.bin").join(name)
    }

    /// A command that runs in the repository's root, as if a shell had started it.
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

/// A repository in which everything that the commands need is installed.
pub struct Ready<'a> {
    /// The repository.
    pub project: &'a Project,
    /// PATH, with the right Node first.
    pub path: OsString,
}

impl Ready<'_> {
    /// A command that finds the right Node.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = self.project.command(program);
        command.env("PATH", &self.path);
        command
    }

    /// Wrangler, without prompts and without reports.
    pub fn wrangler(&self) -> Command {
        let mut command = self.command(self.project.node_tool("wrangler"));
        command.envs(QUIET_WRANGLER);
        command.env("WRANGLER_LOG_PATH", self.project.path(".tools/wrangler-logs"));
        command
    }
}

/// The wrangler file of a worker, from the root.
pub fn config(worker: &str) -> String {
    format!("wrangler/{worker}.jsonc")
}
