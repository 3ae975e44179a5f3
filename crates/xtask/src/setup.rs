//! Set-up: installs missing tools inside the repository. Commands that need them run it first, so
//! it is quick when nothing is missing.

use crate::process;
use crate::project::{Project, Toolchain};
use anyhow::{Context, Result, bail};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The release that matches the `worker` crate.
pub const WORKER_BUILD_VERSION: &str = "0.8.7";
const CARGO_DENY_VERSION: &str = "0.20.2";
/// The Node to install when the host's is too old for wrangler: the long-term release.
const NODE_VERSION: &str = "24.21.0";
/// The oldest Node with an `npm` that can install that.
const HOST_NODE_MAJOR_MIN: u32 = 20;
const WASM_TARGET: &str = "wasm32-unknown-unknown";
/// Fast builds of tools that run for seconds. On two cores both take 5 min.
const QUICK_RELEASE: [(&str, &str); 4] = [
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1"),
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
    ("CARGO_PROFILE_RELEASE_DEBUG", "0"),
];
/// Settings of the developer's environment that must not affect the build of the tools.
const FOREIGN_SETTINGS: [&str; 6] = [
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_BUILD_TARGET",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_TARGET_DIR",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTFLAGS",
];

/// worker-build links the system's OpenSSL, though it never downloads here.
const OPENSSL_MISSING: &str = "the OpenSSL headers are missing, which the build of worker-build requires: \
     install them (Debian: libssl-dev and pkg-config; Fedora: openssl-devel and pkgconf)";

/// Installs missing tools.
pub fn run(project: &Project) -> Result<Toolchain<'_>> {
    check_prerequisites()?;
    install_rust_components(project)?;
    let path = path_with_node(project)?;
    let tools = Toolchain { project, path };
    install_npm_packages(&tools)?;
    install_build_tools(project)?;
    Ok(tools)
}

/// Installs cargo-deny, which only `cargo xtask deny` needs. It takes 2 min on two cores, once.
pub fn install_cargo_deny(project: &Project) -> Result<()> {
    // The default features replace the git on the PATH.
    let options = ["--no-default-features"];
    install_tools(project, &[("cargo-deny", CARGO_DENY_VERSION, "cargo-deny")], &options)
}

/// Fails without a C++ compiler, which `cargo xtask fuzz` needs for libFuzzer.
pub fn check_cpp_compiler() -> Result<()> {
    if std::env::var_os("CXX").is_some() {
        return Ok(());
    }
    require(
        &["c++", "g++", "clang++"],
        "a C++ compiler is missing, which libFuzzer requires: install g++ or clang++ \
         (Debian: build-essential, macOS: xcode-select --install)",
    )
}

fn check_prerequisites() -> Result<()> {
    require(&["rustup"], "rustup is missing: install it from https://rustup.rs")?;
    require(
        &["cc", "gcc", "clang"],
        "a C compiler is missing: install gcc or clang \
         (Debian: build-essential, macOS: xcode-select --install)",
    )?;
    require(&["node"], "node is missing: install Node.js 20 or newer")?;
    require(&["npm"], "npm is missing: install it with Node.js 20 or newer")
}

/// Fails with the message when none of the programs is on the PATH.
fn require(programs: &[&str], message: &'static str) -> Result<()> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_found = std::env::split_paths(&path)
        .any(|dir| programs.iter().any(|program| dir.join(program).is_file()));
    if is_found { Ok(()) } else { bail!(message) }
}

/// Installs the wasm target and the source of the standard library, which workers compile to unwind
/// (docs/adr/0025-a-panic-is-one-requests.md). Searches for files, so that a manual installation
/// counts.
fn install_rust_components(project: &Project) -> Result<()> {
    let sysroot = process::output_of(project.command("rustc").args(["--print", "sysroot"]));
    let rustlib = Path::new(&sysroot.context("rustc does not work")?).join("lib/rustlib");
    let rustup = |args: [&str; 3]| {
        step(&format!("rustup {}", args.join(" ")));
        process::run(project.command("rustup").args(args), "rustup")
    };
    let has_core = fs::read_dir(rustlib.join(WASM_TARGET).join("lib")).is_ok_and(|files| {
        files.flatten().any(|file| file.file_name().to_string_lossy().starts_with("libcore-"))
    });
    if !has_core {
        rustup(["target", "add", WASM_TARGET])?;
    }
    if !rustlib.join("src/rust/library/std/Cargo.toml").is_file() {
        rustup(["component", "add", "rust-src"])?;
    }
    Ok(())
}

/// Returns PATH, preceded by an installed Node when the host's is not supported.
fn path_with_node(project: &Project) -> Result<OsString> {
    let host_path = std::env::var_os("PATH").unwrap_or_default();
    let host = process::output_of(project.command("node").arg("--version"));
    let (major, minor) = host.as_deref().and_then(parse_node_version).unwrap_or_default();
    if is_supported_node(major, minor) {
        return Ok(host_path);
    }
    if major < HOST_NODE_MAJOR_MIN {
        bail!("node is {major}.{minor}: install Node.js {HOST_NODE_MAJOR_MIN} or newer");
    }
    let node = install_node(project, (major, minor))?;
    let dirs = std::iter::once(node).chain(std::env::split_paths(&host_path));
    std::env::join_paths(dirs).context("PATH cannot be extended")
}

