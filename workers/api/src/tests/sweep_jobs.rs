//! The jobs of the sweep do not depend on each other, and each has its bounds.

use super::*;
use async_trait::async_trait;
use shared_kernel::AthleteId;
use std::cell::Cell;
use std::rc::Rc;
use storage::{Database, DatabaseError, QueryResult, Statement};
use testkit::Sqlite;

/// The jobs, each with a part of its SQL that no other has.
const JOBS: [(&str, &str); 9] = [
    ("webhook_endpoints", "INDEXED BY webhook_deliveries_due"),
    ("open_workouts", "due_at_ms <= ?1 AND status = 'in_progress'"),
    ("workouts", "due_at_ms <= ?1 AND aggregated_revision < revision"),
    ("import_slices", "UPDATE import_slices"),
    ("undone_imports", "INDEXED BY imports_undoing"),
    ("weekly_reports", "INDEXED BY athletes_by_report"),
    ("emails", "INDEXED BY notifications_mail_due"),
    ("tombstones", "INDEXED BY deleted_athletes_to_copy"),
    ("expired_rows", "INDEXED BY dead_letters_by_time"),
];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Trouble {
    Error,
    Panic,
    /// No result ever.
    Hang,
    None,
}

/// A database in which the statements that contain a text cause trouble.
struct Troubled {
    database: Rc<Sqlite>,
    text: &'static str,
    trouble: Trouble,
    /// The statements, and the bytes of the largest result.
    observed: Rc<Cell<(u32, usize)>>,
}

#[async_trait(?Send)]
impl Database for Troubled {
    async fn batch(&self, statements: Vec<Statement>) -> Result<Vec<QueryResult>, DatabaseError> {
        if statements.iter().any(|statement| statement.sql.contains(self.text)) {
            match self.trouble {
                Trouble::Error => return Err(DatabaseError::MissingResult),
                Trouble::Panic => panic!("a test"),
                Trouble::Hang => std::future::pending().await,
                Trouble::None => {}
            }
        }
        let (count, bytes) = self.observed.get();
        let count = count + u32::try_from(statements.len()).unwrap();
        let results = self.database.batch(statements).await?;
        let largest = results.iter().map(|result| result.rows.len()).max().unwrap_or(0);
        self.observed.set((count, bytes.max(largest)));
        Ok(results)
    }
}

impl TestApi {
    /// Replaces the databases by troubled ones.
    fn trouble(&mut self, text: &'static str, trouble: Trouble) -> Rc<Cell<(u32, usize)>> {
        let observed = Rc::<Cell<(u32, usize)>>::default();
        Rc::make_mut(&mut self.app).shards = self.database.shards_over(|_, database| {
            Rc::new(Troubled { database, text, trouble, observed: Rc::clone(&observed) })
        });
        observed
    }
}

const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// Stores a due row for each job.
fn store_due_rows(api: &TestApi) {
    let key = api.create_athlete();
    let athlete = api.athlete_id(&key);
    api.create_workout(&key, &open_workout());
    api.mark_aggregated();
    api.create_workout(&key, &bench_workout(1));
    api.clock.advance_ms(86_400_001);
    api.database.of(athlete.parse().unwrap()).execute(&format!(
        "INSERT INTO webhook_endpoints (athlete_id, endpoint_id, url, description, event_types, form, version, \
         signing_keys, created_at_ms) VALUES ('{athlete}', '{uuid}', '', '', '[]', 'full', 1, '[]', 0); \
         INSERT INTO webhook_deliveries (athlete_id, endpoint_id, delivery_id, event_id, event_type, body, \
         traceparent, created_at_ms, due_at_ms) VALUES ('{athlete}', '{uuid}', '{uuid}', '{uuid}', '', '', '{TRACE}', 0, 0); \
         INSERT INTO imports (athlete_id, import_id, format, report, created_at_ms, traceparent) \
         VALUES ('{athlete}', '{uuid}', 'hevy', '{{}}', 0, '{TRACE}'); \
         INSERT INTO imports (athlete_id, import_id, format, report, created_at_ms, undone_at_ms, is_undoing, traceparent) \
         VALUES ('{athlete}', '{athlete}', 'hevy', '{{}}', 0, 0, 1, '{TRACE}'); \
         INSERT INTO import_slices (athlete_id, import_id, slice, state, workouts, resend_at_ms) \
         VALUES ('{athlete}', '{uuid}', 0, 'waiting', '[]', 0); \
         INSERT INTO weekly_volume (athlete_id, week_start, workouts, sets, tonnage_grams, hard_half_sets, muscles, version) \
         VALUES ('{athlete}', '2026-11-16', 1, 1, 1, 1, '{{}}', 1); \
         INSERT INTO notifications (athlete_id, notification_id, kind, title, body, data, created_at_ms, \
         expires_at_ms, in_app, seq, mail_due_at_ms) \
         VALUES ('{athlete}', '{uuid}', 'plateau', '', '', '{{}}', 0, 9000000000000, 1, 1, 0); \
         INSERT INTO deleted_athletes (athlete_id, deleted_at_ms) VALUES ('{uuid}', 0)",
        uuid = "01900000-0000-7000-8000-000000000000",
    ));
    api.database.operations.execute(
        "INSERT INTO dead_letters (dead_letter_id, queue, message_id, reason, reason_group, attempts, failed_at_ms, body) \
         VALUES ('01900000-0000-7000-8000-000000000000', 'ai-analysis', '', '', '', 4, 0, '')",
    );
}

