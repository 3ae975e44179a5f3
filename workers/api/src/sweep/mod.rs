//! The sweep: resends unprocessed events, and completes abandoned workouts.
//!
//! It is a list of jobs that do not depend on each other. A workout's row is its own outbox, and so is a slice of
//! an import.

mod job;
mod jobs;
mod redrive_due;

use crate::app::App;
use job::{Job, JobResult, run_jobs};
use platform::database_retry::RETRIED_STATEMENTS_MAX;
use storage::Database;
use storage::shards::{OPERATIONS, concurrently};

/// The rounds of a job that may have a backlog. With 200 rows in each: 2,000 rows of a database in a minute.
const ROUNDS_MAX: u32 = 10;
/// A slice has up to 50 workouts: 1,000 slices in a minute.
const SLICE_ROUNDS_MAX: u32 = 5;

/// The jobs in each athletes' database.
const ATHLETES_JOBS: [Job; 9] = [
    Job {
        name: "webhook_endpoints",
        rounds_max: 1,
        statements: 1,
        round: |app, database| Box::pin(app.request_due_deliveries(database)),
    },
    Job {
        name: "open_workouts",
        rounds_max: ROUNDS_MAX,
        statements: 2,
        round: |app, database| Box::pin(app.complete_abandoned(database)),
    },
    Job {
        name: "workouts",
        rounds_max: ROUNDS_MAX,
        statements: 1,
        round: |app, database| Box::pin(app.resend_workouts(database)),
    },
    Job {
        name: "import_slices",
        rounds_max: SLICE_ROUNDS_MAX,
        statements: 1,
        round: |app, database| Box::pin(app.resend_slices(database)),
    },
    Job {
        name: "undone_imports",
        rounds_max: 1,
        statements: 3,
        round: |app, database| Box::pin(app.undo_imports(database)),
    },
    Job {
        name: "weekly_reports",
        rounds_max: ROUNDS_MAX,
        statements: 1,
        round: |app, database| Box::pin(app.request_reports(database)),
    },
    Job {
        name: "emails",
        rounds_max: 1,
        statements: 1,
        round: |app, database| Box::pin(app.request_due_emails(database)),
    },
    Job {
        name: "tombstones",
        rounds_max: 1,
        statements: 4,
        round: |app, database| Box::pin(app.copy_deletions(database)),
    },
    Job {
        name: "disabled_endpoints",
        rounds_max: 1,
        statements: 1,
        round: |app, database| Box::pin(app.fail_disabled_deliveries(database)),
    },
];

/// The jobs in the operators' database.
const OPERATORS_JOBS: [Job; 2] = [
    Job {
        name: "dead_letters",
        rounds_max: ROUNDS_MAX,
        statements: 4,
        round: |app, database| Box::pin(app.redrive_due(database)),
    },
    Job {
        name: "expired_rows",
        rounds_max: 1,
        statements: 3,
        round: |app, database| Box::pin(app.expire(database)),
    },
];

/// The statements of one sweep over `databases` athletes' databases, with a backlog in each job: 55 in each, 43 in
/// the operators'.
const fn statements(databases: u32) -> u32 {
    databases * statements_of(&ATHLETES_JOBS) + statements_of(&OPERATORS_JOBS)
}

const fn statements_of(jobs: &[Job]) -> u32 {
    let (mut sum, mut rest) = (0, jobs);
    while let [job, others @ ..] = rest {
        sum += job.rounds_max * job.statements;
        rest = others;
    }
    sum
}

/// D1 allows 1,000 statements an invocation (Cloudflare D1 documentation, Limits). 16 databases are the most that
/// docs/adr/0033 names: 16 × 55 + 43 = 923, and what is repeated in an outage.
const _: () = assert!(statements(16) + RETRIED_STATEMENTS_MAX <= 1_000);

