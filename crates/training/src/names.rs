//! Names of exercises as people and other apps write them: which are one, which are alike, and
//! which a search finds.
//!
//! In scope: comparing names. Out of scope: the names themselves, see [`crate::catalogue`] and
//! [`Exercise::aliases`].

use crate::catalogue::CATALOGUE;
use crate::exercise::Exercise;
use crate::limits::SLUG_BYTES_MAX;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// Less alike than this is not worth proposing (ours): a slip in a name of one word stays over it
/// ("Planck" and Plank are 0.33 alike), what no lift is stays under ("Elliptical Trainer": 0.23).
const PROPOSAL_MIN: f64 = 0.3;

/// Words that are written as one or as two, and ways to write one word. As few as the names of
/// lifts need; a plural that ends in s is undone without them.
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

/// Lower-case letters of Latin-1 and Latin Extended-A → the letters that a keyboard without them
/// has. By look, not by language: ü is u, as an athlete would type it anywhere.
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

/// What two names have in common exactly when they are one: its words without accents, case,
/// plural and order, each once.
///
/// "Bench Press (Barbell)" and "Barbell Bench Press" are `barbell bench press`; "Push-Up", "Push
/// Ups" and "pushup" are `push up`, two words, because most of those who write say it in two.
/// An apostrophe parts no word: "Farmer's" is "Farmers". Empty for a name without a letter or a
/// digit. Not to be stored: it changes when this module learns a spelling.
pub fn name_key(name: &str) -> String {
    key_words(name).into_iter().collect::<Vec<_>>().join(" ")
}

/// The exercise of the catalogue with this slug, name or alias, by [`name_key`].
pub fn find_by_name(name: &str) -> Option<&'static Exercise> {
    static BY_KEY: LazyLock<BTreeMap<String, &'static Exercise>> = LazyLock::new(|| {
        let keys = |exercise| names_of(exercise).map(move |name| (name_key(name), exercise));
        CATALOGUE.iter().flat_map(keys).collect()
    });
    BY_KEY.get(&name_key(name)).copied()
}

/// How alike two names are, from 0 to 1: half by the words they share, half by the pairs of
/// letters within their words, each as Dice's coefficient. The words tell "Leg Press" from "Bench
/// Press", the pairs of letters forgive a slip of the keyboard. Names of one key are 1.
pub fn similarity(a: &str, b: &str) -> f64 {
    Shape::of(a).similarity(&Shape::of(b))
}

/// The slugs of the exercises most like this name, the likest first, `count` at most: of the
/// catalogue by any of their names, and of the athlete's `own`, given as slug and name. Those that
/// are hardly alike are left out; equally alike ones come by slug.
pub fn similar_exercises(name: &str, own: &[(String, String)], count: usize) -> Vec<String> {
    static SHAPES: LazyLock<Vec<(&'static str, Shape)>> = LazyLock::new(|| {
        let shapes = |exercise: &'static Exercise| {
            names_of(exercise).map(|name| (exercise.slug, Shape::of(name)))
        };
        CATALOGUE.iter().flat_map(shapes).collect()
    });
    let wanted = Shape::of(name);
    let known = SHAPES.iter().map(|(slug, shape)| (*slug, wanted.similarity(shape)));
    let own = own.iter().map(|(slug, name)| (slug.as_str(), wanted.similarity(&Shape::of(name))));
    let mut scores = BTreeMap::<&str, u64>::new();
    for (slug, alike) in known.chain(own).filter(|(_, alike)| *alike >= PROPOSAL_MIN) {
        let score = scores.entry(slug).or_default();
        *score = in_millionths(alike).max(*score);
    }
    let mut ranked: Vec<_> = scores.into_iter().collect();
    ranked.sort_by_key(|(slug, score)| (Reverse(*score), *slug));
    ranked.into_iter().take(count).map(|(slug, _)| slug.to_owned()).collect()
}

/// The slug of an athlete's custom exercise of this name: its words, `cable-y-raise`. Of a name without
/// a Latin letter or a digit, a number of it: two of them differ as names do. Empty for a name
/// without any letter or digit.
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

