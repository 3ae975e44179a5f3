//! Movement patterns: the joint action of an exercise, which separates exercises with similar names.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Declares the enum and the list of its values with their names in JSON.
macro_rules! movements {
    ($($(#[$doc:meta])* $movement:ident = $name:literal,)*) => {
        /// The movement pattern of an exercise.
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
        )]
        #[serde(rename_all = "snake_case")]
        pub enum Movement {
            $($(#[$doc])* $movement,)*
        }

        impl Movement {
            const ALL: &'static [(Self, &'static str)] = &[$((Self::$movement, $name),)*];
        }
    };
}

movements! {
    HorizontalPush = "horizontal_push",
    VerticalPush = "vertical_push",
    Dip = "dip",
    HorizontalPull = "horizontal_pull",
    VerticalPull = "vertical_pull",
    ChestFly = "chest_fly",
    ReverseFly = "reverse_fly",
    /// Raising the arms to the front.
    ShoulderFlexion = "shoulder_flexion",
    /// Raising the arms to the side.
    ShoulderAbduction = "shoulder_abduction",
    /// Pulling straight arms down, as in a pullover.
    ShoulderExtension = "shoulder_extension",
    ShoulderRotation = "shoulder_rotation",
    Shrug = "shrug",
    ElbowFlexion = "elbow_flexion",
    ElbowExtension = "elbow_extension",
    Wrist = "wrist",
    Grip = "grip",
    Squat = "squat",
    Lunge = "lunge",
    Hinge = "hinge",
    HipExtension = "hip_extension",
    HipFlexion = "hip_flexion",
    HipAbduction = "hip_abduction",
    HipAdduction = "hip_adduction",
    KneeExtension = "knee_extension",
    KneeFlexion = "knee_flexion",
    CalfRaise = "calf_raise",
    TrunkFlexion = "trunk_flexion",
    TrunkExtension = "trunk_extension",
    TrunkRotation = "trunk_rotation",
    /// Bending to the side.
    LateralFlexion = "lateral_flexion",
    TrunkStability = "trunk_stability",
    Neck = "neck",
    Carry = "carry",
    OlympicLift = "olympic_lift",
    /// A squat or a hinge together with a press or a pull.
    FullBody = "full_body",
    Jump = "jump",
    /// Burpees, sleds, ropes.
    Conditioning = "conditioning",
    /// Running, cycling, rowing and other endurance sports.
    Locomotion = "locomotion",
    Stretch = "stretch",
    #[default]
    Other = "other",
}

impl Movement {
    /// Returns the movement with this name in JSON.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(movement, _)| *movement)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_movement_is_found_by_its_json_name() {
        for (movement, name) in Movement::ALL {
            assert_eq!(serde_json::to_string(movement).unwrap(), format!("\"{name}\""));
            assert_eq!(Movement::find(name), Some(*movement));
        }
        assert_eq!(Movement::find("press"), None);
        assert_eq!(Movement::default(), Movement::Other);
    }
}
