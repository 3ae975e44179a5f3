//! The plan of an import: the workouts that are ready, those held back, and their slices.
//!
//! Thresholds without a source are project defaults.

use super::file::{FileWorkout, ImportFile};
use super::mapping::ExerciseNames;
use crate::error::ApiResult;
use contract::imports::{ImportReport, MAPPING_MAX, UnmatchedName};
use contract::{FieldErrors, ProblemCode};
use shared_kernel::WorkoutId;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use storage::imports::{ImportedWorkout, SliceState, workout_id};
use uuid::Uuid;

/// Workouts of a slice, at most: a consumer writes them in one transaction.
const SLICE_WORKOUTS_MAX: usize = 50;
/// Bytes of a slice, at most: well below the 2 MB of a row (a platform limit).
const SLICE_BYTES_MAX: usize = 500_000;
/// Unknown names of a file that get proposals, those of most workouts: each costs a search of the catalogue.
const PROPOSED_MAX: usize = 200;

/// A file as it will be imported.
#[derive(Debug, Default)]
pub struct Plan {
    /// Workouts with known exercises only. Some have others in `held`.
    pub ready: Vec<ImportedWorkout>,
    /// Workouts with unknown exercises. Those with known ones too complete the one in `ready`.
    pub held: Vec<ImportedWorkout>,
    workouts: usize,
    sets: usize,
    partial: usize,
    pub left_out_sets: usize,
}

impl Plan {
    /// Assigns workout ids and resolves exercise names. Fails when more names are unknown than a mapping can
    /// name.
    pub fn new(
        workouts: Vec<FileWorkout>,
        import_id: Uuid,
        names: &ExerciseNames,
    ) -> ApiResult<Self> {
        let mut plan = Self::default();
        for (index, file_workout) in (0..).zip(workouts) {
            let FileWorkout { mut workout, custom_exercises: own_exercises } = file_workout;
            workout.assign_new_set_ids();
            let (workout_id, unmatched) = (workout_id(import_id, index), BTreeMap::new());
            let completes = false;
            let imported =
                ImportedWorkout { workout_id, workout, own_exercises, unmatched, completes };
            plan.add(imported, names);
        }
        let unknown = plan.held.iter().flat_map(|imported| imported.unmatched.values());
        if unknown.collect::<BTreeSet<_>>().len() > MAPPING_MAX {
            return Err(ProblemCode::UnreadableFile
                .with(format!(
                    "the file has more than {MAPPING_MAX} unknown exercises: is it a training log?"
                ))
                .into());
        }
        Ok(plan)
    }

    /// Adds a workout and resolves its unknown names. One with known and unknown exercises is ready without the
    /// unknown ones.
    pub fn add(&mut self, mut imported: ImportedWorkout, names: &ExerciseNames) {
        let unresolved = std::mem::take(&mut imported.unmatched);
        let exercises = imported.workout.exercises.len();
        let sets = imported.workout.sets().count();
        let left_out = match names.resolve(&mut imported, &unresolved) {
            None if exercises > 0 => {
                self.left_out_sets += sets;
                return;
            }
            left_out => left_out.unwrap_or(0),
        };
        self.left_out_sets += left_out;
        self.workouts += 1;
        self.sets += sets - left_out;
        let (unknown, known) = (imported.unmatched.len(), imported.workout.exercises.len());
        if unknown == 0 {
            // If all that was unknown is left out, the workout is stored as it is.
            if !imported.completes || known > exercises - unresolved.len() {
                self.ready.push(imported);
            }
            return;
        }
        if unknown < known && !imported.completes {
            imported.completes = true;
            self.partial += 1;
            self.ready.push(without_unknown(&imported));
        }
        self.held.push(imported);
    }

    /// The unknown names, those of most workouts first.
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
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.sort_by_key(|(_, (workouts, _))| Reverse(workouts.len()));
        let unmatched = counts.into_iter().enumerate().map(|(index, (name, (workouts, sets)))| {
            let proposals = if index < PROPOSED_MAX { names.proposals(name) } else { Vec::new() };
            UnmatchedName { name: name.to_owned(), workouts: workouts.len(), sets, proposals }
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
        // The first errors, within the limits of a response.
        let errors: FieldErrors = file.errors.into_iter().collect();
        ImportReport {
            rows: file.rows,
            workouts: self.workouts,
            sets: self.sets,
            weight_unit: file.weight_unit,
            weight_unit_source: file.weight_unit_source,
            time_zone: file.time_zone,
            time_zone_source: file.time_zone_source,
            hints: file.hints,
            held_workouts: self.held.len() - self.partial,
            partial_workouts: self.partial,
            left_out_sets: self.left_out_sets,
            errors: errors.kept().to_vec(),
            errors_total: errors.total(),
            rejected_rows: file.rejected_rows,
            unmatched: self.unmatched(names),
        }
    }
}

/// A workout without its unknown exercises.
fn without_unknown(imported: &ImportedWorkout) -> ImportedWorkout {
    let mut workout = imported.workout.clone();
    let exercises = imported.workout.exercises.iter().enumerate();
    let known = exercises.filter(|(index, _)| !imported.unmatched.contains_key(index));
    workout.exercises = known.map(|(_, exercise)| exercise.clone()).collect();
    workout.assign_new_set_ids();
    let (own_exercises, unmatched) = (imported.own_exercises.clone(), BTreeMap::new());
    let workout_id = imported.workout_id;
    ImportedWorkout { workout_id, workout, own_exercises, unmatched, completes: false }
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
