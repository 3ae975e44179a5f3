//! Aliases of the catalogue's exercises: the names in exports of Strong, Hevy and `FitNotes`, and
//! colloquial names.
//!
//! An alias denotes the same movement: a different grip, stance or implement is a different
//! exercise, which the athlete maps. A name with the same [`crate::names::name_key`] as the
//! exercise's name needs no alias: "Bench Press (Barbell)" is not listed. Debatable choices, all
//! project defaults:
//!
//! - A name without equipment is the barbell lift ("Squat", "Bench Press"); "Chest Press" is the
//!   machine.
//! - A weighted body-weight exercise is the same exercise with added weight; an assisted one is not.
//! - Skull crushers, preacher and reverse curls with a straight bar are the same as with an EZ bar;
//!   goblet squats with a kettlebell are the same as with a dumbbell.
//! - A dumbbell shoulder press is the same exercise seated or standing.

use crate::exercise::Exercise;

impl Exercise {
    /// Returns its other names.
    pub fn aliases(&self) -> &'static [&'static str] {
        let row = ALIASES.iter().find(|(slug, _)| *slug == self.slug);
        row.map_or(&[], |(_, aliases)| aliases)
    }

    /// Returns its slug, its name and its aliases.
    pub fn all_names(&self) -> impl Iterator<Item = &'static str> {
        [self.slug, self.name].into_iter().chain(self.aliases().iter().copied())
    }
}

