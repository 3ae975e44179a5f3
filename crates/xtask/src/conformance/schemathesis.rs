//! Schemathesis in a virtual environment of Python: its installation, and one run.

use super::counts::Counts;
use crate::process;
use crate::project::{Project, Toolchain};
use crate::state::StateDir;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// The configuration, the hooks, and the pinned packages with their hashes.
const FOLDER: &str = "tests/conformance";
const DOCUMENT: &str = "docs/reference/openapi.json";
/// The oldest Python that the pinned Schemathesis supports.
const PYTHON_MINOR_MIN: u32 = 11;
const OPERATOR_PATHS: &str = "/v1/admin/";
/// The exit code of Schemathesis when a check failed.
const EXIT_FAILURES: i32 = 1;

/// The operations of one run.
#[derive(Clone, Copy, Debug)]
pub enum Selection {
    /// Those of athletes and those without a key.
    Athletes,
    Operators,
}

impl Selection {
    /// Returns whether an operation such as `GET /v1/me` is selected.
    pub fn contains(self, operation: &str) -> bool {
        operation.contains(OPERATOR_PATHS) == matches!(self, Self::Operators)
    }

    const fn filter(self) -> [&'static str; 2] {
        match self {
            Self::Athletes => ["--exclude-path-regex", "^/v1/admin/"],
            Self::Operators => ["--include-path-regex", "^/v1/admin/"],
        }
    }
}

/// An installed Schemathesis.
pub struct Schemathesis<'a> {
    project: &'a Project,
    program: PathBuf,
}

/// One run against a stack.
pub struct Run<'a> {
    pub selection: Selection,
    /// Generated requests of each operation, in addition to its documented examples and boundary
    /// values.
    pub examples: u64,
    /// Whether each limit of each field is tested on both sides: hundreds of requests for a body.
    pub has_boundary_values: bool,
    pub seed: u32,
    pub api_url: &'a str,
    pub state: &'a StateDir,
}

/// The result of a run.
pub struct RunResult {
    pub is_success: bool,
    pub counts: Counts,
}

impl<'a> Schemathesis<'a> {
    /// Installs the pinned packages into `.tools/python`, unless they are there.
    pub fn install(tools: &Toolchain<'a>) -> Result<Self> {
        let project = tools.project;
        let home = project.path(".tools/python");
        let requirements = project.path(FOLDER).join("requirements.txt");
        let wanted = fs::read(&requirements).context("cannot read the Python requirements")?;
        let stamp = home.join("installed-requirements.txt");
        if fs::read(&stamp).ok().as_ref() != Some(&wanted) {
            check_python(project)?;
            eprintln!("set-up: installing Schemathesis into .tools/python");
            let mut venv = project.command("python3");
            venv.args(["-m", "venv", "--clear"]).arg(&home);
            process::run(&mut venv, "python3 -m venv (Debian: python3-venv)")?;
            let mut pip = project.command(home.join("bin/python"));
            pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
            // Hashes pin every file; without source packages nothing is compiled.
            pip.args(["--require-hashes", "--only-binary", ":all:", "--requirement"]);
            process::run(pip.arg(&requirements), "pip install of Schemathesis")?;
            fs::write(stamp, wanted).context("cannot write into .tools/python")?;
        }
        Ok(Self { project, program: home.join("bin/schemathesis") })
    }

    /// Returns the operations of the document, such as `GET /v1/me`.
    pub fn operations(&self) -> Result<Vec<String>> {
        let text = fs::read_to_string(self.project.path(DOCUMENT))
            .with_context(|| format!("cannot read {DOCUMENT}"))?;
        operations(&serde_json::from_str(&text).with_context(|| format!("{DOCUMENT} is no JSON"))?)
    }

    /// Runs Schemathesis over the selected operations.
    pub fn run(&self, run: &Run) -> Result<RunResult> {
        let counts_file = run.state.path("conformance-counts.json");
        let _ = fs::remove_file(&counts_file);
        let folder = self.project.path(FOLDER);
        let phases = if run.has_boundary_values {
            "examples,coverage,fuzzing,stateful"
        } else {
            "examples,fuzzing,stateful"
        };
        let mut command: Command = self.project.command(&self.program);
        // Schemathesis keeps its caches in the working directory.
        command
            .current_dir(run.state.path(""))
            .arg("--config-file")
            .arg(folder.join("schemathesis.toml"))
            .arg("run")
            .arg(self.project.path(DOCUMENT))
            .args(["--url", run.api_url])
            .args(["--max-examples", &run.examples.to_string(), "--seed", &run.seed.to_string()])
            .args(["--phases", phases])
            .args(run.selection.filter())
            .env("PYTHONPATH", &folder)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            // Hypothesis warns about code of Schemathesis.
            .env("PYTHONWARNINGS", "ignore")
            .env("HYPOTHESIS_STORAGE_DIRECTORY", run.state.path("hypothesis"))
            .env("BULKTRACK_API_URL", run.api_url)
            .env("BULKTRACK_OPERATOR_TOKEN", &run.state.saved.operator_token)
            .env("BULKTRACK_MAILS", run.state.path("mails"))
            .env("BULKTRACK_COUNTS_FILE", &counts_file);
        let status = process::ProcessGroup::spawn(&mut command, "Schemathesis")?.wait()?;
        if !status.success() && status.code() != Some(EXIT_FAILURES) {
            bail!("Schemathesis failed ({status})");
        }
        let text = fs::read_to_string(&counts_file).context("the hooks have written no counts")?;
        Ok(RunResult { is_success: status.success(), counts: serde_json::from_str(&text)? })
    }
}

/// Returns the operations of an OpenAPI document, such as `GET /v1/me`.
fn operations(document: &Value) -> Result<Vec<String>> {
    const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];
    let paths = document.get("paths").and_then(Value::as_object).context("no paths")?;
    let operations = paths.iter().flat_map(|(path, item)| {
        let methods = METHODS.into_iter().filter(|method| item.get(method).is_some());
        methods.map(move |method| format!("{} {path}", method.to_uppercase()))
    });
    Ok(operations.collect())
}

/// Fails without a supported Python, which only this command needs.
fn check_python(project: &Project) -> Result<()> {
    let version = process::output_of(project.command("python3").arg("--version"));
    let is_supported = version
        .as_deref()
        .and_then(parse_version)
        .is_some_and(|(major, minor)| major > 3 || major == 3 && minor >= PYTHON_MINOR_MIN);
    if is_supported {
        return Ok(());
    }
    let found = version.as_deref().unwrap_or("missing");
    bail!("python3 is {found}; Schemathesis requires Python 3.{PYTHON_MINOR_MIN} or newer")
}

fn parse_version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.strip_prefix("Python ")?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn operations_are_methods_with_paths() {
        let document = json!({ "paths": {
            "/v1/me": { "parameters": [], "get": {}, "delete": {} },
            "/v1/admin/actions": { "get": {} },
        } });
        let mut found = operations(&document).unwrap();
        found.sort();
        assert_eq!(found, ["DELETE /v1/me", "GET /v1/admin/actions", "GET /v1/me"]);
        let operators: Vec<_> =
            found.iter().filter(|operation| Selection::Operators.contains(operation)).collect();
        assert_eq!(operators, ["GET /v1/admin/actions"]);
        assert!(operations(&json!({})).is_err());
    }

    #[test]
    fn python_version_is_parsed() {
        assert_eq!(parse_version("Python 3.11.7"), Some((3, 11)));
        assert_eq!(parse_version("Python 3.14.0rc1"), Some((3, 14)));
        assert_eq!(parse_version("zsh: command not found: python3"), None);
    }
}
