//! Set-up: installs what is missing, everything inside the repository. Done before each command,
//! so it is quick when nothing is missing.

use crate::process;
use crate::project::{Project, Ready};
use anyhow::{Context, Result, bail};
use std::ffi::OsString;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The release that matches the `worker` crate.
pub const WORKER_BUILD_VERSION: &str = "0.8.7";
/// What checks licences, sources and advisories.
const CARGO_DENY_VERSION: &str = "0.20.2";
/// The Node that is brought along when the host's is too old for wrangler: the long-term release.
const NODE_VERSION: &str = "24.21.0";
/// What `npm` needs to install that Node.
const HOST_NODE_MAJOR_MIN: u32 = 20;
const WASM_TARGET: &str = "wasm32-unknown-unknown";
/// The tools are built once and run for seconds: a quick build beats a quick tool.
/// Measured on two cores: 5 min for both.
const QUICK_RELEASE: [(&str, &str); 4] = [
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1"),
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
    ("CARGO_PROFILE_RELEASE_DEBUG", "0"),
];
/// Settings meant for the caller's own code, which must not reach the build of the tools.
const FOREIGN_SETTINGS: [&str; 6] = [
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_BUILD_TARGET",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_TARGET_DIR",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTFLAGS",
];

/// worker-build links the system's OpenSSL, though it never downloads here.
const OPENSSL_MISSING: &str = "the OpenSSL headers are missing, which worker-build is built with: \
     install them (Debian: libssl-dev and pkg-config; Fedora: openssl-devel and pkgconf)";

/// Installs what is missing and says how to call it.
pub fn run(project: &Project) -> Result<Ready<'_>> {
    check_prerequisites()?;
    install_wasm_target(project)?;
    install_library_source(project)?;
    let path = path_with_node(project)?;
    let ready = Ready { project, path };
    install_npm_packages(&ready)?;
    install_build_tools(project)?;
    Ok(ready)
}

/// What only `cargo xtask deny` needs, and so only it waits for: 2 min on two cores, once.
pub fn install_cargo_deny(project: &Project) -> Result<()> {
    if is_installed(project, "cargo-deny", CARGO_DENY_VERSION, "cargo-deny") {
        return Ok(());
    }
    // Its default features bring certificates for what the git on the PATH does here.
    let packages = [format!("cargo-deny@{CARGO_DENY_VERSION}")];
    install_tools(project, &packages, &["--no-default-features"])
}

/// What only `cargo xtask fuzz` needs: libFuzzer is C++.
pub fn check_cpp_compiler() -> Result<()> {
    let told = std::env::var_os("CXX").is_some();
    if !told && !["c++", "g++", "clang++"].iter().any(|program| is_on_path(program)) {
        bail!(
            "a C++ compiler is missing, which libFuzzer is built with: install g++ or clang++ (Debian: build-essential, macOS: xcode-select --install)"
        );
    }
    Ok(())
}

fn check_prerequisites() -> Result<()> {
    let needed = [
        (&["rustup"][..], "rustup is missing: install it from https://rustup.rs"),
        (
            &["cc", "gcc", "clang"][..],
            "a C compiler is missing: install gcc or clang (Debian: build-essential, macOS: xcode-select --install)",
        ),
        (&["node"][..], "node is missing: install Node.js 20 or newer"),
        (&["npm"][..], "npm is missing: install it with Node.js 20 or newer"),
    ];
    for (programs, missing) in needed {
        if !programs.iter().any(|program| is_on_path(program)) {
            bail!(missing);
        }
    }
    Ok(())
}

fn is_on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|dir| dir.join(program).is_file())
}

/// Looks for the standard library itself, so that one put there by hand counts too.
fn install_wasm_target(project: &Project) -> Result<()> {
    let mut rustc = project.command("rustc");
    rustc.args(["--print", "target-libdir", "--target", WASM_TARGET]);
    let libraries = process::output_of(&mut rustc).context("rustc does not work")?;
    if holds_core(Path::new(&libraries)) {
        return Ok(());
    }
    step(&format!("adding the Rust target {WASM_TARGET}"));
    let mut rustup = project.command("rustup");
    process::run(rustup.args(["target", "add", WASM_TARGET]), "rustup target add")
}

