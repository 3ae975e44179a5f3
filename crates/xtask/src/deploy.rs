//! `cargo xtask deploy`: consumers before producers, so that each worker knows the events it
//! receives.

use crate::project::{Toolchain, config};
use crate::{build, process, sizes};
use anyhow::{Context, Result, bail};
use shared_kernel::Queue;
use shared_kernel::routing::DEAD_LETTER_RETENTION_S;
use std::fs;
use std::path::Path;
use std::process::Command;
use storage::migrations;

/// The options of `deploy`.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Build, bundle and measure, without account or network
    #[arg(long)]
    dry_run: bool,
}

/// From the end of the pipeline to its start.
const ORDER: [&str; 4] = ["webhook", "ai", "aggregation", "api"];

/// Builds, migrates the databases and deploys; a dry run builds, bundles and measures.
pub fn run(tools: &Toolchain, options: &Options) -> Result<()> {
    build::run(tools)?;
    if !options.dry_run {
        migrate(tools)?;
        for queue in Queue::ALL {
            keep_dead_letters(tools, queue.dead_letter_name());
        }
    }
    for worker in ORDER {
        let mut wrangler = tools.wrangler();
        wrangler.args(["deploy", "-c", &config(worker)]);
        // The model of ai is a service of the Cloudflare account, which a local worker cannot bind.
        if worker == "ai" {
            wrangler.args(["--env", "production"]);
        }
        if options.dry_run {
            bundle(tools, wrangler, worker)?;
        } else {
            process::run(&mut wrangler, &format!("the deployment of {worker}"))?;
        }
    }
    Ok(())
}

fn migrate(tools: &Toolchain) -> Result<()> {
    for (binding, _) in migrations::by_binding() {
        let mut wrangler = tools.wrangler();
        wrangler.args(["d1", "migrations", "apply", binding, "--remote", "-c", &config("api")]);
        process::run(&mut wrangler, &format!("the migration of {binding}"))?;
    }
    Ok(())
}

/// Sets the retention of a dead-letter queue. An account on the free plan cannot: its queues keep messages for
/// a day.
fn keep_dead_letters(tools: &Toolchain, queue: &str) {
    let seconds = DEAD_LETTER_RETENTION_S.to_string();
    let mut wrangler = tools.wrangler();
    wrangler.args(["queues", "update", queue, "--message-retention-period-secs", &seconds]);
    if let Err(error) = process::run(&mut wrangler, &format!("the retention of {queue}")) {
        println!("warning: {error:#}; an outage that lasts longer than it loses dead letters");
    }
}

fn bundle(tools: &Toolchain, mut wrangler: Command, worker: &str) -> Result<()> {
    let dir = tools.project.path("target/deploy").join(worker);
    // Wrangler names the wasm file by its hash, so an older one would be counted too.
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir)?;
    wrangler.arg("--dry-run").arg("--outdir").arg(&dir);
    let log = dir.join("wrangler.log");
    process::run_with_log(&mut wrangler, &log, &format!("the dry run of {worker}"))?;
    let bytes = upload_size(&dir)?;
    println!("{worker:<12} {:>5} KB gzipped, in {}", sizes::kilobytes(bytes), dir.display());
    sizes::check_budget(worker, bytes)
}

/// Returns the gzipped size of script and wasm; wrangler uploads no maps and read-mes.
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
