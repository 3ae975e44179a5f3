//! Comparable words of a name: without case, accents, plurals and spelling variants.

use std::collections::BTreeSet;

/// Spelling variants and their words, as far as the names of exercises need them. Regular plurals
/// need no entry.
const SPELLINGS: &[(&str, &[&str])] = &[
    ("bb", &["barbell"]),
    ("calves", &["calf"]),
    ("chinup", &["chin", "up"]),
    ("db", &["dumbbell"]),
    ("dumbell", &["dumbbell"]),
    ("ezbar", &["ez", "bar"]),
    ("flies", &["fly"]),
    ("flye", &["fly"]),
    ("kb", &["kettlebell"]),
    ("pullapart", &["pull", "apart"]),
    ("pulldown", &["pull", "down"]),
    ("pullup", &["pull", "up"]),
    ("pushdown", &["push", "down"]),
    ("pushup", &["push", "up"]),
    ("situp", &["sit", "up"]),
    ("skullcrusher", &["skull", "crusher"]),
    ("stepup", &["step", "up"]),
];

/// Lower-case letters of Latin-1 and Latin Extended-A and their ASCII replacements. These follow
/// the shape of the letter, not a language: ü is u.
const FOLDS: &[(&str, &str)] = &[
    ("àáâãäåāăą", "a"),
    ("æ", "ae"),
    ("çćĉċč", "c"),
    ("ðďđ", "d"),
    ("èéêëēĕėęě", "e"),
    ("ĝğġģ", "g"),
    ("ĥħ", "h"),
    ("ìíîïĩīĭįı", "i"),
    ("ĳ", "ij"),
    ("ĵ", "j"),
    ("ķĸ", "k"),
    ("ĺļľŀł", "l"),
    ("ñńņňŉŋ", "n"),
    ("òóôõöøōŏő", "o"),
    ("œ", "oe"),
    ("ŕŗř", "r"),
    ("śŝşšſ", "s"),
    ("ß", "ss"),
    ("ţťŧ", "t"),
    ("þ", "th"),
    ("ùúûüũūŭůűų", "u"),
    ("ŵ", "w"),
    ("ýÿŷ", "y"),
    ("źżž", "z"),
];

/// Returns the key under which two names of the same exercise compare equal: their words without
/// accents, case, plural and order, each once.
///
/// "Bench Press (Barbell)" and "Barbell Bench Press" are `barbell bench press`; "Push-Up", "Push
/// Ups" and "pushup" are `push up`. An apostrophe does not separate words: "Farmer's" is "Farmers".
/// Empty for a name without a letter or a digit. Do not store keys: new spelling variants change
/// them.
pub fn name_key(name: &str) -> String {
    key_words(name).into_iter().collect::<Vec<_>>().join(" ")
}

/// Returns the set of its words in their standard spelling.
pub fn key_words(name: &str) -> BTreeSet<String> {
    words(name).iter().flat_map(|word| standard_spelling(word)).collect()
}

/// Returns the words of a name in order, in lower case and without accents.
pub fn words(name: &str) -> Vec<String> {
    let folded: String = name.to_lowercase().chars().fold(String::new(), |mut text, letter| {
        push_folded(&mut text, letter);
        text
    });
    let words = folded.split(|letter: char| !letter.is_alphanumeric());
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn push_folded(text: &mut String, letter: char) {
    if let Some((_, plain)) = FOLDS.iter().find(|(letters, _)| letters.contains(letter)) {
        text.push_str(plain);
    } else if !is_combining_mark(letter) && !is_apostrophe(letter) {
        text.push(letter);
    }
}

/// Whether it is in the block Combining Diacritical Marks, which decomposed text uses for accents.
fn is_combining_mark(letter: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&letter)
}

/// Whether it is an apostrophe or one of the characters typed or substituted for it.
fn is_apostrophe(letter: char) -> bool {
    matches!(letter, '\'' | '\u{2019}' | '\u{2018}' | '\u{2bc}' | '`' | '\u{b4}')
}

/// Returns the standard spelling of a word, in the singular; it may have two words.
pub fn standard_spelling(word: &str) -> Vec<String> {
    let spelling = |word: &str| SPELLINGS.iter().find(|(other, _)| *other == word);
    let singular = singular(word);
    match spelling(word).or_else(|| spelling(singular)) {
        Some((_, words)) => words.iter().map(|word| (*word).to_owned()).collect(),
        None => vec![singular.to_owned()],
    }
}

/// Removes the ending of an English plural. "biceps" becomes "bicep", a common variant. Words of two
/// letters and words ending in -ss (press) stay unchanged.
fn singular(word: &str) -> &str {
    if word.chars().count() < 3 || word.ends_with("ss") {
        return word;
    }
    let sibilant = ["sses", "ches", "shes", "xes"].iter().any(|ending| word.ends_with(ending));
    let ending = if sibilant { "es" } else { "s" };
    word.strip_suffix(ending).unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_same_exercise_have_equal_keys() {
        let check = |names: &[&str], key: &str| {
            for name in names {
                assert_eq!(name_key(name), key, "{name}");
            }
        };
        check(
            &[
                "Bench Press (Barbell)",
                "Barbell Bench Press",
                "barbell-bench-press",
                "BB bench press",
            ],
            "barbell bench press",
        );
        check(&["Push-Up", "Push Ups", "pushup", "PUSHUPS", " push  up! "], "push up");
        check(&["Farmer's Walk", "Farmer\u{2019}s Walk", "Farmers Walk"], "farmer walk");
        check(&["Dumbbell Flyes", "Dumbbell Flies", "Flys (Dumbbell)", "DB Fly"], "dumbbell fly");
        check(&["Barbell Curls", "Curl, Barbell"], "barbell curl");
        check(&["Triceps Push Down", "Tricep Pushdowns"], "down push tricep");
        check(&["Leg Presses", "Leg Press"], "leg press");
        check(&["Lunges", "lunge"], "lunge");
        check(&["Crunches"], "crunch");
        check(&["Seated Cable Row (Cable)"], "cable row seated");
        check(&["", " - ", "()"], "");
    }

    #[test]
    fn names_of_different_exercises_have_different_keys() {
        let check = |a: &str, b: &str| assert_ne!(name_key(a), name_key(b));
        check("Bench Press (Barbell)", "Bench Press (Dumbbell)");
        check("Pull Up", "Push Up");
        check("Leg Curl", "Leg Extension");
        check("T-Bar Row", "Bar Row");
    }

    #[test]
    fn composed_and_decomposed_accents_are_removed() {
        let check = |name: &str, key: &str| assert_eq!(name_key(name), key, "{name}");
        check("élévation", "elevation");
        check("e\u{301}le\u{301}vation", "elevation");
        check("ÉLÉVATION", "elevation");
        check("Développé couché", "couche developpe");
        check("Kreuzheben für Füße", "fur fusse kreuzheben");
        check("Wyciskanie leżąc, łydki", "lezac lydki wyciskanie");
        check("İtiş", "iti");
        check("Приседания", "приседания");
        check("스쿼트", "스쿼트");
    }

    #[test]
    fn latin_1_and_extended_a_letters_fold_to_ascii() {
        let letters = ('\u{c0}'..='\u{17f}').filter(|letter| letter.is_alphabetic());
        for letter in letters {
            let mut folded = String::new();
            letter.to_lowercase().for_each(|letter| push_folded(&mut folded, letter));
            assert!(!folded.is_empty() && folded.is_ascii(), "{letter}: {folded}");
        }
    }
}