/// The versions that both wrangler 4.164 and vitest 5.1 name in `engines`.
fn is_supported_node(major: u32, minor: u32) -> bool {
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
    let required = format!("v{NODE_VERSION}");
    let installed = || process::output_of(Command::new(dir.join("node")).arg("--version"));
    if installed().as_ref() == Some(&required) {
        return Ok(dir);
    }
    step(&format!("installing Node {NODE_VERSION} (wrangler cannot run on {major}.{minor})"));
    fs::create_dir_all(&home)?;
    // The package installs its binary by a script, which newer npm must allow.
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
    if installed().as_ref() != Some(&required) {
        bail!("npm installed no working Node {NODE_VERSION}; install Node 24 yourself");
    }
    Ok(dir)
}

/// Both `npm install` and `npm ci` use the exact versions of the lockfile, but `ci` rejects a
/// lockfile without the optional packages of other platforms, and some registries lack those.
fn install_npm_packages(tools: &Toolchain) -> Result<()> {
    let project = tools.project;
    let stamp = project.path("node_modules/.bulktrack-lock");
    let read = |file| fs::read(project.path(file)).with_context(|| format!("cannot read {file}"));
    let packages = [read("package.json")?, read("package-lock.json")?].concat();
    if fs::read(&stamp).is_ok_and(|installed| installed == packages) {
        return Ok(());
    }
    step("installing the npm packages (wrangler, vitest, wasm-opt, esbuild, tsc, biome)");
    let mut npm = tools.command("npm");
    npm.args(["install", "--no-save", "--loglevel=error"]);
    process::run(&mut npm, "npm install")?;
    fs::write(stamp, packages).context("node_modules cannot be written")
}

fn install_build_tools(project: &Project) -> Result<()> {
    let lock = fs::read_to_string(project.path("Cargo.lock")).context("cannot read Cargo.lock")?;
    let bindgen =
        locked_version(&lock, "wasm-bindgen").context("wasm-bindgen is missing in Cargo.lock")?;
    let worker_build = ("worker-build", WORKER_BUILD_VERSION, "worker-build");
    install_tools(project, &[worker_build, ("wasm-bindgen-cli", bindgen, "wasm-bindgen")], &[])
}

/// Installs those tools that are missing. A tool is a package, its version and its binary.
fn install_tools(project: &Project, tools: &[(&str, &str, &str)], options: &[&str]) -> Result<()> {
    let packages: Vec<String> = tools
        .iter()
        .filter(|(package, version, binary)| !is_installed(project, package, version, binary))
        .map(|(package, version, _)| format!("{package}@{version}"))
        .collect();
    if packages.is_empty() {
        return Ok(());
    }
    if packages.iter().any(|package| package.starts_with("worker-build@")) {
        check_openssl(project)?;
    }
    step(&format!("building {} (some minutes, once)", packages.join(" and ")));
    let mut cargo = project.command("cargo");
    cargo.args(["install", "--locked", "--root"]).arg(project.path(".tools"));
    cargo.arg("--target-dir").arg(project.path(".tools/target")).args(options).args(packages);
    for setting in FOREIGN_SETTINGS {
        cargo.env_remove(setting);
    }
    process::run(cargo.envs(QUICK_RELEASE), "cargo install of the tools")?;
    // 700 MB that are not needed any more.
    let _ = fs::remove_dir_all(project.path(".tools/target"));
    Ok(())
}

fn check_openssl(project: &Project) -> Result<()> {
    let is_configured = std::env::var_os("OPENSSL_DIR").is_some();
    let is_installed = || {
        let mut pkg_config = project.command("pkg-config");
        process::output_of(pkg_config.args(["--modversion", "openssl"])).is_some()
    };
    // Other systems use their own TLS.
    if cfg!(target_os = "linux") && !is_configured && !is_installed() {
        bail!(OPENSSL_MISSING);
    }
    Ok(())
}

/// Returns the version of a package in Cargo.lock: the line after its name.
fn locked_version<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name);
    lines.nth(1)?.strip_prefix("version = \"")?.strip_suffix('"')
}

/// Cargo lists installed packages in `.crates2.json`.
fn is_installed(project: &Project, package: &str, version: &str, binary: &str) -> bool {
    let packages = fs::read_to_string(project.path(".tools/.crates2.json")).unwrap_or_default();
    packages.contains(&format!("\"{package} {version} (")) && project.tool(binary).is_file()
}

fn step(text: &str) {
    eprintln!("set-up: {text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locked_version_is_that_of_the_exact_package() {
        let lock = "[[package]]\nname = \"wasm-bindgen-futures\"\nversion = \"0.4.80\"\n\n\
                    [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\n";
        assert_eq!(locked_version(lock, "wasm-bindgen"), Some("0.2.130"));
        assert_eq!(locked_version(lock, "worker"), None);
    }

    #[test]
    fn supported_node_versions_match_engines() {
        let check = |version, expected| {
            let (major, minor) = parse_node_version(version).unwrap();
            assert_eq!(is_supported_node(major, minor), expected, "{version}");
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
