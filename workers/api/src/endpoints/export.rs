//! GET /v1/export: the athlete's workouts, newest first, as CSV in Hevy's columns or as JSON that can
//! be imported. `from` and `to` select days, because imports have limits. The body is streamed by
//! page: a history may exceed the memory.

use crate::app::App;
use crate::call::Call;
use crate::date_range::parse_date;
use crate::error::{ApiResult, bad_parameter};
use crate::import::export::{EXPORT_FORMAT, EXPORT_VERSION};
use chrono::NaiveDate;
use contract::FieldCode;
use futures_util::StreamExt;
use futures_util::stream::{self, LocalBoxStream};
use interchange::{hevy_header, hevy_rows};
use platform::Clock;
use platform::http::{chunked, query, set_header};
use serde_json::{Value, json};
use std::rc::Rc;
use storage::workouts::{self, ListedWorkout, StoredWorkout, WorkoutPosition, WorkoutQuery};
use storage::{KeyProof, Rejection, Shards, exercises};
use training::{CustomExercises, Exercise, ExerciseDefinition, Grams, Workout};

/// Workouts of a page: about 300 KB.
const PAGE: i64 = 100;

/// Streams `format=csv` or `format=json`, the default. A failed read aborts the response, so that no
/// client takes an incomplete history for a complete one.
pub async fn get(app: &App, call: &Call, key: &KeyProof) -> ApiResult {
    let csv = match query(&call.request, "format").as_deref() {
        None | Some("json") => false,
        Some("csv") => true,
        Some(_) => {
            return Err(bad_parameter("format", FieldCode::InvalidValue, "must be csv or json"));
        }
    };
    let custom = exercises::list(app.database(key), key).await?;
    let days = (parse_date(&call.request, "from")?, parse_date(&call.request, "to")?);
    let pages = pages(app.shards.clone(), Rc::clone(&app.clock), key.clone(), days);
    let (name, mut response) = if csv {
        let rows = pages.map(|page| page.and_then(|page| csv_rows(&page)));
        let body = stream::once(async { Ok(hevy_header()) }).chain(rows);
        ("bulktrack.csv", chunked("text/csv; charset=utf-8", body.boxed_local()))
    } else {
        let custom = custom.iter().map(|c| custom_exercise(&c.slug, &c.definition));
        let custom = custom.collect::<Result<Vec<_>, _>>()?;
        let head = format!(
            "{{\"format\":\"{EXPORT_FORMAT}\",\"version\":{EXPORT_VERSION},\"exercises\":{},\
             \"workouts\":[",
            json!(custom)
        );
        let items = pages.enumerate().map(|(index, page)| page.and_then(|p| items(&p, index > 0)));
        let tail = stream::once(async { Ok("]}\n".to_owned()) });
        let body = stream::once(async { Ok(head) }).chain(items).chain(tail);
        ("bulktrack.json", chunked("application/json", body.boxed_local()))
    };
    let disposition = format!("attachment; filename=\"{name}\"");
    set_header(&mut response, "content-disposition", &disposition);
    Ok(response)
}

/// The athlete's workouts in pages, none empty.
fn pages(
    shards: Shards,
    clock: Rc<dyn Clock>,
    key: KeyProof,
    (from, to): (Option<NaiveDate>, Option<NaiveDate>),
) -> LocalBoxStream<'static, Result<Vec<StoredWorkout>, String>> {
    let start = Some((shards, clock, key, None::<WorkoutPosition>));
    stream::unfold(start, move |state| async move {
        let (shards, clock, key, after) = state?;
        let proof = key.at(clock.now_ms());
        let page = WorkoutQuery { from, to, after, limit: PAGE };
        let result = workouts::list(shards.for_athlete(key.athlete_id), &proof, &page).await;
        let rows = match result {
            Ok(rows) => rows,
            Err(Rejection::Unauthorized) => {
                return Some((Err("the key was revoked or expired".to_owned()), None));
            }
            Err(error) => return Some((Err(error.to_string()), None)),
        };
        let next = rows.last().map(ListedWorkout::position)?;
        let workouts = rows.into_iter().map(|row| row.workout).collect();
        Some((Ok(workouts), Some((shards, clock, key, Some(next)))))
    })
    .boxed_local()
}

fn csv_rows(page: &[StoredWorkout]) -> Result<String, String> {
    let mut rows = String::new();
    for stored in page {
        let workout = stored.document().map_err(|error| error.to_string())?;
        let name_of = |slug: &str| match stored.own_exercises.get(slug) {
            Some(custom) => custom.name.clone(),
            None => Exercise::find(slug).map_or(slug, |exercise| exercise.name).to_owned(),
        };
        rows.push_str(&hevy_rows(&workout, name_of));
    }
    Ok(rows)
}

/// Workouts as entered, with the body weight of their volume. `is_continued` adds a comma before the
/// first.
fn items(page: &[StoredWorkout], is_continued: bool) -> Result<String, String> {
    let mut text = String::new();
    for (index, stored) in page.iter().enumerate() {
        let mut workout = stored.document().map_err(|error| error.to_string())?;
        workout.body_weight_kg = stored.body_weight_grams.map(Grams::kg);
        workout.last_set_id = 0;
        if is_continued || index > 0 {
            text.push(',');
        }
        text.push_str(&item(&workout, &stored.own_exercises).map_err(|error| error.to_string())?);
    }
    Ok(text)
}

/// A workout with its custom exercises as they were when it was saved.
fn item(workout: &Workout, custom: &CustomExercises) -> Result<String, serde_json::Error> {
    if custom.is_empty() {
        return serde_json::to_string(workout);
    }
    let custom = custom.iter().map(|(slug, definition)| custom_exercise(slug, definition));
    let custom = custom.collect::<Result<Vec<_>, _>>()?;
    let mut value = serde_json::to_value(workout)?;
    if let Value::Object(fields) = &mut value {
        fields.insert("own_exercises".to_owned(), json!(custom));
    }
    Ok(value.to_string())
}

fn custom_exercise(
    slug: &str,
    definition: &ExerciseDefinition,
) -> Result<Value, serde_json::Error> {
    let mut value = serde_json::to_value(definition)?;
    if let Value::Object(fields) = &mut value {
        fields.insert("slug".to_owned(), json!(slug));
    }
    Ok(value)
}
