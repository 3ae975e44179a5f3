//! The exercise of the catalogue that a name means.
//!
//! A name is split into words, which are brought to a standard spelling (see [`super::words`]) and
//! compared as a set with the names and aliases of the catalogue. Where nothing is the same:
//!
//! 1. Words that say nothing about the exercise are left out: "Old", "Backup", numbers, left and
//!    right.
//! 2. A misspelled word is corrected, if only one known word is at distance one.
//! 3. Words in another language are translated: German, French, Spanish, Portuguese, Italian and a
//!    few in Dutch and Turkish.
//! 4. Words that say what the exercise is anyway are left out: "standing" of a curl, "flat" of a bench
//!    press.
//!
//! Every other word must be known and part of the exercise's name: a name is never matched
//! to the nearest exercise.

use super::index::{find_exact, index};
use super::words::{Phrases, singular_words, standard_words, to_key, words};
use crate::exercise::{Equipment, Exercise};
use crate::movement::Movement;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// Words and phrases in other languages, `words=English words`, by language. Sources:
/// docs/exercise-names.md.
const TRANSLATIONS: &str = include_str!("translations.txt");

/// Words that say nothing about the exercise.
const NOISE: &[&str] = &[
    "alternative",
    "attachment",
    "backup",
    "copy",
    "custom",
    "data",
    "degree",
    "exercise",
    "kg",
    "km",
    "l",
    "lb",
    "left",
    "mile",
    "min",
    "minute",
    "my",
    "new",
    "old",
    "r",
    "right",
    "side",
    "version",
];

/// Returns the exercise of the catalogue that a name means.
pub fn find_by_name(name: &str) -> Option<&'static Exercise> {
    find_exact(name).or_else(|| {
        let words = words(name);
        find_words(&words).or_else(|| {
            let mut found = translations(&words).filter_map(|words| find_words(&words));
            let first = found.next()?;
            // A name that means different exercises in two languages means neither.
            found.all(|other| other == first).then_some(first)
        })
    })
}

/// Returns the words in English, for each language that has any of them.
pub(super) fn translations(words: &[String]) -> impl Iterator<Item = Vec<String>> {
    static LANGUAGES: LazyLock<Vec<Phrases>> =
        LazyLock::new(|| TRANSLATIONS.split("\n[").map(Phrases::new).collect());
    LANGUAGES.iter().filter_map(|phrases| phrases.replace_any(words))
}

/// Returns the words in standard spelling, those that are misspelled corrected.
pub(super) fn known_words(words: &[String]) -> BTreeSet<String> {
    let correct = |word: &String| index().correct(word);
    standard_words(&singular_words(words).iter().map(correct).collect::<Vec<_>>())
}

fn find_words(words: &[String]) -> Option<&'static Exercise> {
    let words: Vec<_> = words.iter().filter(|word| !is_number(word)).cloned().collect();
    let words = known_words(&words);
    let found = |words: &BTreeSet<String>| index().by_key.get(&to_key(words)).copied();
    found(&words).or_else(|| {
        let mut words = words;
        words.retain(|word| !NOISE.contains(&word.as_str()));
        found(&words).or_else(|| find_without_implied(&words))
    })
}

/// Whether a word is a number, with or without a unit. The 21s are a kind of curl, and "one arm" is
/// also written with a number.
fn is_number(word: &str) -> bool {
    let unit = word.trim_start_matches(|letter: char| letter.is_ascii_digit());
    let has_digits = unit.len() < word.len();
    has_digits
        && !word.starts_with("21")
        && (word.len() > 1 || !matches!(word, "1" | "2"))
        && matches!(unit, "" | "k" | "km" | "m" | "mi" | "min" | "s" | "sec" | "kg" | "lb" | "lbs")
}

