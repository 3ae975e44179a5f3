//! Athletes and their keys, for operators. The response that creates a key shows it, and no other.

use crate::auth::new_key;
use crate::call::OperatorCall;
use crate::error::ApiResult;
use crate::extract::{Json, Path};
use crate::reply::{Created, NoContent, Reply};
use contract::athletes::{CreatedAthlete, IssuedKey, NewAthlete};
use platform::clock::new_uuid;
use shared_kernel::AthleteId;
use storage::{athletes, keys};

/// POST /v1/admin/athletes: stores an athlete with a key (await). When only the response is lost, the
/// athlete stays without a known key.
pub async fn post(
    call: OperatorCall,
    Json(new): Json<NewAthlete>,
) -> ApiResult<Created<CreatedAthlete>> {
    let app = &call.app;
    let athlete_id = AthleteId(new_uuid(&*app.clock, &*app.entropy));
    let key = new_key(athlete_id, &*app.entropy);
    let athlete = athletes::NewAthlete {
        display_name: new.display_name,
        email: new.email,
        email_confirmed: new.email_confirmed,
    };
    let database = app.shards.for_athlete(athlete_id);
    athletes::create(database, &athlete, &key.key, app.clock.now_ms()).await?;
    Ok(Reply::new(CreatedAthlete { athlete_id, api_key: key.api_key }))
}

/// POST /v1/admin/athletes/{id}/keys: stores a further key (await). When only the response is lost, the
/// key is of no use.
pub async fn post_key(
    call: OperatorCall,
    Path(athlete_id): Path<AthleteId>,
) -> ApiResult<Created<IssuedKey>> {
    let app = &call.app;
    let key = new_key(athlete_id, &*app.entropy);
    keys::issue(app.shards.for_athlete(athlete_id), &key.key, app.clock.now_ms()).await?;
    Ok(Reply::new(IssuedKey { key_id: key.key.key_id, api_key: key.api_key }))
}

/// `DELETE /v1/admin/athletes/{id}/keys/{key_id}` (await). A retry is 404.
pub async fn delete_key(
    call: OperatorCall,
    Path((athlete_id, key_id)): Path<(AthleteId, String)>,
) -> ApiResult<NoContent> {
    let database = call.app.shards.for_athlete(athlete_id);
    keys::revoke_by_operator(database, athlete_id, &key_id, call.app.clock.now_ms()).await?;
    Ok(NoContent)
}
