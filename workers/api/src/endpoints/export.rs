//! The athlete's workouts, newest first, as CSV in Hevy's columns or as JSON that can be imported. `from`
//! and `to` select days, because imports have limits. The body is streamed by page: a history may exceed
//! the memory.

use crate::call::AthleteCall;
use crate::error::ApiResult;
use crate::extract::Query;
use crate::import::export::{EXPORT_FORMAT, EXPORT_VERSION};
use chrono::NaiveDate;
use contract::exercises as models;
use contract::imports::{ExportFormat, ExportOptions, ExportedWorkout};
use futures_util::StreamExt;
use futures_util::stream::{self, LocalBoxStream};
use interchange::{hevy_header, hevy_rows};
use platform::Clock;
use platform::http::{Response, chunked, set_header};
use std::rc::Rc;
use storage::workouts::{self, ListedWorkout, StoredWorkout, WorkoutPosition, WorkoutQuery};
use storage::{KeyProof, Rejection, Shards, exercises};
use training::{CustomExercises, Exercise, Grams};

/// Workouts of a page, at most: about 300 KB. Storage ends a page of long ones early.
const PAGE: i64 = 100;

/// Streams the workouts. A failed read aborts the response, so that no client takes an incomplete history
/// for a complete one.
///
/// 1. read (await) the custom exercises: they have their current names in every workout;
/// 2. read (await) each page when the one before is sent. A retry reads again.
pub async fn get(
    call: AthleteCall,
    Query(ExportOptions { format, from, to }): Query<ExportOptions>,
) -> ApiResult<Response> {
    super::workouts::require_order(from, to)?;
    let custom = exercises::list(call.database(), &call.key).await?;
    let current: CustomExercises = custom.into_iter().map(|c| (c.slug, c.definition)).collect();
    let days = (from.map(|day| day.0), to.map(|day| day.0));
    let app = &call.app;
    let pages = pages(app.shards.clone(), Rc::clone(&app.clock), call.key.clone(), days);
    let (name, mut response) = match format {
        ExportFormat::Csv => {
            let rows = pages.map(move |page| page.and_then(|page| csv_rows(&page, &current)));
            let body = stream::once(async { Ok(hevy_header()) }).chain(rows);
            ("bulktrack.csv", chunked("text/csv; charset=utf-8", body.boxed_local()))
        }
        ExportFormat::Json => {
            let head = format!(
                "{{\"format\":\"{EXPORT_FORMAT}\",\"version\":{EXPORT_VERSION},\
                 \"exercises\":{},\"workouts\":[",
                serde_json::to_string(&custom_exercises(&current))?
            );
            let items = pages
                .enumerate()
                .map(move |(index, page)| page.and_then(|page| items(&page, &current, index > 0)));
            let tail = stream::once(async { Ok("]}\n".to_owned()) });
            let body = stream::once(async { Ok(head) }).chain(items).chain(tail);
            ("bulktrack.json", chunked("application/json", body.boxed_local()))
        }
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
        let last = rows.items.last().map(ListedWorkout::position)?;
        let next = rows.has_more.then_some((shards, clock, key, Some(last)));
        let workouts = rows.items.into_iter().map(|row| row.workout).collect();
        Some((Ok(workouts), next))
    })
    .boxed_local()
}

fn csv_rows(page: &[StoredWorkout], current: &CustomExercises) -> Result<String, String> {
    let mut rows = String::new();
    for stored in page {
        let workout = stored.document().map_err(|error| error.to_string())?;
        let name_of = |slug: &str| match current.get(slug).or(stored.own_exercises.get(slug)) {
            Some(custom) => custom.name.clone(),
            None => Exercise::find(slug).map_or(slug, |exercise| exercise.name).to_owned(),
        };
        rows.push_str(&hevy_rows(workout, name_of));
    }
    Ok(rows)
}

/// Workouts as entered, with the body weight of their volume. `is_continued` adds a comma before the
/// first.
fn items(
    page: &[StoredWorkout],
    current: &CustomExercises,
    is_continued: bool,
) -> Result<String, String> {
    let mut text = String::new();
    for (index, stored) in page.iter().enumerate() {
        if is_continued || index > 0 {
            text.push(',');
        }
        text.push_str(&item(stored, current).map_err(|error| error.to_string())?);
    }
    Ok(text)
}

/// A workout with the definitions of its custom exercises that count, under their current names.
fn item(stored: &StoredWorkout, current: &CustomExercises) -> Result<String, serde_json::Error> {
    let document = stored.document()?.clone();
    let mut custom = stored.own_exercises.clone();
    for (slug, definition) in &mut custom {
        if let Some(current) = current.get(slug) {
            definition.name.clone_from(&current.name);
            definition.aliases.clone_from(&current.aliases);
        }
    }
    serde_json::to_string(&ExportedWorkout {
        title: document.title,
        notes: document.notes,
        started_at: document.started_at,
        ended_at: document.ended_at,
        body_weight_kg: stored.body_weight_grams.map(Grams::kg),
        exercises: document.exercises,
        own_exercises: custom_exercises(&custom),
    })
}

fn custom_exercises(custom: &CustomExercises) -> Vec<models::Exercise> {
    let copies = custom.iter().map(|(slug, definition)| (slug.clone(), definition.clone()));
    copies.map(|(slug, definition)| models::Exercise::custom(slug, definition)).collect()
}
