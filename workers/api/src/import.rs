//! From a file to workouts: what each line or document becomes, what nobody knows, what is wrong.
//!
//! Nothing is dropped silently: a line that cannot be read is an error with its number; a workout
//! that names an exercise nobody knows is held back as a whole until a mapping says what it is.

use crate::endpoints::exercises::definition;
use crate::error::{ApiError, unknown_exercise};
use crate::input::Errors;
use crate::workout::{AHEAD_MAX, workout};
use chrono::{DateTime, FixedOffset, NaiveDateTime, Utc};
use interchange::{
    Format, LoggedExercise, LoggedWorkout, ReadError, ReadOptions, UnitSource, WeightUnit,
};
use platform::clock::TimeZones;
use platform::http::FieldError;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shared_kernel::WorkoutId;
use shared_kernel::ids::derived;
use std::collections::{BTreeMap, BTreeSet};
use storage::exercises::CustomExercise;
use storage::imports::{ImportedWorkout, SliceState};
use training::limits::TEXT_CHARS_MAX;
use training::names::{find_by_name, is_slug, name_key, similar_exercises};
use training::{CustomExercises, Exercise, ExerciseEntry, Workout};
use uuid::Uuid;

/// The `format` of our own export.
pub const EXPORT_FORMAT: &str = "bulktrack";
/// The version of our own export.
pub const EXPORT_VERSION: u64 = 1;
/// Workouts of a slice, at most: what a consumer writes in one transaction (ours).
const SLICE_WORKOUTS_MAX: usize = 50;
/// Bytes of a slice, at most: far below the 2 MB of a row (a platform limit).
const SLICE_BYTES_MAX: usize = 500_000;
/// Custom exercises of a document, at most: as many as an athlete can have.
const EXERCISES_MAX: usize = 1_000;
/// Names that nobody knows, at most (ours): a log of training has a few dozen, and each costs a
/// look through the catalogue.
pub const UNMATCHED_MAX: usize = 200;
/// Errors that are told one by one (ours); the rest is counted.
const ERRORS_MAX: usize = 1_000;
/// Proposals for a name that nobody knows (ours).
const PROPOSALS: usize = 3;

/// What is wrong at one place of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileError {
    /// The line, of a CSV.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// The place, of a JSON document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// What.
    pub detail: String,
}

/// A workout of a file.
#[derive(Debug)]
pub struct FileWorkout {
    /// The workout.
    pub workout: Workout,
    /// Custom exercises in it, as they were when it was saved.
    pub own_exercises: CustomExercises,
}

/// What a file says.
#[derive(Debug, Default)]
pub struct File {
    /// `strong`, `hevy`, `fitnotes` or `bulktrack`.
    pub format: String,
    /// Rows of a CSV, workouts of a JSON document.
    pub rows: usize,
    /// The unit of weights where a row names none.
    pub weight_unit: Option<WeightUnit>,
    /// Who says so.
    pub weight_unit_source: Option<UnitSource>,
    /// The zone of times without an offset.
    pub time_zone: Option<String>,
    /// Its workouts; an exercise that is no slug is a name.
    pub workouts: Vec<FileWorkout>,
    /// Custom exercises that it defines.
    pub exercises: Vec<CustomExercise>,
    /// What cannot be read.
    pub errors: Vec<FileError>,
}

