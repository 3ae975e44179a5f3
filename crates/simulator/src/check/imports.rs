//! Imports end, their counts agree, and each accepted row of their files is counted once, however often and at once
//! the same session was imported.

use super::finished_run::{FinishedRun, Violations};
use crate::client::Client;
use crate::database::text;
use crate::log_file::{IS_IMPORTED, Session};
use crate::workload::ActionKind;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Checks the imports of a run.
pub fn check(run: &FinishedRun<'_>, violations: &mut Violations) {
    let mapped = Mapped::of(run);
    check_sessions(run, &mapped, violations);
    check_progress(run, violations);
}

/// The imports with an accepted mapping.
struct Mapped<'a>(BTreeSet<&'a str>);

impl<'a> Mapped<'a> {
    fn of(run: &'a FinishedRun<'_>) -> Self {
        let clients = || run.clients.iter().filter(|client| client.action.kind == ActionKind::Map);
        let id = |client: &'a Client| client.path.as_deref()?.split('/').nth(3);
        let accepted = clients().filter(|client| client.status() == Some(202));
        Self(accepted.filter_map(id).collect())
    }
}

/// The imports of one athlete with a session.
#[derive(Default)]
struct Importers<'a> {
    is_accepted: bool,
    /// Whether the unknown name of one of them was mapped.
    is_mapped: bool,
    session: Option<&'a Session>,
}

fn check_sessions(run: &FinishedRun<'_>, mapped: &Mapped<'_>, violations: &mut Violations) {
    let mut expected: BTreeMap<(&str, i64), Importers<'_>> = BTreeMap::new();
    for client in run.clients {
        let Some(file) = &client.action.file else { continue };
        let athlete = run.athletes[client.action.athlete].id.as_str();
        let id = client.created_import_id();
        let is_mapped = id.is_some_and(|id| mapped.0.contains(id));
        for session in &file.0 {
            let importers = expected.entry((athlete, session.started_at_ms)).or_insert_with(|| {
                Importers { is_accepted: false, is_mapped: false, session: None }
            });
            importers.is_accepted |= id.is_some();
            importers.is_mapped |= is_mapped;
            importers.session = Some(session);
        }
    }
    let mut counted: BTreeMap<(String, i64), Vec<u64>> = BTreeMap::new();
    for row in run.rows(&format!(
        "SELECT athlete_id, started_at_ms, sets FROM volume_ledger WHERE {IS_IMPORTED}"
    )) {
        let key = (text(&row, "athlete_id").to_owned(), row["started_at_ms"].as_i64().unwrap());
        counted.entry(key).or_default().push(row["sets"].as_u64().unwrap());
    }
    for ((athlete, started_at_ms), importers) in &expected {
        let counted = counted.remove(&((*athlete).to_owned(), *started_at_ms)).unwrap_or_default();
        let session = importers.session.unwrap();
        let allowed = allowed_sets(importers, session);
        let sum = counted.iter().sum::<u64>();
        violations.require(counted.len() <= 1 && allowed.contains(&sum), || {
            format!(
                "the session at {started_at_ms} of {athlete} has {counted:?} sets, not one of {allowed:?}"
            )
        });
    }
    violations.require(counted.is_empty(), || format!("unexpected sessions: {counted:?}"));
}

/// The number of sets that a session may have. It is stored without the unknown ones at first.
fn allowed_sets(importers: &Importers<'_>, session: &Session) -> Vec<u64> {
    let Session { known_sets, unknown_sets, .. } = *session;
    let all = known_sets + unknown_sets;
    match (importers.is_accepted, importers.is_mapped) {
        (true, true) => vec![all],
        (true, false) => vec![known_sets, all],
        (false, _) => vec![0, known_sets, all],
    }
}

/// Checks that each import has ended, and counted each workout of its file.
fn check_progress(run: &FinishedRun<'_>, violations: &mut Violations) {
    let rows = run.rows(
        "SELECT import_id, finished_at_ms, sum(imported) AS imported, sum(state = 'done') AS done, \
         sum(imported + updated + duplicates + json_array_length(conflicts)) AS counted \
         FROM imports JOIN import_slices USING (athlete_id, import_id) GROUP BY athlete_id, import_id",
    );
    let rows: BTreeMap<_, _> = rows.iter().map(|row| (text(row, "import_id"), row)).collect();
    let number = |row: &Value, name: &str| row[name].as_i64().unwrap();
    for client in run.clients {
        let Some((id, file)) = client.created_import_id().zip(client.action.file.as_ref()) else {
            continue;
        };
        let Some(row) = rows.get(id) else {
            violations.0.push(format!("lost: the import {id}"));
            continue;
        };
        let expected = file.0.len();
        violations.require(usize::try_from(number(row, "counted")) == Ok(expected), || {
            format!("the import {id} counted {row}, but has {expected} workouts")
        });
        violations.require(row["finished_at_ms"].is_i64() == (number(row, "done") > 0), || {
            format!("the import {id} has no end: {row}")
        });
    }
    let imported = rows.values().map(|row| number(row, "imported")).sum::<i64>();
    let stored = run.rows(&format!("SELECT 1 FROM workouts WHERE {IS_IMPORTED}")).len();
    violations.require(usize::try_from(imported) == Ok(stored), || {
        format!("{imported} workouts were imported, and {stored} are stored")
    });
}
