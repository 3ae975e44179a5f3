//! GET and POST /v1/unsubscribe?token: the link in an email, which ends the emails of its kind without
//! a login.
//!
//! A GET changes nothing, because email scanners follow links. The POST does, from the page's button
//! or from an email client (RFC 8058: its body `List-Unsubscribe=One-Click` is ignored).

use super::link_page::page;
use crate::app::App;
use crate::call::PublicCall;
use crate::error::ApiResult;
use crate::extract::Query;
use crate::reply::HtmlPage;
use contract::ProblemCode;
use contract::me::LinkToken;
use shared_kernel::{AthleteId, NotificationKind};
use storage::athletes;

/// Returns the page with the button. Reads (await) whether the athlete exists.
pub async fn get(call: PublicCall, Query(link): Query<LinkToken>) -> ApiResult<HtmlPage> {
    let (athlete_id, kind) = verify_link(&call.app, &link)?;
    if !athletes::exists(call.app.shards.for_athlete(athlete_id), athlete_id).await? {
        return Err(ProblemCode::NotFound.into());
    }
    let name = name(kind);
    Ok(page(&format!(
        "<h1>Stop these emails?</h1>\n\
         <p>You will get no more emails of the kind \u{201c}{name}\u{201d}. The notifications stay in your inbox in the app.</p>\n\
         <form method=\"post\"><button>Stop emails of this kind</button></form>"
    )))
}

/// Ends the emails (await). A retry changes nothing.
pub async fn post(call: PublicCall, Query(link): Query<LinkToken>) -> ApiResult<HtmlPage> {
    let (athlete_id, kind) = verify_link(&call.app, &link)?;
    athletes::disable_emails(call.app.shards.for_athlete(athlete_id), athlete_id, kind).await?;
    let (name, key) = (name(kind), kind.as_str());
    Ok(page(&format!(
        "<h1>Done</h1>\n\
         <p>You will get no more emails of the kind \u{201c}{name}\u{201d}.</p>\n\
         <p>To get them again, turn on email for this kind in the app, or send \
         <code>{{\"notifications\": {{\"{key}\": {{\"email\": true}}}}}}</code> with PUT /v1/me.</p>"
    )))
}

/// Verifies the link's token. An invalid link, or a deployment without the key, is 404.
fn verify_link(app: &App, link: &LinkToken) -> ApiResult<(AthleteId, NotificationKind)> {
    let key = app.link_key.as_ref().ok_or(ProblemCode::NotFound)?;
    Ok(key.verify_unsubscribe(&link.token).ok_or(ProblemCode::NotFound)?)
}

fn name(kind: NotificationKind) -> String {
    kind.as_str().replace('_', " ")
}