/// Reads a CSV. Its times are wall-clock times of `zone`.
pub fn read_csv(
    bytes: &[u8],
    options: &ReadOptions,
    zone: &str,
    zones: &dyn TimeZones,
    now: DateTime<Utc>,
) -> Result<File, ApiError> {
    let log = interchange::read(bytes, options).map_err(|error| unreadable(&error))?;
    let times: Vec<_> = log
        .workouts
        .iter()
        .flat_map(|logged| [logged.started_at, logged.ended_at.unwrap_or(logged.started_at)])
        .collect();
    let offsets = offsets(zone, &times, zones)?;
    let mut errors: Vec<_> = log.errors.into_iter().map(|e| at_line(e.line, e.detail)).collect();
    let mut workouts = Vec::new();
    let mut instants = times.into_iter().zip(offsets).map(|(time, offset)| in_zone(time, offset));
    for logged in log.workouts {
        let (Some(started_at), Some(ended_at)) = (instants.next(), instants.next()) else {
            break;
        };
        let line = logged.line;
        match entered(logged, (started_at, ended_at), now) {
            Ok(workout) => {
                workouts.push(FileWorkout { workout, own_exercises: CustomExercises::new() });
            }
            Err(detail) => errors.push(at_line(line, detail)),
        }
    }
    Ok(File {
        format: format_name(log.format).to_owned(),
        rows: log.rows,
        weight_unit: Some(log.weight_unit),
        weight_unit_source: Some(log.weight_unit_source),
        time_zone: Some(zone.to_owned()),
        workouts,
        exercises: Vec::new(),
        errors,
    })
}

const fn format_name(format: Format) -> &'static str {
    match format {
        Format::Strong => "strong",
        Format::Hevy => "hevy",
        Format::FitNotes => "fitnotes",
    }
}

fn unreadable(error: &ReadError) -> ApiError {
    ApiError::Unreadable(error.to_string())
}

fn at_line(line: u64, detail: String) -> FileError {
    FileError { line: Some(line), pointer: None, detail }
}

/// A wall-clock time with its offset; `None` past the calendar.
fn in_zone(time: NaiveDateTime, offset: FixedOffset) -> Option<DateTime<FixedOffset>> {
    time.and_local_timezone(offset).single()
}

/// The offsets of times in a zone, `Europe/Berlin` or `+01:00`.
fn offsets(
    zone: &str,
    times: &[NaiveDateTime],
    zones: &dyn TimeZones,
) -> Result<Vec<FixedOffset>, ApiError> {
    if zone == "UTC" || zone == "Z" {
        return Ok(vec![FixedOffset::east_opt(0); times.len()].into_iter().flatten().collect());
    }
    if let Ok(offset) = zone.parse::<FixedOffset>() {
        return Ok(vec![offset; times.len()]);
    }
    zones.offsets(zone, times).ok_or_else(|| {
        ApiError::Invalid(vec![FieldError {
            pointer: "/time_zone".to_owned(),
            detail: "has to be a zone like Europe/Berlin, or an offset like +01:00".to_owned(),
        }])
    })
}

/// A logged workout as the athlete would have entered it. A log without an end is over all the
/// same: it ended as it began.
fn entered(
    logged: LoggedWorkout,
    (started_at, ended_at): (Option<DateTime<FixedOffset>>, Option<DateTime<FixedOffset>>),
    now: DateTime<Utc>,
) -> Result<Workout, String> {
    let started_at = started_at.ok_or("its time is past the calendar")?;
    if started_at.timestamp() < 0 {
        return Err("the workout begins before 1970".to_owned());
    }
    if started_at > now + AHEAD_MAX {
        return Err("the workout begins more than 24 hours ahead".to_owned());
    }
    let long = |text: &Option<String>| {
        text.as_ref().is_some_and(|text| text.chars().count() > TEXT_CHARS_MAX)
    };
    let notes_long = logged.exercises.iter().any(|exercise| long(&exercise.notes));
    if notes_long || long(&logged.title) || long(&logged.notes) {
        return Err(format!("the workout has a text of over {TEXT_CHARS_MAX} characters"));
    }
    let exercise = |logged: LoggedExercise| ExerciseEntry {
        exercise: logged.name,
        superset: logged.superset,
        notes: logged.notes,
        sets: logged.sets,
    };
    Ok(Workout {
        title: logged.title,
        notes: logged.notes,
        started_at,
        ended_at: ended_at.filter(|ended_at| *ended_at >= started_at).or(Some(started_at)),
        body_weight_kg: None,
        exercises: logged.exercises.into_iter().map(exercise).collect(),
        last_set_id: 0,
    })
}

