//! The assignment of athletes to databases. Today there is one; past 10 GB, N by a hash of the
//! athlete's id, and only this file changes.

use crate::database::Database;
use shared_kernel::AthleteId;
use std::rc::Rc;

/// The databases of a deployment.
#[derive(Clone)]
pub struct Shards {
    only: Rc<dyn Database>,
}

impl Shards {
    /// Keeps all athletes in one database.
    pub fn single(database: Rc<dyn Database>) -> Self {
        Self { only: database }
    }

    /// Returns the database of one athlete.
    pub fn for_athlete(&self, _: AthleteId) -> &dyn Database {
        &*self.only
    }

    /// Returns the database of the operators' tables.
    pub fn operators(&self) -> &dyn Database {
        &*self.only
    }

    /// Returns every database that holds athletes.
    pub fn every(&self) -> impl Iterator<Item = &dyn Database> {
        std::iter::once(&*self.only)
    }

    /// Groups items of many athletes by database.
    pub fn partition<T>(&self, items: Vec<T>) -> Vec<(&dyn Database, Vec<T>)> {
        if items.is_empty() { Vec::new() } else { vec![(&*self.only, items)] }
    }
}
