//! Comparable words of a name: without case, accents, plurals and spelling variants.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// Words and their standard spelling, `words=standard words`: abbreviations, compounds, synonyms.
/// Nothing on the right side omits the words.
const SPELLINGS: &str = include_str!("spellings.txt");

/// Sets of words that mean another set, `words=other words`, in the order in which they apply. `E` is
/// any equipment.
const RULES: &str = include_str!("rules.txt");

/// Words on the left side of a table, at most.
const PHRASE_WORDS_MAX: usize = 4;

/// The words for equipment in standard spelling.
pub(super) const EQUIPMENT: &[&str] = &[
    "band",
    "barbell",
    "bodyweight",
    "cable",
    "dumbbell",
    "ez",
    "kettlebell",
    "landmine",
    "machine",
    "plate",
    "plateloaded",
    "smith",
    "suspension",
    "trapbar",
];

/// Words without meaning.
const STOP_WORDS: &[&str] =
    &["and", "at", "for", "from", "in", "of", "on", "the", "to", "using", "with"];

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

/// Returns the key under which two names of the same exercise compare equal: their words in standard
/// spelling, without order, each once.
///
/// "Bench Press (Barbell)" and "Barbell Bench Press" are `barbell bench press`; "Push-Up", "Push
/// Ups" and "pushup" are `pushup`. An apostrophe does not separate words: "Farmer's" is "Farmers".
/// Empty for a name without a letter or a digit. Do not store keys: new spelling variants change
/// them.
pub fn name_key(name: &str) -> String {
    to_key(&key_words(name))
}

/// Joins a set of words to a key.
pub(super) fn to_key(words: &BTreeSet<String>) -> String {
    words.iter().map(String::as_str).collect::<Vec<_>>().join(" ")
}

/// Returns the set of its words in their standard spelling.
pub fn key_words(name: &str) -> BTreeSet<String> {
    let words = words(name);
    let standard = standard_words(&words);
    if standard.is_empty() { words.into_iter().collect() } else { standard }
}

/// Returns the standard spelling of the words of a name, as a set.
pub(super) fn standard_words(words: &[String]) -> BTreeSet<String> {
    static PHRASES: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(SPELLINGS));
    let words = PHRASES.replace(words);
    let is_word = |word: &String| !STOP_WORDS.contains(&word.as_str());
    apply_rules(words.into_iter().filter(is_word).collect())
}

/// Replaces the sets of words that mean another set.
pub(super) fn apply_rules(mut words: BTreeSet<String>) -> BTreeSet<String> {
    for (from, to) in RULES.lines().filter_map(|rule| rule.split_once('=')) {
        let applies = from.split(' ').all(|word| match word {
            "E" => EQUIPMENT.iter().any(|equipment| words.contains(*equipment)),
            word => words.contains(word),
        });
        if applies {
            words.retain(|word| !from.split(' ').any(|removed| removed == word));
            words.extend(to.split(' ').filter(|word| *word != "E").map(str::to_owned));
        }
    }
    words
}

/// Returns the words of a compound: push and up of "pushups".
pub(super) fn parts_of(word: &str) -> Vec<String> {
    let rows = SPELLINGS.lines().filter_map(|line| line.split_once('='));
    let mut compounds = rows.filter(|(parts, compound)| {
        parts.contains(' ') && parts.replace(' ', "") == *compound && *compound == singular(word)
    });
    compounds.next().map(|(parts, _)| words(parts)).unwrap_or_default()
}

/// A table of words that are replaced by others.
pub(super) struct Phrases(BTreeMap<String, &'static str>);

impl Phrases {
    /// Reads lines of `words=other words`.
    pub(super) fn new(table: &'static str) -> Self {
        let rows = table.lines().filter_map(|line| line.split_once('='));
        Self(rows.map(|(from, to)| (singular_words(&words(from)).join(" "), to)).collect())
    }

    /// Replaces the longest known sequences of words, from the left. The others become singular.
    pub(super) fn replace(&self, words: &[String]) -> Vec<String> {
        self.replace_any(words).unwrap_or_else(|| singular_words(words))
    }

    /// As [`Self::replace`]; `None` if no words are known.
    pub(super) fn replace_any(&self, words: &[String]) -> Option<Vec<String>> {
        let words = singular_words(words);
        let (mut replaced, mut is_known) = (Vec::new(), false);
        let mut rest = words.as_slice();
        while let Some((first, after)) = rest.split_first() {
            let known = (1..=rest.len().min(PHRASE_WORDS_MAX)).rev().find_map(|count| {
                let (phrase, after) = rest.split_at_checked(count)?;
                Some((*self.0.get(&phrase.join(" "))?, after))
            });
            is_known |= known.is_some();
            let standard = known.map_or(first.as_str(), |(standard, _)| standard);
            let words = standard.split(' ').filter(|word| !word.is_empty());
            replaced.extend(words.map(str::to_owned));
            rest = known.map_or(after, |(_, after)| after);
        }
        is_known.then_some(replaced)
    }
}

/// Returns the words that have another standard spelling, or a part of them.
pub(super) fn spelled_words() -> impl Iterator<Item = String> {
    let rows = SPELLINGS.lines().filter_map(|line| line.split_once('='));
    rows.flat_map(|(from, to)| [from, to]).flat_map(|text| singular_words(&words(text)))
}

pub(super) fn singular_words(words: &[String]) -> Vec<String> {
    words.iter().map(|word| singular(word).to_owned()).collect()
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
    } else if !is_combining_mark(letter) && !is_apostrophe(letter) && !matches!(letter, 'º' | 'ª')
    {
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
        check(&["Push-Up", "Push Ups", "pushup", "PUSHUPS", " push  up! "], "pushup");
        check(
            &["Farmer's Walk", "Farmer\u{2019}s Walk", "Farmers Walk", "Farmer's Carry"],
            "farmer walking",
        );
        check(&["Dumbbell Flyes", "Dumbbell Flies", "Flys (Dumbbell)", "DB Fly"], "dumbbell fly");
        check(&["Barbell Curls", "Curl, Barbell"], "barbell curl");
        check(&["Triceps Push Down", "Tricep Pushdowns", "Pressdown"], "pushdown");
        check(&["RDL (DB)", "Dumbbell Romanian Dead Lift"], "deadlift dumbbell romanian");
        check(&["1-Arm Row", "Single Arm Row", "Row (one arm)"], "row single");
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
