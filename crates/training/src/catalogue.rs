//! The exercise catalogue: each exercise with its equipment, its load type and its muscles.
//!
//! # Muscles
//!
//! - **Direct** (`primary`): the prime movers. One hard set counts as 1 set for each of them.
//! - **Indirect** (`secondary`): the synergists. One hard set counts as 0.5 for each of them.
//!
//! The assignment follows standard anatomy, not a single source; shares and choices without a
//! source are project defaults. It is versioned data: changing a row changes the weekly volume
//! computed from sets already logged, so it is reviewed as a change of results. Debatable choices:
//!
//! - A muscle that only stabilizes the body is omitted, unless the hold is a large part of the
//!   lift: the back in a hinge; the grip (forearms) in a pull from the floor and a shrug; the grip,
//!   the traps and the trunk in a carry.
//! - `Back` is the lats, the middle back and the spinal erectors together; `Traps` is the upper
//!   part of the trapezius.
//! - The hamstrings are not counted in squats and lunges: they cross both the hip and the knee and
//!   change length little. The calves are not counted in leg curls: only the gastrocnemius bends
//!   the knee, and it shortens meanwhile.
//! - The front delts are counted in presses and in dumbbell flyes, not in cable and machine flyes.
//! - The brachialis is counted with the biceps, and the brachioradialis with the forearms; so a
//!   curl counts indirectly for the forearms, and a reverse curl directly.
//!
//! # Loads
//!
//! A lift performed with one arm or one leg at a time and a single implement is `External`; two
//! dumbbells, or two cable stacks, are `PerHand`. A loaded carry is `Timed`, like the holds. The
//! shares of body weight:
//!
//! - pull-up, chin-up, dip and their assisted versions: 100, the hands carry the whole body;
//! - push-up: 64, the share of body weight that the hands carry in the regular push-up (peak vertical
//!   ground reaction force; Ebben et al. 2011, J Strength Cond Res 25(10):2891–2894);
//! - inverted row: 60, slightly less than the push-up, its mirror image;
//! - back extension: 60, roughly the head, arms and trunk;
//! - ab-wheel rollout from the knees: 50, since the lower legs stay on the floor;
//! - hanging leg raise: 30, roughly both legs.

use crate::exercise::{
    Equipment::{
        self, Band, Barbell, Bodyweight, Cable, Dumbbell, EzBar, Kettlebell, Machine, SmithMachine,
        TrapBar,
    },
    Exercise,
    Force::{self, Pull, Push, Static},
    LoadType::{self, External, PerHand, Timed},
    Mechanic::{self, Compound, Isolation},
};
use crate::muscle::Muscle::{
    self, Abs, Back, Biceps, Calves, Chest, Forearms, FrontDelts, Glutes, Hamstrings, Quads,
    RearDelts, SideDelts, Traps, Triceps,
};

impl Exercise {
    /// Returns the exercise of the catalogue with this slug.
    pub fn find(slug: &str) -> Option<&'static Self> {
        CATALOGUE.iter().find(|exercise| exercise.slug == slug)
    }
}

