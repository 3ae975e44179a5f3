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
//! - Hip abductions count directly for the abductors and indirectly for the glutes.
//! - Jumps, sleds and bodyweight conditioning are cardio: they are far from failure, so no muscle
//!   gets a hard set of them.
//! - An exercise whose name leaves the equipment open ("Chest Fly", "Biceps Curl") is an exercise of
//!   its own with the equipment `other`: its muscles are known, its equipment is not.
//!
//! # Variants
//!
//! A variant of an exercise (a grip, a stance, an angle, a machine) is an exercise of its own, with
//! its own progress, also where its muscles are the same. Added weight makes no variant of a
//! body-weight exercise; assistance does.
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
//! - hanging leg raise: 30, roughly both legs; 20 with bent knees; 16 for one leg;
//! - squats, lunges and step-ups: 88, all but the shanks and the feet (Dempster 1955);
//! - crunch 30, sit-up 50, incline, kneeling and decline push-up 55, 50 and 70.

use crate::exercise::{Equipment, Exercise, Force, LoadType, Mechanic};
use crate::movement::Movement;
use crate::muscle::Muscles;
use std::sync::LazyLock;

/// All exercises of the catalogue, grouped by movement pattern; slugs are unique.
pub static CATALOGUE: LazyLock<Vec<Exercise>> = LazyLock::new(|| parse(TABLE));

/// The table of exercises.
///
/// A line `# movement mechanic force primary / secondary` gives what the exercises below it have in
/// common. Each line below it is a code, a name and, where it is not the name with hyphens, `=slug`.
/// The code is the equipment (see [`equipment`]) and:
///
/// | | |
/// |---|---|
/// | digits | this share of the body weight is lifted |
/// | `-` digits | the same, less the weight entered |
/// | `t` | timed |
/// | `*` | the weight entered is per hand, as it is for dumbbells without another load |
/// | `.` | the weight entered is the load |
/// | `/` | unilateral |
const TABLE: &str = include_str!("catalogue.txt");

impl Exercise {
    /// Returns the exercise of the catalogue with this slug.
    pub fn find(slug: &str) -> Option<&'static Self> {
        static SLOTS: LazyLock<Vec<Option<&'static Exercise>>> = LazyLock::new(to_slots);
        // No more steps than slots: there are free ones, which end the search.
        let slots = slots_from(slug).map_while(|slot| *SLOTS.get(slot)?);
        slots.into_iter().find(|exercise| exercise.slug == slug)
    }
}

/// Slots of the hash table of slugs: over twice the exercises, a power of two.
const SLOTS: usize = 2_048;

/// Puts each exercise in the first free slot of its slug.
fn to_slots() -> Vec<Option<&'static Exercise>> {
    let mut slots = vec![None; SLOTS];
    for exercise in CATALOGUE.iter() {
        let free = slots_from(&exercise.slug).find(|slot| slots.get(*slot) == Some(&None));
        if let Some(slot) = free.and_then(|slot| slots.get_mut(slot)) {
            *slot = Some(exercise);
        }
    }
    slots
}

/// The slots of a slug, the one of its hash first.
fn slots_from(slug: &str) -> impl Iterator<Item = usize> {
    let hash = slug
        .bytes()
        .fold(0, |hash: usize, byte| (hash ^ usize::from(byte)).wrapping_mul(0x0100_0193));
    (0..SLOTS).map(move |step| hash.wrapping_add(hash >> 16).wrapping_add(step) % SLOTS)
}

/// Reads the table. Omits what it cannot read, which a test excludes.
fn parse(table: &'static str) -> Vec<Exercise> {
    let mut group = None;
    let mut exercises = Vec::new();
    for line in table.lines() {
        if let Some(common) = line.strip_prefix("# ") {
            group = Group::parse(common);
        } else if let Some(group) = &group {
            exercises.extend(group.exercise(line));
        }
    }
    exercises
}

/// The values that the exercises of a group have in common.
struct Group {
    movement: Movement,
    mechanic: Mechanic,
    force: Force,
    primary: Muscles,
    secondary: Muscles,
}

impl Group {
    fn parse(line: &'static str) -> Option<Self> {
        let mut parts = line.splitn(4, ' ');
        let movement = Movement::find(parts.next()?)?;
        let is_compound = parts.next()? == "compound";
        let force = match parts.next()? {
            "push" => Force::Push,
            "pull" => Force::Pull,
            _ => Force::Static,
        };
        let muscles = parts.next().unwrap_or_default();
        let (primary, secondary) = muscles.split_once(" / ").unwrap_or((muscles, ""));
        Some(Self {
            movement,
            mechanic: if is_compound { Mechanic::Compound } else { Mechanic::Isolation },
            force,
            primary: Muscles::named(primary),
            secondary: Muscles::named(secondary),
        })
    }

    fn exercise(&self, line: &'static str) -> Option<Exercise> {
        let (code, name) = line.split_once(' ')?;
        let (name, slug) = match name.split_once('=') {
            Some((name, slug)) => (name, slug.to_owned()),
            None => (name, slug_of(name)),
        };
        let equipment = equipment(*code.as_bytes().first()?)?;
        let number = code.trim_matches(|c: char| !c.is_ascii_digit());
        let percent = number.parse().unwrap_or(0);
        let load = if code.contains('t') {
            LoadType::Timed
        } else if code.contains('-') {
            LoadType::Assisted { percent }
        } else if !number.is_empty() {
            LoadType::Bodyweight { percent }
        } else if code.contains('*') || equipment == Equipment::Dumbbell && !code.contains('.') {
            LoadType::PerHand
        } else {
            LoadType::External
        };
        Some(Exercise {
            slug,
            name,
            movement: self.movement,
            mechanic: self.mechanic,
            force: self.force,
            equipment,
            load,
            unilateral: code.contains('/'),
            primary: self.primary,
            secondary: self.secondary,
        })
    }
}

