//! How large a file is once it has been compressed: what the size budget counts.

use anyhow::{Context, Result, bail};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;
use std::path::Path;

/// The gzipped size of a worker's wasm (design, budgets: 300 KB).
pub const BUDGET_BYTES: usize = 300_000;

/// The gzipped size of a file.
pub fn gzipped(path: &Path) -> Result<usize> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&bytes)?;
    Ok(encoder.finish()?.len())
}

/// An error when the size is over the budget.
pub fn hold_to_budget(what: &str, bytes: usize) -> Result<()> {
    if bytes > BUDGET_BYTES {
        bail!(
            "{what} is {} KB gzipped, over its budget of {}",
            kilobytes(bytes),
            kilobytes(BUDGET_BYTES)
        );
    }
    Ok(())
}

/// Whole kilobytes, rounded up: 300,001 bytes are 301 KB.
pub const fn kilobytes(bytes: usize) -> usize {
    bytes.div_ceil(1_000)
}
