//! Requests: what was accepted is there, once.

use super::{Violations, rows, text};
use crate::run::{Client, Simulation};
use crate::workload::Kind;
use std::collections::BTreeMap;

/// A workout for each POST that was accepted and for no other; a set for each that was logged.
pub fn check(run: &Simulation, found: &mut Violations) {
    let stored = rows(
        run,
        "SELECT workout_id, status, (SELECT coalesce(sum(json_array_length(value -> 'sets')), 0) \
         FROM json_each(document, '$.exercises')) AS sets FROM workouts",
    );
    let stored: BTreeMap<_, _> = stored.iter().map(|row| (text(row, "workout_id"), row)).collect();
    let posts = run.clients.iter().filter(|client| matches!(client.action.kind, Kind::Post(_)));
    found.unless(stored.len() <= posts.clone().count(), || {
        format!("unexpected: {} workouts of {} posts", stored.len(), posts.clone().count())
    });
    for client in &run.clients {
        let Some(answer) = &client.answer else { continue };
        let number = client.action.number;
        found.unless([200, 201, 204, 404, 409, 422].contains(&answer.status), || {
            format!("action {number} was answered {}: {}", answer.status, answer.body)
        });
        if matches!(client.action.kind, Kind::Post(_)) && answer.status == 201 {
            let id = text(&answer.body, "id");
            found.unless(stored.contains_key(id), || {
                format!("lost: workout {id} of action {number}")
            });
        }
        if matches!(client.action.kind, Kind::Delete(_)) && answer.status == 204 {
            let path = client.path.as_deref().unwrap();
            let id = path.rsplit('/').next().unwrap();
            let is_deleted = stored.get(id).is_some_and(|row| row["status"] == "deleted");
            found.unless(is_deleted, || format!("lost: the deletion of {id}"));
        }
    }
    for (id, row) in stored {
        check_sets(run, id, row["sets"].as_u64().unwrap(), found);
    }
}

/// The sets of a workout that was only posted and logged live.
fn check_sets(run: &Simulation, id: &str, sets: u64, found: &mut Violations) {
    let is_about = |client: &&Client| client.path.as_deref().is_some_and(|path| path.contains(id));
    let edits = || run.clients.iter().filter(is_about);
    if edits().any(|client| matches!(client.action.kind, Kind::Put(..))) {
        return;
    }
    let post = run.clients.iter().find(|client| {
        matches!(client.action.kind, Kind::Post(_))
            && client.answer.as_ref().is_some_and(|answer| answer.body["id"] == id)
    });
    let Some(post) = post else { return };
    let Kind::Post(entered) = &post.action.kind else { return };
    let logged = edits().filter(|client| matches!(client.action.kind, Kind::AddSet(..)));
    let accepted = logged
        .clone()
        .filter(|client| client.answer.as_ref().is_some_and(|answer| answer.status == 201));
    let (least, most) = (accepted.count() as u64, logged.count() as u64);
    let begun = entered.sets();
    found.unless((begun + least..=begun + most).contains(&sets), || {
        format!("workout {id} has {sets} sets: {begun} posted, {least} to {most} logged")
    });
}
