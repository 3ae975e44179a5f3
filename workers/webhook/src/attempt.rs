//! One attempt of a delivery: what is posted, and what its answer means. Decisions only.

use crate::publisher::DisabledReason;
use platform::{Post, PostAnswer};
use shared_kernel::EventId;
use standard_webhooks::schedule::{self, AttemptOutcome, TIMEOUT_S};
use standard_webhooks::{
    Attempt, EndpointUrl, Environment, MessageId, ReceiverResponse, RetryDecision, SigningKey,
    UrlError, check_url, sign,
};
use storage::webhooks::EndpointKey;
use storage::webhooks::deliveries::{self, DeliveryStatus};
use storage::webhooks::lanes::{Finished, Lane, Taken};

/// So much of an answer is kept, in bytes (ours: enough for what a receiver says of an error).
const ANSWER_BYTES_MAX: usize = 2_048;
/// An answer's body is read for so long, in milliseconds (ours: it is for the log; its status has
/// decided already, and a receiver that drips holds a connection).
const ANSWER_MS_MAX: u32 = 2_000;
/// So much of a reason is kept, in characters.
const ERROR_CHARS_MAX: usize = 300;
/// When an attempt that we could not make is tried again, in seconds (ours: a deployment is mended in
/// minutes).
const OURS_DELAY_S: u32 = 60;
/// How receivers know us.
const USER_AGENT: &str = "Bulktrack-Webhooks/1";

/// An endpoint as attempts need it.
#[derive(Debug)]
pub struct Endpoint {
    /// Which.
    pub key: EndpointKey,
    /// Since when no attempt has succeeded.
    pub failing_since_ms: Option<i64>,
    /// How often its owner has changed what attempts depend on.
    pub generation: i64,
    url: Result<EndpointUrl, UrlError>,
    keys: Result<Vec<SigningKey>, String>,
}

impl Endpoint {
    /// With its keys, opened: it signs with those that open. A URL that was allowed when it was
    /// entered may not be by now: it is checked at each attempt.
    pub fn new(lane: &Lane, keys: &[Result<String, String>], environment: Environment) -> Self {
        let keys = keys.iter().map(|key| {
            let key = key.as_ref().map_err(Clone::clone)?;
            SigningKey::parse(key).map_err(|error| error.to_string())
        });
        let (open, sealed): (Vec<_>, Vec<_>) = keys.partition(Result::is_ok);
        let reason = sealed.into_iter().find_map(Result::err);
        let open: Vec<_> = open.into_iter().flatten().collect();
        Self {
            key: lane.key,
            failing_since_ms: lane.failing_since_ms,
            generation: lane.generation,
            url: check_url(&lane.url, environment),
            keys: reason.filter(|_| open.is_empty()).map_or(Ok(open), Err),
        }
    }

    /// Whom it belongs to, in words for its owner: no path, which may carry a token.
    pub fn origin(&self) -> &str {
        self.url.as_ref().map_or("an address that is not allowed", EndpointUrl::origin)
    }
}

/// Why nothing is posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unsent {
    /// Its URL is not allowed.
    Forbidden(UrlError),
    /// It cannot be signed: our fault.
    Unsigned(String),
}

/// The id that a receiver knows an event by, the same at each attempt.
pub fn message_id(event_id: EventId) -> String {
    format!("msg_{}", event_id.0.simple())
}

/// What is posted.
pub fn post(endpoint: &Endpoint, taken: &Taken, now_ms: i64) -> Result<Post, Unsent> {
    let url = endpoint.url.as_ref().map_err(|error| Unsent::Forbidden(*error))?;
    let keys = endpoint.keys.as_ref().map_err(|error| Unsent::Unsigned(error.clone()))?;
    let ours = |error: &dyn std::fmt::Display| Unsent::Unsigned(error.to_string());
    let id = MessageId::parse(&message_id(taken.event_id)).map_err(|error| ours(&error))?;
    let timestamp_s = u64::try_from(now_ms / 1_000).unwrap_or(0);
    let attempt = Attempt { id: &id, timestamp_s, body: taken.body.as_bytes() };
    let signed = sign(&attempt, keys).map_err(|error| ours(&error))?;
    let mut headers: Vec<_> = signed.pairs().map(|(name, value)| (name, value.to_owned())).to_vec();
    headers.push(("content-type", "application/json".to_owned()));
    headers.push(("user-agent", USER_AGENT.to_owned()));
    Ok(Post {
        url: url.as_str().to_owned(),
        headers,
        body: taken.body.clone(),
        within_ms: TIMEOUT_S * 1_000,
        answer_within_ms: ANSWER_MS_MAX,
        answer_bytes_max: ANSWER_BYTES_MAX,
    })
}

/// An attempt that is over.
#[derive(Clone, Debug, PartialEq)]
pub struct Made {
    /// Of which delivery.
    pub taken: Taken,
    /// When it began.
    pub began_ms: i64,
    /// When it was over.
    pub ended_ms: i64,
    /// What came of it.
    pub answer: Result<PostAnswer, Unsent>,
}

