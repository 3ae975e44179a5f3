//! `cargo xtask deploy`: consumers before producers, so that no event meets a worker that is too old.

use crate::args::DeployOptions;
use crate::project::{Ready, config};
use crate::{build, process, sizes};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::Path;
use std::process::Command;

/// From the end of the pipeline to its beginning.
const ORDER: [&str; 4] = ["webhook", "ai", "aggregation", "api"];

/// Builds, migrates, deploys; a dry run builds, bundles and measures, without account or network.
pub fn run(ready: &Ready, options: &DeployOptions) -> Result<()> {
    build::run(ready)?;
    if !options.dry_run {
        migrate(ready)?;
    }
    for worker in ORDER {
        let mut wrangler = ready.wrangler();
        wrangler.args(["deploy", "-c", &config(worker)]);
        if let Some(environment) = environment(worker) {
            wrangler.args(["--env", environment]);
        }
        if options.dry_run {
            bundle(ready, wrangler, worker)?;
        } else {
            process::run(&mut wrangler, &format!("the deployment of {worker}"))?;
        }
    }
    Ok(())
}

/// The environment of a worker that is deployed. Only ai has one: its model is a service of the
/// account, and so not bound where it runs locally.
fn environment(worker: &str) -> Option<&'static str> {
    (worker == "ai").then_some("production")
}

fn migrate(ready: &Ready) -> Result<()> {
    let mut wrangler = ready.wrangler();
    wrangler.args(["d1", "migrations", "apply", "DB", "--remote", "-c", &config("api")]);
    process::run(&mut wrangler, "the migration of D1")
}

fn bundle(ready: &Ready, mut wrangler: Command, worker: &str) -> Result<()> {
    let dir = ready.project.path("target/deploy").join(worker);
    // Wrangler names the wasm by its hash: an old one left there would be counted too.
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir)?;
    wrangler.arg("--dry-run").arg("--outdir").arg(&dir);
    let log = dir.join("wrangler.log");
    process::run_into(&mut wrangler, &log, &format!("the dry run of {worker}"))?;
    let bytes = upload_size(&dir)?;
    println!("{worker:<12} {:>5} KB gzipped, in {}", sizes::kilobytes(bytes), dir.display());
    sizes::hold_to_budget(worker, bytes)
}

/// The script and its wasm; maps and read-mes are not uploaded.
fn upload_size(dir: &Path) -> Result<usize> {
    let mut bytes = 0;
    for entry in fs::read_dir(dir).context("wrangler wrote no bundle")? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "js" || extension == "wasm") {
            bytes += sizes::gzipped(&path)?;
        }
    }
    if bytes == 0 {
        bail!("wrangler wrote no bundle into {}", dir.display());
    }
    Ok(bytes)
}
