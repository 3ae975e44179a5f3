//! Every accepted request has its effect once.

use super::finished_run::{FinishedRun, Violations};
use crate::client::Client;
use crate::database::text;
use crate::log_file::IS_IMPORTED;
use crate::workload::ActionKind;
use std::collections::BTreeMap;

/// Checks that accepted POSTs, deletions and sets are stored, and no others.
pub fn check(run: &FinishedRun<'_>, violations: &mut Violations) {
    let stored = run.rows(&format!(
        "SELECT workout_id, status, (SELECT coalesce(sum(json_array_length(value -> 'sets')), 0) \
         FROM json_each(document, '$.exercises')) AS sets FROM workouts WHERE NOT ({IS_IMPORTED})",
    ));
    let stored: BTreeMap<_, _> = stored.iter().map(|row| (text(row, "workout_id"), row)).collect();
    let posts = run.clients.iter().filter(|client| client.is_post()).count();
    violations.require(stored.len() <= posts, || {
        format!("unexpected: {} workouts of {posts} posts", stored.len())
    });
    for client in run.clients {
        let Some(response) = &client.response else { continue };
        let number = client.action.number;
        violations.require([200, 201, 202, 204, 404, 409, 422].contains(&response.status), || {
            format!("response to action {number}: {} {}", response.status, response.body)
        });
        if client.is_post() && response.status == 201 {
            let id = text(&response.body, "id");
            violations.require(stored.contains_key(id), || {
                format!("lost: workout {id} of action {number}")
            });
        }
        if client.action.kind == ActionKind::Delete && response.status == 204 {
            let path = client.path.as_deref().unwrap();
            let id = path.rsplit('/').next().unwrap();
            let is_deleted = stored.get(id).is_some_and(|row| row["status"] == "deleted");
            violations.require(is_deleted, || format!("lost: the deletion of {id}"));
        }
    }
    for (id, row) in stored {
        check_sets(run, id, row["sets"].as_u64().unwrap(), violations);
    }
}

/// Checks the sets of a workout that was posted and logged live, but never replaced.
fn check_sets(run: &FinishedRun<'_>, id: &str, sets: u64, violations: &mut Violations) {
    let is_edit = |path: &String| path.contains(id);
    let edits = || run.clients.iter().filter(|client| client.path.as_ref().is_some_and(is_edit));
    let is_replaced =
        |client: &Client| matches!(client.action.kind, ActionKind::Put | ActionKind::Retitle);
    if edits().any(is_replaced) {
        return;
    }
    let mut clients = run.clients.iter();
    let Some(post) = clients.find(|client| client.created_workout_id() == Some(id)) else { return };
    let logs = edits().filter(|client| client.action.kind == ActionKind::AddSet);
    let accepted = logs.clone().filter(|client| client.status() == Some(201));
    let (least, most) = (accepted.count() as u64, logs.count() as u64);
    let exercises = post.action.body["exercises"].as_array().unwrap().iter();
    let posted: u64 = exercises.map(|one| one["sets"].as_array().unwrap().len() as u64).sum();
    violations.require((posted + least..=posted + most).contains(&sets), || {
        format!("workout {id} has {sets} sets: {posted} posted, {least} to {most} logged")
    });
}
