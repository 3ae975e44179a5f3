//! The search for a seed that violates a property, and for the shortest run that still does.
//!
//! Thresholds without a source are project defaults.

use crate::bug::Bug;
use crate::plan::Plan;
use crate::run::{Report, simulate};
use crate::workload;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// The runs that [`shrink`] may take: about a minute.
const SHRINK_RUNS_MAX: u32 = 600;
/// The schedules tried for each shorter plan, because fewer actions change the order of everything.
const SCHEDULES: u64 = 6;

/// A seed with a violation.
#[derive(Clone, Debug)]
pub struct Failure {
    pub seed: u64,
    pub report: Report,
}

/// Runs seeds on all processors until one fails. Returns the failure with the lowest seed, and the
/// sums of all runs.
pub fn search(seeds: Range<u64>, bug: Option<Bug>) -> (Option<Failure>, Report) {
    let next = AtomicU64::new(seeds.start);
    let end = AtomicU64::new(seeds.end);
    let shared = Mutex::new((None::<Failure>, Report::default()));
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= end.load(Ordering::Relaxed) {
                return;
            }
            let report = simulate(&Plan::from_seed(seed, bug), false);
            let (failure, sum) = &mut *shared.lock().unwrap();
            sum.add(&report);
            if !report.violations.is_empty() {
                // Lower seeds still run on other threads; higher ones are no longer needed.
                end.fetch_min(seed, Ordering::Relaxed);
                if failure.as_ref().is_none_or(|failure| seed < failure.seed) {
                    *failure = Some(Failure { seed, report });
                }
            }
        }
    };
    thread::scope(|scope| {
        let workers = thread::available_parallelism().map_or(1, usize::from);
        (0..workers).for_each(|_| drop(scope.spawn(work)));
    });
    shared.into_inner().unwrap()
}

/// Shortens a failing plan: first to fewer actions, then to fewer kinds of faults.
pub fn shrink(plan: Plan) -> Plan {
    let mut runs = 0;
    let mut failing = |plan: Plan| {
        (0..SCHEDULES).map(|schedule| Plan { schedule, ..plan.clone() }).find(|plan| {
            runs += 1;
            runs <= SHRINK_RUNS_MAX && !simulate(plan, false).violations.is_empty()
        })
    };
    let all = || workload::from_seed(plan.seed).iter().map(|action| action.number).collect();
    let mut actions: Vec<usize> = plan.actions.clone().unwrap_or_else(all);
    let mut best = Plan { actions: Some(actions.clone()), ..plan };
    let mut size = actions.len() / 2;
    while size > 0 {
        let mut start = 0;
        while start < actions.len() {
            let mut fewer = actions.clone();
            fewer.drain(start..actions.len().min(start + size));
            match failing(Plan { actions: Some(fewer.clone()), ..best.clone() }) {
                Some(shorter) => (actions, best) = (fewer, shorter),
                None => start += size,
            }
        }
        size /= 2;
    }
    for fault in best.faults.kinds().collect::<Vec<_>>() {
        let candidate = Plan { faults: best.faults.without(fault), ..best.clone() };
        best = failing(candidate).unwrap_or(best);
    }
    best
}
