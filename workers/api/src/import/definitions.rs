//! The custom exercises that a file defines: which are new, and which the athlete has under another
//! slug.

use std::collections::{BTreeMap, BTreeSet};
use storage::exercises::CustomExercise;
use training::names::{NameConflict, NameField, name_conflict};

/// The custom exercises of a file, compared with those of the athlete.
#[derive(Debug, Default)]
pub struct Definitions {
    /// The exercises that the athlete does not have, without aliases that others have.
    pub new: Vec<CustomExercise>,
    /// The slugs of exercises that have the name of another one, which is used in their place.
    pub same: BTreeMap<String, String>,
}

impl Definitions {
    /// Compares the exercises of a file with those of the athlete. One with a known slug is the
    /// athlete's, which stays as it is.
    pub fn new(defined: &[CustomExercise], known: &[CustomExercise]) -> Self {
        let mut definitions = Self::default();
        let mut slugs: BTreeSet<_> = known.iter().map(|exercise| exercise.slug.as_str()).collect();
        for exercise in defined.iter().filter(|exercise| slugs.insert(&exercise.slug)) {
            definitions.add(exercise.clone(), known);
        }
        definitions
    }

    fn add(&mut self, mut exercise: CustomExercise, known: &[CustomExercise]) {
        loop {
            let others = known.iter().chain(&self.new);
            let others = others.map(|other| (other.slug.as_str(), &other.definition));
            match name_conflict(&exercise.definition, others) {
                None => return self.new.push(exercise),
                Some(NameConflict { field: NameField::Name, slug }) => {
                    self.same.insert(exercise.slug, slug);
                    return;
                }
                Some(NameConflict { field: NameField::Alias(index), .. }) => {
                    exercise.definition.aliases.remove(index);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn exercise(slug: &str, name: &str, aliases: &[&str]) -> CustomExercise {
        let definition = json!({
            "name": name, "aliases": aliases, "mechanic": "isolation", "force": "push",
            "equipment": "cable", "load": { "type": "external" }, "primary": ["chest"],
        });
        let definition = serde_json::from_value(definition).unwrap();
        CustomExercise { slug: slug.to_owned(), definition }
    }

    #[test]
    fn exercise_with_a_known_name_is_the_known_exercise() {
        let known = [exercise("cable-y", "Lat Y", &["Y Pull"])];
        let defined = [
            exercise("cable-y", "Cable Y", &[]),
            exercise("y-pull", "Pull, Y", &[]),
            exercise("a", "Press A", &["Lat Y", "A!", "Pull-Ups"]),
            exercise("a", "Press B", &[]),
            exercise("c", "A Press", &[]),
            exercise("d", "Bench Press", &[]),
        ];
        let definitions = Definitions::new(&defined, &known);
        assert_eq!(definitions.new, [exercise("a", "Press A", &["A!"])]);
        let same = [("c", "a"), ("d", "barbell-bench-press"), ("y-pull", "cable-y")];
        let same = same.map(|(slug, other)| (slug.to_owned(), other.to_owned()));
        assert_eq!(definitions.same, BTreeMap::from(same));
    }
}
