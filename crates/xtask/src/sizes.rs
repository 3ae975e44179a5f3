//! Gzipped sizes of the workers, and the budgets that they must not exceed.

use anyhow::{Context, Result, bail};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;
use std::path::Path;

/// The design's budget; the platform's limit is 3 MB.
const BUDGET_BYTES: usize = 380_000;
/// Above the budget of the design, 800 KB (docs/adr/0031, 0034): the api implements every call of the contract
/// with its models, and the file formats of other apps (docs/adr/0014).
const API_BUDGET_BYTES: usize = 900_000;

/// Returns the gzipped size of a file in bytes.
pub fn gzipped(path: &Path) -> Result<usize> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&bytes)?;
    Ok(encoder.finish()?.len())
}

/// Fails when the size of a worker exceeds its budget.
pub fn check_budget(worker: &str, bytes: usize) -> Result<()> {
    let budget = if worker == "api" { API_BUDGET_BYTES } else { BUDGET_BYTES };
    if bytes > budget {
        bail!(
            "the {worker} worker is {} KB gzipped, over its budget of {} KB",
            kilobytes(bytes),
            kilobytes(budget)
        );
    }
    Ok(())
}

/// Returns whole kilobytes, rounded up: 300,001 bytes are 301 KB.
pub const fn kilobytes(bytes: usize) -> usize {
    bytes.div_ceil(1_000)
}
