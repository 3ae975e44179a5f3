//! The confirmation of an email address: by a link that is sent to it, or by an operator.

use super::link_page::page;
use crate::app::App;
use crate::call::{AthleteCall, OperatorCall, PublicCall};
use crate::error::ApiResult;
use crate::extract::{Json, Path, Query};
use crate::publisher::confirmation_requested;
use crate::reply::{Accepted, HtmlPage, NoContent, Reply};
use chrono::NaiveTime;
use contract::ProblemCode;
use contract::athletes::VouchedEmail;
use contract::me::{ConfirmationRequested, LinkToken};
use shared_kernel::AthleteId;
use storage::email_confirmation::{self, LINKS_A_DAY_MAX};
use storage::{Rejection, athletes};

/// POST /v1/me/email/confirmation: requests a link to the profile's address.
///
/// 1. count (await) the request against the limit of the UTC day. A retry counts as another one;
/// 2. publish (await): the webhook worker sends the link. Failure: 503, and nothing is sent.
pub async fn request(call: AthleteCall, (): ()) -> ApiResult<Accepted<ConfirmationRequested>> {
    let app = &call.app;
    if !app.has_public_url || app.link_key.is_none() {
        let detail = "this deployment has no public URL for links: an operator confirms addresses";
        return Err(ProblemCode::EmailNotConfirmable.with(detail).into());
    }
    let now = app.clock.now();
    let database = call.database();
    let Some(email) =
        email_confirmation::request_link(database, &call.key, now.date_naive()).await?
    else {
        let day_ends = now.date_naive().succ_opt().unwrap_or_default().and_time(NaiveTime::MIN);
        let detail = format!("{LINKS_A_DAY_MAX} links were requested today (UTC), the maximum");
        let left_s = (day_ends.and_utc() - now).num_seconds() + 1;
        let problem = ProblemCode::RateLimited.with(detail);
        return Err(problem.retry_after_s(u32::try_from(left_s).unwrap_or(0)).into());
    };
    let event = confirmation_requested(call.key.athlete_id, call.id, (now, call.trace));
    app.publisher.publish(&[event]).await?;
    Ok(Reply::new(ConfirmationRequested { email }))
}

/// GET /v1/email/confirm: the page with the button. It changes nothing, because email scanners follow
/// links. Reads (await) the address of the athlete.
pub async fn page_of_link(call: PublicCall, Query(link): Query<LinkToken>) -> ApiResult<HtmlPage> {
    verify_link(&call.app, &link).await?;
    Ok(page(
        "<h1>Confirm this email address?</h1>\n\
         <p>Bulktrack will send emails to it.</p>\n\
         <form method=\"post\"><button>Confirm this address</button></form>",
    ))
}

/// POST /v1/email/confirm, from the page's button.
///
/// 1. read (await) the athlete's address: a link of another one is invalid;
/// 2. confirm (await) it, if it is still the same. A retry changes nothing.
pub async fn confirm(call: PublicCall, Query(link): Query<LinkToken>) -> ApiResult<HtmlPage> {
    let (athlete_id, email) = verify_link(&call.app, &link).await?;
    let database = call.app.shards.for_athlete(athlete_id);
    email_confirmation::confirm(database, athlete_id, &email).await?;
    Ok(page(
        "<h1>Done</h1>\n<p>This email address is confirmed. You choose your notifications in your app.</p>",
    ))
}

/// POST /v1/admin/athletes/{id}/email/confirmation: confirms the athlete's address on an operator's word
/// (await). A retry changes nothing.
pub async fn vouch(
    call: OperatorCall,
    (Path(athlete_id), Json(vouched)): (Path<AthleteId>, Json<VouchedEmail>),
) -> ApiResult<NoContent> {
    let database = call.app.shards.for_athlete(athlete_id);
    match email_confirmation::confirm(database, athlete_id, &vouched.email).await {
        Err(Rejection::NotFound) if athletes::exists(database, athlete_id).await? => {
            let detail = "the athlete's profile has no address, or another one";
            Err(ProblemCode::EmailNotConfirmable.with(detail).into())
        }
        confirmed => Ok(confirmed.map(|()| NoContent)?),
    }
}

/// Verifies the link's token. A link that is invalid, expired or of another address is 404.
async fn verify_link(app: &App, link: &LinkToken) -> ApiResult<(AthleteId, String)> {
    let key = app.link_key.as_ref().ok_or(ProblemCode::NotFound)?;
    let confirmation = key.verify_confirmation(&link.token, app.clock.now());
    let confirmation = confirmation.ok_or(ProblemCode::NotFound)?;
    let athlete_id = confirmation.athlete_id;
    let database = app.shards.for_athlete(athlete_id);
    let address = email_confirmation::address(database, athlete_id).await?;
    let address = address.filter(|address| confirmation.is_of(address));
    Ok((athlete_id, address.ok_or(ProblemCode::NotFound)?))
}
