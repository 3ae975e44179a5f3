//! What an exercise is: which muscles it trains, and how the weight entered becomes the load moved.

use crate::muscle::Muscle;
use crate::units::Grams;
use serde::{Deserialize, Serialize};

/// One exercise of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Exercise {
    /// The stable name in URLs and workouts: `barbell-bench-press`.
    pub slug: &'static str,
    /// The name for people.
    pub name: &'static str,
    /// Several joints, or one.
    pub mechanic: Mechanic,
    /// The direction of the effort.
    pub force: Force,
    /// What it is done with.
    pub equipment: Equipment,
    /// How the weight entered becomes the load moved.
    pub load: LoadType,
    /// Direct muscles: one hard set each.
    pub primary: &'static [Muscle],
    /// Indirect muscles: half a hard set each.
    pub secondary: &'static [Muscle],
}

/// An exercise of the athlete's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExerciseDefinition {
    /// The name for people.
    pub name: String,
    /// Other names under which it is known.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Several joints, or one.
    pub mechanic: Mechanic,
    /// The direction of the effort.
    pub force: Force,
    /// What it is done with.
    pub equipment: Equipment,
    /// How the weight entered becomes the load moved.
    pub load: LoadType,
    /// Direct muscles: one hard set each.
    pub primary: Vec<Muscle>,
    /// Indirect muscles: half a hard set each.
    #[serde(default)]
    pub secondary: Vec<Muscle>,
}

/// How many joints move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mechanic {
    /// Several joints.
    Compound,
    /// One joint.
    Isolation,
}

/// The direction of the effort.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Force {
    /// Away from the body.
    Push,
    /// Towards the body.
    Pull,
    /// Held still.
    Static,
}

/// What an exercise is done with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
}

/// How the weight entered for a set becomes the load moved.
///
/// On the wire: `{"type":"bodyweight","percent":100}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum LoadType {
    /// The weight entered is the whole load.
    External,
    /// The weight entered is held in each hand: the load is twice it.
    PerHand,
    /// A share of the body weight, plus the weight entered (a vest, a belt).
    Bodyweight {
        /// The share of the body weight that is moved, in percent.
        percent: u8,
    },
    /// A share of the body weight, minus the weight entered (the machine's help).
    Assisted {
        /// The share of the body weight that is moved, in percent.
        percent: u8,
    },
    /// A hold, counted in seconds; the weight entered is the load held.
    Timed,
}

impl LoadType {
    /// The load moved in one repetition. An unknown body weight counts as nothing, so that only
    /// what the athlete entered is summed.
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
    fn the_load_moved_follows_the_kind_of_load() {
        let check = |load: LoadType, entered: Option<i64>, body: Option<i64>, moved: i64| {
            assert_eq!(
                load.effective_load(entered.map(Grams), body.map(Grams)),
                Grams(moved),
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
