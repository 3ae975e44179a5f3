//! `cargo xtask build`: the four workers as `workers/<name>/build/index.js` and `index_bg.wasm`.

use crate::project::{Project, Ready, WORKERS};
use crate::setup::WORKER_BUILD_VERSION;
use crate::{clock, process, sizes};
use anyhow::{Context, Result};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// What wasm-opt does. The features are those that worker-build 0.8.7 allows: what rustc and
/// wasm-bindgen emit, and no encoding that the runtime does not know yet.
const WASM_OPT: [&str; 10] = [
    "-Oz",
    "--strip-debug",
    "--strip-producers",
    "--enable-mutable-globals",
    "--enable-sign-ext",
    "--enable-nontrapping-float-to-int",
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-reference-types",
    "--enable-exception-handling",
];
/// Crates that never reach a worker.
const HOST_CRATES: [&str; 4] = ["fuzz", "simulator", "testkit", "xtask"];
/// Folders of a crate that do not change what is built.
const NO_INPUT: [&str; 4] = ["benches", "build", "target", "tests"];

/// Builds what has changed, and holds every worker to its size.
pub fn run(ready: &Ready) -> Result<()> {
    for worker in WORKERS {
        let bytes = build(ready, worker)?;
        sizes::hold_to_budget(worker, bytes)?;
    }
    Ok(())
}

/// The package names of the four workers.
pub fn packages(project: &Project) -> Result<Vec<String>> {
    WORKERS.iter().map(|worker| package(project, worker)).collect()
}

fn package(project: &Project, worker: &str) -> Result<String> {
    let manifest = project.path(format!("workers/{worker}/Cargo.toml"));
    let text = fs::read_to_string(&manifest)
        .with_context(|| format!("cannot read {}", manifest.display()))?;
    text.lines()
        .find_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'))
        .map(str::to_owned)
        .with_context(|| format!("{} names no package", manifest.display()))
}

/// Builds one worker, unless what is there was built from the same sources: wasm-opt takes longer
/// than everything else, and worker-build always runs it.
fn build(ready: &Ready, worker: &str) -> Result<usize> {
    let project = ready.project;
    let wasm = project.path(format!("workers/{worker}/build/index_bg.wasm"));
    let stamp = Stamp::of(project, worker)?;
    if let Some(bytes) = stamp.built_size().filter(|_| wasm.is_file()) {
        report(worker, "unchanged", bytes);
        return Ok(bytes);
    }
    println!("{worker}: building");
    let start = clock::now();
    run_worker_build(ready, worker)?;
    run_wasm_opt(ready, worker, &wasm)?;
    let bytes = sizes::gzipped(&wasm)?;
    stamp.write(bytes)?;
    report(worker, &format!("{:.1} s", start.elapsed().as_secs_f64()), bytes);
    Ok(bytes)
}

fn report(worker: &str, time: &str, bytes: usize) {
    println!("{worker:<12} {time:>10} {:>5} KB gzipped", sizes::kilobytes(bytes));
}

/// What worker-build finds under the names of cargo, rustc and rustup.
///
/// It asks for `nightly` by name, for the two flags that build the standard library; the pinned
/// compiler has them too when `RUSTC_BOOTSTRAP` is set, and so a worker is built by the compiler that
/// its tests are built by (docs/adr/0025). And its `cargo build` becomes a `cargo rustc` of the cdylib
/// alone: cargo has no LTO for a crate that is an rlib too, and together they make a worker 13 %
/// smaller (docs/adr/0014).
const SHIM: &str = r#"#!/bin/sh
name=$(basename "$0")
[ "$1" = +nightly ] && shift
case "$name $1" in
"cargo build") shift && set -- rustc "$@" --crate-type cdylib ;;
"rustup component") set -- component list ;;
esac
PATH=$BULKTRACK_PATH exec "$name" "$@"
"#;

/// Optimises across all crates of a worker.
const LTO: &str = "fat";

