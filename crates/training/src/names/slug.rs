//! Slugs of exercises.

use crate::limits::SLUG_BYTES_MAX;
use crate::names::words::words;

/// Returns the slug of a custom exercise of this name: its words, such as `cable-y-raise`. A name
/// without an ASCII letter or digit gives a hash, `exercise-f38bd033`. Empty for a name without any
/// letter or digit.
pub fn slug_from_name(name: &str) -> String {
    let words = words(name);
    let plain =
        |word: &String| word.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
    let latin: Vec<_> = words.iter().map(plain).filter(|word| !word.is_empty()).collect();
    match (latin.is_empty(), words.is_empty()) {
        (false, _) => latin.join("-"),
        (true, false) => format!("exercise-{:08x}", fnv_1a(&words.concat())),
        (true, true) => String::new(),
    }
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

    #[test]
    fn slug_is_hyphenated_ascii_words() {
        for slug in ["pull-up", "exercise-00ab12cd", "5", &"a".repeat(SLUG_BYTES_MAX)] {
            assert!(is_slug(slug), "{slug}");
        }
        let long = "a".repeat(SLUG_BYTES_MAX + 1);
        for other in ["", "-", "a-", "-a", "a--b", "A", "a b", "$", "$.a", "a.b", "é", &long] {
            assert!(!is_slug(other), "{other}");
        }
        for exercise in CATALOGUE {
            assert!(is_slug(exercise.slug), "{}", exercise.slug);
        }
    }

    #[test]
    fn slug_is_derived_from_the_words_of_a_name() {
        let check = |name: &str, slug: &str| assert_eq!(slug_from_name(name), slug, "{name}");
        check("Cable Y-Raise", "cable-y-raise");
        check("Développé couché (haltères)", "developpe-couche-halteres");
        check("Farmer's Carry 2", "farmers-carry-2");
        check("引体向上", "exercise-f38bd033");
        check("=1+1", "1-1");
        check("...", "");
    }
}