/// Reads our own export.
pub fn read_export(bytes: &[u8], now: DateTime<Utc>) -> Result<File, ApiError> {
    let document: Value = serde_json::from_slice(bytes).map_err(ApiError::NotJson)?;
    let is_ours = document.get("format") == Some(&json!(EXPORT_FORMAT))
        && document.get("version") == Some(&json!(EXPORT_VERSION));
    let workouts = document.get("workouts").and_then(Value::as_array).filter(|_| is_ours);
    let workouts = workouts.ok_or_else(|| {
        ApiError::Unreadable("the document is no export of ours, of version 1".to_owned())
    })?;
    let mut file =
        File { format: EXPORT_FORMAT.to_owned(), rows: workouts.len(), ..File::default() };
    for (pointer, value) in items(document.get("exercises"), "/exercises") {
        match custom_exercise(value, &pointer) {
            Ok(exercise) => file.exercises.push(exercise),
            Err(found) => file.errors.extend(found.into_iter().map(at_pointer)),
        }
    }
    if file.exercises.len() > EXERCISES_MAX {
        let detail = format!("the document has over {EXERCISES_MAX} exercises");
        return Err(ApiError::Unreadable(detail));
    }
    for (index, value) in workouts.iter().enumerate() {
        match exported_workout(value, &format!("/workouts/{index}"), now) {
            Ok(workout) => file.workouts.push(workout),
            Err(found) => file.errors.extend(found.into_iter().map(at_pointer)),
        }
    }
    Ok(file)
}

/// The items of a list, each with its pointer; of what is no list, none.
fn items<'a>(
    list: Option<&'a Value>,
    pointer: &'a str,
) -> impl Iterator<Item = (String, &'a Value)> {
    let items = list.and_then(Value::as_array).into_iter().flatten().enumerate();
    items.map(move |(index, item)| (format!("{pointer}/{index}"), item))
}

/// A custom exercise of an export, with its slug.
fn custom_exercise(value: &Value, pointer: &str) -> Result<CustomExercise, Vec<FieldError>> {
    let errors = Errors::default();
    let definition = definition(value, pointer, &errors);
    let slug = value.get("slug").and_then(Value::as_str).unwrap_or_default();
    if !is_slug(slug) {
        errors.add(
            format!("{pointer}/slug"),
            "has to be words of a-z and 0-9, with hyphens between them",
        );
    } else if Exercise::find(slug).is_some() {
        errors.add(format!("{pointer}/slug"), "is an exercise of the catalogue");
    }
    let definition = errors.into_result(definition)?;
    Ok(CustomExercise { slug: slug.to_owned(), definition })
}

/// A workout of an export, with the custom exercises that it was counted by.
fn exported_workout(
    value: &Value,
    pointer: &str,
    now: DateTime<Utc>,
) -> Result<FileWorkout, Vec<FieldError>> {
    let mut value = value.clone();
    let own = value.as_object_mut().and_then(|fields| fields.remove("own_exercises"));
    let own_exercises = items(own.as_ref(), &format!("{pointer}/own_exercises"))
        .map(|(pointer, value)| {
            custom_exercise(value, &pointer).map(|own| (own.slug, own.definition))
        })
        .collect::<Result<_, _>>()?;
    let errors = Errors::default();
    let workout = workout(&value, pointer, now, &errors);
    Ok(FileWorkout { workout: errors.into_result(workout)?, own_exercises })
}

fn at_pointer(error: FieldError) -> FileError {
    FileError { line: None, pointer: Some(error.pointer), detail: error.detail }
}

/// What the names of a file mean.
pub struct Names {
    own: BTreeMap<String, String>,
    definitions: CustomExercises,
    listed: Vec<(String, String)>,
    mapping: BTreeMap<String, Option<String>>,
}

