//! `cargo xtask dev`: from a fresh clone to a running pipeline with sample data.

use crate::local_stack::{self, LocalStack};
use crate::pipeline;
use crate::project::Project;
use crate::state::StateDir;
use crate::{build, clock, demo, process, setup};
use anyhow::Result;
use std::path::PathBuf;
use std::time::Duration;

/// Interval between two checks that wrangler still runs.
const POLL: Duration = Duration::from_millis(250);

/// The options of `dev`.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Port of the api
    #[arg(long, default_value_t = 8787, value_parser = clap::value_parser!(u16).range(1..))]
    port: u16,
    /// Directory for everything that the run stores
    #[arg(long, value_name = "DIR", default_value = ".bulktrack")]
    state: PathBuf,
    /// Do not load the twelve weeks of sample training
    #[arg(long)]
    no_demo: bool,
}

/// Runs the local stack until a signal stops it.
pub fn run(project: &Project, options: &Options) -> Result<()> {
    local_stack::check_port(options.port)?;
    let mut state = StateDir::open(&project.path(&options.state))?;
    let tools = setup::run(project)?;
    build::run(&tools)?;
    println!("starting the workers; log: {}", state.path("wrangler.log").display());
    let mut stack = LocalStack::start(&tools, &mut state, options.port)?;
    let api = stack.wait_until_healthy()?;
    local_stack::fire_cron(&api, local_stack::CRON_EVERY);
    let athlete = pipeline::demo_athlete(&api, &mut state)?;
    let api = api.with_token(&athlete.api_key);
    if !options.no_demo {
        pipeline::load_demo(&api, &mut stack, &mut state)?;
    }
    state.announce(&stack.url, &athlete)?;
    if let Some(ends_on) = state.saved.demo_ends_on {
        pipeline::print_report(&api, ends_on)?;
    }
    print_welcome(&stack.url, &state, &athlete.api_key);
    loop {
        stack.check()?;
        process::pause(POLL)?;
    }
}

fn print_welcome(url: &str, state: &StateDir, api_key: &str) {
    let weekly_path = pipeline::weekly_path(demo::last_sunday_before(clock::today()));
    println!("\nready at   {url}");
    println!("reference  {url}/docs");
    println!("key        {api_key}");
    println!("emails     {}", state.path("mails").display());
    println!("log        {}", state.path("wrangler.log").display());
    println!("details    {}", state.path("dev.json").display());
    println!("\ntry        curl -H 'Authorization: Bearer {api_key}' \\");
    println!("             '{url}{weekly_path}'");
    println!("\nCtrl-C stops it.");
}
