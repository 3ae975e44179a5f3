//! `cargo xtask build`: the four workers as `workers/<name>/build/index.js` and `index_bg.wasm`, and
//! the static pages of the api as `workers/api/web/build`.

use crate::project::{Project, Toolchain, WORKERS};
use crate::setup::WORKER_BUILD_VERSION;
use crate::{clock, process, sizes};
use anyhow::{Context, Result};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Options of wasm-opt. The features are those that worker-build 0.8.7 enables: rustc and
/// wasm-bindgen emit them, and the runtime supports them. Functions in the order of their names put the
/// instances of a generic function side by side, which gzip makes 4 % smaller (docs/adr/0045).
const WASM_OPT: [&str; 11] = [
    "-Oz",
    "--reorder-functions-by-name",
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
/// Crates that no worker depends on.
const HOST_CRATES: [&str; 5] = ["bench", "fuzz", "simulator", "testkit", "xtask"];
/// Folders of a crate that do not affect the build of a worker.
const IGNORED: [&str; 5] = ["benches", "build", "target", "tests", "web"];

/// Builds the pages and the workers with changed sources, and checks all sizes.
pub fn run(tools: &Toolchain) -> Result<()> {
    let mut pages = tools.command("node");
    process::run(pages.arg("workers/api/web/build.mjs"), "the build of the pages")?;
    for worker in WORKERS {
        let bytes = build(tools, worker)?;
        sizes::check_budget(worker, bytes)?;
    }
    Ok(())
}

/// Builds one worker, unless its sources are unchanged since the last build: wasm-opt takes
/// longest, and cargo cannot skip it.
fn build(tools: &Toolchain, worker: &str) -> Result<usize> {
    let project = tools.project;
    let wasm = project.path(format!("workers/{worker}/build/index_bg.wasm"));
    let inputs = hash_inputs(project, worker)?;
    // The inputs and the size of the last build.
    let stamp = project.path(format!("target/xtask/{worker}.stamp"));
    let built = fs::read_to_string(&stamp).unwrap_or_default();
    let size = built.strip_prefix(&format!("{inputs} ")).and_then(|size| size.parse().ok());
    if let Some(bytes) = size.filter(|_| wasm.is_file()) {
        report(worker, "unchanged", bytes);
        return Ok(bytes);
    }
    println!("{worker}: building");
    let start = clock::now();
    run_worker_build(tools, worker)?;
    run_wasm_opt(tools, worker, &wasm)?;
    let bytes = sizes::gzipped(&wasm)?;
    fs::create_dir_all(project.path("target/xtask"))?;
    fs::write(stamp, format!("{inputs} {bytes}")).context("cannot write a stamp file")?;
    report(worker, &format!("{:.1} s", start.elapsed().as_secs_f64()), bytes);
    Ok(bytes)
}

fn report(worker: &str, time: &str, bytes: usize) {
    println!("{worker:<12} {time:>10} {:>5} KB gzipped", sizes::kilobytes(bytes));
}

/// A wrapper that worker-build calls in place of cargo, rustc and rustup.
///
/// worker-build requests `nightly` for two flags that build the standard library. The pinned
/// compiler accepts them when `RUSTC_BOOTSTRAP` is set, so the same compiler builds workers and
/// tests (docs/adr/0025). `cargo build` becomes a `cargo rustc` of the cdylib alone, because cargo
/// has no LTO for a crate that is an rlib too. LTO makes a worker 13 % smaller (docs/adr/0014). The
/// standard library is built for size (docs/adr/0045).
const SHIM: &str = r#"#!/bin/sh
name=$(basename "$0")
[ "$1" = +nightly ] && shift
case "$name $1" in
"cargo build") shift && set -- rustc -Zbuild-std-features=panic-unwind,optimize_for_size "$@" --crate-type cdylib ;;
"rustup component") set -- component list ;;
esac
PATH=$BULKTRACK_PATH exec "$name" "$@"
"#;

/// `{:?}` of a derived `Debug` prints the name of the type or variant, without its fields. The workers log
/// with `Display` (docs/adr/0045).
const RUSTFLAGS: &str = "-Zfmt-debug=shallow";

/// Link-time optimisation across all crates of a worker.
const LTO: &str = "fat";

/// Writes the shims and returns their folder, which comes first on the path.
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

/// worker-build downloads a tool unless a variable names it.
fn run_worker_build(tools: &Toolchain, worker: &str) -> Result<()> {
    let project = tools.project;
    let mut command = tools.command(project.tool("worker-build"));
    let path = std::iter::once(shims(project)?).chain(std::env::split_paths(&tools.path));
    command
        .env("PATH", std::env::join_paths(path)?)
        .env("BULKTRACK_PATH", &tools.path)
        .env("CARGO_PROFILE_RELEASE_LTO", LTO)
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTFLAGS", RUSTFLAGS)
        .args(["--release", "--panic-unwind"])
        .current_dir(project.path("workers").join(worker))
        .env("WASM_BINDGEN_BIN", project.tool("wasm-bindgen"))
        .env("ESBUILD_BIN", project.node_tool("esbuild"));
    process::run(&mut command, &format!("the build of {worker}"))
}

/// Optimises for size and strips function names. A panic still contains its file and line.
fn run_wasm_opt(tools: &Toolchain, worker: &str, wasm: &Path) -> Result<()> {
    let small = wasm.with_extension("small");
    let mut command = tools.command(tools.project.node_tool("wasm-opt"));
    command.args(WASM_OPT).arg(wasm).arg("-o").arg(&small);
    process::run(&mut command, &format!("wasm-opt of {worker}"))?;
    // A rename is atomic: a running stack reloads the file when it changes.
    fs::rename(&small, wasm).with_context(|| format!("cannot write {}", wasm.display()))
}

/// Returns a hash of a worker's sources and build options.
fn hash_inputs(project: &Project, worker: &str) -> Result<String> {
    let mut files = Vec::new();
    for entry in fs::read_dir(project.path("crates"))? {
        let entry = entry?;
        if !HOST_CRATES.iter().any(|name| entry.file_name() == *name) {
            collect_files(&entry.path(), &mut files)?;
        }
    }
    collect_files(&project.path("workers").join(worker), &mut files)?;
    for file in ["Cargo.lock", "Cargo.toml", "package-lock.json", "rust-toolchain.toml"] {
        files.push(project.path(file));
    }
    files.sort();
    let mut hasher = DefaultHasher::new();
    (WORKER_BUILD_VERSION, WASM_OPT, SHIM, RUSTFLAGS, LTO).hash(&mut hasher);
    for file in files {
        let bytes = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        (file, bytes).hash(&mut hasher);
    }
    Ok(format!("{:016x}", hasher.finish()))
}

fn collect_files(dir: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))? {
        let entry = entry?;
        if !entry.file_type()?.is_dir() {
            files.push(entry.path());
        } else if !IGNORED.iter().any(|name| entry.file_name() == *name) {
            collect_files(&entry.path(), files)?;
        }
    }
    Ok(())
}
