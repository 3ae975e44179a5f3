//! How large a file is once it has been compressed: what the size budget counts.

use anyhow::{Context, Result, bail};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;
use std::path::Path;

/// The gzipped size of a worker's wasm (design, budgets: 300 KB; and 10 % of that, for unwinding:
/// docs/adr/0025).
const BUDGET_BYTES: usize = 330_000;
/// That of the api, which holds every call of the contract, and reads and writes the files of three
/// other apps: over the design's budget, and why (docs/adr/0014).
const API_BUDGET_BYTES: usize = 650_000;

/// The budget of a worker.
pub fn budget_bytes(worker: &str) -> usize {
    if worker == "api" { API_BUDGET_BYTES } else { BUDGET_BYTES }
}

/// The gzipped size of a file.
pub fn gzipped(path: &Path) -> Result<usize> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&bytes)?;
    Ok(encoder.finish()?.len())
}

/// An error when the size of a worker is over its budget.
pub fn hold_to_budget(worker: &str, bytes: usize) -> Result<()> {
    let budget = budget_bytes(worker);
    if bytes > budget {
        bail!(
            "the {worker} worker is {} KB gzipped, over its budget of {}",
            kilobytes(bytes),
            kilobytes(budget)
        );
    }
    Ok(())
}

/// Whole kilobytes, rounded up: 300,001 bytes are 301 KB.
pub const fn kilobytes(bytes: usize) -> usize {
    bytes.div_ceil(1_000)
}