/// All exercises of the catalogue, grouped by movement pattern; slugs are unique.
///
/// Formatted by hand, two lines per row, because rustfmt would put each of the eight arguments on
/// its own line.
#[rustfmt::skip]
pub static CATALOGUE: &[Exercise] = &[
    // Horizontal and incline presses, push-ups and dips.
    exercise("barbell-bench-press", "Barbell Bench Press", Compound, Push,
        Barbell, External, &[Chest], &[FrontDelts, Triceps]),
    exercise("incline-barbell-bench-press", "Incline Barbell Bench Press", Compound, Push,
        Barbell, External, &[Chest], &[FrontDelts, Triceps]),
    exercise("close-grip-bench-press", "Close-Grip Bench Press", Compound, Push,
        Barbell, External, &[Triceps], &[Chest, FrontDelts]),
    exercise("dumbbell-bench-press", "Dumbbell Bench Press", Compound, Push,
        Dumbbell, PerHand, &[Chest], &[FrontDelts, Triceps]),
    exercise("incline-dumbbell-press", "Incline Dumbbell Press", Compound, Push,
        Dumbbell, PerHand, &[Chest], &[FrontDelts, Triceps]),
    exercise("machine-chest-press", "Machine Chest Press", Compound, Push,
        Machine, External, &[Chest], &[FrontDelts, Triceps]),
    exercise("push-up", "Push-Up", Compound, Push,
        Bodyweight, bodyweight(64), &[Chest], &[FrontDelts, Triceps]),
    exercise("dip", "Dip", Compound, Push,
        Bodyweight, bodyweight(100), &[Chest, Triceps], &[FrontDelts]),
    exercise("assisted-dip", "Assisted Dip", Compound, Push,
        Machine, assisted(100), &[Chest, Triceps], &[FrontDelts]),

    // Chest flies.
    exercise("cable-fly", "Cable Fly", Isolation, Push,
        Cable, PerHand, &[Chest], &[]),
    exercise("dumbbell-fly", "Dumbbell Fly", Isolation, Push,
        Dumbbell, PerHand, &[Chest], &[FrontDelts]),
    exercise("pec-deck", "Pec Deck", Isolation, Push,
        Machine, External, &[Chest], &[]),

    // Vertical presses.
    exercise("overhead-press", "Overhead Press", Compound, Push,
        Barbell, External, &[FrontDelts], &[SideDelts, Triceps]),
    exercise("dumbbell-shoulder-press", "Dumbbell Shoulder Press", Compound, Push,
        Dumbbell, PerHand, &[FrontDelts], &[SideDelts, Triceps]),
    exercise("machine-shoulder-press", "Machine Shoulder Press", Compound, Push,
        Machine, External, &[FrontDelts], &[SideDelts, Triceps]),

    // Shoulder raises, to the front and to the side.
    exercise("front-raise", "Front Raise", Isolation, Push,
        Dumbbell, PerHand, &[FrontDelts], &[SideDelts]),
    exercise("lateral-raise", "Lateral Raise", Isolation, Push,
        Dumbbell, PerHand, &[SideDelts], &[Traps]),
    exercise("cable-lateral-raise", "Cable Lateral Raise", Isolation, Push,
        Cable, External, &[SideDelts], &[Traps]),
    exercise("upright-row", "Upright Row", Compound, Pull,
        Barbell, External, &[SideDelts, Traps], &[Biceps]),

    // Rear-shoulder work.
    exercise("reverse-fly", "Reverse Fly", Isolation, Pull,
        Dumbbell, PerHand, &[RearDelts], &[Back]),
    exercise("reverse-pec-deck", "Reverse Pec Deck", Isolation, Pull,
        Machine, External, &[RearDelts], &[Back]),
    exercise("face-pull", "Face Pull", Compound, Pull,
        Cable, External, &[RearDelts], &[Back, Traps]),
    exercise("band-pull-apart", "Band Pull-Apart", Isolation, Pull,
        Band, External, &[RearDelts], &[Back]),

    // Vertical pulls.
    exercise("pull-up", "Pull-Up", Compound, Pull,
        Bodyweight, bodyweight(100), &[Back], &[Biceps]),
    exercise("chin-up", "Chin-Up", Compound, Pull,
        Bodyweight, bodyweight(100), &[Back], &[Biceps]),
    exercise("assisted-pull-up", "Assisted Pull-Up", Compound, Pull,
        Machine, assisted(100), &[Back], &[Biceps]),
    exercise("lat-pulldown", "Lat Pulldown", Compound, Pull,
        Cable, External, &[Back], &[Biceps]),
    exercise("straight-arm-pulldown", "Straight-Arm Pulldown", Isolation, Pull,
        Cable, External, &[Back], &[RearDelts]),

    // Horizontal pulls.
    exercise("barbell-row", "Barbell Row", Compound, Pull,
        Barbell, External, &[Back], &[Biceps, RearDelts]),
    exercise("dumbbell-row", "One-Arm Dumbbell Row", Compound, Pull,
        Dumbbell, External, &[Back], &[Biceps, RearDelts]),
    exercise("chest-supported-row", "Chest-Supported Dumbbell Row", Compound, Pull,
        Dumbbell, PerHand, &[Back], &[Biceps, RearDelts]),
    exercise("seated-cable-row", "Seated Cable Row", Compound, Pull,
        Cable, External, &[Back], &[Biceps, RearDelts]),
    exercise("machine-row", "Machine Row", Compound, Pull,
        Machine, External, &[Back], &[Biceps, RearDelts]),
    exercise("inverted-row", "Inverted Row", Compound, Pull,
        Bodyweight, bodyweight(60), &[Back], &[Biceps, RearDelts]),

    // Squats and leg presses.
    exercise("barbell-back-squat", "Barbell Back Squat", Compound, Push,
        Barbell, External, &[Quads, Glutes], &[]),
    exercise("front-squat", "Front Squat", Compound, Push,
        Barbell, External, &[Quads], &[Glutes]),
    exercise("smith-machine-squat", "Smith Machine Squat", Compound, Push,
        SmithMachine, External, &[Quads, Glutes], &[]),
    exercise("goblet-squat", "Goblet Squat", Compound, Push,
        Dumbbell, External, &[Quads], &[Glutes]),
    exercise("hack-squat", "Hack Squat", Compound, Push,
        Machine, External, &[Quads], &[Glutes]),
    exercise("leg-press", "Leg Press", Compound, Push,
        Machine, External, &[Quads], &[Glutes]),

    // Split stances.
    exercise("bulgarian-split-squat", "Bulgarian Split Squat", Compound, Push,
        Dumbbell, PerHand, &[Quads, Glutes], &[]),
    exercise("walking-lunge", "Walking Lunge", Compound, Push,
        Dumbbell, PerHand, &[Quads, Glutes], &[]),

    // Knee extension.
    exercise("leg-extension", "Leg Extension", Isolation, Push,
        Machine, External, &[Quads], &[]),

    // Hip hinges.
    exercise("deadlift", "Deadlift", Compound, Pull,
        Barbell, External, &[Glutes, Hamstrings], &[Back, Quads, Forearms]),
    exercise("sumo-deadlift", "Sumo Deadlift", Compound, Pull,
        Barbell, External, &[Glutes, Quads], &[Back, Hamstrings, Forearms]),
    exercise("trap-bar-deadlift", "Trap Bar Deadlift", Compound, Pull,
        TrapBar, External, &[Glutes, Quads], &[Back, Hamstrings, Forearms]),
    exercise("romanian-deadlift", "Romanian Deadlift", Compound, Pull,
        Barbell, External, &[Glutes, Hamstrings], &[Back]),
    exercise("kettlebell-swing", "Kettlebell Swing", Compound, Pull,
        Kettlebell, External, &[Glutes, Hamstrings], &[Back]),
    exercise("back-extension", "Back Extension", Isolation, Pull,
        Bodyweight, bodyweight(60), &[Back], &[Glutes, Hamstrings]),

    // Hip extension and abduction.
    exercise("hip-thrust", "Hip Thrust", Compound, Push,
        Barbell, External, &[Glutes], &[Hamstrings]),
    exercise("cable-glute-kickback", "Cable Glute Kickback", Isolation, Push,
        Cable, External, &[Glutes], &[Hamstrings]),
    exercise("hip-abduction", "Machine Hip Abduction", Isolation, Push,
        Machine, External, &[Glutes], &[]),

    // Knee flexion.
    exercise("lying-leg-curl", "Lying Leg Curl", Isolation, Pull,
        Machine, External, &[Hamstrings], &[]),
    exercise("seated-leg-curl", "Seated Leg Curl", Isolation, Pull,
        Machine, External, &[Hamstrings], &[]),

    // Calf raises.
    exercise("standing-calf-raise", "Standing Calf Raise", Isolation, Push,
        Machine, External, &[Calves], &[]),
    exercise("seated-calf-raise", "Seated Calf Raise", Isolation, Push,
        Machine, External, &[Calves], &[]),
    exercise("leg-press-calf-raise", "Leg Press Calf Raise", Isolation, Push,
        Machine, External, &[Calves], &[]),

    // Elbow flexion.
    exercise("barbell-curl", "Barbell Curl", Isolation, Pull,
        Barbell, External, &[Biceps], &[Forearms]),
    exercise("preacher-curl", "Preacher Curl", Isolation, Pull,
        EzBar, External, &[Biceps], &[Forearms]),
    exercise("dumbbell-curl", "Dumbbell Curl", Isolation, Pull,
        Dumbbell, PerHand, &[Biceps], &[Forearms]),
    exercise("incline-dumbbell-curl", "Incline Dumbbell Curl", Isolation, Pull,
        Dumbbell, PerHand, &[Biceps], &[Forearms]),
    exercise("hammer-curl", "Hammer Curl", Isolation, Pull,
        Dumbbell, PerHand, &[Biceps], &[Forearms]),
    exercise("cable-curl", "Cable Curl", Isolation, Pull,
        Cable, External, &[Biceps], &[Forearms]),
    exercise("reverse-curl", "Reverse Curl", Isolation, Pull,
        EzBar, External, &[Forearms], &[Biceps]),

    // Elbow extension.
    exercise("triceps-pushdown", "Triceps Pushdown", Isolation, Push,
        Cable, External, &[Triceps], &[]),
    exercise("overhead-triceps-extension", "Overhead Triceps Extension", Isolation, Push,
        Cable, External, &[Triceps], &[]),
    exercise("skull-crusher", "Skull Crusher", Isolation, Push,
        EzBar, External, &[Triceps], &[]),

    // Shrugs.
    exercise("barbell-shrug", "Barbell Shrug", Isolation, Pull,
        Barbell, External, &[Traps], &[Forearms]),
    exercise("dumbbell-shrug", "Dumbbell Shrug", Isolation, Pull,
        Dumbbell, PerHand, &[Traps], &[Forearms]),

    // Wrists, grip and carries.
    exercise("wrist-curl", "Wrist Curl", Isolation, Pull,
        Barbell, External, &[Forearms], &[]),
    exercise("reverse-wrist-curl", "Reverse Wrist Curl", Isolation, Pull,
        Barbell, External, &[Forearms], &[]),
    exercise("farmers-walk", "Farmer's Walk", Compound, Static,
        Dumbbell, Timed, &[Forearms], &[Traps, Abs]),

    // Trunk.
    exercise("plank", "Plank", Isolation, Static,
        Bodyweight, Timed, &[Abs], &[]),
    exercise("side-plank", "Side Plank", Isolation, Static,
        Bodyweight, Timed, &[Abs], &[]),
    exercise("hanging-leg-raise", "Hanging Leg Raise", Isolation, Pull,
        Bodyweight, bodyweight(30), &[Abs], &[]),
    exercise("cable-crunch", "Cable Crunch", Isolation, Pull,
        Cable, External, &[Abs], &[]),
    exercise("ab-wheel-rollout", "Ab Wheel Rollout", Compound, Pull,
        Bodyweight, bodyweight(50), &[Abs], &[Back]),
];