/// The folder of the shims, to be put before all others on the path.
fn shims(project: &Project) -> Result<PathBuf> {
    let folder = project.path(".tools/shim");
    fs::create_dir_all(&folder)?;
    for name in ["cargo", "rustc", "rustup"] {
        let file = folder.join(name);
        fs::write(&file, SHIM).with_context(|| format!("cannot write {}", file.display()))?;
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755))?;
    }
    Ok(folder)
}

/// worker-build looks for its tools in these variables before it would download them.
fn run_worker_build(ready: &Ready, worker: &str) -> Result<()> {
    let project = ready.project;
    let mut command = ready.command(project.tool("worker-build"));
    let path = std::iter::once(shims(project)?).chain(std::env::split_paths(&ready.path));
    command
        .env("PATH", std::env::join_paths(path)?)
        .env("BULKTRACK_PATH", &ready.path)
        .env("CARGO_PROFILE_RELEASE_LTO", LTO)
        .env("RUSTC_BOOTSTRAP", "1")
        .args(["--release", "--panic-unwind"])
        .current_dir(project.path("workers").join(worker))
        .env("WASM_BINDGEN_BIN", project.tool("wasm-bindgen"))
        .env("ESBUILD_BIN", project.node_tool("esbuild"));
    process::run(&mut command, &format!("the build of {worker}"))
}

/// Makes a worker small: for size, and without the names of its functions. A panic still names its
/// file and line.
fn run_wasm_opt(ready: &Ready, worker: &str, wasm: &Path) -> Result<()> {
    let small = wasm.with_extension("small");
    let mut command = ready.command(ready.project.node_tool("wasm-opt"));
    command.args(WASM_OPT).arg(wasm).arg("-o").arg(&small);
    process::run(&mut command, &format!("wasm-opt of {worker}"))?;
    // At once: a running stack reloads what it sees, and must not see half a file.
    fs::rename(&small, wasm).with_context(|| format!("cannot write {}", wasm.display()))
}

/// What a worker was built from, and how large it became.
struct Stamp {
    file: PathBuf,
    inputs: String,
}

impl Stamp {
    fn of(project: &Project, worker: &str) -> Result<Self> {
        let mut files = Vec::new();
        for entry in fs::read_dir(project.path("crates"))? {
            let entry = entry?;
            if !HOST_CRATES.iter().any(|name| entry.file_name() == *name) {
                collect(&entry.path(), &mut files)?;
            }
        }
        collect(&project.path("workers").join(worker), &mut files)?;
        for file in ["Cargo.lock", "Cargo.toml", "package-lock.json", "rust-toolchain.toml"] {
            files.push(project.path(file));
        }
        files.sort();
        let mut hasher = DefaultHasher::new();
        (WORKER_BUILD_VERSION, WASM_OPT, SHIM, LTO).hash(&mut hasher);
        for file in files {
            let bytes =
                fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
            (file, bytes).hash(&mut hasher);
        }
        Ok(Self {
            file: project.path(format!("target/xtask/{worker}.stamp")),
            inputs: format!("{:016x}", hasher.finish()),
        })
    }

    /// The size that came out of the same inputs.
    fn built_size(&self) -> Option<usize> {
        let text = fs::read_to_string(&self.file).ok()?;
        let (inputs, bytes) = text.split_once(' ')?;
        (inputs == self.inputs).then(|| bytes.parse().ok())?
    }

    fn write(&self, bytes: usize) -> Result<()> {
        if let Some(dir) = self.file.parent() {
            fs::create_dir_all(dir)?;
        }
        fs::write(&self.file, format!("{} {bytes}", self.inputs)).context("cannot write a stamp")
    }
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))? {
        let entry = entry?;
        if !entry.file_type()?.is_dir() {
            files.push(entry.path());
        } else if !NO_INPUT.iter().any(|name| entry.file_name() == *name) {
            collect(&entry.path(), files)?;
        }
    }
    Ok(())
}
