//! Search for exercises by name.

use crate::catalogue::CATALOGUE;
use crate::exercise::Exercise;
use crate::names::words::{name_key, standard_spelling, words};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// Returns the exercise of the catalogue with this slug, name or alias, compared by [`name_key`].
pub fn find_by_name(name: &str) -> Option<&'static Exercise> {
    static BY_KEY: LazyLock<BTreeMap<String, &'static Exercise>> = LazyLock::new(|| {
        let keys = |exercise: &'static Exercise| {
            exercise.all_names().map(move |name| (name_key(name), exercise))
        };
        CATALOGUE.iter().flat_map(keys).collect()
    });
    BY_KEY.get(&name_key(name)).copied()
}

/// Whether a search query matches an exercise with these names: each word of the query is a prefix
/// of a word of one of the names, without accents or case. Compound words match with and without
/// the space. An empty query matches every exercise.
pub fn matches_query<'a>(query: &str, names: impl IntoIterator<Item = &'a str>) -> bool {
    let names: BTreeSet<String> = names.into_iter().flat_map(searchable_words).collect();
    let is_prefix = |word: &String| names.iter().any(|name| name.starts_with(word.as_str()));
    // The word as typed can be a part of a word; its standard spelling covers "flyes" and "db".
    words(query)
        .into_iter()
        .all(|word| is_prefix(&word) || standard_spelling(&word).iter().all(is_prefix))
}

