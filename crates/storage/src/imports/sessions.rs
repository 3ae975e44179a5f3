//! Decides what becomes of the workouts of a file: each training session is stored once.

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
    /// At another revision somebody has edited the workout since.
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

/// What becomes of a workout of a file.
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
    /// The stored workout differs from it, or somebody has edited it: it stays.
    Conflict(&'a StoredSession),
}

/// Decides what becomes of a workout of a file of an app. `stored` are the workouts that may be the same session,
/// the nearest first.
///
/// 1. what this import has stored before stays, whatever became of it. A row that completes a workout is compared
///    with it;
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
            Comparison::Known => return Decision::Duplicate,
            Comparison::More { merged, .. } if may_update => Decision::Update(stored, merged),
            Comparison::More { has_more_sets: false, .. } => return Decision::Duplicate,
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

/// What became of the workouts of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub imported: i64,
    pub updated: i64,
    pub duplicates: i64,
    pub conflicts: Vec<StoredConflict>,
}

impl Tally {
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
    /// Those of an earlier attempt that nobody has changed since.
    pub written: Vec<WrittenSession>,
    pub tally: Tally,
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
        self.tally.count(row, &decision);
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
