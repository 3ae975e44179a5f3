//! Names of custom exercises: their form, and the exercise that already has a name.

use crate::catalogue::CATALOGUE;
use crate::exercise::ExerciseDefinition;
use crate::limits::NAME_CHARS_MAX;
use crate::names::index::find_exact;
use crate::names::slug::free_slug;
use crate::names::words::name_key;
use std::collections::BTreeSet;

/// A name of an exercise definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameField {
    Name,
    /// The alias with this index.
    Alias(usize),
}

/// A name that another exercise has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameConflict {
    pub field: NameField,
    /// The slug of the other exercise.
    pub slug: String,
}

/// Whether a text can name an exercise: at most [`NAME_CHARS_MAX`] characters without control
/// characters, one of them a letter or a digit.
pub fn is_name(text: &str) -> bool {
    text.chars().count() <= NAME_CHARS_MAX
        && !text.chars().any(char::is_control)
        && !name_key(text).is_empty()
}

/// Returns the indexes of the aliases that repeat the name or an earlier alias.
pub fn duplicate_aliases(definition: &ExerciseDefinition) -> Vec<usize> {
    let mut seen = BTreeSet::from([name_key(&definition.name)]);
    let aliases = definition.aliases.iter().enumerate();
    aliases.filter(|(_, alias)| !seen.insert(name_key(alias))).map(|(index, _)| index).collect()
}

/// Returns the first name or alias of a definition that an exercise of the catalogue or one of
/// `others` has as name, alias or slug. Names are compared by [`name_key`]. Slugs are compared as
/// they are: an exercise keeps its slug when it gets another name, and its old name is free.
pub fn name_conflict<'a>(
    definition: &ExerciseDefinition,
    others: impl Iterator<Item = (&'a str, &'a ExerciseDefinition)> + Clone,
) -> Option<NameConflict> {
    let aliases = definition.aliases.iter().enumerate();
    let names = [(NameField::Name, &definition.name)]
        .into_iter()
        .chain(aliases.map(|(index, alias)| (NameField::Alias(index), alias)));
    let names: Vec<_> = names.map(|(field, name)| (field, name, name_key(name))).collect();
    let of_catalogue = names.iter().find_map(|(field, name, _)| {
        Some(NameConflict { field: *field, slug: find_exact(name)?.slug.clone() })
    });
    of_catalogue.or_else(|| {
        others.into_iter().find_map(|(slug, other)| {
            let keys: BTreeSet<_> = names_of(other).map(name_key).collect();
            let (field, ..) =
                names.iter().find(|(_, name, key)| keys.contains(key) || name.as_str() == slug)?;
            Some(NameConflict { field: *field, slug: slug.to_owned() })
        })
    })
}

/// Returns a slug for a new custom exercise that no exercise of the catalogue or of `others` has as
/// slug or name.
pub fn new_slug<'a>(
    name: &str,
    others: impl Iterator<Item = (&'a str, &'a ExerciseDefinition)>,
) -> String {
    let catalogue = CATALOGUE.iter().map(|exercise| exercise.slug.as_str());
    let custom = others.flat_map(|(slug, other)| names_of(other).chain([slug]));
    let taken: BTreeSet<_> = catalogue.chain(custom).collect();
    free_slug(name, |slug| taken.contains(slug))
}

fn names_of(definition: &ExerciseDefinition) -> impl Iterator<Item = &str> {
    definition.aliases.iter().chain([&definition.name]).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exercise::{Equipment, ExerciseKind, Force, LoadType, Mechanic};
    use crate::movement::Movement;
    use crate::muscle::Muscle;

    fn definition(name: &str, aliases: &[&str]) -> ExerciseDefinition {
        ExerciseDefinition {
            name: name.to_owned(),
            aliases: aliases.iter().map(|alias| (*alias).to_owned()).collect(),
            kind: ExerciseKind::Strength,
            movement: Movement::ElbowFlexion,
            mechanic: Mechanic::Isolation,
            force: Force::Pull,
            equipment: Equipment::Cable,
            load: LoadType::External,
            unilateral: false,
            primary: vec![Muscle::Biceps],
            secondary: Vec::new(),
        }
    }

    #[test]
    fn name_has_a_letter_or_digit_and_no_control_characters() {
        for name in ["Y-Raise", "5", "深蹲", &"a".repeat(NAME_CHARS_MAX)] {
            assert!(is_name(name), "{name}");
        }
        let long = "a".repeat(NAME_CHARS_MAX + 1);
        for other in ["", " ", "...", "\u{200b}", "a\0", "a\nb", &long] {
            assert!(!is_name(other), "{other:?}");
        }
    }

    #[test]
    fn aliases_repeat_neither_the_name_nor_each_other() {
        let check = |aliases: &[&str], expected: &[usize]| {
            assert_eq!(duplicate_aliases(&definition("Y Raise", aliases)), expected, "{aliases:?}");
        };
        check(&["Cable Y", "Raises"], &[]);
        check(&["Cable Y", "y-raises", "cable y", "Y, Cable"], &[1, 2, 3]);
    }

    #[test]
    fn name_of_another_exercise_conflicts_with_its_slug() {
        let renamed = definition("Lat Row", &["Row, wide"]);
        let others = [("sled-row-wide", &renamed), ("a-1f27b8ac", &renamed)];
        let check = |name: &str, aliases: &[&str], expected: Option<(NameField, &str)>| {
            let conflict = name_conflict(&definition(name, aliases), others.into_iter());
            let expected = expected.map(|(field, slug)| (field, slug.to_owned()));
            assert_eq!(conflict.map(|c| (c.field, c.slug)), expected, "{name} {aliases:?}");
        };
        check("Face Away Curl", &["Bayesian"], None);
        check("Bench Press", &[], Some((NameField::Name, "barbell-bench-press")));
        check("Mine", &["x y", "Pull-Ups"], Some((NameField::Alias(1), "pull-up")));
        check("row lat", &[], Some((NameField::Name, "sled-row-wide")));
        check("Mine", &["Wide Row"], Some((NameField::Alias(0), "sled-row-wide")));
        // The name that it had before is free, but not its slug.
        check("Sled Row Wide", &[], None);
        check("sled-row-wide", &[], Some((NameField::Name, "sled-row-wide")));
    }

    #[test]
    fn new_slug_is_no_slug_or_name_of_another_exercise() {
        let (renamed, numbered) = (definition("Lat Row", &[]), definition("cable-y-2", &[]));
        let others = || [("cable-y", &renamed), ("other", &numbered)].into_iter();
        assert_eq!(new_slug("Cable Y", others()), "cable-y-3");
        assert_eq!(new_slug("Cable Z", others()), "cable-z");
        assert_eq!(new_slug("Pull-up", others()), "pull-up-2");
    }
}
