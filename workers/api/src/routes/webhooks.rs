//! Webhook endpoints and their deliveries.

use crate::endpoints::{webhook_deliveries, webhook_replay, webhooks};
use crate::route::{Section, delete, get, patch, post};
use contract::ProblemCode;

/// The sections of this group.
pub fn sections() -> Vec<Section> {
    vec![endpoints(), deliveries()]
}

fn endpoints() -> Section {
    Section::new(
        "Webhook endpoints",
        "An endpoint receives the events of one athlete, of all types or of some.",
        vec![
            get("/v1/webhooks", webhooks::list, "List webhook endpoints"),
            post("/v1/webhooks", webhooks::post, "Create a webhook endpoint")
                .describe(
                    "`secret` is shown this once: it verifies the signatures of all deliveries. Without \
                     `event_types` the endpoint receives all types, also those of later versions. At most \
                     20 endpoints.",
                )
                .problems(&[ProblemCode::LimitReached, ProblemCode::NotConfigured]),
            get(
                "/v1/webhooks/event-types",
                webhooks::event_types,
                "List the types of webhook events",
            )
            .describe("Each with its JSON Schema and an example."),
            get("/v1/webhooks/{id}", webhooks::get, "Read a webhook endpoint"),
            patch("/v1/webhooks/{id}", webhooks::patch, "Change a webhook endpoint")
                .describe("Absent fields stay as they are."),
            delete("/v1/webhooks/{id}", webhooks::delete, "Delete a webhook endpoint")
                .describe("With its deliveries; those that wait are not sent."),
            post(
                "/v1/webhooks/{id}/rotate-secret",
                webhooks::rotate_secret,
                "Rotate the secret of an endpoint",
            )
            .describe("The old secret signs beside the new one for 24 hours.")
            .problems(&[
                ProblemCode::LimitReached,
                ProblemCode::ConcurrentChange,
                ProblemCode::NotConfigured,
            ]),
            post("/v1/webhooks/{id}/test", webhook_deliveries::test, "Send a test to an endpoint")
                .describe("Sends a `test` event at once, whatever types the endpoint has.")
                .problems(&[ProblemCode::EndpointDisabled, ProblemCode::LimitReached]),
            post(
                "/v1/webhooks/{id}/replay",
                webhook_replay::post,
                "Replay what an endpoint has missed",
            )
            .describe(
                "Sends the events since a time that the endpoint has not received: also those of a time \
                 in which it was disabled or did not exist. They are rebuilt from current workouts and \
                 from the inbox, with the `webhook-id` of the original delivery. One page at a time: \
                 repeat the request with `next_cursor`. When 1,000 deliveries wait, it is 409 until the \
                 receiver has caught up.",
            )
            .problems(&[
                ProblemCode::EndpointDisabled,
                ProblemCode::LimitReached,
                ProblemCode::InvalidCursor,
            ]),
        ],
    )
}

fn deliveries() -> Section {
    Section::new(
        "Webhook deliveries",
        "The log of an endpoint: each event addressed to it, with the attempts and the receiver's responses.",
        vec![
            get("/v1/webhooks/{id}/deliveries", webhook_deliveries::list, "List deliveries")
                .describe("The newest first.")
                .problems(&[ProblemCode::InvalidCursor]),
            post(
                "/v1/webhooks/{id}/deliveries/retry",
                webhook_deliveries::retry_all,
                "Retry failed deliveries",
            )
            .describe(
                "Makes the deliveries due now that failed, and those that wait for a retry in more than \
                 a minute.",
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
        ],
    )
}