impl App {
    /// Completes abandoned workouts, resends overdue events, and logs one line, and one for each job that failed.
    /// The databases are swept at once, five at most. In a database the jobs take turns, one round each; a job
    /// that fails, panics, is slow or has a backlog stops no other. In each athletes' database:
    ///
    /// 1. `webhook_endpoints`: read and publish (await, await) endpoints of webhooks with a due delivery and
    ///    no lease. A duplicate finds the endpoint leased, or nothing due;
    /// 2. `open_workouts`: claim (await) workouts in progress without a call for 24 hours, complete (await)
    ///    each at the time of its last set, if it is still at the revision read, and publish (await) their events.
    ///    After a crash they are due in a minute;
    /// 3. `workouts`: claim (await) overdue workouts, which postpones their next turn, and publish (await) the
    ///    same events as before, with the same ids. A crash delays them to that turn. Aggregation, whose ledger
    ///    has the revision, ignores duplicates;
    /// 4. `import_slices`: claim and publish (await, await) slices of imports, in the same way;
    /// 5. `undone_imports`: read (await) an import that is taken back, delete (await) its next workouts, and publish
    ///    (await) their events. A retry finds fewer; job 3 resends the events;
    /// 6. `weekly_reports`: claim and publish (await, await) the ended weeks, for athletes without a report of
    ///    them. The inbox ignores duplicates;
    /// 7. `emails`: read and publish (await, await) the athletes with due emails. Nothing is changed
    ///    here: until the emails are claimed, the next sweep publishes again;
    /// 8. `tombstones`: copy (awaits) those of deleted athletes to the operators' database. A repeat
    ///    changes nothing;
    /// 9. `disabled_endpoints`: fail (await) due deliveries that still wait at a disabled endpoint. A repeat finds
    ///    fewer.
    ///
    /// In the operators' database:
    ///
    /// 10. `dead_letters`: claim, send and mark (awaits) those of outages that are due: [`Self::redrive_due`];
    /// 11. `expired_rows`: delete (await) rows past their retention. A retry finds fewer.
    pub async fn sweep(&self) {
        let start_ms = self.clock.now_ms();
        let athletes = self.shards.every();
        let athletes = athletes.map(|(binding, database)| (binding, database, &ATHLETES_JOBS[..]));
        let operators = [(OPERATIONS, self.shards.operators(), &OPERATORS_JOBS[..])];
        let work = athletes.chain(operators).map(|part| self.sweep_database(part));
        let results = concurrently(work).await.concat();
        let count = |name| {
            let of_job = results.iter().filter(|result| result.name == name);
            of_job.map(|result| result.handled).sum::<usize>()
        };
        tracing::info!(
            worker = "api",
            completed = count("open_workouts"),
            sent = count("workouts"),
            slices_sent = count("import_slices"),
            undone = count("undone_imports"),
            weeks_ended = count("weekly_reports"),
            emails_requested = count("emails"),
            deliveries_requested = count("webhook_endpoints"),
            dead_letters_redriven = count("dead_letters"),
            dead_letters_expired = count("expired_rows"),
            deletions_copied = count("tombstones"),
            failed_jobs = results.iter().filter(|result| result.error.is_some()).count(),
            duration_ms = self.clock.now_ms() - start_ms,
            d1_round_trips = self.usage.round_trips(),
            d1_rows_written = self.usage.rows_written(),
            messages_sent = self.usage.messages_sent(),
            "sweep"
        );
    }

    /// Runs the jobs of one database, and logs those that failed.
    async fn sweep_database(
        &self,
        (binding, database, jobs): (&'static str, &dyn Database, &[Job]),
    ) -> Vec<JobResult> {
        let results = run_jobs(self, jobs, database).await;
        for JobResult { name, handled, error, .. } in &results {
            if let Some(error) = error {
                tracing::warn!(
                    worker = "api",
                    job = name,
                    database = binding,
                    handled,
                    error,
                    "sweep job failed"
                );
            }
        }
        results
    }
}
