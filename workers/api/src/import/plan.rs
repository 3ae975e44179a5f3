//! The plan of an import: the workouts that are ready, those held back, and their slices.
//!
//! Thresholds without a source are project defaults.

use super::file::{FileWorkout, ImportFile};
use super::mapping::ExerciseNames;
use crate::error::ApiResult;
use contract::imports::{ImportReport, MAPPING_MAX, UnmatchedName};
use contract::{FieldErrors, ProblemCode};
use shared_kernel::WorkoutId;
use shared_kernel::ids::derived;
use std::collections::{BTreeMap, BTreeSet};
use storage::imports::{ImportedWorkout, SliceState};
use uuid::Uuid;

/// Workouts of a slice, at most: a consumer writes them in one transaction.
const SLICE_WORKOUTS_MAX: usize = 50;
/// Bytes of a slice, at most: well below the 2 MB of a row (a platform limit).
const SLICE_BYTES_MAX: usize = 500_000;
/// Unknown names of a file, at most: those that one mapping can name.
const UNMATCHED_MAX: usize = MAPPING_MAX;

/// A file as it will be imported.
#[derive(Debug, Default)]
pub struct Plan {
    /// Workouts with known exercises only.
    pub ready: Vec<ImportedWorkout>,
    /// Workouts with unknown exercises.
    pub held: Vec<ImportedWorkout>,
    pub left_out_sets: usize,
}

impl Plan {
    /// Assigns workout ids and resolves exercise names. Fails when more than [`UNMATCHED_MAX`] names
    /// are unknown.
    pub fn new(
        workouts: Vec<FileWorkout>,
        import_id: Uuid,
        names: &ExerciseNames,
    ) -> ApiResult<Self> {
        let mut plan = Self::default();
        for (index, file_workout) in workouts.into_iter().enumerate() {
            let FileWorkout { mut workout, custom_exercises: own_exercises } = file_workout;
            workout.assign_new_set_ids();
            let (workout_id, unmatched) = (workout_id(import_id, index), BTreeMap::new());
            plan.add(ImportedWorkout { workout_id, workout, own_exercises, unmatched }, names);
        }
        let unknown = plan.held.iter().flat_map(|imported| imported.unmatched.values());
        if unknown.collect::<BTreeSet<_>>().len() > UNMATCHED_MAX {
            return Err(ProblemCode::UnreadableFile.with(format!(
                "the file has more than {UNMATCHED_MAX} unknown exercises: is it a training log? A \
                 mapping can name them"
            )).into());
        }
        Ok(plan)
    }

    /// Adds a workout and resolves its unknown names.
    pub fn add(&mut self, mut imported: ImportedWorkout, names: &ExerciseNames) {
        let unresolved = std::mem::take(&mut imported.unmatched);
        let is_empty = imported.workout.exercises.is_empty();
        let sets = imported.workout.sets().count();
        match names.resolve(&mut imported, &unresolved) {
            None if !is_empty => self.left_out_sets += sets,
            left_out => {
                self.left_out_sets += left_out.unwrap_or(0);
                if imported.unmatched.is_empty() {
                    self.ready.push(imported);
                } else {
                    self.held.push(imported);
                }
            }
        }
    }

    /// The unknown names of the workouts held back.
    pub fn unmatched(&self, names: &ExerciseNames) -> Vec<UnmatchedName> {
        let mut counts: BTreeMap<&str, (BTreeSet<WorkoutId>, usize)> = BTreeMap::new();
        for imported in &self.held {
            for (index, name) in &imported.unmatched {
                let exercise = imported.workout.exercises.get(*index);
                let (workouts, sets) = counts.entry(name).or_default();
                workouts.insert(imported.workout_id);
                *sets += exercise.map_or(0, |exercise| exercise.sets.len());
            }
        }
        let unmatched = counts.into_iter().map(|(name, (workouts, sets))| UnmatchedName {
            name: name.to_owned(),
            workouts: workouts.len(),
            sets,
            proposals: names.proposals(name),
        });
        unmatched.collect()
    }

    /// The slices, those that are ready first.
    pub fn slices(self) -> Result<Vec<(SliceState, Vec<ImportedWorkout>)>, serde_json::Error> {
        let mut slices = split(self.ready, SliceState::Waiting)?;
        slices.extend(split(self.held, SliceState::Held)?);
        Ok(slices)
    }

    /// The report of a file, before and after it is imported.
    pub fn report(&self, file: ImportFile, names: &ExerciseNames) -> ImportReport {
        let workouts = || self.ready.iter().chain(&self.held);
        // The first errors, within the limits of a response.
        let errors: FieldErrors = file.errors.into_iter().collect();
        ImportReport {
            rows: file.rows,
            workouts: workouts().count(),
            sets: workouts().map(|imported| imported.workout.sets().count()).sum(),
            weight_unit: file.weight_unit,
            weight_unit_source: file.weight_unit_source,
            time_zone: file.time_zone,
            time_zone_source: file.time_zone_source,
            hints: file.hints,
            held_workouts: self.held.len(),
            left_out_sets: self.left_out_sets,
            errors: errors.kept().to_vec(),
            errors_total: errors.total(),
            rejected_rows: file.rejected_rows,
            unmatched: self.unmatched(names),
        }
    }
}

/// Derives the id of a workout from its import and its index in the file. Its first 18 characters are those of all
/// workouts of the import (`crates/storage/sql/imports/duplicate.sql`).
fn workout_id(import_id: Uuid, index: usize) -> WorkoutId {
    let (high, _) = derived(&["imported workouts", &import_id.to_string()]).as_u64_pair();
    let low = index as u64 | 1 << 63;
    WorkoutId(Uuid::from_u64_pair(high, low))
}

/// Splits workouts into slices within the limits.
fn split(
    workouts: Vec<ImportedWorkout>,
    state: SliceState,
) -> Result<Vec<(SliceState, Vec<ImportedWorkout>)>, serde_json::Error> {
    let mut slices: Vec<(SliceState, Vec<ImportedWorkout>)> = Vec::new();
    let mut bytes_in_last = 0;
    for imported in workouts {
        let bytes = serde_json::to_string(&imported)?.len();
        let fits = |slice: &Vec<ImportedWorkout>| {
            slice.len() < SLICE_WORKOUTS_MAX && bytes_in_last + bytes <= SLICE_BYTES_MAX
        };
        match slices.last_mut() {
            Some((_, slice)) if fits(slice) => {
                bytes_in_last += bytes;
                slice.push(imported);
            }
            Some(_) | None => {
                bytes_in_last = bytes;
                slices.push((state, vec![imported]));
            }
        }
    }
    Ok(slices)
}
