//! Aliases of the catalogue's exercises: names that the grammar of [`crate::names`] does not derive
//! from the exercise's name.
//!
//! An alias denotes the same movement: a different grip, stance or implement is a different
//! exercise. A name without equipment is an alias only where common usage leaves no doubt: "Squat",
//! "Bench Press" and "Deadlift" are the barbell lifts, "Chest Press" is the machine. Where there is
//! doubt ("Chest Fly", "Biceps Curl") the catalogue has an exercise of that name without equipment,
//! or nothing matches ("Cable Kickback", "Incline Press").

use crate::exercise::Exercise;

/// The aliases of each exercise: `slug: alias | alias`.
const TABLE: &str = include_str!("aliases.txt");

impl Exercise {
    /// Returns its other names in English.
    pub fn aliases(&self) -> impl Iterator<Item = &'static str> {
        let row = rows().find(|(slug, _)| *slug == self.slug);
        row.into_iter().flat_map(|(_, aliases)| aliases.split(" | "))
    }
}

/// The slugs of the table, each with its aliases.
pub(crate) fn rows() -> impl Iterator<Item = (&'static str, &'static str)> {
    TABLE.lines().filter_map(|line| line.split_once(": "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_row_has_a_unique_exercise() {
        let slugs: BTreeSet<_> = rows().map(|(slug, _)| slug).collect();
        assert_eq!(slugs.len(), TABLE.lines().count());
        for slug in slugs {
            assert!(Exercise::find(slug).is_some_and(|e| e.aliases().count() > 0), "{slug}");
        }
        assert_eq!(Exercise::find("plank-jack").unwrap().aliases().count(), 0);
        let bench = Exercise::find("barbell-bench-press").unwrap();
        assert!(bench.aliases().any(|alias| alias == "Flat Barbell Bench Press"));
    }
}
