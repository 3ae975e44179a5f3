//! Decides how the workouts of a file are stored: each training session once.

use super::ImportedWorkout;
use crate::json_text;
use crate::workouts::{Document, WorkoutStatus};
use serde::{Deserialize, Serialize};
use shared_kernel::{WorkoutId, derived};
use training::calendar::local_date;
use training::session::{Comparison, compare};
use training::{CustomExercises, Grams, Workout};
use uuid::Uuid;

/// The characters of the title of a conflict, at most; a project default.
const TITLE_CHARS_MAX: usize = 100;

/// The import that stored a workout last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// The id that the import gave to its workout: that of the stored one if it created it.
    pub row: WorkoutId,
    /// At another revision the workout was edited since.
    pub revision: i64,
    pub format: String,
}

/// A stored workout that a workout of a file is compared with.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct StoredSession {
    pub workout_id: WorkoutId,
    pub revision: i64,
    pub status: WorkoutStatus,
    #[serde(deserialize_with = "json_text::optional")]
    pub imported: Option<Stamp>,
    pub body_weight_grams: Option<Grams>,
    #[serde(deserialize_with = "json_text::or_default")]
    pub own_exercises: CustomExercises,
    pub document: Document,
}

impl StoredSession {
    /// Whether the workout of the file is stored in it.
    fn has(&self, row: &ImportedWorkout) -> bool {
        let stamp = self.imported.as_ref();
        self.workout_id == row.workout_id || stamp.is_some_and(|stamp| stamp.row == row.workout_id)
    }

    /// Whether it is as an import stored it.
    fn is_unedited(&self) -> bool {
        self.status == WorkoutStatus::Completed
            && self.imported.as_ref().is_some_and(|stamp| stamp.revision == self.revision)
    }

    /// Whether an import stored it of which the row is another workout: no two of one file are one session.
    fn is_of_same_file(&self, row: &ImportedWorkout) -> bool {
        let stamp = self.imported.as_ref().filter(|stamp| stamp.row != row.workout_id);
        stamp.is_some_and(|stamp| file_of(stamp.row) == file_of(row.workout_id))
    }
}

/// Derives the id of a workout from its import and its index in the file. Its first 18 characters are those of all
/// workouts of the import (`crates/storage/sql/imports/may_be_same.sql`).
pub fn workout_id(import_id: Uuid, index: u64) -> WorkoutId {
    let (high, _) = derived(&["imported workouts", &import_id.to_string()]).as_u64_pair();
    WorkoutId(Uuid::from_u64_pair(high, index | 1 << 63))
}

/// Returns the lowest and the highest id that [`workout_id`] derives from an import.
pub(super) fn ids_of_import(import_id: Uuid) -> (WorkoutId, WorkoutId) {
    (workout_id(import_id, 0), workout_id(import_id, u64::MAX))
}

/// The part of an id that all workouts of an import share.
const fn file_of(id: WorkoutId) -> u64 {
    id.0.as_u64_pair().0
}

/// The decision about a workout of a file.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision<'a> {
    /// It is stored.
    New,
    /// The stored workout is changed to this one.
    Update(&'a StoredSession, Box<Workout>),
    /// This import has stored it before.
    Written(&'a StoredSession),
    /// It is stored, or more than it.
    Duplicate,
    /// The stored workout differs from it, or was edited: it stays.
    Conflict(&'a StoredSession),
}

/// Decides about a workout of a file of an app. `stored` are the workouts that may be the same session,
/// the nearest first.
///
/// 1. a row that this import has stored before is not stored again, also if its workout was deleted since. One that
///    completes a workout is compared with it;
/// 2. a stored session that knows as much makes it a duplicate, and so does one with its sets that may not be updated;
/// 3. one that knows less is updated, if it is as an import stored it, and not from this file;
/// 4. any other stored session is a conflict.
pub fn decide<'a>(
    row: &ImportedWorkout,
    format: &str,
    stored: &'a [StoredSession],
) -> Decision<'a> {
    let before = stored.iter().find(|stored| stored.has(row));
    if let Some(before) = before
        && (!row.completes || before.status == WorkoutStatus::Deleted)
    {
        return Decision::Written(before);
    }
    let mut decision = Decision::New;
    for stored in before.map_or(stored, std::slice::from_ref) {
        let Ok(workout) = stored.document.get() else { continue };
        let stamp = stored.imported.as_ref();
        let is_same_app = stamp.is_some_and(|stamp| stamp.format == format);
        let may_update = stored.is_unedited() && !stored.is_of_same_file(row);
        let next = match compare(&row.workout, workout, is_same_app) {
            Comparison::Other => continue,
            Comparison::Known if before.is_some() => return Decision::Written(stored),
            Comparison::More { merged, .. } if may_update => Decision::Update(stored, merged),
            Comparison::Known | Comparison::More { has_more_sets: false, .. } => {
                return Decision::Duplicate;
            }
            Comparison::More { .. } | Comparison::Conflict => Decision::Conflict(stored),
        };
        let is_better = match &decision {
            Decision::New => true,
            Decision::Conflict(_) => matches!(next, Decision::Update(..)),
            Decision::Update(..) | Decision::Written(_) | Decision::Duplicate => false,
        };
        if is_better {
            decision = next;
        }
    }
    decision
}

