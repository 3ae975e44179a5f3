//! The table of routes: every call of the API. Its order is that of the reference.

use crate::call::{AthleteCall, Caller};
use crate::endpoints::{
    athletes, body_weights, daily_volume, dead_letter_actions, dead_letters, email_confirmation,
    exercises, export, health, imports, keys, me, notification_stream, notifications, patterns,
    pipeline, progress, queues, records, sets, unsubscribe, webhook_deliveries, webhook_replay,
    webhooks, weekly_volume, workouts,
};
use crate::extract::{Input, Path, Query};
use crate::reply::Output;
use crate::route::{Handler, Route};
use contract::ProblemCode;
use contract::queries::{ExerciseSearch, ExportFilter, ImportOptions};
use platform::http::Method;
use uuid::Uuid;

/// The longest imported file, in bytes (5 MB is common among similar apps; here 5 MiB).
pub const IMPORT_BYTES_MAX: usize = 5 * 1024 * 1024;

/// All routes.
#[expect(clippy::too_many_lines, reason = "one table")]
pub fn routes() -> Vec<Route> {
    vec![
        get("/healthz", health::get, "Health"),
        get("/v1/unsubscribe", unsubscribe::get, "Show the page that ends emails of a kind"),
        post("/v1/unsubscribe", unsubscribe::post, "End emails of a kind"),
        get(
            "/v1/email/confirm",
            email_confirmation::page_of_link,
            "Show the page that confirms an email address",
        ),
        post("/v1/email/confirm", email_confirmation::confirm, "Confirm an email address"),
        get("/v1/workouts", workouts::list, "List workouts"),
        post("/v1/workouts", workouts::post, "Post a workout"),
        get("/v1/workouts/events", workouts::changes, "List changed workouts"),
        get("/v1/workouts/{id}", workouts::get, "Read a workout"),
        put("/v1/workouts/{id}", workouts::put, "Replace a workout"),
        delete("/v1/workouts/{id}", workouts::delete, "Delete a workout"),
        post("/v1/workouts/{id}/sets", sets::post, "Log a set"),
        put("/v1/workouts/{id}/sets/{set_id}", sets::put, "Correct a set"),
        delete("/v1/workouts/{id}/sets/{set_id}", sets::delete, "Delete a set"),
        post("/v1/workouts/{id}/complete", sets::complete, "Complete a workout"),
        get(
            "/v1/exercises",
            |call: AthleteCall, _: Query<ExerciseSearch>| async move {
                exercises::list(&call.app, &call, &call.key).await
            },
            "Search exercises",
        ),
        post(
            "/v1/exercises",
            |call: AthleteCall, (): ()| async move {
                exercises::post(&call.app, &call, &call.key).await
            },
            "Create a custom exercise",
        ),
        get(
            "/v1/exercises/{slug}",
            |call: AthleteCall, Path(id): Path<String>| async move {
                exercises::get(&call.app, &call.key, &id).await
            },
            "Read an exercise",
        ),
        put(
            "/v1/exercises/{slug}",
            |call: AthleteCall, Path(id): Path<String>| async move {
                exercises::put(&call.app, &call, &call.key, &id).await
            },
            "Change a custom exercise",
        ),
        delete(
            "/v1/exercises/{slug}",
            |call: AthleteCall, Path(id): Path<String>| async move {
                exercises::delete(&call.app, &call.key, &id).await
            },
            "Delete a custom exercise",
        ),
        get("/v1/exercises/{slug}/progress", progress::get, "Read the progress of an exercise"),
        get("/v1/volume/daily", daily_volume::get, "Read the volume of days"),
        get("/v1/volume/weekly", weekly_volume::get, "Read the volume of weeks"),
        get("/v1/records", records::get, "List personal records"),
        get("/v1/patterns", patterns::list, "List training patterns"),
        get("/v1/recommendations", patterns::recommendations, "List recommendations"),
        get("/v1/reports/weekly", patterns::weekly_report, "Read a weekly report"),
        post(
            "/v1/imports",
            |call: AthleteCall, _: Query<ImportOptions>| async move {
                imports::post(&call.app, &call, &call.key).await
            },
            "Import a training log",
        )
        .body_bytes_max(IMPORT_BYTES_MAX),
        get(
            "/v1/imports/{id}",
            |call: AthleteCall, Path(id): Path<Uuid>| async move {
                imports::get(&call.app, &call.key, id).await
            },
            "Read an import",
        ),
        put(
            "/v1/imports/{id}/mapping",
            |call: AthleteCall, Path(id): Path<Uuid>| async move {
                imports::put_mapping(&call.app, &call, &call.key, id).await
            },
            "Map the exercise names of an import",
        ),
        get(
            "/v1/export",
            |call: AthleteCall, _: Query<ExportFilter>| async move { export::get(&call.app, &call, &call.key).await },
            "Export workouts",
        ),
        get("/v1/me", me::get, "Read the profile"),
        put("/v1/me", me::put, "Change the profile"),
        delete("/v1/me", me::delete, "Delete the account"),
        post(
            "/v1/me/email/confirmation",
            email_confirmation::request,
            "Send the link that confirms the email address",
        )
        .describe(
            "Only a confirmed address receives emails. The link is valid for 3 days. At most 5 links a \
             day (UTC).",
        )
        .problems(&[ProblemCode::EmailNotConfirmable]),
        get("/v1/me/body-weights", body_weights::list, "List body weights"),
        get("/v1/me/body-weights/{date}", body_weights::get, "Read the body weight of a day"),
        put("/v1/me/body-weights/{date}", body_weights::put, "Set the body weight of a day")
            .describe(
                "It holds until the day of the next one, and counts for workouts saved from now on. The \
                 day is between 1970-01-01 and today.",
            )
            .problems(&[ProblemCode::InvalidParameter]),
        delete(
            "/v1/me/body-weights/{date}",
            body_weights::delete,
            "Delete the body weight of a day",
        ),
        get("/v1/keys", keys::list, "List API keys"),
        post("/v1/keys", keys::post, "Create an API key")
            .describe(
                "The key is shown this once. A key with the scope `read` can send GET requests only; \
                 `write` is for all others. At most 100 live keys.",
            )
            .problems(&[ProblemCode::LimitReached, ProblemCode::InsufficientScope]),
        delete("/v1/keys/{id}", keys::delete, "Delete an API key"),
        get("/v1/notifications", notifications::list, "List notifications"),
        get("/v1/notifications/stream", notification_stream::get, "Stream notifications")
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
        get("/v1/webhooks", webhooks::list, "List webhook endpoints"),
        post("/v1/webhooks", webhooks::post, "Create a webhook endpoint")
            .problems(&[ProblemCode::LimitReached, ProblemCode::NotConfigured]),
        get("/v1/webhooks/event-types", webhooks::event_types, "List the types of webhook events"),
        get("/v1/webhooks/{id}", webhooks::get, "Read a webhook endpoint"),
        patch("/v1/webhooks/{id}", webhooks::patch, "Change a webhook endpoint"),
        delete("/v1/webhooks/{id}", webhooks::delete, "Delete a webhook endpoint"),
        post(
            "/v1/webhooks/{id}/rotate-secret",
            webhooks::rotate_secret,
            "Rotate the secret of an endpoint",
        )
        .problems(&[
            ProblemCode::LimitReached,
            ProblemCode::ConcurrentChange,
            ProblemCode::NotConfigured,
        ]),
        post("/v1/webhooks/{id}/test", webhook_deliveries::test, "Send a test to an endpoint")
            .problems(&[ProblemCode::EndpointDisabled, ProblemCode::LimitReached]),
        post(
            "/v1/webhooks/{id}/replay",
            webhook_replay::post,
            "Replay what an endpoint has missed",
        )
        .describe(
            "Sends the events since a time that the endpoint has not received: also those of a time in \
             which it was disabled or did not exist. They are rebuilt from current workouts and from the \
             inbox, with the `webhook-id` of the original delivery. One page at a time: repeat the request \
             with `next_cursor`. When 1,000 deliveries wait, it is 409 until the receiver has caught up.",
        )
        .problems(&[
            ProblemCode::EndpointDisabled,
            ProblemCode::LimitReached,
            ProblemCode::InvalidCursor,
        ]),
        get("/v1/webhooks/{id}/deliveries", webhook_deliveries::list, "List deliveries")
            .problems(&[ProblemCode::InvalidCursor]),
        post(
            "/v1/webhooks/{id}/deliveries/retry",
            webhook_deliveries::retry_all,
            "Retry failed deliveries",
        )
        .describe(
            "Makes the deliveries due now that failed, and those that wait for a retry in more than a minute.",
        )
        .problems(&[ProblemCode::EndpointDisabled]),
        get(
            "/v1/webhooks/{id}/deliveries/{delivery_id}",
            webhook_deliveries::get,
            "Read a delivery",
        ),
        post(
            "/v1/webhooks/{id}/deliveries/{delivery_id}/retry",
            webhook_deliveries::retry,
            "Retry a delivery",
        )
        .problems(&[ProblemCode::EndpointDisabled]),
        post("/v1/admin/athletes", athletes::post, "Create an athlete"),
        post("/v1/admin/athletes/{id}/keys", athletes::post_key, "Create a key for an athlete"),
        delete(
            "/v1/admin/athletes/{id}/keys/{key_id}",
            athletes::delete_key,
            "Delete a key of an athlete",
        ),
        post(
            "/v1/admin/athletes/{id}/email/confirmation",
            email_confirmation::vouch,
            "Confirm the email address of an athlete",
        )
        .problems(&[ProblemCode::EmailNotConfirmable]),
        get("/v1/admin/dead-letters", dead_letters::list, "List dead letters"),
        get("/v1/admin/dead-letters/groups", dead_letters::groups, "Group dead letters"),
        post(
            "/v1/admin/dead-letters/redrive",
            dead_letter_actions::redrive,
            "Redrive dead letters",
        ),
        post(
            "/v1/admin/dead-letters/discard",
            dead_letter_actions::discard,
            "Discard dead letters",
        ),
        get("/v1/admin/dead-letters/{id}", dead_letters::get, "Read a dead letter"),
        post(
            "/v1/admin/dead-letters/{id}/redrive",
            dead_letter_actions::redrive_one,
            "Redrive a dead letter",
        )
        .problems(&[ProblemCode::Conflict]),
        get("/v1/admin/actions", dead_letter_actions::list, "List the actions of operators"),
        get("/v1/admin/pipeline", pipeline::get, "Read the state of the pipeline"),
        post("/v1/admin/queues/{queue}/messages", queues::post, "Send a message to a queue"),
    ]
}

macro_rules! methods {
    ($($name:ident $method:ident;)*) => {$(
        fn $name<C: Caller, I: Input, O: Output + 'static>(
            path: &'static str,
            handler: impl Handler<C, I, O>,
            summary: &'static str,
        ) -> Route {
            Route::new(Method::$method, path, handler, summary)
        }
    )*};
}

methods! {
    get GET;
    post POST;
    put PUT;
    patch PATCH;
    delete DELETE;
}
