//! Slugs of exercises.

use crate::limits::SLUG_BYTES_MAX;
use crate::names::words::words;

/// Returns the slug of a custom exercise of this name: its words, such as `cable-y-raise`. A name
/// with other letters than a to z, or too long for a slug, gets a hash of its words as well:
/// `a-1f27b8ac`, `exercise-f38bd033`. Empty for a name without any letter or digit.
pub fn slug_from_name(name: &str) -> String {
    let words = words(name);
    if words.is_empty() {
        return String::new();
    }
    let slug = words.join("-");
    if is_slug(&slug) {
        return slug;
    }
    let plain =
        |word: &String| word.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
    let latin: Vec<_> = words.iter().map(plain).filter(|word| !word.is_empty()).collect();
    let latin = if latin.is_empty() { "exercise".to_owned() } else { latin.join("-") };
    with_suffix(&latin, &format!("{:08x}", fnv_1a(&words.join(" "))))
}

/// Returns [`slug_from_name`], with the first free number if the slug is taken: `cable-row-2`.
pub fn free_slug(name: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let slug = slug_from_name(name);
    let numbered = (2_u32..).map(|number| with_suffix(&slug, &number.to_string()));
    [slug.clone()].into_iter().chain(numbered).find(|slug| !is_taken(slug)).unwrap_or(slug)
}

/// Appends a word to a slug, and shortens the slug to have room for it.
fn with_suffix(slug: &str, suffix: &str) -> String {
    let bytes_max = SLUG_BYTES_MAX.saturating_sub(suffix.len() + 1);
    let start: String = slug.chars().take(bytes_max).collect();
    format!("{}-{suffix}", start.trim_end_matches('-'))
}

/// Whether a text is a valid slug: words of a-z and 0-9, separated by hyphens, at most
/// [`SLUG_BYTES_MAX`] bytes long.
pub fn is_slug(text: &str) -> bool {
    let is_word = |word: &str| {
        !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    text.len() <= SLUG_BYTES_MAX && text.split('-').all(is_word)
}

/// Returns the 32-bit FNV-1a hash (Fowler, Noll and Vo), which is short and stable.
fn fnv_1a(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::CATALOGUE;
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};

    #[test]
    fn slug_is_hyphenated_ascii_words() {
        for slug in ["pull-up", "exercise-00ab12cd", "5", &"a".repeat(SLUG_BYTES_MAX)] {
            assert!(is_slug(slug), "{slug}");
        }
        let long = "a".repeat(SLUG_BYTES_MAX + 1);
        for other in ["", "-", "a-", "-a", "a--b", "A", "a b", "$", "$.a", "a.b", "é", &long] {
            assert!(!is_slug(other), "{other}");
        }
        for exercise in CATALOGUE.iter() {
            assert!(is_slug(&exercise.slug), "{}", exercise.slug);
        }
    }

    #[test]
    fn slug_is_derived_from_the_words_of_a_name() {
        let check = |name: &str, slug: &str| assert_eq!(slug_from_name(name), slug, "{name}");
        check("Cable Y-Raise", "cable-y-raise");
        check("Développé couché (haltères)", "developpe-couche-halteres");
        check("Farmer's Carry 2", "farmers-carry-2");
        check("引体向上", "exercise-f38bd033");
        check("深蹲 A", "a-5259aa7f");
        check("卧推 A", "a-ef132597");
        let start = &"ae".repeat(46)[..91];
        check(&"æ".repeat(80), &format!("{start}-459584a5"));
        check("=1+1", "1-1");
        check("...", "");
    }

    #[test]
    fn taken_slug_gets_the_first_free_number() {
        let long = "a".repeat(SLUG_BYTES_MAX);
        let taken = ["cable-row", "cable-row-2", &long];
        let check = |name: &str, slug: &str| {
            assert_eq!(free_slug(name, |slug| taken.contains(&slug)), slug, "{name}");
        };
        check("Lat Row", "lat-row");
        check("Cable Row", "cable-row-3");
        check(&long, &format!("{}-2", &long[2..]));
    }

    proptest! {
        #[test]
        fn names_with_different_words_have_different_slugs(
            names in prop::collection::btree_set("[A-Za-zäß深蹲卧推СтанСк0-9 '-]{0,80}|\\PC{0,80}", 2..12)
        ) {
            let by_words: BTreeMap<_, _> =
                names.iter().map(|name| (words(name), slug_from_name(name))).collect();
            let slugs: BTreeSet<_> = by_words.values().collect();
            prop_assert_eq!(slugs.len(), by_words.len());
            for (words, slug) in &by_words {
                prop_assert_eq!(is_slug(slug), !words.is_empty(), "{}", slug);
            }
        }
    }
}