/// The source of the standard library, which workers are built with: theirs unwinds
/// (docs/adr/0025-a-panic-is-one-requests.md).
fn install_library_source(project: &Project) -> Result<()> {
    let mut rustc = project.command("rustc");
    let sysroot = process::output_of(rustc.args(["--print", "sysroot"]));
    let sysroot = sysroot.context("rustc does not work")?;
    if Path::new(&sysroot).join("lib/rustlib/src/rust/library/std/Cargo.toml").is_file() {
        return Ok(());
    }
    step("adding the source of the Rust standard library");
    let mut rustup = project.command("rustup");
    process::run(rustup.args(["component", "add", "rust-src"]), "rustup component add")
}

fn holds_core(libraries: &Path) -> bool {
    fs::read_dir(libraries).is_ok_and(|entries| {
        entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("libcore-"))
    })
}

/// PATH as it is when the host's Node will do, else with our own Node first.
fn path_with_node(project: &Project) -> Result<OsString> {
    let host_path = std::env::var_os("PATH").unwrap_or_default();
    let host = process::output_of(project.command("node").arg("--version"));
    let (major, minor) = host.as_deref().and_then(parse_node_version).unwrap_or_default();
    if runs_wrangler(major, minor) {
        return Ok(host_path);
    }
    if major < HOST_NODE_MAJOR_MIN {
        bail!("node is {major}.{minor}: install Node.js {HOST_NODE_MAJOR_MIN} or newer");
    }
    let node = install_node(project, (major, minor))?;
    let dirs = std::iter::once(node).chain(std::env::split_paths(&host_path));
    std::env::join_paths(dirs).context("PATH cannot be extended")
}

/// The versions that wrangler 4.164 and vitest 5.1 both name in their `engines`.
fn runs_wrangler(major: u32, minor: u32) -> bool {
    match major {
        22 => minor >= 12,
        24 => true,
        _ => major >= 26,
    }
}

fn parse_node_version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.strip_prefix('v')?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn install_node(project: &Project, (major, minor): (u32, u32)) -> Result<PathBuf> {
    let home = project.path(".tools/node");
    let dir = home.join("node_modules/node/bin");
    let wanted = format!("v{NODE_VERSION}");
    let installed = || process::output_of(Command::new(dir.join("node")).arg("--version"));
    if installed().as_ref() == Some(&wanted) {
        return Ok(dir);
    }
    step(&format!("installing Node {NODE_VERSION} (wrangler cannot run on {major}.{minor})"));
    fs::create_dir_all(&home)?;
    // The package puts its binary in place by an install script, which newer npm wants allowed.
    let manifest = serde_json::json!({
        "private": true,
        "dependencies": { "node": NODE_VERSION },
        "allowScripts": { "node": true },
    });
    fs::write(home.join("package.json"), manifest.to_string())?;
    fs::copy(project.path(".npmrc"), home.join(".npmrc"))?;
    let mut npm = project.command("npm");
    npm.args(["install", "--no-package-lock", "--loglevel=error"]).current_dir(&home);
    process::run(&mut npm, "npm install of node")?;
    if installed().as_ref() != Some(&wanted) {
        bail!("npm installed no working Node {NODE_VERSION}; install Node 24 yourself");
    }
    Ok(dir)
}

/// `npm install`, not `npm ci`: both take the exact versions of the lockfile, but `ci` refuses a
/// lockfile that lacks another platform's optional package, and not every registry has them all.
fn install_npm_packages(ready: &Ready) -> Result<()> {
    let project = ready.project;
    let stamp = project.path("node_modules/.bulktrack-lock");
    let wanted = hash_of_files(&[project.path("package.json"), project.path("package-lock.json")])?;
    if fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(());
    }
    step("installing the npm packages (wrangler, vitest, wasm-opt, esbuild)");
    let mut npm = ready.command("npm");
    npm.args(["install", "--no-save", "--loglevel=error"]);
    process::run(&mut npm, "npm install")?;
    fs::write(stamp, wanted).context("node_modules cannot be written")
}

