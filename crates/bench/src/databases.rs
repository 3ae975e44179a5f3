//! The databases of a benchmark: the only place that creates them.

use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;
use storage::Shards;
use testkit::Sqlite;

/// The databases that the workers use.
pub struct Databases {
    pub shards: Shards,
    databases: testkit::Databases,
}

impl Databases {
    /// Creates migrated databases in memory.
    pub fn in_memory() -> Self {
        let (databases, shards) = testkit::databases();
        Self { shards, databases }
    }

    /// Creates migrated databases, each a file of a folder.
    pub fn in_folder(folder: &Path) -> Self {
        let (databases, shards) = testkit::databases_in(folder);
        Self { shards, databases }
    }

    /// Returns every database once.
    pub fn all(&self) -> impl Iterator<Item = &Rc<Sqlite>> {
        self.databases.all()
    }

    /// Returns the athletes' databases with the names of their bindings.
    pub fn of_athletes(&self) -> impl Iterator<Item = (&'static str, &Rc<Sqlite>)> {
        self.databases.of_athletes()
    }

    /// Returns the round trips so far to all databases.
    pub fn round_trips(&self) -> u64 {
        self.databases.round_trips()
    }

    /// Returns the bytes of each athletes' database by table and index, in whole pages.
    pub fn stored_bytes(&self) -> Vec<(&'static str, BTreeMap<String, u64>)> {
        self.of_athletes().map(|(name, database)| (name, bytes_of(database))).collect()
    }
}

fn bytes_of(database: &Sqlite) -> BTreeMap<String, u64> {
    let rows = database.query("SELECT name, sum(pgsize) AS bytes FROM dbstat GROUP BY name");
    let parse = |row: &String| {
        let row: Value = serde_json::from_str(row).ok()?;
        Some((row["name"].as_str()?.to_owned(), row["bytes"].as_u64()?))
    };
    rows.iter().filter_map(parse).collect()
}