/// Leaves out words that the exercise implies.
fn find_without_implied(words: &BTreeSet<String>) -> Option<&'static Exercise> {
    let is_implied = |word: &str| match word {
        "leg" => words.contains("single"),
        word => IMPLIED.contains(&word),
    };
    let implied: BTreeSet<_> = words.iter().filter(|word| is_implied(word)).cloned().collect();
    let rest: BTreeSet<_> = words.difference(&implied).cloned().collect();
    let exercise = (!implied.is_empty()).then(|| index().by_key.get(&to_key(&rest)).copied())??;
    implied.iter().all(|word| implies(exercise, word)).then_some(exercise)
}

/// Words that some exercises imply.
const IMPLIED: &[&str] = &[
    "1",
    "2",
    "alternating",
    "arm",
    "bentover",
    "both",
    "conventional",
    "flat",
    "overhand",
    "regular",
    "seated",
    "single",
    "standard",
    "standing",
];

/// Whether an exercise is done this way unless its name has another word.
fn implies(exercise: &Exercise, word: &str) -> bool {
    use Equipment::{Barbell, Cable, EzBar, Kettlebell, Machine, PlateLoaded, SmithMachine};
    use Movement as M;
    let (movement, equipment) = (exercise.movement, exercise.equipment);
    match word {
        "standing" if equipment == Cable && movement == M::ChestFly => true,
        "standing" => matches!(
            movement,
            M::VerticalPush
                | M::ElbowFlexion
                | M::ElbowExtension
                | M::ShoulderFlexion
                | M::ShoulderAbduction
                | M::ReverseFly
                | M::Shrug
                | M::Wrist
        ),
        "seated" => {
            matches!(equipment, Machine | PlateLoaded)
                && !matches!(movement, M::CalfRaise | M::KneeFlexion | M::Squat)
                || equipment == Cable && movement == M::VerticalPull
        }
        "flat" => matches!(movement, M::HorizontalPush | M::ChestFly),
        "bentover" => {
            movement == M::ReverseFly
                || movement == M::HorizontalPull
                    && matches!(equipment, Barbell | SmithMachine | EzBar | Kettlebell)
        }
        "overhand" => matches!(movement, M::VerticalPull | M::HorizontalPull),
        "alternating" => movement == M::Lunge,
        "single" | "arm" | "leg" => exercise.unilateral,
        "both" => !exercise.unilateral,
        // A number that is no part of "one arm".
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(slug: &str, names: &[&str]) {
        for name in names {
            let found = find_by_name(name).map(|exercise| exercise.slug.as_str());
            assert_eq!(found, Some(slug), "{name}");
        }
    }

    #[test]
    fn equipment_stands_in_front_or_in_brackets() {
        check(
            "barbell-bench-press",
            &["Bench Press (Barbell)", "BB Bench Press", "Barbell - Bench Press", "bench press"],
        );
        check("smith-machine-bench-press", &["Bench Press (Smith Machine)", "Smith Bench Press"]);
        check("leg-press", &["Leg Press", "Leg Press (Machine)", "Leg Press Machine"]);
        check("machine-lat-pulldown", &["Lat Pulldown (Machine)", "Machine Lat Pull-Down"]);
        check(
            "lat-pulldown",
            &["Lat Pulldown (Cable)", "Lat Pulldown", "Lat Pull Down (Cable Machine)"],
        );
        check("iso-lateral-row", &["Iso-Lateral Row (Machine)", "Iso Lateral Row (Plate Loaded)"]);
        check("plate-loaded-shoulder-press", &["Shoulder Press (Plate Loaded)"]);
        check("machine-shoulder-press", &["Shoulder Press (Machine)", "Overhead Press (Machine)"]);
        check("bodyweight-squat", &["Squat (Bodyweight)", "BW Squat", "Body Weight Squats"]);
        check("barbell-back-squat", &["Squat (Barbell)", "Squats", "Back Squat"]);
        check("pull-up", &["Pull Up", "Pullups", "Pull Up (Weighted)", "Pull-Up (Bodyweight)"]);
        check("assisted-chin-up", &["Chin Up (Assisted)", "Machine Assisted Chin-Up"]);
        check("rowing-machine", &["Rowing (Machine)", "Rowing Machine"]);
        check("machine-row", &["Row (Machine)", "Seated Row (Machine)"]);
    }

    #[test]
    fn abbreviations_and_spelling_variants_are_known() {
        check("romanian-deadlift", &["RDL", "RDL (Barbell)", "Romanian Dead Lift"]);
        check("dumbbell-romanian-deadlift", &["DB RDL", "RDL (Dumbbell)", "Romanian DL (DB)"]);
        check("overhead-press", &["OHP", "Military Press", "Barbell Shoulder Press"]);
        check(
            "stiff-leg-deadlift",
            &["SLDL", "Straight Leg Deadlift", "Stiff-Legged Deadlift (Barbell)"],
        );
        check("close-grip-bench-press", &["CGBP", "Bench Press - Close Grip (Barbell)"]);
        check("kettlebell-swing", &["KB Swing", "Kettlebell Swings"]);
        check("ez-bar-curl", &["EZ Bar Curl", "EZ Curl", "Bicep Curl (EZ-Bar)", "curl e-z bar"]);
        check(
            "dumbbell-fly",
            &["Chest Fly (Dumbbell)", "Dumbbell Flyes", "DB Flies", "Flat DB Flys"],
        );
        check("triceps-pushdown", &["Tricep Pushdown", "Triceps Push-Downs", "Cable Press Down"]);
        check("rope-triceps-pushdown", &["Rope Pushdown", "Triceps Pushdown (Rope)"]);
        check(
            "single-arm-cable-row",
            &["One-Arm Cable Row", "1 Arm Cable Row", "Cable Row Single Arm"],
        );
        check("single-leg-extension", &["Single Leg Extension", "Leg Extension (One Leg)"]);
        check("hip-abduction", &["Hip Abductor (Machine)", "Hip Abduction Machine"]);
        check("machine-hip-adduction", &["Hip Adductor (Machine)", "Adductors (Machine)"]);
        check("reverse-fly", &["Rear Delt Fly", "Reverse Fly (Dumbbell)", "Bent Over Reverse Fly"]);
        check("reverse-grip-lat-pulldown", &["Lat Pulldown - Underhand (Cable)"]);
    }

    #[test]
    fn words_without_meaning_are_left_out() {
        check(
            "deadlift",
            &["Deadlift Old", "Deadlift (old data)", "Deadlift #2", "Deadlift backup 3"],
        );
        check(
            "dumbbell-curl",
            &["Dumbbell Curl (Left)", "DB Curl - Right", "Dumbbell Curl (Each Side)"],
        );
        check("plank", &["Plank 2:00", "Plank 60s"]);
        check("leg-press", &["Leg Press 45°", "45 Degree Leg Press", "Leg Press (Old)"]);
        check("running", &["Running 5k", "5 km run"]);
        check("21s-curl", &["21s Bicep Curl", "Curl 21s"]);
    }

    #[test]
    fn words_that_the_exercise_implies_are_left_out() {
        check("barbell-curl", &["Standing Barbell Curl"]);
        check("dumbbell-bench-press", &["Flat Dumbbell Bench Press"]);
        check("smith-machine-row", &["Bent Over Row (Smith Machine)"]);
        check("machine-chest-press", &["Seated Chest Press (Machine)"]);
        check("pistol-squat", &["Single Leg Pistol Squat"]);
        check("bent-over-dumbbell-row", &["Bent Over Row (Dumbbell)", "Two Arm Dumbbell Row"]);
    }

    #[test]
    fn misspelled_words_are_corrected() {
        check("dumbbell-row", &["Dumbell Row", "Dumbbel Row"]);
        check("lateral-raise", &["Latteral Raise", "Lateral Riase", "Laterel Raise (Dumbell)"]);
        check("machine-hip-adduction", &["Hip Aductor Machine"]);
        check("skull-crusher", &["Skull Crushr"]);
        check("bulgarian-split-squat", &["Bulgerian Split Squat"]);
    }

    #[test]
    fn names_in_other_languages_are_translated() {
        check("barbell-bench-press", &["Bankdrücken (Langhantel)", "Développé couché à la barre"]);
        check(
            "barbell-bench-press",
            &["Press de banca (barra)", "Supino reto com barra", "Panca piana"],
        );
        check(
            "incline-dumbbell-press",
            &["Schrägbankdrücken mit Kurzhanteln", "Supino inclinado (halteres)"],
        );
        check("incline-dumbbell-press", &["Panca inclinata manubri", "Développé incliné haltères"]);
        check("deadlift", &["Kreuzheben", "Soulevé de terre", "Peso muerto", "Levantamento terra"]);
        check("barbell-back-squat", &["Kniebeugen", "Sentadilla", "Agachamento com barra"]);
        check(
            "pull-up",
            &["Klimmzüge", "Tractions", "Dominadas", "Barra fixa", "Trazioni alla sbarra"],
        );
        check("leg-press", &["Beinpresse", "Presse à cuisses", "Prensa de piernas", "Pressa"]);
        check(
            "leg-extension",
            &["Beinstrecker (Maschine)", "Cadeira extensora", "Extension de piernas"],
        );
        check("seated-leg-curl", &["Leg curl seduto", "Leg curl assis", "Cadeira flexora"]);
        check("lying-leg-curl", &["Mesa flexora", "Leg curl allongé", "Beinbeuger liegend"]);
        check("lat-pulldown", &["Latzug", "Jalón al pecho", "Puxada alta", "Lat machine"]);
        check("lateral-raise", &["Seitheben", "Élévations latérales", "Alzate laterali (manubri)"]);
        check(
            "machine-hip-adduction",
            &["Adduktoren", "Cadeira adutora", "Adduttori", "Adducteurs"],
        );
        check("hip-abduction", &["Abduktoren", "Cadeira abdutora", "Abduttori", "Abducteurs"]);
        check("cable-curl", &["Rosca direta na polia", "Curl ai cavi", "Bizepscurls am Kabelzug"]);
        check("triceps-pushdown", &["Trizepsdrücken am Kabelzug", "Tríceps na polia"]);
        check(
            "barbell-row",
            &["Rudern (Langhantel)", "Remo con barra", "Remada curvada com barra"],
        );
        check("running", &["Laufen", "Course à pied", "Correr", "Corrida", "Corsa", "Hardlopen"]);
        // In Portuguese a dumbbell, in Turkish a barbell.
        check("dumbbell-bench-press", &["Supino (Halter)"]);
        assert_eq!(find_by_name("Bench Press (Halter)"), None);
    }

    #[test]
    fn names_that_leave_a_doubt_match_nothing() {
        for name in [
            "",
            "()",
            "Intensity",
            "Incline Press",
            "Cable Kickback",
            "Hip Extension",
            "Rear Delts",
            "Triceps",
            "Leg Day",
            "Larsen Squat",
            "Bench Press (Guillotine)",
            "Hip Acductor Machine",
            "Leg Triceps Extension",
            "Развод",
            "Rudern",
            "Remo",
            "Abdominales",
            "Trizepsdrücken",
            "Presse épaules",
        ] {
            let found = find_by_name(name).map(|exercise| exercise.slug.as_str());
            assert_eq!(found, None, "{name}");
        }
    }

    #[test]
    fn names_without_equipment_are_exercises_of_their_own() {
        check("chest-fly", &["Chest Fly", "Pectoral Fly"]);
        check("biceps-curl", &["Bicep Curl", "Curls"]);
        check("triceps-extension", &["Triceps Extension"]);
        check("row", &["Row"]);
        check("shoulder-press", &["Shoulder Press", "Standing Shoulder Press"]);
    }

    #[test]
    fn each_name_of_the_catalogue_finds_its_exercise() {
        for exercise in crate::catalogue::CATALOGUE.iter() {
            check(&exercise.slug, &[exercise.name, &exercise.slug]);
            exercise.aliases().for_each(|alias| check(&exercise.slug, &[alias]));
        }
    }
}