/// Slugs and aliases, in the order of the catalogue.
#[rustfmt::skip]
static ALIASES: &[(&str, &[&str])] = &[
    // Horizontal and incline presses, push-ups and dips.
    ("barbell-bench-press", &["Flat Barbell Bench Press", "Bench Press"]),
    ("incline-barbell-bench-press", &["Incline Bench Press", "Incline Barbell Press"]),
    ("close-grip-bench-press", &["Bench Press - Close Grip (Barbell)"]),
    ("dumbbell-bench-press", &["Flat Dumbbell Bench Press", "Dumbbell Chest Press"]),
    ("incline-dumbbell-press", &["Incline Bench Press (Dumbbell)"]),
    ("machine-chest-press", &["Chest Press"]),
    ("push-up", &["Push Up (Weighted)", "Press-Up"]),
    ("dip", &["Chest Dip", "Triceps Dip", "Dip (Weighted)", "Chest Dip (Weighted)",
        "Triceps Dip (Weighted)", "Parallel Bar Triceps Dip"]),
    ("assisted-dip", &["Chest Dip (Assisted)", "Triceps Dip (Assisted)"]),

    // Chest flies.
    ("cable-fly", &["Cable Crossover", "Cable Fly Crossovers", "Chest Fly (Cable)"]),
    ("dumbbell-fly", &["Chest Fly (Dumbbell)", "Flat Dumbbell Fly"]),
    ("pec-deck", &["Pec Deck (Machine)", "Butterfly (Pec Deck)", "Chest Fly (Machine)",
        "Seated Machine Fly"]),

    // Vertical presses.
    ("overhead-press", &["Overhead Press (Barbell)", "Military Press", "Military Press (Barbell)",
        "Strict Military Press (Barbell)", "Standing Military Press (Barbell)", "OHP"]),
    ("dumbbell-shoulder-press", &["Overhead Press (Dumbbell)", "Seated Overhead Press (Dumbbell)",
        "Seated Shoulder Press (Dumbbell)", "Seated Dumbbell Press"]),
    ("machine-shoulder-press", &["Seated Shoulder Press (Machine)",
        "Shoulder Press (Machine Plates)", "Shoulder Press (Plate Loaded)"]),

    // Shoulder raises, to the front and to the side.
    ("front-raise", &["Front Raise (Dumbbell)"]),
    ("lateral-raise", &["Lateral Raise (Dumbbell)", "Side Lateral Raise"]),
    ("cable-lateral-raise", &["Single Arm Lateral Raise (Cable)"]),
    ("upright-row", &["Upright Row (Barbell)"]),

    // Rear-shoulder work.
    ("reverse-fly", &["Reverse Fly (Dumbbell)", "Rear Delt Reverse Fly (Dumbbell)",
        "Rear Delt Fly", "Rear Delt Fly (Dumbbell)", "Rear Delt Dumbbell Raise"]),
    ("reverse-pec-deck", &["Reverse Fly (Machine)", "Rear Delt Reverse Fly (Machine)",
        "Rear Delt Machine Fly"]),
    ("face-pull", &["Face Pull (Cable)"]),

    // Vertical pulls.
    ("pull-up", &["Pull Up (Weighted)"]),
    ("chin-up", &["Chin Up (Weighted)"]),
    ("assisted-pull-up", &["Machine Assisted Pull Up"]),
    ("lat-pulldown", &["Lat Pulldown (Cable)"]),
    ("straight-arm-pulldown", &["Straight Arm Lat Pulldown (Cable)",
        "Straight-Arm Cable Pushdown"]),

    // Horizontal pulls.
    ("barbell-row", &["Bent Over Row (Barbell)", "Bent Over Row"]),
    ("dumbbell-row", &["Bent Over One Arm Row (Dumbbell)", "Single Arm Dumbbell Row"]),
    ("chest-supported-row", &["Chest Supported Incline Row (Dumbbell)", "Incline Row (Dumbbell)"]),
    ("seated-cable-row", &["Seated Cable Row - V Grip (Cable)", "Seated Cable Row - Bar Grip"]),
    ("machine-row", &["Seated Row (Machine)"]),
    ("inverted-row", &["Inverted Row (Bodyweight)", "Australian Pull-Up"]),

    // Squats and leg presses.
    ("barbell-back-squat", &["Squat (Barbell)", "Back Squat", "Squat"]),
    ("front-squat", &["Front Squat (Barbell)"]),
    ("goblet-squat", &["Goblet Squat (Dumbbell)", "Goblet Squat (Kettlebell)"]),
    ("hack-squat", &["Hack Squat (Machine)"]),
    ("leg-press", &["Leg Press (Machine)"]),

    // Split stances.
    ("bulgarian-split-squat", &["Bulgarian Split Squat (Dumbbell)"]),
    ("walking-lunge", &["Walking Lunge (Dumbbell)"]),

    // Knee extension.
    ("leg-extension", &["Leg Extension (Machine)"]),

    // Hip hinges.
    ("deadlift", &["Deadlift (Barbell)", "Conventional Deadlift"]),
    ("sumo-deadlift", &["Sumo Deadlift (Barbell)"]),
    ("trap-bar-deadlift", &["Hex Bar Deadlift"]),
    ("romanian-deadlift", &["Romanian Deadlift (Barbell)", "RDL"]),
    ("back-extension", &["Back Extension (Hyperextension)", "Hyperextension",
        "Back Extension (Weighted Hyperextension)"]),

    // Hip extension and abduction.
    ("hip-thrust", &["Hip Thrust (Barbell)"]),
    ("cable-glute-kickback", &["Standing Cable Glute Kickbacks"]),
    ("hip-abduction", &["Hip Abductor (Machine)"]),

    // Knee flexion.
    ("lying-leg-curl", &["Lying Leg Curl (Machine)"]),
    ("seated-leg-curl", &["Seated Leg Curl (Machine)"]),

    // Calf raises.
    ("standing-calf-raise", &["Standing Calf Raise (Machine)"]),
    ("seated-calf-raise", &["Seated Calf Raise (Machine)", "Seated Calf Raise (Plate Loaded)"]),
    ("leg-press-calf-raise", &["Calf Press on Leg Press", "Calf Press (Machine)"]),

    // Elbow flexion.
    ("barbell-curl", &["Bicep Curl (Barbell)"]),
    ("preacher-curl", &["Preacher Curl (Barbell)", "EZ-Bar Preacher Curl"]),
    ("dumbbell-curl", &["Bicep Curl (Dumbbell)"]),
    ("incline-dumbbell-curl", &["Seated Incline Curl (Dumbbell)"]),
    ("hammer-curl", &["Hammer Curl (Dumbbell)"]),
    ("cable-curl", &["Bicep Curl (Cable)"]),
    ("reverse-curl", &["Reverse Curl (Barbell)", "Reverse Curl (EZ Bar)"]),

    // Elbow extension.
    ("triceps-pushdown", &["Triceps Pushdown (Cable)", "Triceps Pushdown (Cable - Straight Bar)",
        "Triceps Rope Pushdown", "Rope Pushdown", "V-Bar Pushdown"]),
    ("overhead-triceps-extension", &["Overhead Triceps Extension (Cable)"]),
    ("skull-crusher", &["Skullcrusher (Barbell)", "EZ-Bar Skullcrusher",
        "Lying Triceps Extension"]),

    // Wrists, grip and carries.
    ("wrist-curl", &["Wrist Curl (Barbell)"]),
    ("reverse-wrist-curl", &["Reverse Wrist Curl (Barbell)"]),
    ("farmers-walk", &["Farmer's Carry"]),

    // Trunk.
    ("cable-crunch", &["Kneeling Cable Crunch"]),
    ("ab-wheel-rollout", &["Ab Wheel"]),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::CATALOGUE;
    use crate::names::name_key;
    use std::collections::{BTreeMap, BTreeSet};

    #[test]
    fn each_row_has_a_unique_exercise() {
        let slugs: BTreeSet<_> = ALIASES.iter().map(|(slug, _)| *slug).collect();
        assert_eq!(slugs.len(), ALIASES.len());
        for slug in slugs {
            assert!(Exercise::find(slug).is_some_and(|e| !e.aliases().is_empty()), "{slug}");
        }
        assert!(Exercise::find("plank").unwrap().aliases().is_empty());
    }

    #[test]
    fn exercises_share_no_names_and_aliases_differ_from_names() {
        let mut slugs = BTreeMap::new();
        for exercise in CATALOGUE {
            let names = BTreeSet::from([name_key(exercise.slug), name_key(exercise.name)]);
            let names = names.into_iter().map(|key| (key, exercise.name));
            let aliases = exercise.aliases().iter().map(|alias| (name_key(alias), *alias));
            for (key, name) in names.chain(aliases) {
                let previous = slugs.insert(key, exercise.slug);
                assert_eq!(previous, None, "duplicate: {name} of {}", exercise.slug);
            }
        }
    }
}
