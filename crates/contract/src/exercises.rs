//! Exercises: the catalogue and the athlete's own.
//!
//! Limits without a source are project defaults.

use crate::checks::{Checks, FieldCode, Validate};
use crate::values::ReadOnly;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use training::exercise::{Equipment, Force, Mechanic};
use training::limits::NAME_CHARS_MAX;
use training::names::{duplicate_aliases, is_name, is_slug};
use training::{ExerciseDefinition, ExerciseKind, LoadType, Movement, Muscle};

/// Aliases of one exercise, at most.
pub const ALIASES_MAX: usize = 20;

/// Declares a model with the definition of a custom exercise and other fields.
macro_rules! definition_model {
    ($(#[$doc:meta])* $name:ident { $($(#[$more_doc:meta])* $more:ident: $type:ty,)* }) => {
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        $(#[$doc])*
        pub struct $name {
            $($(#[$more_doc])* pub $more: $type,)*
            #[serde(default, skip_serializing)]
            pub own: ReadOnly,
            /// One line with a letter or a digit. No other exercise has it as name, alias or slug; case,
            /// accents, plurals and the order of words make no difference.
            #[schemars(length(min = 1, max = NAME_CHARS_MAX))]
            pub name: String,
            /// Other names, with the rules of `name`.
            #[serde(default)]
            #[schemars(length(max = ALIASES_MAX))]
            pub aliases: Vec<String>,
            #[serde(default)]
            pub kind: ExerciseKind,
            #[serde(default)]
            pub movement: Movement,
            #[serde(default = "default_mechanic")]
            pub mechanic: Mechanic,
            #[serde(default = "default_force")]
            pub force: Force,
            #[serde(default = "default_equipment")]
            pub equipment: Equipment,
            /// By default the load is the weight entered.
            #[serde(default)]
            pub load: NewLoad,
            /// Whether it works one arm or one leg at a time.
            #[serde(default)]
            pub unilateral: bool,
            /// The muscles that a set counts for as one hard set: at least one for strength, none for cardio
            /// and mobility.
            #[serde(default)]
            #[schemars(extend("uniqueItems" = true))]
            pub primary: Vec<Muscle>,
            /// The muscles that a set counts for as half a hard set.
            #[serde(default)]
            #[schemars(extend("uniqueItems" = true))]
            pub secondary: Vec<Muscle>,
        }

        impl $name {
            fn validate_definition(&self, checks: &mut Checks) {
                check_name(checks, "name", &self.name);
                if checks.length("aliases", self.aliases.len(), ALIASES_MAX) {
                    checks.enter("aliases", |checks| {
                        for (index, alias) in self.aliases.iter().enumerate() {
                            check_name(checks, &index.to_string(), alias);
                        }
                        for index in duplicate_aliases(&self.definition()) {
                            let detail = "repeats the name or another alias";
                            checks.reject(&index.to_string(), FieldCode::Duplicate, detail);
                        }
                    });
                }
                checks.within("load", Some(&self.load));
                self.check_kind(checks);
                checks.unique("primary", &self.primary);
                checks.unique("secondary", &self.secondary);
                if self.primary.iter().any(|muscle| self.secondary.contains(muscle)) {
                    let detail = "has a muscle that is also in primary";
                    checks.reject("secondary", FieldCode::Conflict, detail);
                }
            }

            fn check_kind(&self, checks: &mut Checks) {
                if self.kind == ExerciseKind::Strength {
                    if self.primary.is_empty() {
                        checks.reject("primary", FieldCode::Empty, "must have a muscle");
                    }
                    return;
                }
                for (field, muscles) in [("primary", &self.primary), ("secondary", &self.secondary)] {
                    if !muscles.is_empty() {
                        let detail = "must be empty: only the kind strength has muscles";
                        checks.reject(field, FieldCode::Conflict, detail);
                    }
                }
            }

            /// The definition as stored.
            pub fn definition(&self) -> ExerciseDefinition {
                ExerciseDefinition {
                    name: self.name.trim().to_owned(),
                    aliases: self.aliases.iter().map(|alias| alias.trim().to_owned()).collect(),
                    kind: self.kind,
                    movement: self.movement,
                    mechanic: self.mechanic,
                    force: self.force,
                    equipment: self.equipment,
                    load: self.load.load_type(),
                    unilateral: self.unilateral,
                    primary: self.primary.clone(),
                    secondary: self.secondary.clone(),
                }
            }
        }
    };
}

definition_model! {
    /// A new custom exercise, or the whole definition of one that is replaced.
    #[schemars(example = example())]
    NewExercise {
        #[serde(default, skip_serializing)]
        slug: ReadOnly,
    }
}

definition_model! {
    /// A custom exercise of an export, with its slug.
    ExportedExercise {
        slug: String,
    }
}

fn example() -> serde_json::Value {
    serde_json::json!({
        "name": "Cable Y-Pull",
        "aliases": ["Y Pull"],
        "kind": "strength",
        "movement": "shoulder_abduction",
        "mechanic": "isolation",
        "force": "pull",
        "equipment": "cable",
        "load": { "type": "external" },
        "unilateral": false,
        "primary": ["side_delts"],
        "secondary": ["traps"],
    })
}

const fn default_mechanic() -> Mechanic {
    Mechanic::Isolation
}

const fn default_force() -> Force {
    Force::Push
}

const fn default_equipment() -> Equipment {
    Equipment::Machine
}

impl Validate for NewExercise {
    fn validate(&self, checks: &mut Checks) {
        self.validate_definition(checks);
    }
}

impl Validate for ExportedExercise {
    fn validate(&self, checks: &mut Checks) {
        if !is_slug(&self.slug) {
            let detail = "must be words of a-z and 0-9, separated by hyphens";
            checks.reject("slug", FieldCode::InvalidFormat, detail);
        } else if training::Exercise::find(&self.slug).is_some() {
            checks.reject("slug", FieldCode::Conflict, "is an exercise of the catalogue");
        }
        self.validate_definition(checks);
    }
}

fn check_name(checks: &mut Checks, field: &str, name: &str) {
    if !is_name(name.trim()) {
        let detail = format!(
            "must be one line of at most {NAME_CHARS_MAX} characters with a letter or digit"
        );
        checks.reject(field, FieldCode::InvalidFormat, detail);
    }
}

/// The relation between the weight entered for a set and its load.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLoad {
    #[serde(rename = "type")]
    pub load: LoadKind,
    /// The share of the body weight that is lifted: required for `bodyweight` and `assisted`, not
    /// allowed otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub percent: Option<u8>,
}

/// The kind of a load.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum LoadKind {
    #[default]
    External,
    PerHand,
    Bodyweight,
    Assisted,
    Timed,
}

impl Validate for NewLoad {
    fn validate(&self, checks: &mut Checks) {
        checks.range("percent", self.percent, &(0..=100));
        match (self.load, self.percent) {
            (LoadKind::Bodyweight | LoadKind::Assisted, None) => {
                checks.reject("percent", FieldCode::Required, "is required for this type");
            }
            (LoadKind::External | LoadKind::PerHand | LoadKind::Timed, Some(_)) => {
                checks.reject("percent", FieldCode::Conflict, "is not allowed for this type");
            }
            _ => {}
        }
    }
}

impl NewLoad {
    fn load_type(self) -> LoadType {
        let percent = self.percent.unwrap_or_default();
        match self.load {
            LoadKind::External => LoadType::External,
            LoadKind::PerHand => LoadType::PerHand,
            LoadKind::Bodyweight => LoadType::Bodyweight { percent },
            LoadKind::Assisted => LoadType::Assisted { percent },
            LoadKind::Timed => LoadType::Timed,
        }
    }
}

/// An exercise of the catalogue, or a custom exercise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Exercise {
    /// Identifies it in workouts and paths. It stays when a custom exercise gets another name.
    pub slug: String,
    pub name: String,
    pub aliases: Vec<String>,
    pub kind: ExerciseKind,
    pub movement: Movement,
    pub mechanic: Mechanic,
    pub force: Force,
    pub equipment: Equipment,
    pub load: LoadType,
    /// Whether it works one arm or one leg at a time.
    pub unilateral: bool,
    pub primary: Vec<Muscle>,
    pub secondary: Vec<Muscle>,
    /// Whether it is one of the athlete's custom exercises.
    pub own: bool,
}

impl Exercise {
    /// A custom exercise.
    pub fn custom(slug: String, definition: ExerciseDefinition) -> Self {
        Self {
            slug,
            name: definition.name,
            aliases: definition.aliases,
            kind: definition.kind,
            movement: definition.movement,
            mechanic: definition.mechanic,
            force: definition.force,
            equipment: definition.equipment,
            load: definition.load,
            unilateral: definition.unilateral,
            primary: definition.primary,
            secondary: definition.secondary,
            own: true,
        }
    }
}

impl From<&training::Exercise> for Exercise {
    fn from(exercise: &training::Exercise) -> Self {
        Self {
            slug: exercise.slug.clone(),
            name: exercise.name.to_owned(),
            aliases: exercise.aliases().map(str::to_owned).collect(),
            kind: exercise.kind(),
            movement: exercise.movement,
            mechanic: exercise.mechanic,
            force: exercise.force,
            equipment: exercise.equipment,
            load: exercise.load,
            unilateral: exercise.unilateral,
            primary: exercise.primary.to_vec(),
            secondary: exercise.secondary.to_vec(),
            own: false,
        }
    }
}

/// The query of the exercises.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExerciseFilter {
    /// Only exercises with a name in which each of these words begins a word, ignoring accents and case.
    pub q: Option<String>,
    pub kind: Option<ExerciseKind>,
    /// Only exercises that train this muscle directly.
    pub muscle: Option<Muscle>,
    pub equipment: Option<Equipment>,
    pub movement: Option<Movement>,
}

