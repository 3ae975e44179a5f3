//! Which database holds an athlete. One today; past 10 GB, N by a hash of the athlete's id, and
//! only this file changes.

use crate::database::Database;
use shared_kernel::AthleteId;
use std::rc::Rc;

/// The databases.
#[derive(Clone)]
pub struct Shards {
    only: Rc<dyn Database>,
}

impl Shards {
    /// All athletes in one database.
    pub fn single(database: Rc<dyn Database>) -> Self {
        Self { only: database }
    }

    /// The database of one athlete.
    pub fn for_athlete(&self, _: AthleteId) -> &dyn Database {
        &*self.only
    }

    /// The database of the operators' tables.
    pub fn operators(&self) -> &dyn Database {
        &*self.only
    }

    /// Every database that holds athletes, for a sweep.
    pub fn every(&self) -> impl Iterator<Item = &dyn Database> {
        std::iter::once(&*self.only)
    }

    /// Items of many athletes, by the database that holds them.
    pub fn partition<T>(&self, items: Vec<T>) -> Vec<(&dyn Database, Vec<T>)> {
        if items.is_empty() { Vec::new() } else { vec![(&*self.only, items)] }
    }
}
