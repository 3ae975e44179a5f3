//! The migrations in order, by file name. An athletes' database and the operators' database have
//! nothing in common.

use crate::shards;

/// The migrations of each athletes' database.
pub const ATHLETES: &[(&str, &str)] =
    &[("0001_athletes.sql", include_str!("../migrations/athletes/0001_athletes.sql"))];

/// The migrations of the operators' database.
pub const OPERATIONS: &[(&str, &str)] =
    &[("0001_operations.sql", include_str!("../migrations/operations/0001_operations.sql"))];

/// Returns the binding of each database with its migrations.
pub fn by_binding() -> impl Iterator<Item = (&'static str, &'static [(&'static str, &'static str)])>
{
    shards::ATHLETES
        .into_iter()
        .map(|binding| (binding, ATHLETES))
        .chain([(shards::OPERATIONS, OPERATIONS)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_migration_file_is_listed_in_order() {
        for (folder, migrations) in [("athletes", ATHLETES), ("operations", OPERATIONS)] {
            let folder = format!("{}/migrations/{folder}", env!("CARGO_MANIFEST_DIR"));
            let mut files: Vec<_> = std::fs::read_dir(&folder)
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            files.sort();
            let listed: Vec<_> = migrations.iter().map(|(name, _)| (*name).to_owned()).collect();
            assert_eq!(listed, files, "{folder}");
        }
    }
}
