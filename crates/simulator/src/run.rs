//! One run of a plan, from the start to the report.

use crate::check::{self, FinishedRun};
use crate::client::Client;
use crate::environment::Environment;
use crate::fault::Fault;
use crate::pipeline::Pipeline;
use crate::plan::Plan;
use crate::ports::Ports;
use crate::scheduler::Scheduler;
use crate::statement::KnownStatement;
use crate::workload;
use std::collections::BTreeSet;
use std::rc::Rc;
use testkit::Databases;

thread_local! {
    /// Shared by the runs of a thread, so that their statements stay prepared.
    static DATABASES: Rc<Databases> = Rc::new(Databases::migrated());
}

/// The result of a run, or the sums of several.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// One line for each property that does not hold.
    pub violations: Vec<String>,
    /// One line for each event of the run, if it was traced.
    pub trace: Vec<String>,
    pub turns: u64,
    pub notifications: usize,
    pub emails: usize,
    pub webhooks: usize,
    /// By operators.
    pub redriven: usize,
    pub redriven_by_sweep: usize,
    /// The number of executions of each statement of [`KnownStatement::ALL`].
    pub statement_counts: [u64; KnownStatement::ALL.len()],
}

impl Report {
    /// Adds the numbers of another report.
    pub fn add(&mut self, other: &Self) {
        self.turns += other.turns;
        self.notifications += other.notifications;
        self.emails += other.emails;
        self.webhooks += other.webhooks;
        self.redriven += other.redriven;
        self.redriven_by_sweep += other.redriven_by_sweep;
        for (sum, count) in self.statement_counts.iter_mut().zip(other.statement_counts) {
            *sum += count;
        }
    }
}

/// Runs a plan until nothing is left to do, and checks the result.
pub fn simulate(plan: &Plan, is_traced: bool) -> Report {
    let databases = DATABASES.with(Rc::clone);
    databases.clear();
    let environment = Rc::new(Environment::new(plan, is_traced));
    let pipeline = Pipeline::new(Ports::new(Rc::clone(&environment)), &databases);
    environment.start_faults(plan.faults.clone());
    let clients = workload::from_seed(plan.seed)
        .into_iter()
        .filter(|action| {
            plan.actions.as_ref().is_none_or(|numbers| numbers.contains(&action.number))
        })
        .map(|action| Client { action, path: None, response: None });
    let mut scheduler =
        Scheduler::new(Rc::clone(&environment), Rc::clone(&databases), pipeline, clients.collect());
    let is_at_rest = scheduler.run_to_rest();
    let effects = environment.effects.borrow();
    let occurs = |fault| plan.faults.rate(fault) > 0;
    let violations = if is_at_rest {
        check::violations(&FinishedRun {
            databases: &databases,
            effects: &effects,
            athletes: &scheduler.pipeline.athletes,
            clients: &scheduler.clients,
            wall_ms: environment.clock.wall_ms(),
            may_lose_metrics: [Fault::Crash, Fault::DatabaseBeforeCommit, Fault::DatabaseOutage]
                .into_iter()
                .any(occurs),
            may_repeat_metrics: occurs(Fault::DatabaseAfterCommit),
            dead_letters: environment.broker.borrow().dead_letters,
            dead_letters_of_faults: scheduler.dead_letters_of_faults,
        })
    } else {
        vec!["the run does not come to rest".to_owned()]
    };
    Report {
        violations,
        trace: environment.take_trace(),
        turns: scheduler.turns,
        notifications: databases.query("SELECT 1 FROM notifications").len(),
        emails: effects.emails.len(),
        webhooks: effects.received.values().map(BTreeSet::len).sum(),
        redriven: scheduler.redriven,
        redriven_by_sweep: databases
            .query(
                "SELECT 1 FROM dead_letters, json_each(history) WHERE value ->> 'operator' = 'sweep'",
            )
            .len(),
        statement_counts: effects.statement_counts,
    }
}
