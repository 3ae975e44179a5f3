//! Searching seeds for a violation, and the shortest run that still shows it.

use crate::bug::Bug;
use crate::fault::Faults;
use crate::run::{Report, simulate};
use crate::workload;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// Runs that a search for a shorter one may take (ours: a minute).
const SHRINK_RUNS_MAX: u32 = 600;
/// With fewer actions everything else comes in another order: so many orders are tried of each.
const SCHEDULES: u64 = 6;

/// Seeds, from the first to before the last.
pub type SeedRange = Range<u64>;

/// What is run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The seed.
    pub seed: u64,
    /// Which actions of the seed's workload; `None` is all.
    pub actions: Option<Vec<usize>>,
    /// Which of the seed's orders; 0, but for a run that was made shorter.
    pub schedule: u64,
    /// What goes wrong.
    pub faults: Faults,
    /// The planted bug.
    pub bug: Option<Bug>,
}

impl Plan {
    /// All of a seed.
    pub fn of_seed(seed: u64, bug: Option<Bug>) -> Self {
        Self { seed, actions: None, schedule: 0, faults: Faults::of_seed(seed), bug }
    }
}

/// A seed that shows a violation.
#[derive(Clone, Debug)]
pub struct Found {
    /// The lowest such seed.
    pub seed: u64,
    /// Its report, without a trace.
    pub report: Report,
}

/// Runs seeds on all processors until one shows a violation; answers the lowest that was found, and
/// what all runs together came to.
pub fn search(seeds: SeedRange, bug: Option<Bug>) -> (Option<Found>, Report) {
    let next = AtomicU64::new(seeds.start);
    let end = AtomicU64::new(seeds.end);
    let shared = Mutex::new((None::<Found>, Report::default()));
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= end.load(Ordering::Relaxed) {
                return;
            }
            let report = simulate(&Plan::of_seed(seed, bug), false);
            let mut shared = shared.lock().unwrap();
            shared.1.turns += report.turns;
            shared.1.redriven += report.redriven;
            for (sum, count) in shared.1.known_met.iter_mut().zip(report.known_met) {
                *sum += count;
            }
            for (sum, count) in shared.1.effects.iter_mut().zip(report.effects) {
                *sum += count;
            }
            if !report.violations.is_empty() {
                // Lower seeds are under way; higher ones are of no interest any more.
                end.fetch_min(seed, Ordering::Relaxed);
                if shared.0.as_ref().is_none_or(|found| seed < found.seed) {
                    shared.0 = Some(Found { seed, report });
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

/// The shortest plan that can be found that still shows a violation: first fewer actions, then fewer
/// kinds of faults.
pub fn shrink(plan: Plan) -> Plan {
    let mut runs = 0;
    let mut failing = |plan: Plan| {
        (0..SCHEDULES).map(|schedule| Plan { schedule, ..plan.clone() }).find(|plan| {
            runs += 1;
            runs <= SHRINK_RUNS_MAX && !simulate(plan, false).violations.is_empty()
        })
    };
    let all = || workload::of_seed(plan.seed).iter().map(|action| action.number).collect();
    let mut actions: Vec<usize> = plan.actions.clone().unwrap_or_else(all);
    let mut best = Plan { actions: Some(actions.clone()), ..plan };
    let mut part = actions.len() / 2;
    while part > 0 {
        let mut from = 0;
        while from < actions.len() {
            let kept = actions.iter().enumerate();
            let kept = kept.filter(|(place, _)| !(from..from + part).contains(place));
            let fewer: Vec<_> = kept.map(|(_, number)| *number).collect();
            match failing(Plan { actions: Some(fewer.clone()), ..best.clone() }) {
                Some(shorter) => (actions, best) = (fewer, shorter),
                None => from += part,
            }
        }
        part /= 2;
    }
    for fault in best.faults.kinds() {
        let candidate = Plan { faults: best.faults.without(fault), ..best.clone() };
        best = failing(candidate).unwrap_or(best);
    }
    best
}

/// The command that runs a plan again and prints what happened.
pub fn replay_command(plan: &Plan) -> String {
    let kinds: Vec<_> = plan.faults.kinds().iter().map(|fault| format!("{fault:?}")).collect();
    let actions: Vec<_> = plan.actions.iter().flatten().map(ToString::to_string).collect();
    let bug = plan.bug.map(|bug| format!("BUG={bug:?} ")).unwrap_or_default();
    format!(
        "{bug}SEED={} SCHEDULE={} ACTIONS={} FAULTS={} cargo test -p simulator --test seeds -- --nocapture replay",
        plan.seed,
        plan.schedule,
        actions.join(","),
        kinds.join(",")
    )
}
