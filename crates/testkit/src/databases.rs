//! The databases of a deployment, on SQLite.

use crate::sqlite::{DatabaseFault, Faults, Sqlite};
use shared_kernel::AthleteId;
use std::convert::Infallible;
use std::path::Path;
use std::rc::Rc;
use storage::shards::{ATHLETES, OPERATIONS, index_of};
use storage::{Database, Shards};

/// The databases of a deployment: as many as the workers have bindings for.
pub struct Databases {
    athletes: [Rc<Sqlite>; ATHLETES.len()],
    pub operations: Rc<Sqlite>,
    faults: Rc<Faults>,
}

impl Databases {
    /// Returns migrated databases.
    pub fn migrated() -> Self {
        let faults = Rc::<Faults>::default();
        let athletes = ATHLETES.map(|_| Rc::new(Sqlite::athletes(Rc::clone(&faults))));
        let operations = Rc::new(Sqlite::operations(Rc::clone(&faults)));
        Self { athletes, operations, faults }
    }

    /// Returns migrated databases, each in a new file of a folder. A crash of the machine may lose them.
    pub fn migrated_in(folder: &Path) -> Self {
        let faults = Rc::<Faults>::default();
        let open = |binding: &str, migrations| {
            let path = folder.join(format!("{binding}.sqlite"));
            Rc::new(Sqlite::at(&path, migrations, Rc::clone(&faults)))
        };
        let athletes = ATHLETES.map(|binding| open(binding, storage::migrations::ATHLETES));
        let operations = open(OPERATIONS, storage::migrations::OPERATIONS);
        Self { athletes, operations, faults }
    }

    /// Returns the athletes' databases with the names of their bindings.
    pub fn of_athletes(&self) -> impl Iterator<Item = (&'static str, &Rc<Sqlite>)> {
        ATHLETES.into_iter().zip(&self.athletes)
    }

    /// Returns shards over the databases.
    pub fn shards(&self) -> Shards {
        self.shards_over(|_, database| database)
    }

    /// Returns shards over databases that wrap these. `wrap` gets the name of each binding.
    pub fn shards_over<D: Database + 'static>(
        &self,
        mut wrap: impl FnMut(&'static str, Rc<Sqlite>) -> Rc<D>,
    ) -> Shards {
        let open = |binding| -> Result<Rc<dyn Database>, Infallible> {
            let of_athletes = self.of_athletes().find(|(other, _)| *other == binding);
            let database = of_athletes.map_or(&self.operations, |(_, database)| database);
            Ok(wrap(binding, Rc::clone(database)))
        };
        let Ok(shards) = Shards::open(open);
        shards
    }

    /// Returns an athlete's database.
    pub fn of(&self, athlete_id: AthleteId) -> &Rc<Sqlite> {
        self.athletes.get(index_of(athlete_id)).expect("a database for each bucket")
    }

    /// Returns all databases: the athletes' in their order, and the operators'.
    pub fn all(&self) -> impl Iterator<Item = &Rc<Sqlite>> {
        self.athletes.iter().chain([&self.operations])
    }

    /// Deletes every row of every database.
    pub fn clear(&self) {
        self.all().for_each(|database| database.clear());
    }

    /// Returns the number of round trips to all databases so far.
    pub fn round_trips(&self) -> u64 {
        self.all().map(|database| database.round_trips()).sum()
    }

    /// Sets the faults of the next round trips to any database, one each.
    pub fn fail_next(&self, faults: &[DatabaseFault]) {
        self.faults.fail_next(faults);
    }

    /// The next `successes` round trips to any database succeed, and the one after them has this fault.
    pub fn fail_after(&self, successes: usize, fault: DatabaseFault) {
        self.faults.fail_after(successes, fault);
    }

    /// Executes the statements of a test in each database that has their tables, and the athletes that
    /// their rows belong to.
    pub fn execute(&self, sql: &str) {
        let results: Vec<_> = self.all().map(|database| database.try_execute(sql)).collect();
        let has_succeeded = results.iter().any(Result::is_ok);
        for error in results.into_iter().filter_map(Result::err) {
            let message = error.to_string();
            let is_elsewhere =
                message.contains("no such") || message.contains("FOREIGN KEY constraint failed");
            assert!(has_succeeded && is_elsewhere, "{message}: {sql}");
        }
    }

    /// Returns the rows of a query, each as a JSON object: those of each database that has its tables,
    /// one after the other.
    pub fn query(&self, sql: &str) -> Vec<String> {
        let results: Vec<_> = self.all().map(|database| database.try_query(sql)).collect();
        let has_succeeded = results.iter().any(Result::is_ok);
        let mut rows = Vec::new();
        for result in results {
            match result {
                Ok(more) => rows.extend(more),
                Err(error) => {
                    let message = error.to_string();
                    assert!(has_succeeded && message.contains("no such"), "{message}: {sql}");
                }
            }
        }
        rows
    }
}

/// One database, or all of them.
pub trait HasAthletes {
    /// Returns the database of an athlete.
    fn database_of(&self, athlete_id: AthleteId) -> &dyn Database;
}

impl HasAthletes for Sqlite {
    fn database_of(&self, _: AthleteId) -> &dyn Database {
        self
    }
}

impl HasAthletes for Databases {
    fn database_of(&self, athlete_id: AthleteId) -> &dyn Database {
        &**self.of(athlete_id)
    }
}
