//! Misspelled words.

/// The letters that a word has at least to be corrected; a project default.
const LETTERS_MIN: usize = 5;

/// Returns the known word that a misspelled word means: one with the same letters but for doubled ones
/// ("aductor"), else the only one at distance one.
pub(super) fn corrected<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() < LETTERS_MIN || word.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let single = without_doubles(word);
    let (mut close, mut count) = (None, 0);
    for other in known.filter(|other| other.len() >= LETTERS_MIN) {
        if without_doubles(other) == single {
            return Some(other);
        }
        if is_at_distance_one(word.as_bytes(), other.as_bytes()) {
            (close, count) = (Some(other), count + 1);
        }
    }
    close.filter(|_| count == 1)
}

fn without_doubles(word: &str) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    letters.dedup();
    letters.into_iter().collect()
}

/// Whether one letter was left out, added, changed or swapped with the next one.
fn is_at_distance_one(a: &[u8], b: &[u8]) -> bool {
    let same = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let (a, b) = (a.get(same..).unwrap_or_default(), b.get(same..).unwrap_or_default());
    match (a, b) {
        ([_, a_rest @ ..], [_, b_rest @ ..]) if a_rest == b_rest => true,
        ([_, rest @ ..], other) | (other, [_, rest @ ..]) if rest == other => true,
        ([a1, a2, a_rest @ ..], [b1, b2, b_rest @ ..]) => a1 == b2 && a2 == b1 && a_rest == b_rest,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_letter_is_corrected_if_one_word_is_close() {
        let known = ["abduction", "adduction", "dumbbell", "machine", "raise", "pulldown", "press"];
        let check = |word: &str, expected: Option<&str>| {
            assert_eq!(corrected(word, known.iter().copied()), expected, "{word}");
        };
        check("dumbell", Some("dumbbell"));
        check("dumbbel", Some("dumbbell"));
        check("dunbbell", Some("dumbbell"));
        check("mahcine", Some("machine"));
        check("machin", Some("machine"));
        check("machiine", Some("machine"));
        check("rasie", Some("raise"));
        // Both are at distance one; the doubled letter decides.
        check("aduction", Some("adduction"));
        check("abbduction", Some("abduction"));
        check("acduction", None);
        check("mahcin", None);
        check("prss", None);
        check("puldowns", None);
    }
}
