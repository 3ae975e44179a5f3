//! The muscle groups.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A muscle group, divided as in the published landmark tables. The last three have no published
/// landmarks.
///
/// JSON and the database contain the `snake_case` name. The order is part of a stored format (see
/// [`Muscle::index`]): add new groups at the end.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Muscle {
    Chest,
    /// Lats, rhomboids, mid and lower trapezius, spinal erectors.
    Back,
    FrontDelts,
    SideDelts,
    RearDelts,
    /// Elbow flexors.
    Biceps,
    Triceps,
    Quads,
    Hamstrings,
    Glutes,
    /// Gastrocnemius and soleus.
    Calves,
    Abs,
    /// Upper trapezius.
    Traps,
    /// Wrist and finger flexors and extensors.
    Forearms,
    /// The inner thigh.
    Adductors,
    /// Gluteus medius and minimus, tensor fasciae latae.
    Abductors,
    Neck,
}

impl Muscle {
    /// All muscle groups, in the order of [`Muscle::index`].
    pub const ALL: [Self; 17] = [
        Self::Chest,
        Self::Back,
        Self::FrontDelts,
        Self::SideDelts,
        Self::RearDelts,
        Self::Biceps,
        Self::Triceps,
        Self::Quads,
        Self::Hamstrings,
        Self::Glutes,
        Self::Calves,
        Self::Abs,
        Self::Traps,
        Self::Forearms,
        Self::Adductors,
        Self::Abductors,
        Self::Neck,
    ];

    /// Returns the stored position, 0 to 16. It numbers bits in the database and must never change.
    pub const fn index(self) -> u32 {
        self as u32
    }

    /// Returns the name in JSON and the database: `front_delts`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Chest => "chest",
            Self::Back => "back",
            Self::FrontDelts => "front_delts",
            Self::SideDelts => "side_delts",
            Self::RearDelts => "rear_delts",
            Self::Biceps => "biceps",
            Self::Triceps => "triceps",
            Self::Quads => "quads",
            Self::Hamstrings => "hamstrings",
            Self::Glutes => "glutes",
            Self::Calves => "calves",
            Self::Abs => "abs",
            Self::Traps => "traps",
            Self::Forearms => "forearms",
            Self::Adductors => "adductors",
            Self::Abductors => "abductors",
            Self::Neck => "neck",
        }
    }

    /// Returns the muscle with this name in JSON.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|muscle| muscle.as_str() == name)
    }

    /// Returns the name for use in a sentence: `front delts`.
    pub fn display_name(self) -> String {
        self.as_str().replace('_', " ")
    }
}

/// The muscles of an exercise of the catalogue, the most important first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Muscles(&'static str);

impl Muscles {
    /// The muscles with these names in JSON, separated by spaces.
    pub(crate) const fn named(names: &'static str) -> Self {
        Self(names)
    }

    /// Returns the muscles in order.
    pub fn iter(self) -> impl Iterator<Item = Muscle> {
        self.0.split(' ').filter_map(Muscle::find)
    }

    /// Whether there are none, as in cardio.
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// Returns the muscles in order.
    pub fn to_vec(self) -> Vec<Muscle> {
        self.iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_positions_never_change() {
        let names: Vec<_> = Muscle::ALL.iter().map(|m| (m.index(), m.as_str())).collect();
        assert_eq!(
            names,
            [
                (0, "chest"),
                (1, "back"),
                (2, "front_delts"),
                (3, "side_delts"),
                (4, "rear_delts"),
                (5, "biceps"),
                (6, "triceps"),
                (7, "quads"),
                (8, "hamstrings"),
                (9, "glutes"),
                (10, "calves"),
                (11, "abs"),
                (12, "traps"),
                (13, "forearms"),
                (14, "adductors"),
                (15, "abductors"),
                (16, "neck"),
            ]
        );
    }

    #[test]
    fn serde_uses_the_json_name() {
        for muscle in Muscle::ALL {
            let json = serde_json::to_string(&muscle).unwrap();
            assert_eq!(json, format!("\"{}\"", muscle.as_str()));
            assert_eq!(Muscle::find(muscle.as_str()), Some(muscle));
        }
        assert_eq!(Muscle::find("lats"), None);
    }

    #[test]
    fn muscles_of_an_exercise_keep_their_order() {
        let muscles = Muscles::named("glutes hamstrings");
        assert_eq!(muscles.to_vec(), [Muscle::Glutes, Muscle::Hamstrings]);
        assert!(!muscles.is_empty() && Muscles::named("").is_empty());
        assert_eq!(Muscles::named("").to_vec(), []);
    }
}
