//! GET /v1/records: the athlete's personal records.

use crate::call::AthleteCall;
use crate::error::ApiResult;
use crate::extract::Query;
use crate::reply::Reply;
use contract::Items;
use contract::records::{PersonalRecord, RecordFilter};
use storage::records::{self, Record};
use training::Grams;
use training::records::{RecordKey, RecordKind};

/// Returns all records by exercise, or those of `exercise`.
pub async fn get(
    call: AthleteCall,
    Query(RecordFilter { exercise }): Query<RecordFilter>,
) -> ApiResult<Reply<Items<PersonalRecord>>> {
    let records = records::list(call.database(), &call.key).await?;
    let mut records: Vec<_> = records
        .iter()
        .filter_map(|record| Some((record.key.parse::<RecordKey>().ok()?, record)))
        .filter(|(key, _)| exercise.as_ref().is_none_or(|only| *only == key.exercise))
        .collect();
    records.sort_by(|(one, _), (other, _)| one.cmp(other));
    let items = records.into_iter().map(|(key, record)| item(key, record)).collect();
    Ok(Reply::new(Items { items }))
}

fn item(key: RecordKey, record: &Record) -> PersonalRecord {
    let value = match key.kind {
        #[expect(clippy::cast_precision_loss, reason = "at most 1,000 repetitions")]
        RecordKind::MostReps => record.value as f64,
        RecordKind::HeaviestWeight | RecordKind::BestE1rm | RecordKind::MostVolume => {
            Grams(record.value).kg()
        }
    };
    PersonalRecord {
        exercise: key.exercise,
        kind: key.kind,
        weight_kg: key.weight_grams.map(Grams::kg),
        value,
        date: record.local_date,
        workout_id: record.workout_id,
    }
}
