//! Seeds: nothing is lost or duplicated under faults, and the simulator finds planted bugs.
//!
//! Thresholds without a source are project defaults.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test panics on failure")]

use simulator::{Bug, KnownStatement, Plan, search, shrink, simulate};
use std::env;

/// The seeds of each test run. `SEEDS=100000` runs more, `FROM=2000` others.
const SEEDS: u64 = 2_000;
/// The seeds within which a planted bug must be found.
const BUG_SEEDS: u64 = 500;

fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| text.parse().unwrap())
}

/// Returns the shortest failing trace that [`shrink`] finds, and the command that repeats it.
fn shortest_trace(plan: Plan) -> String {
    let plan = shrink(plan);
    let report = simulate(&plan, true);
    let (trace, violations) = (report.trace.join("\n"), report.violations.join("\n"));
    format!("seed {}\n{trace}\n{violations}\n{}", plan.seed, plan.replay_command())
}

#[test]
fn nothing_is_lost_or_duplicated_under_faults() {
    let from = number("FROM").unwrap_or(0);
    let seeds = from..from + number("SEEDS").unwrap_or(SEEDS);
    let (failure, sum) = search(seeds.clone(), None);
    println!(
        "{} seeds, {} turns, {} notifications, {} emails, {} webhooks, {} redriven by operators, {} by the sweep",
        seeds.end - seeds.start,
        sum.turns,
        sum.notifications,
        sum.emails,
        sum.webhooks,
        sum.redriven,
        sum.redriven_by_sweep
    );
    if let Some(failure) = failure {
        panic!("{}", shortest_trace(Plan::from_seed(failure.seed, None)));
    }
}

#[test]
fn same_seed_gives_the_same_trace() {
    for seed in 0..20 {
        let plan = Plan::from_seed(seed, None);
        let (first, second) = (simulate(&plan, true), simulate(&plan, true));
        assert_eq!(first.trace, second.trace, "seed {seed}");
    }
}

#[test]
fn every_known_statement_is_executed() {
    let (_, sum) = search(0..100, None);
    for ((known, text), count) in KnownStatement::ALL.into_iter().zip(sum.statement_counts) {
        assert!(count > 0, "no statement contains {text:?} ({known:?})");
    }
    assert!(sum.redriven > 0, "operators redrove nothing");
    assert!(sum.redriven_by_sweep > 0, "the sweep redrove nothing");
}

#[track_caller]
fn check_found(bug: Bug) {
    let (failure, _) = search(0..BUG_SEEDS, Some(bug));
    let failure = failure.unwrap_or_else(|| panic!("{bug:?} was not found"));
    println!("{bug:?} fails seed {}: {}", failure.seed, failure.report.violations.concat());
}

#[test]
fn acknowledging_before_publishing_is_found() {
    check_found(Bug::AckBeforePublish);
}

#[test]
fn non_deterministic_event_id_is_found() {
    check_found(Bug::NonDeterministicId);
}

#[test]
fn event_id_from_state_is_found() {
    check_found(Bug::IdFromState);
}

#[test]
fn dropped_revision_check_is_found() {
    check_found(Bug::RevisionCheckDropped);
}

#[test]
fn marking_before_publishing_is_found() {
    check_found(Bug::MarkBeforePublish);
}

#[test]
fn ignored_claim_is_found() {
    check_found(Bug::ClaimIgnored);
}

#[test]
fn unbounded_redrive_is_found() {
    check_found(Bug::RedriveUnbounded);
}

#[test]
fn missing_byte_bound_is_found() {
    check_found(Bug::ByteBoundOff);
}

#[test]
fn chained_jobs_of_the_sweep_are_found() {
    check_found(Bug::SweepChained);
}

#[test]
fn slice_finished_before_its_workouts_is_found() {
    check_found(Bug::SliceFinishedFirst);
}

#[test]
fn sessions_stored_twice_are_found() {
    check_found(Bug::DuplicatesStored);
}

/// Runs the plan that `SEED`, `SCHEDULE`, `ACTIONS`, `FAULTS` and `BUG` describe, and prints its trace.
/// Does nothing without `SEED`.
#[test]
fn replay() {
    let Some(seed) = number("SEED") else { return };
    let bug = env::var("BUG").ok();
    let bug = Bug::ALL.into_iter().find(|known| bug == Some(format!("{known:?}")));
    let mut plan = Plan::from_seed(seed, bug);
    plan.schedule = number("SCHEDULE").unwrap_or(0);
    if let Ok(actions) = env::var("ACTIONS") {
        let numbers = actions.split(',').filter(|text| !text.is_empty());
        plan.actions = Some(numbers.map(|text| text.parse().unwrap()).collect());
    }
    if let Ok(names) = env::var("FAULTS") {
        let names: Vec<_> = names.split(',').collect();
        let faults = plan.faults.clone();
        for fault in faults.kinds().filter(|kind| !names.contains(&&*format!("{kind:?}"))) {
            plan.faults = plan.faults.without(fault);
        }
    }
    let report = simulate(&plan, true);
    println!("{}\n{:#?}", report.trace.join("\n"), report.violations);
    assert!(report.violations.is_empty());
}
