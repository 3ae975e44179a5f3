//! GET and POST /v1/unsubscribe?token: a mail's link, which ends mails of its kind without a login.
//!
//! A GET changes nothing, because whatever scans mails follows their links; the POST does, whether
//! it comes from the page's button or from a mail program (RFC 8058: its body is
//! `List-Unsubscribe=One-Click`, and nothing in it is needed).

use crate::app::{App, Call};
use crate::error::ApiError;
use platform::http::{Response, StatusCode, html, query, set_header};
use shared_kernel::{AthleteId, NotificationKind};
use storage::athletes;

/// No script, no style, no picture; the form goes nowhere else.
const CONTENT_POLICY: &str =
    "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The page with the button. Reads (await) whether there is such an athlete.
pub async fn get(app: &App, call: &Call<'_>) -> Result<Response, ApiError> {
    let (athlete_id, kind) = whom_and_what(app, call)?;
    if !athletes::exists(app.shards.for_athlete(athlete_id), athlete_id).await? {
        return Err(ApiError::NotFound);
    }
    let name = name(kind);
    Ok(page(&format!(
        "<h1>Stop these mails?</h1>\n\
         <p>You will get no more mails of the kind \u{201c}{name}\u{201d}. The news stays in your inbox in the app.</p>\n\
         <form method=\"post\"><button>Stop mails of this kind</button></form>"
    )))
}

/// Ends the mails (await). A repeat changes nothing.
pub async fn post(app: &App, call: &Call<'_>) -> Result<Response, ApiError> {
    let (athlete_id, kind) = whom_and_what(app, call)?;
    athletes::disable_emails(app.shards.for_athlete(athlete_id), athlete_id, kind).await?;
    let (name, key) = (name(kind), kind.as_str());
    Ok(page(&format!(
        "<h1>Done</h1>\n\
         <p>You get no more mails of the kind \u{201c}{name}\u{201d}.</p>\n\
         <p>To have them again, switch mail on for this kind in the app, or send \
         <code>{{\"notifications\": {{\"{key}\": {{\"email\": true}}}}}}</code> with PUT /v1/me.</p>"
    )))
}

/// A link that is not ours, or of a deployment without the key, leads nowhere.
fn whom_and_what(app: &App, call: &Call<'_>) -> Result<(AthleteId, NotificationKind), ApiError> {
    let key = app.unsubscribe_key.as_ref().ok_or(ApiError::NotFound)?;
    let token = query(call.request, "token").ok_or(ApiError::NotFound)?;
    key.verify(&token).ok_or(ApiError::NotFound)
}

fn name(kind: NotificationKind) -> String {
    kind.as_str().replace('_', " ")
}

/// A page by itself. What stands in it is ours: names of kinds, nothing that anybody entered.
fn page(content: &str) -> Response {
    let mut response = html(
        StatusCode::OK,
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width\">\
             <title>Bulktrack mails</title></head>\n<body>\n{content}\n</body>\n</html>\n"
        ),
    );
    set_header(&mut response, "content-security-policy", CONTENT_POLICY);
    response
}
