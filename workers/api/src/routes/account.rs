//! The athlete's account: keys, profile and notifications.

use crate::endpoints::{
    body_weights, email_confirmation, keys, me, notification_stream, notifications, unsubscribe,
};
use crate::route::{Section, delete, get, post, put};
use contract::ProblemCode;

/// The sections of this group.
pub fn sections() -> Vec<Section> {
    vec![keys(), profile(), notifications(), links()]
}

fn keys() -> Section {
    Section::new(
        "API keys",
        "An athlete can have a key for each app, with the scopes that the app needs. A key is shown once, \
             when it is made.",
        vec![
            get("/v1/keys", keys::list, "List API keys").describe("The live keys, without secrets."),
            post("/v1/keys", keys::post, "Create an API key")
                .describe(
                    "The key is `api_key`; it is shown this once. The new key cannot have a scope that \
                     the caller's key lacks. At most 100 live keys.",
                )
                .problems(&[ProblemCode::LimitReached, ProblemCode::InsufficientScope]),
            delete("/v1/keys/{id}", keys::delete, "Delete an API key")
                .describe("It is rejected from then on, also when it is the key of this request."),
        ],
    )
}

fn profile() -> Section {
    Section::new(
        "Profile",
        "The athlete's units, time zone, landmarks, body weights and choices of notifications.",
        vec![
            get("/v1/me", me::get, "Read the profile"),
            put("/v1/me", me::put, "Change the profile").describe(
                "Absent fields stay as they are. Another email address must be confirmed before it \
                 receives emails.",
            ),
            delete("/v1/me", me::delete, "Delete the account")
                .describe("Deletes the athlete with all data and keys. This cannot be undone."),
            post(
                "/v1/me/email/confirmation",
                email_confirmation::request,
                "Send the link that confirms the email address",
            )
            .describe(
                "Only a confirmed address receives emails. The link is valid for 3 days. At most 5 links a \
                 day (UTC).",
            )
            .problems(&[ProblemCode::EmailNotConfirmable, ProblemCode::LimitReached]),
            get("/v1/me/body-weights", body_weights::list, "List body weights"),
            get("/v1/me/body-weights/{date}", body_weights::get, "Read the body weight of a day"),
            put("/v1/me/body-weights/{date}", body_weights::put, "Set the body weight of a day")
                .describe(
                    "It holds until the day of the next one, and counts for workouts saved from now on. \
                     The day is between 1970-01-01 and today.",
                )
                .problems(&[ProblemCode::InvalidParameter]),
            delete(
                "/v1/me/body-weights/{date}",
                body_weights::delete,
                "Delete the body weight of a day",
            ),
        ],
    )
}

fn notifications() -> Section {
    Section::new(
        "Notifications",
        "The inbox of the athlete. The profile determines which kinds are also sent by email and webhook.",
        vec![
            get("/v1/notifications", notifications::list, "List notifications")
                .describe("The newest first.")
                .problems(&[ProblemCode::InvalidCursor]),
            get("/v1/notifications/stream", notification_stream::get, "Stream notifications")
                .describe(
                    "Server-sent events: `notification` events with the JSON of a notification as data, \
                     and comments that keep the connection open. It begins after `last_event_id`, or \
                     now without it; `last_id` of the list is such a position. The server ends the \
                     stream after five minutes: reconnect with `Last-Event-ID`, as `EventSource` does. For a \
                     position that the server does not know it sends the event `reset`: read the list.",
                )
                .produces(200, &["text/event-stream"]),
            post(
                "/v1/notifications/read-all",
                notifications::mark_all_read,
                "Mark all notifications as read",
            ),
            post(
                "/v1/notifications/{id}/read",
                notifications::mark_read,
                "Mark a notification as read",
            ),
        ],
    )
}

fn links() -> Section {
    Section::new(
        "Links in emails",
        "Pages for people, to which links in emails lead. The token of the link is the permission.",
        vec![
            get("/v1/unsubscribe", unsubscribe::get, "Show the page that ends emails of a kind")
                .describe("Changes nothing: its button sends the POST.")
                .problems(&[ProblemCode::NotFound]),
            post("/v1/unsubscribe", unsubscribe::post, "End emails of a kind")
                .problems(&[ProblemCode::NotFound]),
            get(
                "/v1/email/confirm",
                email_confirmation::page_of_link,
                "Show the page that confirms an email address",
            )
            .describe("Changes nothing: its button sends the POST.")
            .problems(&[ProblemCode::NotFound]),
            post("/v1/email/confirm", email_confirmation::confirm, "Confirm an email address")
                .problems(&[ProblemCode::NotFound]),
        ],
    )
}