/// A stored workout that differs from one of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredConflict {
    pub workout_id: WorkoutId,
    pub date: String,
    pub title: Option<String>,
}

/// The number of workouts of a file by decision.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportCounts {
    pub imported: i64,
    pub updated: i64,
    pub duplicates: i64,
    pub conflicts: Vec<StoredConflict>,
}

impl ImportCounts {
    /// Counts a decision. A row that completes a workout is not counted: the workout without its unknown exercises
    /// was.
    pub fn count(&mut self, row: &ImportedWorkout, decision: &Decision<'_>) {
        match decision {
            Decision::Conflict(stored) => {
                let title = row.workout.title.as_ref();
                self.conflicts.push(StoredConflict {
                    workout_id: stored.workout_id,
                    date: local_date(row.workout.started_at).to_string(),
                    title: title.map(|title| title.chars().take(TITLE_CHARS_MAX).collect()),
                });
            }
            _ if row.completes => {}
            Decision::New => self.imported += 1,
            Decision::Written(stored) if stored.workout_id == row.workout_id => self.imported += 1,
            Decision::Update(..) | Decision::Written(_) => self.updated += 1,
            Decision::Duplicate => self.duplicates += 1,
        }
    }
}

/// A workout that an import has written, or is to write.
#[derive(Clone, Debug, PartialEq)]
pub struct WrittenSession {
    pub workout_id: WorkoutId,
    pub revision: i64,
    pub workout: Workout,
    pub own_exercises: CustomExercises,
    pub body_weight_grams: Option<Grams>,
}

/// A workout to write.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionWrite {
    pub session: WrittenSession,
    pub stamp: Stamp,
    /// The workouts of its time that it was compared with; `None` if there are more.
    pub compared: Option<Vec<WorkoutId>>,
}

/// The decisions about the workouts of a slice.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SlicePlan {
    pub writes: Vec<SessionWrite>,
    /// Those of an earlier attempt that are unchanged since.
    pub written: Vec<WrittenSession>,
    pub counts: ImportCounts,
}

impl SlicePlan {
    /// Decides about a workout. `is_complete` is false if it has more stored workouts of its time.
    pub fn add(
        &mut self,
        row: &ImportedWorkout,
        format: &str,
        stored: &[StoredSession],
        is_complete: bool,
    ) {
        let decision = decide(row, format, stored);
        self.counts.count(row, &decision);
        match decision {
            Decision::New => {
                let own_exercises = row.own_exercises.clone();
                let session = WrittenSession {
                    workout_id: row.workout_id,
                    revision: 1,
                    workout: row.workout.clone(),
                    own_exercises,
                    body_weight_grams: None,
                };
                let ids = stored.iter().map(|stored| stored.workout_id).collect();
                self.write(row, format, session, is_complete.then_some(ids));
            }
            Decision::Update(stored, workout) => {
                let mut own_exercises = row.own_exercises.clone();
                own_exercises.extend(stored.own_exercises.clone());
                let session = WrittenSession {
                    workout_id: stored.workout_id,
                    revision: stored.revision + 1,
                    workout: *workout,
                    own_exercises,
                    body_weight_grams: None,
                };
                self.write(row, format, session, None);
            }
            Decision::Written(stored) => {
                let stamp = stored.imported.as_ref();
                let is_current = stamp.is_some_and(|stamp| {
                    stamp.row == row.workout_id && stamp.revision == stored.revision
                });
                let is_stored = is_current && stored.status != WorkoutStatus::Deleted;
                let workout = stored.document.get().ok().filter(|_| is_stored);
                self.written.extend(workout.map(|workout| WrittenSession {
                    workout_id: stored.workout_id,
                    revision: stored.revision,
                    workout: workout.clone(),
                    own_exercises: stored.own_exercises.clone(),
                    body_weight_grams: stored.body_weight_grams,
                }));
            }
            Decision::Duplicate | Decision::Conflict(_) => {}
        }
    }

