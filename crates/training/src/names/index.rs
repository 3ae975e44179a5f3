//! The names of the catalogue in standard spelling.

use super::typos::corrected;
use super::words::{
    EQUIPMENT, apply_rules, key_words, name_key, singular_words, spelled_words, to_key, words,
};
use crate::aliases;
use crate::catalogue::CATALOGUE;
use crate::exercise::{Equipment, Exercise, LoadType};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// The names of the catalogue.
pub(super) struct Index {
    /// The exercises by the key of each of their names.
    pub by_key: BTreeMap<String, &'static Exercise>,
    /// The words of all names, each with the movements of the exercises that have it, as bits.
    pub words: BTreeMap<String, u64>,
    /// The words of all names as they are written, in the singular, and those of other spellings.
    vocabulary: BTreeSet<String>,
}

/// Returns the index, built at the first call.
pub(super) fn index() -> &'static Index {
    static INDEX: LazyLock<Index> = LazyLock::new(Index::new);
    &INDEX
}

/// Returns the exercise with exactly these words in a name, an alias or a slug.
pub(super) fn find_exact(name: &str) -> Option<&'static Exercise> {
    index().by_key.get(&name_key(name)).copied()
}

impl Index {
    fn new() -> Self {
        let mut index = Self::empty();
        let names = CATALOGUE.iter().flat_map(|exercise| {
            [exercise.name, exercise.slug.as_str()].map(|name| (exercise, name))
        });
        let aliases = aliases::rows().filter_map(|(slug, aliases)| {
            let exercise = Exercise::find(slug)?;
            Some(aliases.split(" | ").map(move |alias| (exercise, alias)))
        });
        let aliases = aliases.flatten();
        // Names come first: an exercise's own name is never another one's.
        let all: Vec<_> = names.chain(aliases).collect();
        for (exercise, name) in &all {
            let written = singular_words(&words(name));
            for word in &written {
                *index.words.entry(word.clone()).or_default() |= 1 << exercise.movement as u32;
            }
            index.vocabulary.extend(written);
            index.insert(exercise, key_words(name));
        }
        index.vocabulary.extend(spelled_words());
        for (exercise, name) in all {
            index.insert_with_equipment(exercise, &key_words(name));
        }
        index
    }

    const fn empty() -> Self {
        Self { by_key: BTreeMap::new(), words: BTreeMap::new(), vocabulary: BTreeSet::new() }
    }

    /// Returns a word without a misspelling.
    pub(super) fn correct(&self, word: &str) -> String {
        let known = || self.vocabulary.iter().map(String::as_str);
        let is_known = self.vocabulary.contains(word);
        let correct = if is_known { None } else { corrected(word, known()) };
        correct.unwrap_or(word).to_owned()
    }

    fn insert(&mut self, exercise: &'static Exercise, words: BTreeSet<String>) {
        let bit = 1 << exercise.movement as u32;
        self.by_key.entry(to_key(&words)).or_insert(exercise);
        for word in words {
            *self.words.entry(word).or_default() |= bit;
        }
    }

    /// Adds the name with the equipment, where it has none: "Leg Press (Machine)".
    fn insert_with_equipment(&mut self, exercise: &'static Exercise, words: &BTreeSet<String>) {
        let has = |word: &&str| words.contains(*word);
        let stated: &[&str] = match exercise.equipment {
            _ if words.iter().any(|word| EQUIPMENT.contains(&word.as_str())) => return,
            Equipment::PlateLoaded => &["machine", "plateloaded"],
            Equipment::Landmine => &["landmine", "barbell"],
            Equipment::Bodyweight if exercise.load != LoadType::Timed => {
                &["bodyweight", "weighted"]
            }
            other => std::slice::from_ref(equipment_word(other)),
        };
        for word in stated.iter().filter(|word| !word.is_empty() && !has(word)) {
            let mut words = words.clone();
            words.insert((*word).to_owned());
            self.insert(exercise, apply_rules(words));
        }
    }
}

/// The word for an equipment; empty if there is none.
const fn equipment_word(equipment: Equipment) -> &'static &'static str {
    match equipment {
        Equipment::Barbell => &"barbell",
        Equipment::Dumbbell => &"dumbbell",
        Equipment::Machine => &"machine",
        Equipment::Cable => &"cable",
        Equipment::Bodyweight => &"bodyweight",
        Equipment::Kettlebell => &"kettlebell",
        Equipment::Band => &"band",
        Equipment::EzBar => &"ez",
        Equipment::TrapBar => &"trapbar",
        Equipment::SmithMachine => &"smith",
        Equipment::PlateLoaded => &"plateloaded",
        Equipment::Landmine => &"landmine",
        Equipment::Plate => &"plate",
        Equipment::Suspension => &"suspension",
        Equipment::Other => &"",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_exercises_share_a_name_or_alias() {
        let mut slugs = BTreeMap::new();
        for exercise in CATALOGUE.iter() {
            let names = [exercise.slug.as_str(), exercise.name].map(name_key);
            let names: BTreeSet<_> =
                names.into_iter().chain(exercise.aliases().map(name_key)).collect();
            for key in names {
                let previous = slugs.insert(key.clone(), &exercise.slug);
                assert_eq!(previous, None, "{key} of {}", exercise.slug);
            }
        }
    }

    #[test]
    fn each_alias_adds_a_name() {
        let mut without = Index::empty();
        for exercise in CATALOGUE.iter() {
            let names = [exercise.slug.as_str(), exercise.name];
            for name in names {
                without.insert(exercise, key_words(name));
                without.insert_with_equipment(exercise, &key_words(name));
            }
        }
        let known = |alias: &&str| without.by_key.contains_key(&name_key(alias));
        let needless: Vec<_> =
            CATALOGUE.iter().flat_map(|exercise| exercise.aliases().filter(known)).collect();
        assert_eq!(needless, Vec::<&str>::new());
    }
}
