//! The calls of operators, and the health of the api.

use crate::endpoints::{
    athletes, dead_letter_actions, dead_letters, email_confirmation, health, pipeline, queues,
};
use crate::route::{Section, delete, get, post};
use contract::ProblemCode;

/// The sections of this group.
pub fn sections() -> Vec<Section> {
    vec![athletes(), dead_letters(), pipeline()]
}

fn athletes() -> Section {
    Section::new(
        "Athletes",
        "Operators create athletes, and can make and delete their keys.",
        vec![
            post("/v1/admin/athletes", athletes::post, "Create an athlete").describe(
                "`api_key` is the first key, with both scopes; it is shown this once. \
                 `email_confirmed` is true when the operator vouches for the address.",
            ),
            post("/v1/admin/athletes/{id}/keys", athletes::post_key, "Create a key for an athlete")
                .describe("With both scopes, without an expiry. It is shown this once."),
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
        ],
    )
}

fn dead_letters() -> Section {
    Section::new(
        "Dead letters",
        "Messages that failed permanently or exhausted their retries, with their reasons. After the cause is \
             fixed they are redriven: sent to their queue again. Those that are garbage are discarded.",
        vec![
            get("/v1/admin/dead-letters", dead_letters::list, "List dead letters")
                .describe("The newest first.")
                .problems(&[ProblemCode::InvalidCursor]),
            get("/v1/admin/dead-letters/groups", dead_letters::groups, "Group dead letters")
                .describe("By queue, event type and reason, without the numbers and ids in reasons."),
            post(
                "/v1/admin/dead-letters/redrive",
                dead_letter_actions::redrive,
                "Redrive dead letters",
            )
            .describe(
                "Those with the ids, or those that the filter selects, the oldest first. A repeated \
                 event changes nothing that is done already.",
            ),
            post(
                "/v1/admin/dead-letters/discard",
                dead_letter_actions::discard,
                "Discard dead letters",
            )
            .describe("They are kept with the status `discarded`; only `force` redrives them."),
            get("/v1/admin/dead-letters/{id}", dead_letters::get, "Read a dead letter"),
            post(
                "/v1/admin/dead-letters/{id}/redrive",
                dead_letter_actions::redrive_one,
                "Redrive a dead letter",
            )
            .describe("With `body`, sends the corrected text in place of the stored one.")
            .problems(&[ProblemCode::Conflict]),
            get("/v1/admin/actions", dead_letter_actions::list, "List the actions of operators")
                .describe("Redrives and discards, the newest first."),
        ],
    )
}

fn pipeline() -> Section {
    Section::new(
        "Pipeline",
        "The state of the queues and of the api.",
        vec![
            get("/v1/admin/pipeline", pipeline::get, "Read the state of the pipeline").describe(
                "Handled, retried and dead-lettered messages of the last minutes by queue and type, their \
                 latencies, and the work that waits.",
            ),
            post(
                "/v1/admin/queues/{queue}/messages",
                queues::post,
                "Send a message to a queue",
            )
            .describe("Sends the body unchanged. For drills with garbage, old events and duplicates."),
            get("/healthz", health::get, "Check the health")
                .describe("Reads nothing from the database."),
        ],
    )
}