/// What follows from an attempt.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// What is recorded.
    pub finished: Finished,
    /// In how many seconds it is tried again, if it is.
    pub again_after_s: Option<u32>,
    /// What it says of the endpoint.
    pub verdict: Verdict,
}

/// What an attempt says of its endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It works.
    Works,
    /// It failed.
    Failed,
    /// It has too much to do.
    Throttled,
    /// It is disabled.
    Disabled(DisabledReason),
    /// Nothing: the fault is ours.
    Ours,
}

/// Decides what follows from an attempt at an endpoint that has been failing since a time, if it
/// has. `dice` is from 0 to 1.
pub fn judge(made: &Made, failing_since_ms: Option<i64>, dice: f64) -> Judged {
    let Made { taken, began_ms, ended_ms, answer } = made;
    let read = read(answer, *ended_ms);
    let outcome = read.answer.map(ReceiverResponse::outcome);
    let next = match outcome {
        Some(outcome) => schedule::decide_retry(taken.attempt, outcome, read.retry_after_s, dice),
        // Our faults use up no attempt, but not for ever.
        None if schedule::is_failing_too_long(taken.created_at_ms, *ended_ms) => {
            RetryDecision::Exhausted
        }
        None => RetryDecision::RetryAfter { delay_s: OURS_DELAY_S },
    };
    let failing_since_ms = failing_since_ms.unwrap_or(*ended_ms);
    let verdict = match outcome {
        None => Verdict::Ours,
        Some(AttemptOutcome::Delivered) => Verdict::Works,
        Some(AttemptOutcome::Gone) => Verdict::Disabled(DisabledReason::Gone),
        Some(AttemptOutcome::Forbidden) => Verdict::Disabled(DisabledReason::Forbidden),
        Some(AttemptOutcome::Failed | AttemptOutcome::Throttled)
            if schedule::is_failing_too_long(failing_since_ms, *ended_ms) =>
        {
            Verdict::Disabled(DisabledReason::Failing)
        }
        Some(AttemptOutcome::Throttled) => Verdict::Throttled,
        Some(AttemptOutcome::Failed) => Verdict::Failed,
    };
    let again_after_s = match next {
        RetryDecision::RetryAfter { delay_s } if !matches!(verdict, Verdict::Disabled(_)) => {
            Some(delay_s)
        }
        RetryDecision::RetryAfter { .. }
        | RetryDecision::Delivered
        | RetryDecision::Exhausted
        | RetryDecision::DisableEndpoint => None,
    };
    let status = match (verdict, again_after_s) {
        (Verdict::Works, _) => DeliveryStatus::Delivered,
        (_, Some(_)) => DeliveryStatus::Waiting,
        (_, None) => DeliveryStatus::Failed,
    };
    let entry = deliveries::Attempt {
        at_ms: *began_ms,
        outcome: outcome.map_or("not_sent", AttemptOutcome::as_str).to_owned(),
        status: read.status,
        error: read.error.map(|error| error.chars().take(ERROR_CHARS_MAX).collect()),
        duration_ms: ended_ms - began_ms,
        answer: read.said.map(|said| printable(&said)),
    };
    let finished = Finished {
        key: taken.key,
        delivery_id: taken.delivery_id,
        taken_until_ms: taken.taken_until_ms,
        attempt: if outcome.is_none() { taken.attempt - 1 } else { taken.attempt },
        status,
        due_at_ms: ended_ms + i64::from(again_after_s.unwrap_or(0)) * 1_000,
        entry,
    };
    Judged { finished, again_after_s, verdict }
}

/// Control characters are written as six each in JSON: what a log keeps has none but the end of a line.
fn printable(said: &str) -> String {
    let shown = |c: char| if c.is_control() && c != '\n' { char::REPLACEMENT_CHARACTER } else { c };
    said.chars().map(shown).collect()
}

/// What an answer says. `answer` is `None` when nothing was sent and the fault is ours.
struct Read {
    answer: Option<ReceiverResponse>,
    status: Option<u16>,
    retry_after_s: Option<u64>,
    error: Option<String>,
    said: Option<String>,
}

