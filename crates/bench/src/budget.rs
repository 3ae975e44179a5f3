//! Budgets: docs/architecture.md.

use anyhow::{Result, bail};

/// A measurement with its limit.
pub struct Budget {
    pub name: &'static str,
    pub measured: f64,
    pub limit: f64,
    pub unit: &'static str,
    /// The excess that a busy machine may cause: 0.1 is 10 %. A counted number has none.
    pub tolerance: f64,
}

/// Prints each budget, and fails when one is exceeded by more than its tolerance.
pub fn check(budgets: &[Budget]) -> Result<()> {
    let mut exceeded = Vec::new();
    for Budget { name, measured, limit, unit, tolerance } in budgets {
        println!("{name}: {measured:.2} {unit} (at most {limit} {unit})");
        if *measured > limit * (1.0 + tolerance) {
            exceeded
                .push(format!("{name}: {measured:.2} {unit} exceeds the budget of {limit} {unit}"));
        }
    }
    if exceeded.is_empty() { Ok(()) } else { bail!("{}", exceeded.join("\n")) }
}