/// The jobs that did their work, in the order of [`JOBS`].
fn sweep_due_rows(api: &TestApi) -> Vec<&'static str> {
    run(api.app.sweep());
    let events = api.sink.take_events();
    let has = |wanted: &dyn Fn(&Event) -> bool| events.iter().any(wanted);
    let has_type = |wanted| has(&|event: &Event| event.event_type() == wanted);
    let has_revision = |revision| {
        has(&|event: &Event| {
            event.event_type() == EventType::WorkoutCompleted
                && snapshot(event).revision == revision
        })
    };
    let is_empty =
        |table: &str| api.database.operations.query(&format!("SELECT 1 FROM {table}")).is_empty();
    let done = [
        has_type(EventType::WebhookDeliveryRequested),
        has_revision(2),
        has_revision(1),
        has_type(EventType::ImportSliceStored),
        api.database.query("SELECT 1 FROM imports WHERE is_undoing = 1").is_empty(),
        has_type(EventType::TrainingWeekEnded),
        has_type(EventType::MailFellDue),
        !is_empty("deleted_athletes"),
        is_empty("dead_letters"),
    ];
    JOBS.iter().zip(done).filter(|(_, is_done)| *is_done).map(|((name, _), _)| *name).collect()
}

#[test]
fn job_in_trouble_delays_no_other() {
    for trouble in [Trouble::None, Trouble::Error, Trouble::Panic, Trouble::Hang] {
        for (name, text) in JOBS {
            let mut api = TestApi::new();
            store_due_rows(&api);
            api.trouble(text, trouble);
            let others =
                JOBS.iter().filter(|(other, _)| *other != name || trouble == Trouble::None);
            let expected: Vec<_> = others.map(|(other, _)| *other).collect();
            assert_eq!(sweep_due_rows(&api), expected, "{name}: {trouble:?}");
        }
    }
}

/// Makes `count` copies of each due row of the jobs with a backlog, for `count` athletes of one database.
fn store_backlog(api: &TestApi, count: usize) {
    store_due_rows(api);
    let workouts = api.database.query("SELECT athlete_id FROM workouts");
    let row: Value = serde_json::from_str(&workouts[0]).unwrap();
    let athlete: AthleteId = row["athlete_id"].as_str().unwrap().parse().unwrap();
    let copy = |table: &str, columns: &str| {
        format!(
            "INSERT INTO {table} (athlete_id, {columns}) SELECT copy, {columns} FROM {table}, copies \
             WHERE athlete_id = '{athlete}';"
        )
    };
    let copies = [
        copy(
            "workouts",
            "workout_id, revision, aggregated_revision, completed_revision, status, change_seq, local_date, \
             started_at_ms, created_at_ms, changed_at_ms, due_at_ms, traceparent, document",
        ),
        copy("imports", "import_id, format, report, created_at_ms, traceparent"),
        copy("import_slices", "import_id, slice, state, workouts, resend_at_ms"),
        copy(
            "weekly_volume",
            "week_start, workouts, sets, tonnage_grams, hard_half_sets, muscles, version",
        ),
        copy(
            "notifications",
            "notification_id, kind, title, body, data, created_at_ms, expires_at_ms, in_app, seq, mail_due_at_ms",
        ),
    ];
    let copies = copies.concat();
    api.database.of(athlete).execute(&format!(
        "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {count}) \
         INSERT INTO athletes (athlete_id, display_name, created_at_ms) \
         SELECT printf('01900000-0000-7000-8000-%012d', n), 'copy', 0 FROM n; \
         CREATE TEMP VIEW copies AS SELECT athlete_id AS copy FROM athletes WHERE display_name = 'copy'; {copies}"
    ));
}

#[test]
fn backlog_of_each_job_stays_within_the_statements_of_d1() {
    let mut api = TestApi::new();
    store_backlog(&api, 2_500);
    let observed = api.trouble("no statement", Trouble::None);
    let mut sent = Vec::new();
    for _ in 0..3 {
        observed.set((0, 0));
        run(api.app.sweep());
        let (statements, bytes) = observed.get();
        // 55 in the database with the backlog, 10 in each of the others, and 4.
        assert!(statements <= 55 + 3 * 10 + 4, "{statements} statements");
        assert!(bytes < 1_000_000, "{bytes} bytes");
        let events = api.sink.take_events();
        let count = |wanted| events.iter().filter(|it| it.event_type() == wanted).count();
        sent.push(
            [
                EventType::WorkoutCompleted,
                EventType::ImportSliceStored,
                EventType::TrainingWeekEnded,
            ]
            .map(count),
        );
        api.clock.advance_ms(1);
    }
    // Of each athlete one workout is overdue, and one left open.
    assert_eq!(sent, [[4_000, 1_000, 2_000], [1_002, 1_000, 501], [0, 501, 0]]);
}

#[test]
fn large_open_workouts_are_read_a_few_at_a_time() {
    let mut api = TestApi::new();
    let key = api.create_athlete();
    for _ in 0..8 {
        api.create_workout(&key, &open_workout());
    }
    api.mark_aggregated();
    api.clock.advance_ms(86_400_001);
    api.database.execute(
        "UPDATE workouts SET document = json_set(document, '$.notes', hex(zeroblob(120000)))",
    );
    let observed = api.trouble("no statement", Trouble::None);
    run(api.app.sweep());
    assert_eq!(api.take_published().len(), 8);
    let (_, bytes) = observed.get();
    assert!((480_000..550_000).contains(&bytes), "{bytes}");
}