fn read(answer: &Result<PostAnswer, Unsent>, now_ms: i64) -> Read {
    let without = |answer, error: String| Read {
        answer,
        status: None,
        retry_after_s: None,
        error: Some(error),
        said: None,
    };
    match answer {
        Ok(PostAnswer::Status { status, retry_after, body, broken }) => Read {
            answer: Some(ReceiverResponse::Status(*status)),
            status: Some(*status),
            retry_after_s: retry_after
                .as_deref()
                .and_then(|header| schedule::retry_after_s(header, now_ms / 1_000)),
            error: broken.clone(),
            said: Some(body.clone()),
        },
        Ok(PostAnswer::TimedOut) => {
            without(Some(ReceiverResponse::TimedOut), format!("no answer within {TIMEOUT_S} s"))
        }
        Ok(PostAnswer::Unreachable { reason }) => {
            without(Some(ReceiverResponse::Unreachable), reason.clone())
        }
        Err(Unsent::Forbidden(error)) => {
            without(Some(ReceiverResponse::UrlRejected), error.to_string())
        }
        Err(Unsent::Unsigned(error)) => without(None, error.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared_kernel::AthleteId;
    use testkit::said;
    use uuid::Uuid;

    const NOW_MS: i64 = 1_795_435_200_000;

    fn made(attempt: u32, answer: PostAnswer) -> Made {
        let key = EndpointKey { athlete_id: AthleteId(Uuid::nil()), endpoint_id: Uuid::nil() };
        let taken = Taken {
            key,
            delivery_id: Uuid::nil(),
            event_id: EventId(Uuid::nil()),
            event_type: "record.broken".to_owned(),
            body: "{}".to_owned(),
            traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".parse().unwrap(),
            attempt,
            taken_until_ms: 0,
            created_at_ms: NOW_MS,
        };
        Made { taken, began_ms: NOW_MS - 50, ended_ms: NOW_MS, answer: Ok(answer) }
    }

    fn asking(retry_after: &str) -> PostAnswer {
        PostAnswer::Status {
            status: 503,
            retry_after: Some(retry_after.to_owned()),
            body: "busy".to_owned(),
            broken: None,
        }
    }

    /// The second step is 300 s.
    fn check_retry_after(header: &str, again_after_s: u32) {
        let judged = judge(&made(2, asking(header)), None, 0.0);
        assert_eq!(judged.again_after_s, Some(again_after_s), "{header}");
        let due_in_ms = judged.finished.due_at_ms - NOW_MS;
        assert_eq!(due_in_ms, i64::from(again_after_s) * 1_000, "{header}");
        assert_eq!(judged.finished.entry.answer.as_deref(), Some("busy"));
        assert_eq!(judged.finished.entry.duration_ms, 50);
    }

    #[test]
    fn a_receiver_that_says_when_to_come_again_is_heard_between_the_step_and_twice_of_it() {
        check_retry_after("400", 400);
        check_retry_after("1", 300);
        check_retry_after("86400", 600);
        check_retry_after("Mon, 23 Nov 2026 12:06:40 GMT", 400);
        check_retry_after("soon", 240);
    }

    #[test]
    fn a_failure_disables_from_the_fifth_day_on_and_not_before() {
        let check = |days: i64, verdict| {
            let since_ms = Some(NOW_MS - days * 86_400_000);
            assert_eq!(judge(&made(1, said(500)), since_ms, 0.5).verdict, verdict, "{days}");
        };
        check(4, Verdict::Failed);
        check(5, Verdict::Disabled(DisabledReason::Failing));
        let works = judge(&made(1, said(200)), Some(0), 0.5);
        assert_eq!(works.verdict, Verdict::Works, "whatever was before");
    }

    #[test]
    fn the_tenth_failure_is_the_end_of_a_delivery_and_not_of_its_endpoint() {
        let judged = judge(&made(10, said(500)), None, 0.5);
        assert_eq!(judged.finished.status, DeliveryStatus::Failed);
        assert_eq!((judged.again_after_s, judged.verdict), (None, Verdict::Failed));
    }

    #[test]
    fn a_fault_of_ours_uses_up_no_attempt_but_ends_after_five_days() {
        let unsent = |created_at_ms| {
            let mut made = made(10, said(200));
            made.taken.created_at_ms = created_at_ms;
            made.answer = Err(Unsent::Unsigned("no key".to_owned()));
            let judged = judge(&made, Some(0), 0.5);
            assert_eq!((judged.finished.attempt, judged.verdict), (9, Verdict::Ours));
            (judged.finished.status, judged.again_after_s)
        };
        assert_eq!(unsent(NOW_MS), (DeliveryStatus::Waiting, Some(60)));
        assert_eq!(unsent(NOW_MS - 5 * 86_400_000), (DeliveryStatus::Failed, None));
    }

    #[test]
    fn control_characters_are_not_kept() {
        let body = "a\u{0}b\r\nc\u{85}".to_owned();
        let answer = PostAnswer::Status { status: 500, retry_after: None, body, broken: None };
        let judged = judge(&made(1, answer), None, 0.5);
        let kept = "a\u{fffd}b\u{fffd}\nc\u{fffd}";
        assert_eq!(judged.finished.entry.answer.as_deref(), Some(kept));
    }

    #[test]
    fn a_long_reason_is_cut() {
        let reason = "x".repeat(5_000);
        let judged = judge(&made(1, PostAnswer::Unreachable { reason }), None, 0.5);
        assert_eq!(judged.finished.entry.error.unwrap().len(), 300);
    }
}
