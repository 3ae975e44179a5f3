//! Similarity of exercise names, for suggestions when a name is unknown.
//!
//! Thresholds without a source are project defaults.

use crate::catalogue::CATALOGUE;
use crate::exercise::Exercise;
use crate::names::words::key_words;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// Minimum similarity of a suggestion: a typo in a name of one word is above it ("Planck" and Plank:
/// 0.33), a name that is not a lift is below it ("Elliptical Trainer": 0.23).
const SUGGESTION_SIMILARITY_MIN: f64 = 0.3;

/// Returns the slugs of at most `count` exercises with the most similar names, the most similar
/// first, ties by slug. Considers all names in the catalogue and `custom` exercises, given as slug
/// and name; omits those below the minimum similarity.
pub fn similar_exercises(name: &str, custom: &[(String, String)], count: usize) -> Vec<String> {
    static CATALOGUE_PROFILES: LazyLock<Vec<(&'static str, NameProfile)>> = LazyLock::new(|| {
        let profiles = |exercise: &'static Exercise| {
            exercise.all_names().map(|name| (exercise.slug, NameProfile::new(name)))
        };
        CATALOGUE.iter().flat_map(profiles).collect()
    });
    let query = NameProfile::new(name);
    let listed = CATALOGUE_PROFILES.iter().map(|(slug, listed)| (*slug, query.similarity(listed)));
    let custom = custom
        .iter()
        .map(|(slug, name)| (slug.as_str(), query.similarity(&NameProfile::new(name))));
    let mut scores = BTreeMap::<&str, u64>::new();
    let similar =
        listed.chain(custom).filter(|(_, similarity)| *similarity >= SUGGESTION_SIMILARITY_MIN);
    for (slug, similarity) in similar {
        let score = scores.entry(slug).or_default();
        *score = to_millionths(similarity).max(*score);
    }
    let mut ranked: Vec<_> = scores.into_iter().collect();
    ranked.sort_by_key(|(slug, score)| (Reverse(*score), *slug));
    ranked.into_iter().take(count).map(|(slug, _)| slug.to_owned()).collect()
}

/// The words of a name, and the number of occurrences of each letter pair within them.
struct NameProfile {
    words: BTreeSet<String>,
    pairs: BTreeMap<String, usize>,
}

impl NameProfile {
    fn new(name: &str) -> Self {
        let words = key_words(name);
        let mut pairs = BTreeMap::new();
        for word in &words {
            for pair in letter_pairs(word) {
                *pairs.entry(pair).or_insert(0) += 1;
            }
        }
        Self { words, pairs }
    }

    /// Returns the similarity of two names, from 0 to 1: the mean of the Sørensen indices of their
    /// words and of their letter pairs. The words distinguish "Leg Press" from "Bench Press"; the
    /// letter pairs tolerate typos. Names with equal keys have similarity 1.
    fn similarity(&self, other: &Self) -> f64 {
        let words = self.words.intersection(&other.words).count();
        let pairs = self
            .pairs
            .iter()
            .map(|(pair, count)| other.pairs.get(pair).map_or(0, |others| *count.min(others)));
        let by_words = sorensen_index(words, self.words.len(), other.words.len());
        let by_pairs =
            sorensen_index(pairs.sum(), self.pairs.values().sum(), other.pairs.values().sum());
        f64::midpoint(by_words, by_pairs)
    }
}

/// Returns the letter pairs of a word. A word of one letter, as in "T-Bar Row", is its own pair.
fn letter_pairs(word: &str) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    if letters.len() < 2 {
        return vec![word.to_owned()];
    }
    letters.windows(2).map(|pair| pair.iter().collect()).collect()
}

/// Returns the Sørensen index: 2 × shared / total, or 0 if both sets are empty.
#[expect(clippy::cast_precision_loss, reason = "letters of a name")]
fn sorensen_index(shared: usize, a: usize, b: usize) -> f64 {
    let total = a + b;
    if total == 0 { 0.0 } else { 2.0 * shared as f64 / total as f64 }
}

/// Converts a similarity to an integer, so that scores can be sorted and compared exactly.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 1")]
fn to_millionths(similarity: f64) -> u64 {
    (similarity * 1_000_000.0).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn similarity(a: &str, b: &str) -> f64 {
        NameProfile::new(a).similarity(&NameProfile::new(b))
    }

    #[test]
    fn similarity_ranges_from_0_to_1() {
        let check = |a: &str, b: &str, least: f64, most: f64| {
            let actual = similarity(a, b);
            assert!((least..=most).contains(&actual), "{a}, {b}: {actual}");
            assert!((actual - similarity(b, a)).abs() < f64::EPSILON, "{a}, {b}");
        };
        check("Bench Press (Barbell)", "barbell bench presses", 1.0, 1.0);
        check("Bench Press", "Дедлифт", 0.0, 0.0);
        check("", "", 0.0, 0.0);
        check("", "Plank", 0.0, 0.0);
        check("Barbel Bench Pres", "Barbell Bench Press", 0.55, 0.75);
        check("Bench Press (Smith Machine)", "Barbell Bench Press", 0.4, 0.6);
        check("Leg Press", "Bench Press", 0.4, 0.6);
        check("Leg Press", "Leg Press Calf Raise", 0.6, 0.8);
    }

    #[test]
    fn suggestions_include_catalogue_and_custom_exercises() {
        let custom = [
            ("my-smith-bench".to_owned(), "Smith Machine Bench Press (slow)".to_owned()),
            ("nordic".to_owned(), "Nordic Hamstring Curl".to_owned()),
        ];
        let check = |name: &str, count: usize, first: &[&str]| {
            let suggestions = similar_exercises(name, &custom, count);
            assert!(suggestions.len() <= count, "{name}: {suggestions:?}");
            assert!(suggestions.iter().zip(first).all(|(a, b)| a == b), "{name}: {suggestions:?}");
            assert!(suggestions.len() >= first.len(), "{name}: {suggestions:?}");
        };
        check("Bench Press (Smith Machine)", 3, &["my-smith-bench"]);
        check("Barbel Bench Pres", 2, &["barbell-bench-press"]);
        check("Nordic Curls", 1, &["nordic"]);
        check("Deadlft", 1, &["deadlift"]);
        check("Planck", 1, &["plank"]);
        check("Plank", 0, &[]);
        for name in ["", "Elliptical Trainer", "Treadmill", "Développé couché", "水泳"] {
            assert_eq!(similar_exercises(name, &custom, 5), Vec::<String>::new(), "{name}");
        }
    }

    #[test]
    fn suggestions_are_unique_and_ties_are_sorted_by_slug() {
        let custom =
            [("b".to_owned(), "Zercher".to_owned()), ("a".to_owned(), "Zercher".to_owned())];
        assert_eq!(similar_exercises("zercher", &custom, 5), ["a", "b"]);
        let suggestions = similar_exercises("Chest Dip", &[], 10);
        let distinct: BTreeSet<_> = suggestions.iter().collect();
        assert_eq!(distinct.len(), suggestions.len(), "{suggestions:?}");
    }
}