/// The equipment of a code.
const fn equipment(code: u8) -> Option<Equipment> {
    Some(match code {
        b'b' => Equipment::Barbell,
        b'c' => Equipment::Cable,
        b'd' => Equipment::Dumbbell,
        b'e' => Equipment::EzBar,
        b'h' => Equipment::TrapBar,
        b'k' => Equipment::Kettlebell,
        b'l' => Equipment::Plate,
        b'm' => Equipment::Machine,
        b'n' => Equipment::Landmine,
        b'o' => Equipment::Other,
        b'p' => Equipment::PlateLoaded,
        b'r' => Equipment::Band,
        b's' => Equipment::SmithMachine,
        b'w' => Equipment::Bodyweight,
        b'x' => Equipment::Suspension,
        _ => return None,
    })
}

/// Returns the words of a name in lower case, separated by hyphens.
fn slug_of(name: &str) -> String {
    let plain = name.replace('\'', "").to_ascii_lowercase();
    plain.replace(|c: char| !c.is_ascii_alphanumeric(), "-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exercise::ExerciseKind;
    use crate::muscle::Muscle;
    use std::collections::BTreeSet;

    #[test]
    fn each_row_of_the_table_is_an_exercise() {
        let rows = TABLE.lines().filter(|line| !line.starts_with('#'));
        let names: Vec<_> =
            rows.map(|row| row.split_once(' ').unwrap().1.split('=').next().unwrap()).collect();
        assert_eq!(CATALOGUE.iter().map(|e| e.name).collect::<Vec<_>>(), names);
        assert!(CATALOGUE.len() >= 300 && CATALOGUE.len() * 2 < SLOTS, "{}", CATALOGUE.len());
        for line in TABLE.lines().filter_map(|line| line.strip_prefix("# ")) {
            let muscles = line.split(' ').skip(3).filter(|name| *name != "/");
            for name in muscles {
                assert!(Muscle::find(name).is_some(), "{line}");
            }
        }
    }

    #[test]
    fn slugs_and_names_are_unique_and_slugs_are_found() {
        let slugs: BTreeSet<_> = CATALOGUE.iter().map(|e| &e.slug).collect();
        let names: BTreeSet<_> = CATALOGUE.iter().map(|e| e.name).collect();
        assert_eq!(slugs.len(), CATALOGUE.len());
        assert_eq!(names.len(), CATALOGUE.len());
        for exercise in CATALOGUE.iter() {
            assert_eq!(Exercise::find(&exercise.slug), Some(exercise));
        }
        for unknown in ["", "bench", "barbell-bench-press-2", "Barbell Bench Press"] {
            assert_eq!(Exercise::find(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn code_gives_equipment_load_and_unilateral() {
        let check = |slug: &str, equipment: Equipment, load: LoadType, unilateral: bool| {
            let exercise = Exercise::find(slug).unwrap();
            assert_eq!(
                (exercise.equipment, exercise.load, exercise.unilateral),
                (equipment, load, unilateral),
                "{slug}"
            );
        };
        check("deadlift", Equipment::Barbell, LoadType::External, false);
        check("dumbbell-bench-press", Equipment::Dumbbell, LoadType::PerHand, false);
        check("dumbbell-row", Equipment::Dumbbell, LoadType::External, true);
        check("dumbbell-lunge", Equipment::Dumbbell, LoadType::PerHand, true);
        check("cable-fly", Equipment::Cable, LoadType::PerHand, false);
        check("pull-up", Equipment::Bodyweight, LoadType::Bodyweight { percent: 100 }, false);
        check("assisted-dip", Equipment::Machine, LoadType::Assisted { percent: 100 }, false);
        check("farmers-walk", Equipment::Dumbbell, LoadType::Timed, false);
        check("trap-bar-deadlift", Equipment::TrapBar, LoadType::External, false);
        check("trap-bar-carry", Equipment::TrapBar, LoadType::Timed, false);
        check("plank", Equipment::Bodyweight, LoadType::Timed, false);
        check("single-leg-press", Equipment::Machine, LoadType::External, true);
        check("chest-fly", Equipment::Other, LoadType::External, false);
    }

    #[test]
    fn only_strength_has_muscles_each_direct_or_indirect() {
        for exercise in CATALOGUE.iter() {
            let all: Vec<_> = exercise.primary.iter().chain(exercise.secondary.iter()).collect();
            let is_strength = exercise.kind() == ExerciseKind::Strength;
            assert_eq!(is_strength, !all.is_empty(), "{}", exercise.slug);
            let distinct: BTreeSet<_> = all.iter().collect();
            assert_eq!(all.len(), distinct.len(), "{}", exercise.slug);
        }
        let kind = |slug: &str| Exercise::find(slug).unwrap().kind();
        assert_eq!(kind("farmers-walk"), ExerciseKind::Strength);
        for slug in ["running", "rowing-machine", "sled-push", "box-jump", "treadmill"] {
            assert_eq!(kind(slug), ExerciseKind::Cardio, "{slug}");
        }
        assert_eq!(kind("stretching"), ExerciseKind::Mobility);
    }

    #[test]
    fn each_muscle_is_direct_in_at_least_two_exercises() {
        for muscle in Muscle::ALL {
            let count = CATALOGUE.iter().filter(|e| e.primary.iter().any(|m| m == muscle)).count();
            assert!(count >= 2, "{muscle:?}: {count}");
        }
    }
}