/// Returns the words of a name, and each two adjacent words joined.
fn searchable_words(name: &str) -> Vec<String> {
    let mut searchable: Vec<_> =
        words(name).iter().flat_map(|word| standard_spelling(word)).collect();
    let joined: Vec<_> = searchable.windows(2).map(<[String]>::concat).collect();
    searchable.extend(joined);
    searchable
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_other_apps_find_their_exercise() {
        let check = |slug: &str, names: &[&str]| {
            for name in names {
                assert_eq!(find_by_name(name).map(|e| e.slug), Some(slug), "{name}");
            }
        };
        let bench = ["Bench Press (Barbell)", "Flat Barbell Bench Press", "bench press"];
        check("barbell-bench-press", &bench);
        check("dumbbell-bench-press", &["Bench Press (Dumbbell)", "Flat Dumbbell Bench Press"]);
        check("incline-barbell-bench-press", &["Incline Bench Press (Barbell)"]);
        let incline = ["Incline Bench Press (Dumbbell)", "Incline Dumbbell Bench Press"];
        check("incline-dumbbell-press", &incline);
        let close = ["Bench Press - Close Grip (Barbell)", "Close Grip Barbell Bench Press"];
        check("close-grip-bench-press", &close);
        check("machine-chest-press", &["Chest Press (Machine)"]);
        check("dip", &["Triceps Dip", "Chest Dip", "Dips", "Chest Dip (Weighted)"]);
        check("assisted-dip", &["Chest Dip (Assisted)"]);
        check("cable-fly", &["Cable Fly Crossovers", "Cable Crossover"]);
        check("dumbbell-fly", &["Chest Fly (Dumbbell)", "Flat Dumbbell Fly"]);
        check("pec-deck", &["Butterfly (Pec Deck)", "Pec Deck (Machine)", "Chest Fly (Machine)"]);
        check("overhead-press", &["Overhead Press (Barbell)", "Overhead Press"]);
        check("dumbbell-shoulder-press", &["Shoulder Press (Dumbbell)", "Seated Dumbbell Press"]);
        check("lateral-raise", &["Lateral Raise (Dumbbell)", "Lateral Dumbbell Raise"]);
        check("reverse-fly", &["Rear Delt Reverse Fly (Dumbbell)", "Rear Delt Dumbbell Raise"]);
        check("face-pull", &["Face Pull", "Face Pull (Cable)", "Cable Face Pull"]);
        check("band-pull-apart", &["Band Pullaparts"]);
        check("pull-up", &["Pull Up", "Pull Up (Weighted)", "Pullups"]);
        check("assisted-pull-up", &["Pull Up (Assisted)"]);
        check("chin-up", &["Chin Up"]);
        check("lat-pulldown", &["Lat Pulldown (Cable)", "Lat Pull Down"]);
        check("straight-arm-pulldown", &["Straight Arm Pulldown", "Straight-Arm Cable Pushdown"]);
        check("barbell-row", &["Bent Over Row (Barbell)", "Barbell Row"]);
        check("dumbbell-row", &["Dumbbell Row", "Bent Over One Arm Row (Dumbbell)"]);
        check("seated-cable-row", &["Seated Row (Cable)", "Seated Cable Row - V Grip (Cable)"]);
        check("barbell-back-squat", &["Squat (Barbell)", "Barbell Squat", "Squats"]);
        check("smith-machine-squat", &["Squat (Smith Machine)"]);
        check("leg-press", &["Leg Press", "Leg Press (Machine)"]);
        check("leg-extension", &["Leg Extension (Machine)", "Leg Extension Machine"]);
        check("deadlift", &["Deadlift (Barbell)", "Deadlift"]);
        check("trap-bar-deadlift", &["Deadlift (Trap bar)", "Trap Bar Deadlift"]);
        check("romanian-deadlift", &["Romanian Deadlift (Barbell)", "Romanian Deadlift"]);
        check("back-extension", &["Back Extension (Hyperextension)", "Back Extension"]);
        check("hip-thrust", &["Hip Thrust (Barbell)"]);
        check("hip-abduction", &["Hip Abductor (Machine)", "Hip Abduction (Machine)"]);
        check("lying-leg-curl", &["Lying Leg Curl (Machine)", "Lying Leg Curl Machine"]);
        check("standing-calf-raise", &["Standing Calf Raise (Machine)"]);
        check("barbell-curl", &["Bicep Curl (Barbell)", "Barbell Curl"]);
        check("dumbbell-curl", &["Bicep Curl (Dumbbell)"]);
        check(
            "incline-dumbbell-curl",
            &["Incline Curl (Dumbbell)", "Seated Incline Dumbbell Curl"],
        );
        check("preacher-curl", &["Preacher Curl (Barbell)", "EZ-Bar Preacher Curl"]);
        check("hammer-curl", &["Hammer Curl (Dumbbell)", "Dumbbell Hammer Curl"]);
        check("triceps-pushdown", &["Triceps Pushdown", "Tricep Pushdown", "Rope Push Down"]);
        check("overhead-triceps-extension", &["Cable Overhead Triceps Extension"]);
        check("skull-crusher", &["Skullcrusher (Barbell)", "EZ-Bar Skullcrusher"]);
        check("farmers-walk", &["Farmers Walk"]);
        check("plank", &["Plank"]);
        check("ab-wheel-rollout", &["Ab Wheel", "Ab-Wheel Rollout"]);
    }

    #[test]
    fn names_of_other_movements_find_nothing() {
        for name in [
            "",
            "()",
            "Développé couché",
            "Decline Bench Press (Barbell)",
            "Bench Press (Smith Machine)",
            "Squat (Bodyweight)",
            "Cable Kickback",
            "Chin Up (Assisted)",
            "T Bar Row",
            "Bent Over Row (Dumbbell)",
        ] {
            assert_eq!(find_by_name(name), None, "{name}");
        }
    }

    #[test]
    fn search_matches_word_prefixes_in_any_order() {
        let check = |query: &str, names: &[&str], expected: bool| {
            assert_eq!(
                matches_query(query, names.iter().copied()),
                expected,
                "{query} in {names:?}"
            );
        };
        let bench = ["Barbell Bench Press", "Flat Barbell Bench Press"];
        check("", &bench, true);
        check("bench", &bench, true);
        check("PRE bar", &bench, true);
        check("flat pr", &bench, true);
        check("ench", &bench, false);
        check("bench squat", &bench, false);
        check("bench", &[], false);
        check("bb bench", &bench, true);
        check("presses", &bench, true);
        check("elev", &["Élévation latérale"], true);
        check("élé", &["Elevation"], true);
        check("e\u{301}le", &["Elevation"], true);
        for query in ["pushu", "push-u", "pushups", "push ups", "up push"] {
            check(query, &["Push-Up"], true);
            check(query, &["Pushup"], true);
        }
        check("pulld", &["Lat Pulldown"], true);
        check("skullcr", &["Skull Crusher"], true);
        check("farmer's", &["Farmers Walk"], true);
        check("flyes", &["Dumbbell Fly"], true);
    }
}
