//! The databases of a deployment: those of the athletes, and the one of the operators.
//!
//! An athlete's id ends in a random byte, the athlete's bucket. Each of the 256 buckets is in one
//! database, and everything of an athlete is in the database of the athlete's bucket. Other spreads,
//! such as the minute of a weekly report, use another byte of the id.
//!
//! A new deployment chooses its number of databases here: see docs/adr/0033-several-databases.md.

use crate::database::Database;
use futures_util::stream::{self, StreamExt};
use shared_kernel::AthleteId;
use std::rc::Rc;

/// The bindings of the athletes' databases.
pub const ATHLETES: [&str; 4] = ["ATHLETES_0", "ATHLETES_1", "ATHLETES_2", "ATHLETES_3"];
/// The binding of the operators' database.
pub const OPERATIONS: &str = "OPERATIONS";

/// The databases that one invocation works on at once, at most: it has six connections to the
/// platform (Cloudflare Workers documentation, Limits), and one of them is for the queues.
const AT_ONCE_MAX: usize = 5;

/// The number of buckets.
const BUCKETS: usize = 256;
/// The index in [`ATHLETES`] of each bucket's database. A bucket whose athletes are moved to another
/// database gets another index here.
const DATABASE_OF_BUCKET: [usize; BUCKETS] = spread_evenly();

const fn spread_evenly() -> [usize; BUCKETS] {
    let mut databases = [0; BUCKETS];
    let mut bucket = 0;
    while bucket < BUCKETS {
        #[expect(
            clippy::indexing_slicing,
            reason = "below the length, and checked by the compiler"
        )]
        {
            databases[bucket] = bucket % ATHLETES.len();
        }
        bucket += 1;
    }
    databases
}

/// The databases of a deployment.
#[derive(Clone)]
pub struct Shards {
    athletes: Rc<[Rc<dyn Database>]>,
    operators: Rc<dyn Database>,
}

impl Shards {
    /// Opens each database by the name of its binding.
    pub fn open<E>(
        mut open: impl FnMut(&'static str) -> Result<Rc<dyn Database>, E>,
    ) -> Result<Self, E> {
        let athletes = ATHLETES.into_iter().map(&mut open).collect::<Result<_, E>>()?;
        Ok(Self { athletes, operators: open(OPERATIONS)? })
    }

    /// Returns the database of one athlete.
    pub fn for_athlete(&self, athlete_id: AthleteId) -> &dyn Database {
        self.at(index_of(athlete_id))
    }

    /// Returns the database at an index of [`ATHLETES`].
    pub fn at(&self, index: usize) -> &dyn Database {
        // No bucket has another index; the operators' database would reject every statement.
        &**self.athletes.get(index).unwrap_or(&self.operators)
    }

    /// Returns the database of the operators' tables.
    pub fn operators(&self) -> &dyn Database {
        &*self.operators
    }

    /// Returns every database that holds athletes, with the name of its binding.
    pub fn every(&self) -> impl Iterator<Item = (&'static str, &dyn Database)> {
        ATHLETES.into_iter().zip(self.athletes.iter().map(|database| &**database))
    }

    /// Groups items of many athletes by database, in the order of the databases.
    pub fn partition<T>(
        &self,
        items: impl IntoIterator<Item = T>,
        athlete_id: impl Fn(&T) -> AthleteId,
    ) -> Vec<(&dyn Database, Vec<T>)> {
        let mut parts: Vec<_> =
            self.athletes.iter().map(|database| (&**database, Vec::new())).collect();
        for item in items {
            if let Some((_, part)) = parts.get_mut(index_of(athlete_id(&item))) {
                part.push(item);
            }
        }
        parts.retain(|(_, part)| !part.is_empty());
        parts
    }
}

/// Returns the index in [`ATHLETES`] of an athlete's database.
pub fn index_of(athlete_id: AthleteId) -> usize {
    let [.., bucket] = athlete_id.0.into_bytes();
    DATABASE_OF_BUCKET.get(usize::from(bucket)).copied().unwrap_or(0)
}

/// Works on several databases at once, five at most. Returns the results in the order of `work`,
/// whichever ends first.
pub async fn concurrently<F: Future>(work: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let work = work.into_iter().enumerate().map(async |(index, work)| (index, work.await));
    // Unordered: a slow one holds one place, and not those of the ones after it.
    let mut results: Vec<_> = stream::iter(work).buffer_unordered(AT_ONCE_MAX).collect().await;
    results.sort_unstable_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::executor::block_on;
    use std::cell::Cell;
    use std::future::poll_fn;
    use std::task::Poll;
    use testkit::athlete_id;

    #[test]
    fn each_database_has_the_same_number_of_buckets() {
        for (index, binding) in ATHLETES.iter().enumerate() {
            let buckets = DATABASE_OF_BUCKET.iter().filter(|other| **other == index).count();
            assert_eq!(buckets, BUCKETS / ATHLETES.len(), "{binding}");
        }
    }

    #[test]
    fn last_byte_of_the_id_chooses_the_database() {
        for (n, index) in [(0, 0), (1, 1), (5, 1), (255, 3), (256, 0), (0x1_03_02, 2)] {
            assert_eq!(index_of(athlete_id(n)), index, "{n}");
        }
    }

    #[test]
    fn partition_groups_by_database_and_keeps_the_order() {
        let shards = testkit::Databases::migrated().shards();
        let parts = shards.partition([7, 2, 3, 6, 11], |n| athlete_id(*n));
        let parts: Vec<_> = parts.into_iter().map(|(_, part)| part).collect();
        assert_eq!(parts, [vec![2, 6], vec![7, 3, 11]]);
        assert!(shards.partition(Vec::<u128>::new(), |n| athlete_id(*n)).is_empty());
    }

    #[test]
    fn five_run_at_once_and_results_keep_their_order() {
        let (at_once, most) = (Cell::new(0), Cell::new(0));
        let work = (0..16).map(async |n| {
            at_once.update(|count| count + 1);
            most.set(most.get().max(at_once.get()));
            for _ in n..16 {
                yield_once().await;
            }
            at_once.update(|count| count - 1);
            n
        });
        assert_eq!(block_on(concurrently(work)), (0..16).collect::<Vec<_>>());
        assert_eq!(most.get(), AT_ONCE_MAX);
    }

    #[test]
    fn slow_work_holds_one_place() {
        let ended = Cell::new(0);
        let work = (0..16).map(async |n| {
            while n == 0 && ended.get() < 15 {
                yield_once().await;
            }
            ended.update(|count| count + 1);
        });
        block_on(concurrently(work));
        assert_eq!(ended.get(), 16);
    }

    async fn yield_once() {
        let mut has_yielded = false;
        poll_fn(|context| {
            context.waker().wake_by_ref();
            if std::mem::replace(&mut has_yielded, true) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}
