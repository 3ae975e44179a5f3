//! Counts what each step of the pipeline costs.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::time::Duration;

/// The worker that runs, and what made it run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    Request,
    /// After the response: the day on which the key was last used.
    AfterResponse,
    Aggregation,
    Ai,
    Webhook,
    Sweep,
}

impl Step {
    /// All steps, in the order in which a workout takes them.
    pub const ALL: [Self; 6] = [
        Self::Request,
        Self::AfterResponse,
        Self::Aggregation,
        Self::Ai,
        Self::Webhook,
        Self::Sweep,
    ];

    /// Returns the name in a table.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Request => "api, request",
            Self::AfterResponse => "api, after the response",
            Self::Aggregation => "aggregation",
            Self::Ai => "ai",
            Self::Webhook => "webhook",
            Self::Sweep => "api, sweep",
        }
    }
}

/// The cost of one statement in one step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StatementCost {
    pub calls: u64,
    pub time: Duration,
    pub rows_written: u64,
}

/// The cost of one step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StepCost {
    pub invocations: u64,
    pub round_trips: u64,
    pub rows_written: u64,
    pub sql_time: Duration,
    pub messages: u64,
    /// Messages in chunks of 64 KB, as Queues bills them.
    pub message_chunks: u64,
    /// Lines that the worker logs: one a request or event.
    pub log_lines: u64,
}

/// The costs since the last [`Meter::take`].
#[derive(Debug, Default)]
pub struct Costs {
    pub steps: HashMap<Step, StepCost>,
    pub statements: HashMap<(Step, &'static str), StatementCost>,
}

impl Costs {
    /// Returns the cost of one step.
    pub fn step(&self, step: Step) -> StepCost {
        self.steps.get(&step).copied().unwrap_or_default()
    }

    /// Adds other costs.
    pub fn add(&mut self, other: &Self) {
        for (step, cost) in &other.steps {
            let sum = self.steps.entry(*step).or_default();
            sum.invocations += cost.invocations;
            sum.round_trips += cost.round_trips;
            sum.rows_written += cost.rows_written;
            sum.sql_time += cost.sql_time;
            sum.messages += cost.messages;
            sum.message_chunks += cost.message_chunks;
            sum.log_lines += cost.log_lines;
        }
        for (key, cost) in &other.statements {
            let sum = self.statements.entry(*key).or_default();
            sum.calls += cost.calls;
            sum.time += cost.time;
            sum.rows_written += cost.rows_written;
        }
    }

    /// Returns the time in SQL of all steps.
    pub fn sql_time(&self) -> Duration {
        self.steps.values().map(|cost| cost.sql_time).sum()
    }

    /// Sums a quantity over all steps.
    pub fn total(&self, quantity: impl Fn(StepCost) -> u64) -> u64 {
        self.steps.values().copied().map(quantity).sum()
    }
}

/// Collects costs. All databases and queues report to it.
#[derive(Default)]
pub struct Meter {
    step: Cell<Option<Step>>,
    costs: RefCell<Costs>,
}

impl Meter {
    /// Removes and returns the costs so far.
    pub fn take(&self) -> Costs {
        self.costs.take()
    }

    /// Begins an invocation; `log_lines` are those that it will write.
    pub fn begin(&self, step: Step, log_lines: usize) {
        self.enter(step);
        self.add(|cost| {
            cost.invocations += 1;
            cost.log_lines += log_lines as u64;
        });
    }

    /// Counts everything from now on to this step.
    pub fn enter(&self, step: Step) {
        self.step.set(Some(step));
    }

    /// Adds to the cost of the current step, if there is one.
    pub fn add(&self, change: impl FnOnce(&mut StepCost)) {
        if let Some(step) = self.step.get() {
            change(self.costs.borrow_mut().steps.entry(step).or_default());
        }
    }

    /// Adds an executed statement.
    pub fn add_statement(&self, sql: &'static str, time: Duration, rows_written: u64) {
        let Some(step) = self.step.get() else { return };
        self.add(|cost| {
            cost.sql_time += time;
            cost.rows_written += rows_written;
        });
        let mut costs = self.costs.borrow_mut();
        let statement = costs.statements.entry((step, sql)).or_default();
        statement.calls += 1;
        statement.time += time;
        statement.rows_written += rows_written;
    }
}