/// What one name means.
enum Meaning {
    /// This exercise.
    Slug(String),
    /// The athlete wants it left out.
    LeftOut,
    /// Nobody knows.
    Unknown,
}

impl Names {
    /// By the athlete's custom exercises and the mapping; those of `defined`, of the file itself, come
    /// first.
    pub fn new(
        own: &[CustomExercise],
        defined: &[CustomExercise],
        mapping: BTreeMap<String, Option<String>>,
    ) -> Self {
        let mut names = Self {
            own: BTreeMap::new(),
            definitions: BTreeMap::new(),
            listed: own.iter().map(|o| (o.slug.clone(), o.definition.name.clone())).collect(),
            mapping,
        };
        for exercise in own.iter().chain(defined) {
            let aliases = exercise.definition.aliases.iter();
            for name in aliases.chain([&exercise.definition.name]) {
                names.own.insert(name_key(name), exercise.slug.clone());
            }
            names.definitions.insert(exercise.slug.clone(), exercise.definition.clone());
        }
        names
    }

    fn meaning(&self, name: &str) -> Meaning {
        match self.mapping.get(name) {
            Some(Some(slug)) => Meaning::Slug(slug.clone()),
            Some(None) => Meaning::LeftOut,
            None if self.is_slug(name) => Meaning::Slug(name.to_owned()),
            None => {
                let listed = || find_by_name(name).map(|exercise| exercise.slug.to_owned());
                let slug = self.own.get(&name_key(name)).cloned().or_else(listed);
                slug.map_or(Meaning::Unknown, Meaning::Slug)
            }
        }
    }

    fn is_slug(&self, name: &str) -> bool {
        self.definitions.contains_key(name) || Exercise::find(name).is_some()
    }

    /// The slugs of the mapping that nobody knows.
    pub fn bad_targets(&self) -> Vec<FieldError> {
        let targets = self.mapping.iter().filter_map(|(name, slug)| Some((name, slug.as_ref()?)));
        targets
            .filter(|(_, slug)| !self.is_slug(slug))
            .map(|(name, slug)| FieldError {
                pointer: format!("/mapping/{}", name.replace('~', "~0").replace('/', "~1")),
                detail: unknown_exercise(slug),
            })
            .collect()
    }

    /// Puts slugs in the place of names; answers what is left of the workout. `None`: nothing.
    fn resolve(
        &self,
        imported: &mut ImportedWorkout,
        names: &BTreeMap<usize, String>,
    ) -> Option<usize> {
        let mut left_out = 0;
        let mut kept = Vec::new();
        imported.unmatched.clear();
        for (index, mut exercise) in imported.workout.exercises.drain(..).enumerate() {
            let name = names.get(&index).cloned().unwrap_or_else(|| exercise.exercise.clone());
            let meaning = if imported.own_exercises.contains_key(&name) {
                Meaning::Slug(name.clone())
            } else {
                self.meaning(&name)
            };
            match meaning {
                Meaning::Slug(slug) => exercise.exercise = slug,
                Meaning::LeftOut => {
                    left_out += exercise.sets.len();
                    continue;
                }
                Meaning::Unknown => {
                    imported.unmatched.insert(kept.len(), name);
                    exercise.exercise.clear();
                }
            }
            if let Some(definition) = self.definitions.get(&exercise.exercise) {
                let slug = exercise.exercise.clone();
                imported.own_exercises.entry(slug).or_insert_with(|| definition.clone());
            }
            kept.push(exercise);
        }
        imported.workout.exercises = kept;
        (!imported.workout.exercises.is_empty()).then_some(left_out)
    }
}

/// A name that nobody knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unmatched {
    /// The name, as the file has it.
    pub name: String,
    /// The workouts that have it; they are held back.
    pub workouts: usize,
    /// Its sets in them.
    pub sets: usize,
    /// Slugs that it may be, the most alike first.
    pub proposals: Vec<String>,
}

