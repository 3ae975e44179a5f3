//! The meaning of the exercise names in a file.

use super::definitions::Definitions;
use crate::error::{ApiResult, bad_parameter};
use contract::FieldCode;
use contract::imports::MAPPING_MAX;
use contract::slugs::unknown_exercise;
use std::collections::BTreeMap;
use storage::exercises::CustomExercise;
use storage::imports::ImportedWorkout;
use training::names::{find_by_name, name_key, similar_exercises};
use training::{CustomExercises, Exercise};

/// Slugs that are proposed for an unknown name; a project default.
const PROPOSALS: usize = 3;

pub use storage::exercise_names::ExerciseNameMapping as Mapping;

/// Parses the mapping of a query: a JSON object of names to slugs or null.
pub fn parse_mapping(text: &str) -> ApiResult<Mapping> {
    let mapping = shared_kernel::json::from_str(text).ok();
    mapping.filter(|mapping: &Mapping| mapping.len() <= MAPPING_MAX).ok_or_else(|| {
        bad_parameter(
            "mapping",
            FieldCode::InvalidValue,
            "must be an object of at most 1,000 names to slugs or null",
        )
    })
}

/// Resolves exercise names, by mapping, slug, custom exercises and the catalogue.
pub struct ExerciseNames {
    /// The slugs of custom exercises by the key of their names.
    custom: BTreeMap<String, String>,
    definitions: CustomExercises,
    /// The slugs and names of the athlete's custom exercises.
    listed: Vec<(String, String)>,
    /// Slugs of the file whose exercise the athlete has under another slug.
    same: BTreeMap<String, String>,
    /// The mapping of the request.
    mapping: Mapping,
    /// The names that the athlete has mapped before, by their keys.
    remembered: Mapping,
}

/// The key under which a mapped name is found: its own text if it has none.
fn remembered_key(name: &str) -> String {
    let key = name_key(name);
    if key.is_empty() { name.to_owned() } else { key }
}

/// The meaning of one name.
enum Meaning {
    Slug(String),
    LeftOut,
    Unknown,
}

impl ExerciseNames {
    /// Resolves by the athlete's custom exercises, those that the file defines, and the mapping.
    /// Workouts of the file count with the file's definitions.
    pub fn new(
        known: &[CustomExercise],
        defined: &[CustomExercise],
        definitions: &Definitions,
        mapping: Mapping,
    ) -> Self {
        let custom = || known.iter().chain(&definitions.new);
        let names = custom().flat_map(|exercise| {
            let names = exercise.definition.aliases.iter().chain([&exercise.definition.name]);
            names.map(|name| (name_key(name), exercise.slug.clone()))
        });
        let current = custom().map(|exercise| (&exercise.slug, &exercise.definition));
        let in_file = defined.iter().map(|exercise| (&exercise.slug, &exercise.definition));
        let in_file = in_file.filter(|(slug, _)| !definitions.same.contains_key(*slug));
        Self {
            custom: names.collect(),
            definitions: current
                .chain(in_file)
                .map(|(slug, definition)| (slug.clone(), definition.clone()))
                .collect(),
            listed: known.iter().map(|c| (c.slug.clone(), c.definition.name.clone())).collect(),
            same: definitions.same.clone(),
            mapping,
            remembered: Mapping::new(),
        }
    }

    /// Resolves also by what the athlete has mapped before, unless the request says otherwise.
    #[must_use]
    pub fn remembering(mut self, remembered: Mapping) -> Self {
        let is_known = |slug: &Option<String>| slug.as_ref().is_none_or(|slug| self.is_slug(slug));
        let known = remembered.into_iter().filter(|(_, slug)| is_known(slug));
        self.remembered = known.map(|(name, slug)| (remembered_key(&name), slug)).collect();
        self
    }

    fn meaning(&self, name: &str) -> Meaning {
        let mapped = self.mapping.get(name);
        match mapped.or_else(|| self.remembered.get(&remembered_key(name))) {
            Some(Some(slug)) => Meaning::Slug(slug.clone()),
            Some(None) => Meaning::LeftOut,
            None if self.is_slug(name) => Meaning::Slug(name.to_owned()),
            None => {
                let catalogue = || find_by_name(name).map(|exercise| exercise.slug.clone());
                let same = self.same.get(name).or_else(|| self.custom.get(&name_key(name)));
                let slug = same.cloned().or_else(catalogue);
                slug.map_or(Meaning::Unknown, Meaning::Slug)
            }
        }
    }

    fn is_slug(&self, name: &str) -> bool {
        self.definitions.contains_key(name) || Exercise::find(name).is_some()
    }

    /// The names of the mapping with an unknown slug, and the detail of the error.
    pub fn unknown_targets(&self) -> impl Iterator<Item = (&str, String)> {
        let targets = self.mapping.iter().filter_map(|(name, slug)| Some((name, slug.as_ref()?)));
        targets
            .filter(|(_, slug)| !self.is_slug(slug))
            .map(|(name, slug)| (name.as_str(), unknown_exercise(slug)))
    }

    /// Slugs similar to an unknown name, the most similar first.
    pub fn proposals(&self, name: &str) -> Vec<String> {
        similar_exercises(name, &self.listed, PROPOSALS)
    }

    /// Replaces names with slugs. `unresolved` are the names that were unknown before, by the index
    /// of their exercise. Returns the number of sets left out; `None` when no exercise is left.
    pub fn resolve(
        &self,
        imported: &mut ImportedWorkout,
        unresolved: &BTreeMap<usize, String>,
    ) -> Option<usize> {
        let mut left_out = 0;
        let mut exercises = Vec::new();
        imported.unmatched.clear();
        for (index, mut exercise) in imported.workout.exercises.drain(..).enumerate() {
            let name = unresolved.get(&index).cloned().unwrap_or_else(|| exercise.exercise.clone());
            let meaning = match self.same.get(&name) {
                Some(slug) => {
                    let definition = imported.own_exercises.remove(&name);
                    let definition = definition.filter(|_| Exercise::find(slug).is_none());
                    imported.own_exercises.extend(definition.map(|d| (slug.clone(), d)));
                    Meaning::Slug(slug.clone())
                }
                None if imported.own_exercises.contains_key(&name) => Meaning::Slug(name.clone()),
                None => self.meaning(&name),
            };
            match meaning {
                Meaning::Slug(slug) => exercise.exercise = slug,
                Meaning::LeftOut => {
                    left_out += exercise.sets.len();
                    continue;
                }
                Meaning::Unknown => {
                    imported.unmatched.insert(exercises.len(), name);
                    exercise.exercise.clear();
                }
            }
            if let Some(definition) = self.definitions.get(&exercise.exercise) {
                let slug = exercise.exercise.clone();
                imported.own_exercises.entry(slug).or_insert_with(|| definition.clone());
            }
            exercises.push(exercise);
        }
        imported.workout.exercises = exercises;
        (!imported.workout.exercises.is_empty()).then_some(left_out)
    }
}