#[expect(
    clippy::too_many_arguments,
    reason = "a row of the catalogue is easiest to read as one call"
)]
const fn exercise(
    slug: &'static str,
    name: &'static str,
    mechanic: Mechanic,
    force: Force,
    equipment: Equipment,
    load: LoadType,
    primary: &'static [Muscle],
    secondary: &'static [Muscle],
) -> Exercise {
    Exercise { slug, name, mechanic, force, equipment, load, primary, secondary }
}

const fn bodyweight(percent: u8) -> LoadType {
    LoadType::Bodyweight { percent }
}

const fn assisted(percent: u8) -> LoadType {
    LoadType::Assisted { percent }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn catalogue_has_60_to_80_exercises_with_unique_slugs() {
        assert!((60..=80).contains(&CATALOGUE.len()), "{}", CATALOGUE.len());
        let slugs: BTreeSet<_> = CATALOGUE.iter().map(|e| e.slug).collect();
        let names: BTreeSet<_> = CATALOGUE.iter().map(|e| e.name).collect();
        assert_eq!(slugs.len(), CATALOGUE.len());
        assert_eq!(names.len(), CATALOGUE.len());
        for slug in slugs {
            assert!(
                slug.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'),
                "{slug}"
            );
        }
    }

    #[test]
    fn muscles_are_direct_or_indirect_but_never_both() {
        for exercise in CATALOGUE {
            assert!(!exercise.primary.is_empty(), "{}", exercise.slug);
            let all: Vec<_> = exercise.primary.iter().chain(exercise.secondary).collect();
            let distinct: BTreeSet<_> = all.iter().collect();
            assert_eq!(all.len(), distinct.len(), "{}", exercise.slug);
        }
    }

    #[test]
    fn each_muscle_is_direct_in_at_least_two_exercises() {
        for muscle in Muscle::ALL {
            let count = CATALOGUE.iter().filter(|e| e.primary.contains(&muscle)).count();
            assert!(count >= 2, "{muscle:?}: {count}");
        }
    }
}