/// A file as it will be imported.
#[derive(Debug, Default)]
pub struct Plan {
    /// Workouts whose every exercise is known.
    pub ready: Vec<ImportedWorkout>,
    /// Workouts that name exercises nobody knows.
    pub held: Vec<ImportedWorkout>,
    /// Sets that the mapping leaves out.
    pub left_out_sets: usize,
}

impl Plan {
    /// Gives each workout its id and each name its meaning.
    pub fn of(workouts: Vec<FileWorkout>, import_id: Uuid, names: &Names) -> Self {
        let mut plan = Self::default();
        let import_id = import_id.to_string();
        for (index, FileWorkout { mut workout, own_exercises }) in workouts.into_iter().enumerate()
        {
            workout.assign_set_ids();
            let id = derived(&["imported workout", &import_id, &index.to_string()]);
            plan.add(
                ImportedWorkout {
                    workout_id: WorkoutId(id),
                    workout,
                    own_exercises,
                    unmatched: BTreeMap::new(),
                },
                names,
            );
        }
        plan
    }

    /// Takes a workout in, with the names that were unknown before looked up again.
    pub fn add(&mut self, mut imported: ImportedWorkout, names: &Names) {
        let unmatched = std::mem::take(&mut imported.unmatched);
        let empty = imported.workout.exercises.is_empty();
        let sets = imported.workout.sets().count();
        match names.resolve(&mut imported, &unmatched) {
            None if !empty => self.left_out_sets += sets,
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

    /// How many names nobody knows.
    pub fn unmatched_count(&self) -> usize {
        let names = self.held.iter().flat_map(|imported| imported.unmatched.values());
        names.collect::<BTreeSet<_>>().len()
    }

    /// What nobody knows, by name.
    pub fn unmatched(&self, names: &Names) -> Vec<Unmatched> {
        let mut found: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        for imported in &self.held {
            let mut of_workout: BTreeMap<&str, usize> = BTreeMap::new();
            for (index, name) in &imported.unmatched {
                let exercise = imported.workout.exercises.get(*index);
                *of_workout.entry(name).or_default() += exercise.map_or(0, |e| e.sets.len());
            }
            for (name, sets) in of_workout {
                let count = found.entry(name).or_default();
                *count = (count.0 + 1, count.1 + sets);
            }
        }
        found
            .into_iter()
            .map(|(name, (workouts, sets))| Unmatched {
                name: name.to_owned(),
                workouts,
                sets,
                proposals: similar_exercises(name, &names.listed, PROPOSALS),
            })
            .collect()
    }

    /// The slices, ready ones first.
    pub fn slices(self) -> Result<Vec<(SliceState, Vec<ImportedWorkout>)>, serde_json::Error> {
        let mut slices = cut(self.ready, SliceState::Waiting)?;
        slices.extend(cut(self.held, SliceState::Held)?);
        Ok(slices)
    }
}

fn cut(
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

/// What is told of a file, before and after it is imported.
pub fn report(file: &File, plan: &Plan, names: &Names) -> Value {
    let sets = |workouts: &[ImportedWorkout]| -> usize {
        workouts.iter().map(|imported| imported.workout.sets().count()).sum()
    };
    json!({
        "rows": file.rows,
        "workouts": plan.ready.len() + plan.held.len(),
        "sets": sets(&plan.ready) + sets(&plan.held),
        "weight_unit": file.weight_unit,
        "weight_unit_source": file.weight_unit_source,
        "time_zone": file.time_zone,
        "held_workouts": plan.held.len(),
        "left_out_sets": plan.left_out_sets,
        "errors": file.errors.iter().take(ERRORS_MAX).collect::<Vec<_>>(),
        "errors_total": file.errors.len(),
        "unmatched": plan.unmatched(names),
    })
}
