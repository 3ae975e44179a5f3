//! The seeds: nothing is lost, nothing is twice, whatever goes wrong; and the simulator would say so.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test panics on failure")]

use simulator::{Bug, Fault, Known, Plan, replay_command, search, shrink, simulate};
use std::env;

/// Seeds of each run of the tests; `SEEDS=100000` asks for more, `FROM=2000` for others.
const SEEDS: u64 = 2_000;
/// A planted bug is to be found within so many.
const SEEDS_OF_A_BUG: u64 = 500;

fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| text.parse().unwrap())
}

/// Prints the shortest trace that was found, and how to see it again.
fn tell(plan: Plan) -> String {
    let plan = shrink(plan);
    let report = simulate(&plan, true);
    let violations = report.violations.join("\n");
    let trace = report.trace.join("\n");
    format!("seed {}\n{trace}\n{violations}\n{}", plan.seed, replay_command(&plan))
}

#[test]
fn whatever_goes_wrong_nothing_is_lost_and_nothing_is_twice() {
    let from = number("FROM").unwrap_or(0);
    let seeds = from..from + number("SEEDS").unwrap_or(SEEDS);
    let (found, sum) = search(seeds.clone(), None);
    println!(
        "{} seeds, {} turns, [news, mails, posts] {:?}, {} redriven",
        seeds.end - seeds.start,
        sum.turns,
        sum.effects,
        sum.redriven
    );
    if let Some(found) = found {
        panic!("{}", tell(Plan::of_seed(found.seed, None)));
    }
}

#[test]
fn the_same_seed_is_the_same_run() {
    for seed in 0..20 {
        let plan = Plan::of_seed(seed, None);
        let (first, second) = (simulate(&plan, true), simulate(&plan, true));
        assert_eq!(first.trace, second.trace, "seed {seed}");
    }
}

#[test]
fn every_statement_that_is_known_by_its_text_comes() {
    let (_, sum) = search(0..20, None);
    for (known, times) in Known::ALL.into_iter().zip(sum.known_met) {
        assert!(times > 0, "no statement says {:?} ({known:?})", known.text());
    }
    assert!(sum.redriven > 0, "nothing was redriven");
}

#[track_caller]
fn check_found(bug: Bug) {
    let (found, _) = search(0..SEEDS_OF_A_BUG, Some(bug));
    let found = found.unwrap_or_else(|| panic!("{bug:?} was not found"));
    println!("{bug:?} shows at seed {}: {}", found.seed, found.report.violations.concat());
}

#[test]
fn a_message_that_is_acknowledged_before_its_consequences_are_published_is_found() {
    check_found(Bug::AckBeforePublish);
}

#[test]
fn an_id_that_is_another_one_each_time_is_found() {
    check_found(Bug::NonDeterministicId);
}

#[test]
fn a_ledger_that_takes_older_revisions_is_found() {
    check_found(Bug::RevisionCheckDropped);
}

#[test]
fn a_mark_that_is_set_before_what_it_marks_is_published_is_found() {
    check_found(Bug::MarkBeforePublish);
}

#[test]
fn a_claim_that_is_forgotten_is_found() {
    check_found(Bug::ClaimForgotten);
}

/// Runs what `SEED`, `SCHEDULE`, `ACTIONS`, `FAULTS` and `BUG` say, and prints what happens. Without `SEED` there
/// is nothing to replay.
#[test]
fn replay() {
    let Some(seed) = number("SEED") else { return };
    let bug = env::var("BUG").ok();
    let bug = Bug::ALL.into_iter().find(|known| bug == Some(format!("{known:?}")));
    let mut plan = Plan::of_seed(seed, bug);
    plan.schedule = number("SCHEDULE").unwrap_or(0);
    if let Ok(actions) = env::var("ACTIONS") {
        let numbers = actions.split(',').filter(|text| !text.is_empty());
        plan.actions = Some(numbers.map(|text| text.parse().unwrap()).collect());
    }
    if let Ok(kept) = env::var("FAULTS") {
        let kept: Vec<_> = kept.split(',').collect();
        for fault in Fault::ALL.into_iter().filter(|f| !kept.contains(&&*format!("{f:?}"))) {
            plan.faults = plan.faults.without(fault);
        }
    }
    let report = simulate(&plan, true);
    println!("{}\n{:#?}", report.trace.join("\n"), report.violations);
    assert!(report.violations.is_empty());
}
