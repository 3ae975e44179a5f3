//! Definitions of exercises: the muscles that they train and the way to compute the effective load
//! from the weight entered.

use crate::movement::Movement;
use crate::muscle::{Muscle, Muscles};
use crate::units::Grams;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An exercise of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exercise {
    /// The stable identifier in URLs and workouts: `barbell-bench-press`.
    pub slug: String,
    pub name: &'static str,
    pub movement: Movement,
    pub mechanic: Mechanic,
    pub force: Force,
    pub equipment: Equipment,
    pub load: LoadType,
    /// Whether it works one arm or one leg at a time.
    pub unilateral: bool,
    /// Direct muscles: one hard set each. Only exercises of [`ExerciseKind::Strength`] have any.
    pub primary: Muscles,
    /// Indirect muscles: half a hard set each.
    pub secondary: Muscles,
}

impl Exercise {
    /// Returns the purpose, which follows from the muscles and the movement.
    pub fn kind(&self) -> ExerciseKind {
        match self.movement {
            _ if !self.primary.is_empty() => ExerciseKind::Strength,
            Movement::Stretch => ExerciseKind::Mobility,
            _ => ExerciseKind::Cardio,
        }
    }
}

/// The purpose of an exercise. Only strength has muscles, and so hard sets, estimated maxima and
/// records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExerciseKind {
    #[default]
    Strength,
    /// Endurance, conditioning and jumps.
    Cardio,
    /// Stretching, warm-ups and the like.
    Mobility,
}

/// The definition of a custom exercise, which an athlete has created.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExerciseDefinition {
    pub name: String,
    #[serde(default)]
    pub aliases: Vec<String>,
    #[serde(default)]
    pub kind: ExerciseKind,
    #[serde(default)]
    pub movement: Movement,
    pub mechanic: Mechanic,
    pub force: Force,
    pub equipment: Equipment,
    pub load: LoadType,
    #[serde(default)]
    pub unilateral: bool,
    pub primary: Vec<Muscle>,
    #[serde(default)]
    pub secondary: Vec<Muscle>,
}

/// The number of joints that move: several in a compound exercise, one in an isolation exercise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mechanic {
    Compound,
    Isolation,
}

/// The direction of the effort.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Force {
    Push,
    Pull,
    Static,
}

/// The equipment that an exercise requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Equipment {
    Barbell,
    Dumbbell,
    Machine,
    Cable,
    Bodyweight,
    Kettlebell,
    Band,
    EzBar,
    TrapBar,
    SmithMachine,
    /// A machine that is loaded with plates.
    PlateLoaded,
    /// A barbell that is fixed at one end.
    Landmine,
    /// A weight plate in the hands.
    Plate,
    /// A suspension trainer.
    Suspension,
    /// Something else, or not specified.
    Other,
}

/// The relation between the weight entered for a set and its effective load.
///
/// In JSON: `{"type":"bodyweight","percent":100}`. Each `percent` is the share of the body weight
/// that is lifted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum LoadType {
    /// The load is the weight entered.
    External,
    /// The load is twice the weight entered, which is held in each hand.
    PerHand,
    /// The load is a share of the body weight plus the weight entered (a vest, a belt).
    Bodyweight { percent: u8 },
    /// The load is a share of the body weight minus the weight entered (assistance of a machine).
    Assisted { percent: u8 },
    /// A hold, measured in seconds; the load is the weight entered.
    Timed,
}

impl LoadType {
    /// Whether the effective load depends on the body weight.
    pub const fn uses_body_weight(self) -> bool {
        match self {
            Self::Bodyweight { percent } | Self::Assisted { percent } => percent > 0,
            Self::External | Self::PerHand | Self::Timed => false,
        }
    }

    /// Returns the effective load of one repetition. An unknown body weight counts as 0, so that
    /// only the weight entered remains.
    pub fn effective_load(self, entered: Option<Grams>, body_weight: Option<Grams>) -> Grams {
        let entered = entered.unwrap_or_default().0;
        let share =
            |percent: u8| (body_weight.unwrap_or_default().0 * i64::from(percent) + 50) / 100;
        Grams(match self {
            Self::External | Self::Timed => entered,
            Self::PerHand => 2 * entered,
            Self::Bodyweight { percent } => share(percent) + entered,
            Self::Assisted { percent } => (share(percent) - entered).max(0),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn effective_load_depends_on_the_load_type() {
        let check = |load: LoadType, entered: Option<i64>, body: Option<i64>, expected: i64| {
            assert_eq!(
                load.effective_load(entered.map(Grams), body.map(Grams)),
                Grams(expected),
                "{load:?}"
            );
        };
        check(LoadType::External, Some(100_000), Some(80_000), 100_000);
        check(LoadType::External, None, Some(80_000), 0);
        check(LoadType::PerHand, Some(22_500), None, 45_000);
        check(LoadType::Bodyweight { percent: 100 }, Some(10_000), Some(80_000), 90_000);
        check(LoadType::Bodyweight { percent: 64 }, None, Some(80_001), 51_201);
        check(LoadType::Bodyweight { percent: 100 }, Some(10_000), None, 10_000);
        check(LoadType::Assisted { percent: 100 }, Some(30_000), Some(80_000), 50_000);
        check(LoadType::Assisted { percent: 100 }, Some(90_000), Some(80_000), 0);
        check(LoadType::Timed, Some(5_000), Some(80_000), 5_000);
    }
}