    fn write(
        &mut self,
        row: &ImportedWorkout,
        format: &str,
        session: WrittenSession,
        compared: Option<Vec<WorkoutId>>,
    ) {
        let (revision, format) = (session.revision, format.to_owned());
        let stamp = Stamp { row: row.workout_id, revision, format };
        self.writes.push(SessionWrite { session, stamp, compared });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::collections::BTreeMap;

    const FILE: Uuid = Uuid::from_u128(1);
    const OTHER: Uuid = Uuid::from_u128(2);

    fn workout(title: &str, reps: &[u32]) -> Workout {
        let sets: Vec<_> = (1..)
            .zip(reps)
            .map(|(id, reps)| json!({ "id": id, "kind": "working", "reps": reps }))
            .collect();
        serde_json::from_value(json!({
            "title": title, "started_at": "2024-03-04T18:00:00Z", "ended_at": "2024-03-04T19:00:00Z",
            "exercises": [{ "exercise": "dip", "sets": sets }], "last_set_id": reps.len(),
        }))
        .unwrap()
    }

    fn row(reps: &[u32], completes: bool) -> ImportedWorkout {
        let workout_id = workout_id(FILE, 0);
        let (own_exercises, unmatched) = (CustomExercises::new(), BTreeMap::new());
        ImportedWorkout {
            workout_id,
            workout: workout("Push", reps),
            own_exercises,
            unmatched,
            completes,
        }
    }

    /// A stored workout at revision 2, with the row and the revision of its stamp.
    fn stored(id: WorkoutId, stamp: Option<(WorkoutId, i64)>, reps: &[u32]) -> StoredSession {
        let stamp = stamp.map(|(row, revision)| Stamp { row, revision, format: "hevy".to_owned() });
        StoredSession {
            workout_id: id,
            revision: 2,
            status: WorkoutStatus::Completed,
            imported: stamp,
            body_weight_grams: None,
            own_exercises: CustomExercises::new(),
            document: workout("Push", reps).into(),
        }
    }

    fn check(row: &ImportedWorkout, stored: &[StoredSession], expected: &str) {
        let decision = decide(row, "hevy", stored);
        let name = match &decision {
            Decision::New => "new",
            Decision::Update(..) => "update",
            Decision::Written(_) => "written",
            Decision::Duplicate => "duplicate",
            Decision::Conflict(_) => "conflict",
        };
        assert_eq!(name, expected, "{row:?} {stored:?}");
    }

    #[test]
    fn only_what_an_import_stored_last_is_updated() {
        let other = workout_id(OTHER, 7);
        let check = |stamp, stored_reps: &[u32], expected| {
            check(&row(&[5, 6], false), &[stored(other, stamp, stored_reps)], expected);
        };
        let (by_import, edited) = (Some((other, 2)), Some((other, 1)));
        let (by_neighbour, by_row) =
            (Some((workout_id(FILE, 3), 2)), Some((workout_id(FILE, 0), 2)));
        check(by_import, &[5, 6], "duplicate");
        check(by_import, &[5], "update");
        check(by_import, &[5, 6, 7], "duplicate");
        check(by_import, &[5, 7], "conflict");
        check(by_import, &[], "update");
        for stamp in [edited, None, by_neighbour] {
            check(stamp, &[5, 6], "duplicate");
            check(stamp, &[5], "conflict");
            check(stamp, &[5, 6, 7], "duplicate");
        }
        check(by_row, &[5, 6], "written");
        check(by_row, &[7], "written");
    }

    #[test]
    fn nearest_session_that_knows_as_much_decides() {
        let other = |index, reps: &[u32]| {
            let id = workout_id(OTHER, index);
            stored(id, Some((id, 2)), reps)
        };
        let check = |all: &[StoredSession], expected| check(&row(&[5, 6], false), all, expected);
        check(&[], "new");
        check(&[other(0, &[7]), other(1, &[5])], "update");
        check(&[other(0, &[5]), other(1, &[5, 6])], "duplicate");
        check(&[other(0, &[7]), other(1, &[8])], "conflict");
        let mut elsewhere = other(0, &[5, 6]);
        let later = "2024-03-05T18:00:00Z";
        elsewhere.document = Workout {
            started_at: later.parse().unwrap(),
            ended_at: None,
            ..workout("Push", &[5, 6])
        }
        .into();
        check(&[elsewhere], "new");
    }

    #[test]
    fn completing_row_is_compared_with_what_it_completes() {
        let own = workout_id(FILE, 0);
        let check = |stamp, reps: &[u32], expected| {
            check(&row(&[5, 6], true), &[stored(own, stamp, reps)], expected);
            let mut deleted = stored(own, stamp, reps);
            deleted.status = WorkoutStatus::Deleted;
            super::tests::check(&row(&[5, 6], true), &[deleted], "written");
        };
        check(Some((own, 2)), &[5], "update");
        check(Some((own, 2)), &[5, 6], "written");
        check(Some((own, 1)), &[5], "conflict");
        check(Some((own, 1)), &[7], "conflict");
        check(Some((workout_id(OTHER, 0), 2)), &[5], "update");
        check(None, &[5, 6], "written");
        super::tests::check(&row(&[5], false), &[stored(own, Some((own, 2)), &[5, 6])], "written");
    }
}
