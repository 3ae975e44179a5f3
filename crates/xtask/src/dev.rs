//! `cargo xtask dev`: from a fresh clone to a running pipeline with data in it.

use crate::args::DevOptions;
use crate::http::Api;
use crate::local_stack::{self, LocalStack};
use crate::pipeline;
use crate::project::Project;
use crate::state::{Athlete, State};
use crate::{build, clock, demo, process, setup};
use anyhow::Result;
use std::time::Duration;

/// How soon the end of wrangler is noticed while everything stays as it is.
const WATCH: Duration = Duration::from_millis(250);

/// Runs until a signal comes.
pub fn run(project: &Project, options: &DevOptions) -> Result<()> {
    local_stack::check_port(options.port)?;
    let mut state = State::open(&project.path(&options.state))?;
    let ready = setup::run(project)?;
    build::run(&ready)?;
    println!("starting the workers; their log: {}", state.path("wrangler.log").display());
    let mut stack = LocalStack::start(&ready, &state, options.port)?;
    let api = stack.wait_until_healthy()?;
    local_stack::keep_cron(&api, local_stack::CRON_EVERY);
    let athlete = pipeline::athlete(&api, &mut state)?;
    if options.demo {
        pipeline::load_demo(&api, &mut stack, &mut state, &athlete)?;
    }
    state.announce(&stack.url, &athlete)?;
    welcome(&api, &stack.url, &state, &athlete)?;
    loop {
        stack.check()?;
        process::pause(WATCH)?;
    }
}

fn welcome(api: &Api, url: &str, state: &State, athlete: &Athlete) -> Result<()> {
    if let Some(ends_on) = state.memory.demo_ends_on {
        pipeline::report(api, athlete, ends_on)?;
    }
    let ends_on = demo::last_sunday_before(clock::today());
    println!("\nready at   {url}");
    println!("key        {}", athlete.api_key);
    println!("mails      {}", state.path("mails").display());
    println!("log        {}", state.path("wrangler.log").display());
    println!("all of it  {}", state.path("dev.json").display());
    println!("\ntry        curl -H 'Authorization: Bearer {}' \\", athlete.api_key);
    println!("             '{url}{}'", pipeline::weekly_path(ends_on));
    println!("\nCtrl-C ends it.");
    Ok(())
}