/// A fingerprint of some files. It need not outlive a compiler: a new one costs a rerun.
fn hash_of_files(files: &[PathBuf]) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    for file in files {
        fs::read(file)
            .with_context(|| format!("cannot read {}", file.display()))?
            .hash(&mut hasher);
    }
    Ok(format!("{:016x}", hasher.finish()))
}

fn install_build_tools(project: &Project) -> Result<()> {
    let lock = fs::read_to_string(project.path("Cargo.lock")).context("cannot read Cargo.lock")?;
    let bindgen = locked_version(&lock, "wasm-bindgen")
        .context("Cargo.lock names no wasm-bindgen: the workers need it")?;
    let missing: Vec<String> = [
        ("worker-build", WORKER_BUILD_VERSION, "worker-build"),
        ("wasm-bindgen-cli", bindgen, "wasm-bindgen"),
    ]
    .into_iter()
    .filter(|(package, version, binary)| !is_installed(project, package, version, binary))
    .map(|(package, version, _)| format!("{package}@{version}"))
    .collect();
    if missing.is_empty() {
        return Ok(());
    }
    check_openssl(project)?;
    install_tools(project, &missing, &[])
}

fn install_tools(project: &Project, packages: &[String], options: &[&str]) -> Result<()> {
    step(&format!("building {} (some minutes, once)", packages.join(" and ")));
    let mut cargo = project.command("cargo");
    cargo.args(["install", "--locked", "--root"]).arg(project.path(".tools"));
    cargo.arg("--target-dir").arg(project.path(".tools/target")).args(options).args(packages);
    for setting in FOREIGN_SETTINGS {
        cargo.env_remove(setting);
    }
    process::run(cargo.envs(QUICK_RELEASE), "cargo install of the tools")?;
    // 700 MB that nothing reads again.
    let _ = fs::remove_dir_all(project.path(".tools/target"));
    Ok(())
}

fn check_openssl(project: &Project) -> Result<()> {
    let told_where = std::env::var_os("OPENSSL_DIR").is_some();
    let found = || {
        let mut pkg_config = project.command("pkg-config");
        process::output_of(pkg_config.args(["--modversion", "openssl"])).is_some()
    };
    // Elsewhere the system's own TLS is used.
    if cfg!(target_os = "linux") && !told_where && !found() {
        bail!(OPENSSL_MISSING);
    }
    Ok(())
}

/// The version of a package in a Cargo.lock: the line after its name.
fn locked_version<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name);
    lines.nth(1)?.strip_prefix("version = \"")?.strip_suffix('"')
}

/// Cargo notes what it installed in `.crates2.json`.
fn is_installed(project: &Project, package: &str, version: &str, binary: &str) -> bool {
    let notes = fs::read_to_string(project.path(".tools/.crates2.json")).unwrap_or_default();
    notes.contains(&format!("\"{package} {version} (")) && project.tool(binary).is_file()
}

fn step(text: &str) {
    eprintln!("set-up: {text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lockfile_names_the_version_of_exactly_that_package() {
        let lock = "[[package]]\nname = \"wasm-bindgen-futures\"\nversion = \"0.4.80\"\n\n\
                    [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\n";
        assert_eq!(locked_version(lock, "wasm-bindgen"), Some("0.2.130"));
        assert_eq!(locked_version(lock, "worker"), None);
    }

    #[test]
    fn which_node_runs_wrangler() {
        let check = |version, expected| {
            let (major, minor) = parse_node_version(version).unwrap();
            assert_eq!(runs_wrangler(major, minor), expected, "{version}");
        };
        check("v20.20.2", false);
        check("v22.11.0", false);
        check("v22.12.0", true);
        check("v23.9.0", false);
        check("v24.0.0", true);
        check("v26.1.0", true);
        assert_eq!(parse_node_version("bash: node: not found"), None);
    }
}