/// Whether a text can be a slug: words of a-z and 0-9 with hyphens between them, of bounded length.
/// What is none names no exercise, neither of the catalogue nor of an athlete's own.
pub fn is_slug(text: &str) -> bool {
    let is_word = |word: &str| {
        !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    text.len() <= SLUG_BYTES_MAX && text.split('-').all(is_word)
}

/// FNV-1a of 32 bits (Fowler, Noll and Vo): short, and the same for ever.
fn fnv_1a(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// Whether a search finds an exercise of these names: every word of the query is the beginning of
/// a word of one of them, without accents or case. A word that is written as one or as two is
/// found either way. An empty query finds everything.
pub fn matches_query<'a>(query: &str, names: impl IntoIterator<Item = &'a str>) -> bool {
    let names: BTreeSet<String> = names.into_iter().flat_map(findable_words).collect();
    let found = |word: &String| names.iter().any(|name| name.starts_with(word.as_str()));
    // As it was typed, which may be half a word, or else as it is spelled here: "flyes", "db".
    words(query).into_iter().all(|word| found(&word) || spelled(&word).iter().all(found))
}

fn names_of(exercise: &'static Exercise) -> impl Iterator<Item = &'static str> {
    [exercise.slug, exercise.name].into_iter().chain(exercise.aliases().iter().copied())
}

/// The words that a search can find a name by: its own, and each with its neighbour as one.
fn findable_words(name: &str) -> Vec<String> {
    let mut findable: Vec<_> = words(name).iter().flat_map(|word| spelled(word)).collect();
    let joined: Vec<_> = findable.iter().zip(findable.iter().skip(1)).collect();
    let joined: Vec<_> = joined.into_iter().map(|(word, next)| format!("{word}{next}")).collect();
    findable.extend(joined);
    findable
}

fn key_words(name: &str) -> BTreeSet<String> {
    words(name).iter().flat_map(|word| spelled(word)).collect()
}

/// The words of a name in order, in lower case and without accents.
fn words(name: &str) -> Vec<String> {
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

/// Of the block Combining Diacritical Marks, U+0300 to U+036F: the accents of decomposed text.
fn is_combining_mark(letter: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&letter)
}

/// As typed on keyboards, and what word processors make of it.
fn is_apostrophe(letter: char) -> bool {
    matches!(letter, '\'' | '\u{2019}' | '\u{2018}' | '\u{2bc}' | '`' | '\u{b4}')
}

/// A word in the singular and as it is spelled here, which may be two words.
fn spelled(word: &str) -> Vec<String> {
    let spelling = |word: &str| SPELLINGS.iter().find(|(other, _)| *other == word);
    let singular = singular(word);
    match spelling(word).or_else(|| spelling(singular)) {
        Some((_, words)) => words.iter().map(|word| (*word).to_owned()).collect(),
        None => vec![singular.to_owned()],
    }
}

/// Undoes an English plural by its ending alone. That "biceps" becomes "bicep" is welcome: half of
/// the apps write it so. Words of two letters and those in -ss (press) stay.
fn singular(word: &str) -> &str {
    if word.chars().count() < 3 || word.ends_with("ss") {
        return word;
    }
    let sibilant = ["sses", "ches", "shes", "xes"].iter().any(|ending| word.ends_with(ending));
    let ending = if sibilant { "es" } else { "s" };
    word.strip_suffix(ending).unwrap_or(word)
}

/// What of a name is compared: its words, and the pairs of letters in them with how often.
struct Shape {
    words: BTreeSet<String>,
    pairs: BTreeMap<String, usize>,
}

impl Shape {
    fn of(name: &str) -> Self {
        let words = key_words(name);
        let mut pairs = BTreeMap::new();
        for word in &words {
            for pair in letter_pairs(word) {
                *pairs.entry(pair).or_insert(0) += 1;
            }
        }
        Self { words, pairs }
    }

    fn similarity(&self, other: &Self) -> f64 {
        let words = self.words.intersection(&other.words).count();
        let pairs = self
            .pairs
            .iter()
            .map(|(pair, count)| other.pairs.get(pair).map_or(0, |others| *count.min(others)));
        let by_words = dice(words, self.words.len(), other.words.len());
        let by_pairs = dice(pairs.sum(), self.pairs.values().sum(), other.pairs.values().sum());
        f64::midpoint(by_words, by_pairs)
    }
}

/// A word of one letter is its own pair, so that the T of "T-Bar Row" counts.
fn letter_pairs(word: &str) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    if letters.len() < 2 {
        return vec![word.to_owned()];
    }
    letters.windows(2).map(|pair| pair.iter().collect()).collect()
}

/// Dice's coefficient: twice what is shared over what there is; 0 where there is nothing.
#[expect(clippy::cast_precision_loss, reason = "letters of a name")]
fn dice(shared: usize, one: usize, other: usize) -> f64 {
    let all = one + other;
    if all == 0 { 0.0 } else { 2.0 * shared as f64 / all as f64 }
}

/// So that scores can be sorted, and equal ones are equal.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 1")]
fn in_millionths(alike: f64) -> u64 {
    (alike * 1_000_000.0).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_words_of_letters_and_digits_with_hyphens_between() {
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
    fn a_slug_is_made_of_the_words_of_a_name() {
        let check = |name: &str, slug: &str| assert_eq!(slug_from_name(name), slug, "{name}");
        check("Cable Y-Raise", "cable-y-raise");
        check("Développé couché (haltères)", "developpe-couche-halteres");
        check("Farmer's Carry 2", "farmers-carry-2");
        check("引体向上", "exercise-f38bd033");
        check("=1+1", "1-1");
        check("...", "");
    }

    #[test]
    fn names_that_are_one_have_one_key() {
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
    fn names_that_are_two_have_two_keys() {
        let check = |a: &str, b: &str| assert_ne!(name_key(a), name_key(b));
        check("Bench Press (Barbell)", "Bench Press (Dumbbell)");
        check("Pull Up", "Push Up");
        check("Leg Curl", "Leg Extension");
        check("T-Bar Row", "Bar Row");
    }

    #[test]
    fn accents_fold_composed_and_decomposed() {
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
    fn every_letter_of_latin_1_and_extended_a_folds_to_ascii() {
        let letters = ('\u{c0}'..='\u{17f}').filter(|letter| letter.is_alphabetic());
        for letter in letters {
            let mut folded = String::new();
            letter.to_lowercase().for_each(|letter| push_folded(&mut folded, letter));
            assert!(!folded.is_empty() && folded.is_ascii(), "{letter}: {folded}");
        }
    }

    #[test]
    fn the_names_of_other_apps_find_their_exercise() {
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
    fn another_movement_finds_nothing() {
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
    fn similarity_is_1_for_one_name_and_0_for_nothing_in_common() {
        let check = |a: &str, b: &str, least: f64, most: f64| {
            let alike = similarity(a, b);
            assert!((least..=most).contains(&alike), "{a}, {b}: {alike}");
            assert!((alike - similarity(b, a)).abs() < f64::EPSILON, "{a}, {b}");
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
    fn proposals_are_the_likest_of_the_catalogue_and_of_the_athletes_own() {
        let own = [
            ("my-smith-bench".to_owned(), "Smith Machine Bench Press (slow)".to_owned()),
            ("nordic".to_owned(), "Nordic Hamstring Curl".to_owned()),
        ];
        let check = |name: &str, count: usize, first: &[&str]| {
            let found = similar_exercises(name, &own, count);
            assert!(found.len() <= count, "{name}: {found:?}");
            assert!(found.iter().zip(first).all(|(a, b)| a == b), "{name}: {found:?}");
            assert!(found.len() >= first.len(), "{name}: {found:?}");
        };
        check("Bench Press (Smith Machine)", 3, &["my-smith-bench"]);
        check("Barbel Bench Pres", 2, &["barbell-bench-press"]);
        check("Nordic Curls", 1, &["nordic"]);
        check("Deadlft", 1, &["deadlift"]);
        check("Planck", 1, &["plank"]);
        check("Plank", 0, &[]);
        for name in ["", "Elliptical Trainer", "Treadmill", "Développé couché", "水泳"] {
            assert_eq!(similar_exercises(name, &own, 5), Vec::<String>::new(), "{name}");
        }
    }

    #[test]
    fn an_exercise_is_proposed_once_and_equals_come_by_slug() {
        let own = [("b".to_owned(), "Zercher".to_owned()), ("a".to_owned(), "Zercher".to_owned())];
        assert_eq!(similar_exercises("zercher", &own, 5), ["a", "b"]);
        let found = similar_exercises("Chest Dip", &[], 10);
        let distinct: BTreeSet<_> = found.iter().collect();
        assert_eq!(distinct.len(), found.len(), "{found:?}");
    }

    #[test]
    fn a_search_finds_the_beginnings_of_words_in_any_order() {
        let check = |query: &str, names: &[&str], found: bool| {
            assert_eq!(matches_query(query, names.iter().copied()), found, "{query} in {names:?}");
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
