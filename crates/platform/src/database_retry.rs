//! Retries of database calls within an invocation, after errors that pass within a second.
//!
//! The errors are those for which Cloudflare's list of D1 errors recommends a retry. An overloaded database is
//! left alone: a retry adds to the load. Delays without a source are project defaults.

use crate::clock::{Entropy, Timer};
use std::cell::Cell;
use storage::{DatabaseError, Statement};

/// Parts of the messages of errors that a retry gets past: a lost connection, a restart of the database, and
/// a node that cannot be reached.
const PASSING: [&str; 4] = [
    "Network connection lost",
    "storage caused object to be reset",
    "reset because its code was updated",
    "transient issue on remote node",
];
/// The longest delay before each retry, in milliseconds. The shortest is half of it.
const DELAYS_MS_MAX: [u32; 2] = [100, 400];

/// Statements that an invocation repeats, at most. D1 allows an invocation 1,000, and its own work needs up to 970
/// (a batch of slices of imports): in an outage each of its calls would be repeated.
pub const RETRIED_STATEMENTS_MAX: u32 = 30;

/// The statements that an invocation may still repeat.
#[derive(Debug)]
pub struct RetryBudget(Cell<u32>);

impl Default for RetryBudget {
    fn default() -> Self {
        Self(Cell::new(RETRIED_STATEMENTS_MAX))
    }
}

impl RetryBudget {
    /// Takes statements out of the budget; returns whether it had as many.
    fn take(&self, statements: usize) -> bool {
        let rest = u32::try_from(statements).ok().and_then(|count| self.0.get().checked_sub(count));
        rest.map(|rest| self.0.set(rest)).is_some()
    }
}

/// Returns the delay before the next retry after `retries` retries, in milliseconds, or `None` if there is
/// none. `random` spreads the retries of the invocations that failed together.
pub fn retry_delay_ms(error: &DatabaseError, retries: usize, random: u8) -> Option<u32> {
    let DatabaseError::Unavailable { reason } = error else { return None };
    let delay_ms_max = DELAYS_MS_MAX.get(retries)?;
    let passes =
        PASSING.iter().any(|words| reason.contains(words)) && !reason.contains("overloaded");
    passes.then(|| delay_ms_max / 2 + delay_ms_max / 2 * u32::from(random) / u32::from(u8::MAX))
}

/// Returns whether the statements only read.
pub fn only_read(statements: &[Statement]) -> bool {
    statements.iter().all(|statement| statement.sql.trim_start().starts_with("SELECT"))
}

/// Runs a call of some statements that may take effect twice, and repeats it at most twice while its error passes and
/// the budget of the invocation lasts.
pub async fn with_retries<T>(
    (timer, entropy): (&dyn Timer, &dyn Entropy),
    (budget, statements): (&RetryBudget, usize),
    call: impl AsyncFn() -> Result<T, DatabaseError>,
) -> Result<T, DatabaseError> {
    let mut retries = 0;
    loop {
        let result = call().await;
        let Err(error) = &result else { return result };
        let mut random = [0];
        entropy.fill(&mut random);
        let [random] = random;
        let delay_ms = retry_delay_ms(error, retries, random);
        let Some(delay_ms) = delay_ms.filter(|_| budget.take(statements)) else { return result };
        timer.sleep_ms(delay_ms).await;
        retries += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::executor::block_on;
    use std::cell::RefCell;

    fn error(message: &str) -> DatabaseError {
        DatabaseError::from_message(message.to_owned())
    }

    #[test]
    fn only_errors_that_pass_are_retried() {
        let check = |message: &str, is_retried: bool| {
            let delay_ms = retry_delay_ms(&error(message), 0, 0);
            assert_eq!(delay_ms.is_some(), is_retried, "{message}");
        };
        check("D1_ERROR: Network connection lost.", true);
        check("D1_ERROR: D1 DB reset because its code was updated.", true);
        check("D1_ERROR: Internal error in D1 DB storage caused object to be reset.", true);
        check(
            "D1_ERROR: Internal error while starting up D1 DB storage caused object to be reset.",
            true,
        );
        check("D1_ERROR: Cannot resolve D1 DB due to transient issue on remote node.", true);
        check("D1_ERROR: D1 DB is overloaded. Requests queued for too long.", false);
        check("D1_ERROR: D1 DB is overloaded: Network connection lost.", false);
        check("D1_ERROR: D1 DB storage operation exceeded timeout.", false);
        check("D1_ERROR: no such table: workouts: SQLITE_ERROR", false);
        check("D1_ERROR: FOREIGN KEY constraint failed: SQLITE_CONSTRAINT", false);
    }

    #[test]
    fn delays_grow_and_are_spread() {
        let lost = error("Network connection lost");
        let delays = |random| [0, 1, 2].map(|retries| retry_delay_ms(&lost, retries, random));
        assert_eq!(delays(0), [Some(50), Some(200), None]);
        assert_eq!(delays(255), [Some(100), Some(400), None]);
    }

    #[test]
    fn statements_that_only_read_are_recognised() {
        let check = |statements: &[&'static str], expected: bool| {
            let statements: Vec<_> = statements.iter().map(|sql| Statement::new(sql, [])).collect();
            assert_eq!(only_read(&statements), expected, "{statements:?}");
        };
        check(&["SELECT 1", "\n  SELECT 2"], true);
        check(&["SELECT 1", "UPDATE athletes SET units = 'kg'"], false);
        check(&["WITH days AS (SELECT 1) INSERT INTO weekly_volume SELECT 1 FROM days"], false);
    }

    #[derive(Default)]
    struct Sleeps(RefCell<Vec<u32>>);

    #[async_trait::async_trait(?Send)]
    impl Timer for Sleeps {
        async fn sleep_ms(&self, milliseconds: u32) {
            self.0.borrow_mut().push(milliseconds);
        }
    }

    struct Middle;

    impl Entropy for Middle {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(127);
        }
    }

    /// Returns the result, the number of calls and the delays of a call that fails `failures` times.
    fn called(failures: u32, budget: &RetryBudget) -> (bool, u32, Vec<u32>) {
        let (calls, sleeps) = (Cell::new(0), Sleeps::default());
        let result = block_on(with_retries((&sleeps, &Middle), (budget, 4), async || {
            calls.set(calls.get() + 1);
            if calls.get() <= failures { Err(error("Network connection lost")) } else { Ok(()) }
        }));
        (result.is_ok(), calls.get(), sleeps.0.take())
    }

    #[test]
    fn calls_are_retried_twice() {
        let check = |failures, expected| {
            assert_eq!(called(failures, &RetryBudget::default()), expected, "{failures}");
        };
        check(0, (true, 1, vec![]));
        check(2, (true, 3, vec![74, 299]));
        check(9, (false, 3, vec![74, 299]));
    }

    #[test]
    fn invocation_repeats_no_more_statements_than_its_budget() {
        let budget = RetryBudget::default();
        let calls: u32 = (0..20).map(|_| called(9, &budget).1).sum();
        // Four statements each: seven repetitions.
        assert_eq!(calls, 20 + RETRIED_STATEMENTS_MAX / 4);
    }
}
