//! /v1/me/exercise-names: what the names of other apps stand for, as the athlete has mapped them.

use super::imports::require_known_targets;
use crate::call::AthleteCall;
use crate::error::ApiResult;
use crate::extract::Json;
use crate::import::definitions::Definitions;
use crate::import::mapping::ExerciseNames;
use crate::reply::Reply;
use contract::Checks;
use contract::imports::ImportMapping;
use storage::{exercise_names, exercises};

/// GET /v1/me/exercise-names.
pub async fn get(call: AthleteCall, (): ()) -> ApiResult<Reply<ImportMapping>> {
    let mapping = exercise_names::list(call.database(), &call.key).await?;
    Ok(Reply::new(ImportMapping { mapping }))
}

/// PUT /v1/me/exercise-names: replaces all mapped names.
///
/// 1. read (await) the athlete's custom exercises, and check the slugs;
/// 2. replace (await) the names, and read (await) what is stored. A retry changes nothing.
pub async fn put(
    call: AthleteCall,
    Json(ImportMapping { mapping }): Json<ImportMapping>,
) -> ApiResult<Reply<ImportMapping>> {
    let (database, now) = (call.database(), call.app.clock.now());
    let custom = exercises::list(database, &call.key).await?;
    let names = ExerciseNames::new(&custom, &[], &Definitions::default(), mapping.clone());
    require_known_targets(&names, &Checks::new(now, "/mapping"))?;
    exercise_names::replace(database, &call.key, &mapping, now.timestamp_millis()).await?;
    get(call, ()).await
}