impl ExerciseFilter {
    /// Whether an exercise passes the filters other than `q`.
    pub fn matches(&self, exercise: &Exercise) -> bool {
        self.kind.is_none_or(|kind| kind == exercise.kind)
            && self.muscle.is_none_or(|muscle| exercise.primary.contains(&muscle))
            && self.equipment.is_none_or(|equipment| equipment == exercise.equipment)
            && self.movement.is_none_or(|movement| movement == exercise.movement)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::{ParseError, parse_json};
    use chrono::DateTime;
    use serde_json::{Value, json};

    fn pointers(change: impl FnOnce(&mut Value)) -> Vec<String> {
        let mut exercise = example();
        change(&mut exercise);
        match parse_json::<NewExercise>(exercise.to_string().as_bytes(), DateTime::default()) {
            Ok(_) => Vec::new(),
            Err(ParseError::Invalid(errors)) => {
                errors.kept().iter().filter_map(|error| error.pointer.clone()).collect()
            }
            Err(ParseError::NotJson(detail)) => panic!("{detail}"),
        }
    }

    #[test]
    fn invalid_names_are_reported_by_alias() {
        let check = |name: &str, value: Value, expected: &[&str]| {
            assert_eq!(pointers(|exercise| exercise[name] = value.clone()), expected, "{value}");
        };
        check("name", json!(" Cable Y "), &[]);
        check("name", json!("..."), &["/name"]);
        check("name", json!("a\nb"), &["/name"]);
        check("name", json!("é".repeat(NAME_CHARS_MAX + 1)), &["/name"]);
        check("name", Value::Null, &["/name"]);
        check(
            "aliases",
            json!(["", "a\u{0}", "Pull, Y", "y pulls"]),
            &["/aliases/0", "/aliases/1", "/aliases/3"],
        );
        check("aliases", json!(["y-pulls, cable"]), &["/aliases/0"]);
        check("aliases", json!(vec!["a"; ALIASES_MAX + 1]), &["/aliases"]);
        check("aliases", json!([7]), &["/aliases/0"]);
    }

    #[test]
    fn load_requires_the_percent_of_its_type() {
        let check = |load: Value, expected: &[&str]| {
            assert_eq!(pointers(|exercise| exercise["load"] = load.clone()), expected, "{load}");
        };
        check(json!({ "type": "timed" }), &[]);
        check(json!({ "type": "bodyweight", "percent": 64 }), &[]);
        check(json!({ "type": "bodyweight", "percent": 101 }), &["/load/percent"]);
        check(json!({ "type": "assisted" }), &["/load/percent"]);
        check(json!({ "type": "external", "percent": 1 }), &["/load/percent"]);
        check(json!({ "type": "external", "percents": 1 }), &["/load/percents"]);
        check(json!("external"), &["/load"]);
    }

    #[test]
    fn response_of_a_custom_exercise_is_a_valid_request() {
        let new: NewExercise = serde_json::from_value(example()).unwrap();
        let response = Exercise::custom("cable-y-pull".to_owned(), new.definition());
        let body = json!(response).to_string();
        let sent_back = parse_json::<NewExercise>(body.as_bytes(), DateTime::default());
        assert_eq!(sent_back.unwrap().definition(), new.definition());
    }
}
