//! `cargo xtask conformance`: Schemathesis generates requests from docs/reference/openapi.json and
//! checks the responses of the local stack against it.
//!
//! `tests/conformance` has the configuration, and the hooks that give requests keys and ids that
//! exist. Each operation must accept a share of its requests: a check on errors alone proves
//! little.
//!
//! Numbers without a source are project defaults.

mod counts;
mod schemathesis;

use crate::http::Api;
use crate::local_stack::{self, LocalStack};
use crate::process::Stopped;
use crate::project::{Project, Toolchain};
use crate::state::StateDir;
use crate::{build, setup};
use anyhow::{Context, Result, bail};
use counts::Counts;
use schemathesis::{Schemathesis, Selection};
use std::path::Path;

/// Requests of the short form: about 3 minutes on two cores.
const REQUESTS_QUICK: u64 = 3_000;

/// The options of `conformance`.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Send 3,000 requests without the systematic boundary values, which takes about 3 minutes
    #[arg(long, conflicts_with = "requests")]
    quick: bool,
    /// Number of requests, at least
    #[arg(long, value_name = "N", default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(100..=1_000_000))]
    requests: u64,
    /// Seed of the generated requests [default: random]
    #[arg(long, value_name = "N")]
    seed: Option<u32>,
}

/// Runs the checks as athletes, then as an operator. Fails when a check fails or an operation
/// accepts too few requests. A failure keeps the state directory and prints its path.
pub fn run(project: &Project, options: &Options) -> Result<()> {
    let seed = options.seed.unwrap_or_else(|| fastrand::u32(..));
    let dir = std::env::temp_dir().join(format!("bulktrack-conformance-{}", std::process::id()));
    let tools = setup::run(project)?;
    let schemathesis = Schemathesis::install(&tools)?;
    build::run(&tools)?;
    println!("conformance: seed {seed}; state and log: {}", dir.display());
    let result = check(&tools, &schemathesis, options, seed, &dir);
    match &result {
        Ok(()) => {
            let _ = std::fs::remove_dir_all(&dir);
            println!("conformance: PASS");
        }
        Err(error) if error.is::<Stopped>() => {}
        Err(_) => println!("conformance: FAIL, seed {seed}; state and log: {}", dir.display()),
    }
    result
}

fn check(
    tools: &Toolchain,
    schemathesis: &Schemathesis,
    options: &Options,
    seed: u32,
    dir: &Path,
) -> Result<()> {
    let mut state = StateDir::open(dir)?;
    let port = local_stack::free_port()?;
    let mut stack = LocalStack::start(tools, &mut state, port)?;
    let api: Api = stack.wait_until_healthy()?;
    local_stack::fire_cron(&api, local_stack::CRON_EVERY);
    let requests_min = if options.quick { REQUESTS_QUICK } else { options.requests };
    let operations = schemathesis.operations()?;
    let mut counts = Counts::default();
    let mut has_failures = false;
    for selection in [Selection::Athletes, Selection::Operators] {
        let selected = operations.iter().filter(|path| selection.contains(path)).count() as u64;
        let share_min = requests_min * selected / operations.len().max(1) as u64;
        let mut selected_counts = Counts::default();
        for round in 0.. {
            let missing = share_min.saturating_sub(selected_counts.requests());
            if missing == 0 {
                break;
            }
            stack.check()?;
            let run = schemathesis::Run {
                selection,
                examples: missing.div_ceil(selected),
                has_boundary_values: !options.quick,
                seed: seed.wrapping_add(round),
                api_url: &stack.url,
                state: &state,
            };
            let result = schemathesis.run(&run)?;
            has_failures |= !result.is_success;
            if result.counts.requests() == 0 {
                bail!("Schemathesis sent no request as {selection:?}");
            }
            selected_counts.add(result.counts);
        }
        counts.add(selected_counts);
    }
    stack.check().context("after the last request")?;
    counts.print();
    let rejecting = counts.operations_under_share(&operations);
    if !rejecting.is_empty() {
        bail!("under {} % of 2xx: {}", counts::SHARE_MIN_PERCENT, rejecting.join(", "));
    }
    if has_failures {
        bail!("a check failed; Schemathesis printed it above, with a curl command");
    }
    Ok(())
}
