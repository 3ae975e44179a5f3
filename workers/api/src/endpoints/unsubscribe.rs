//! GET and POST /v1/unsubscribe?token: the link in an email, which ends the emails of its kind without
//! a login.
//!
//! A GET changes nothing, because email scanners follow links. The POST does, from the page's button
//! or from an email client (RFC 8058: its body `List-Unsubscribe=One-Click` is ignored).

use crate::app::App;
use crate::call::Call;
use crate::error::ApiResult;
use contract::ProblemCode;
use platform::http::{Response, StatusCode, html, query, set_header};
use shared_kernel::{AthleteId, NotificationKind};
use storage::athletes;

/// No scripts, styles or images; the form posts to this origin only.
const CONTENT_POLICY: &str =
    "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Returns the page with the button. Reads (await) whether the athlete exists.
pub async fn get(app: &App, call: &Call) -> ApiResult {
    let (athlete_id, kind) = verify_link(app, call)?;
    if !athletes::exists(app.shards.for_athlete(athlete_id), athlete_id).await? {
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
pub async fn post(app: &App, call: &Call) -> ApiResult {
    let (athlete_id, kind) = verify_link(app, call)?;
    athletes::disable_emails(app.shards.for_athlete(athlete_id), athlete_id, kind).await?;
    let (name, key) = (name(kind), kind.as_str());
    Ok(page(&format!(
        "<h1>Done</h1>\n\
         <p>You will get no more emails of the kind \u{201c}{name}\u{201d}.</p>\n\
         <p>To get them again, turn on email for this kind in the app, or send \
         <code>{{\"notifications\": {{\"{key}\": {{\"email\": true}}}}}}</code> with PUT /v1/me.</p>"
    )))
}

/// Verifies the link's token. An invalid link, or a deployment without the key, is 404.
fn verify_link(app: &App, call: &Call) -> ApiResult<(AthleteId, NotificationKind)> {
    let key = app.link_key.as_ref().ok_or(ProblemCode::NotFound)?;
    let token = query(&call.request, "token").ok_or(ProblemCode::NotFound)?;
    Ok(key.verify_unsubscribe(&token).ok_or(ProblemCode::NotFound)?)
}

fn name(kind: NotificationKind) -> String {
    kind.as_str().replace('_', " ")
}

/// A standalone page. `content` has names of kinds only, no user input, and is not escaped.
fn page(content: &str) -> Response {
    let mut response = html(
        StatusCode::OK,
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width\">\
             <title>Bulktrack emails</title></head>\n<body>\n{content}\n</body>\n</html>\n"
        ),
    );
    set_header(&mut response, "content-security-policy", CONTENT_POLICY);
    response
}
