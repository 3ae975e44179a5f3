//! Suggestions for an unknown name.
//!
//! Muscles and movements decide before letters: the words of the name that are no equipment, grip,
//! stance or angle say which movements it can be, and only exercises of these movements are
//! suggested. So nothing suggests the opposite, such as an adductor for an abductor.

use super::index::index;
use super::lookup::{known_words, translations};
use super::words::{EQUIPMENT, key_words, words};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Words that separate exercises of one movement, and say nothing about the movement.
const MODIFIERS: &[&str] = &[
    "alternating",
    "assisted",
    "behindback",
    "bentover",
    "chestsupported",
    "close",
    "decline",
    "flat",
    "front",
    "high",
    "incline",
    "isolateral",
    "kneeling",
    "lateral",
    "low",
    "lying",
    "neutral",
    "overhand",
    "overhead",
    "paused",
    "reverse",
    "rope",
    "seated",
    "single",
    "standing",
    "straightbar",
    "underhand",
    "vbar",
    "vgrip",
    "weighted",
    "wide",
];

/// Words for a muscle or a joint: they decide before the words for a movement.
const MUSCLES: &[&str] = &[
    "ab",
    "abduction",
    "adduction",
    "back",
    "bicep",
    "calf",
    "chest",
    "delt",
    "forearm",
    "glute",
    "hamstring",
    "hip",
    "knee",
    "lat",
    "leg",
    "neck",
    "shoulder",
    "tricep",
    "wrist",
];

fn is_core(word: &str) -> bool {
    !EQUIPMENT.contains(&word) && !MODIFIERS.contains(&word)
}

/// Returns the slugs of at most `count` exercises that a name may mean, the likeliest first, ties by
/// slug: exercises of the catalogue and `custom` ones, given as slug and name.
pub fn similar_exercises(name: &str, custom: &[(String, String)], count: usize) -> Vec<String> {
    let split = words(name);
    // The language with the most known words.
    let known = |words: &BTreeSet<String>| {
        words.iter().filter(|word| is_core(word) && index().words.contains_key(*word)).count()
    };
    let mut query = known_words(&split);
    for translation in translations(&split) {
        let words = known_words(&translation);
        if known(&words) > known(&query) {
            query = words;
        }
    }
    let movements = movements_of(&query);
    if query.contains("bicep") {
        // The names of curls leave it out.
        query.insert("curl".to_owned());
    }
    let mut scores = BTreeMap::<&str, usize>::new();
    let mut rate = |slug, words: &BTreeSet<String>| {
        let score = score(&query, words);
        let best = scores.entry(slug).or_default();
        *best = score.max(*best);
    };
    for (key, exercise) in &index().by_key {
        if movements & (1 << exercise.movement as u32) != 0 {
            rate(exercise.slug.as_str(), &key.split(' ').map(str::to_owned).collect());
        }
    }
    for (slug, name) in custom {
        let words = key_words(name);
        // Without a known movement of its own, it has to have all the words that decide.
        let core = || query.iter().filter(|word| is_core(word));
        if core().count() > 0 && core().all(|word| words.contains(word)) {
            rate(slug, &words);
        }
    }
    let mut ranked: Vec<_> = scores.into_iter().filter(|(_, score)| *score > 0).collect();
    ranked.sort_by_key(|(slug, score)| (Reverse(*score), *slug));
    ranked.into_iter().take(count).map(|(slug, _)| slug.to_owned()).collect()
}

/// Returns the movements that most of the deciding words can be, as bits; none without such words.
fn movements_of(query: &BTreeSet<String>) -> u64 {
    let weight = |word: &String| if MUSCLES.contains(&word.as_str()) { 2 } else { 1 };
    let votes: Vec<_> = query
        .iter()
        .filter(|word| is_core(word))
        .filter_map(|word| Some((*index().words.get(word)?, weight(word))))
        .collect();
    let count = |bit: u32| -> u32 {
        votes.iter().filter(|(vote, _)| vote & (1 << bit) != 0).map(|(_, weight)| weight).sum()
    };
    let most = (0..u64::BITS).map(count).max().unwrap_or(0);
    let bits = (0..u64::BITS).filter(|bit| most > 0 && count(*bit) == most);
    bits.fold(0, |bits, bit| bits | 1 << bit)
}

/// Rates the words of an exercise: shared words, deciding ones above all, less the others.
fn score(query: &BTreeSet<String>, words: &BTreeSet<String>) -> usize {
    let weight = |word: &String| if is_core(word) { 100 } else { 30 };
    let shared: usize = query.intersection(words).map(weight).sum();
    if !query.intersection(words).any(|word| is_core(word)) {
        return 0;
    }
    let others = query.symmetric_difference(words).count();
    (shared + 100).saturating_sub(10 * others)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exercise::Exercise;

    #[test]
    fn suggestions_have_the_movement_of_the_name() {
        let check = |name: &str, movements: &[&str]| {
            let suggestions = similar_exercises(name, &[], 3);
            assert!(!suggestions.is_empty(), "{name}");
            for slug in suggestions {
                let movement = serde_json::json!(Exercise::find(&slug).unwrap().movement);
                assert!(movements.contains(&movement.as_str().unwrap()), "{name}: {slug}");
            }
        };
        check("Hip Adductor XYZ", &["hip_adduction"]);
        check("Hip Abductor XYZ", &["hip_abduction"]);
        check("Leg Extension Zercher XYZ", &["knee_extension"]);
        check("Triceps Extension XYZ", &["elbow_extension"]);
        check("Knee Raise XYZ", &["trunk_flexion", "hip_flexion"]);
        check("Calf Raise XYZ", &["calf_raise"]);
        check("Cable Kickback", &["elbow_extension", "hip_extension"]);
        check("Incline Press", &["horizontal_push"]);
        check("Biceps Machine", &["elbow_flexion"]);
        check("Leg outward fly", &["knee_extension", "knee_flexion", "squat", "hip_abduction"]);
        check("Beinstrecker XYZ", &["knee_extension"]);
    }

    #[test]
    fn custom_exercises_are_suggested_with_the_deciding_words() {
        let custom = [
            ("my-adductor".to_owned(), "My Hip Adductor Thing".to_owned()),
            ("zercher".to_owned(), "Zercher Carry Thing".to_owned()),
        ];
        let check = |name: &str, slug: &str, is_suggested: bool| {
            let suggestions = similar_exercises(name, &custom, 5);
            assert_eq!(suggestions.iter().any(|s| s == slug), is_suggested, "{suggestions:?}");
        };
        check("Hip Adductor", "my-adductor", true);
        check("Hip Abductor", "my-adductor", false);
        check("Zercher", "zercher", true);
    }

    #[test]
    fn nothing_is_suggested_for_a_name_without_known_words() {
        for name in ["", "Intensity", "水泳", "Rotates"] {
            assert_eq!(similar_exercises(name, &[], 5), Vec::<String>::new(), "{name}");
        }
        assert_eq!(similar_exercises("Plank", &[], 0), Vec::<String>::new());
    }
}
