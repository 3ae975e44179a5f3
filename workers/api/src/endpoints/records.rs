//! GET /v1/records: the athlete's personal records.

use crate::app::App;
use crate::call::Call;
use crate::error::ApiResult;
use platform::http::{StatusCode, json, query};
use serde_json::{Value, json};
use storage::KeyProof;
use storage::records::{self, Record};
use training::Grams;
use training::records::{RecordKey, RecordKind};

/// Returns all records by exercise, or those of `exercise=`.
pub async fn get(app: &App, call: &Call, key: &KeyProof) -> ApiResult {
    let only = query(&call.request, "exercise");
    let records = records::list(app.database(key), key).await?;
    let mut records: Vec<_> = records
        .iter()
        .filter_map(|record| Some((record.key.parse::<RecordKey>().ok()?, record)))
        .filter(|(key, _)| only.as_ref().is_none_or(|only| *only == key.exercise))
        .collect();
    records.sort_by(|(one, _), (other, _)| one.cmp(other));
    let items: Vec<_> = records.iter().map(|(key, record)| item(key, record)).collect();
    Ok(json(StatusCode::OK, &json!({ "items": items }))?)
}

/// Weights and volumes in kilograms, repetitions as a count.
fn item(key: &RecordKey, record: &Record) -> Value {
    let value = match key.kind {
        RecordKind::MostReps => json!(record.value),
        RecordKind::HeaviestWeight | RecordKind::BestE1rm | RecordKind::MostVolume => {
            json!(Grams(record.value).kg())
        }
    };
    json!({
        "exercise": key.exercise,
        "kind": key.kind,
        "weight_kg": key.weight_grams.map(Grams::kg),
        "value": value,
        "date": record.local_date,
        "workout_id": record.workout_id,
    })
}
