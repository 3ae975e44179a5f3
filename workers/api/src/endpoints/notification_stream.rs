//! GET /v1/notifications/stream: what comes into the inbox, as it comes, as server-sent events. Why it
//! looks again and again: docs/adr/0020-the-live-inbox-polls.md.

use super::notifications::item;
use crate::app::{App, Call};
use crate::error::ApiError;
use futures_util::StreamExt;
use futures_util::stream;
use platform::http::{Request, Response, chunked, query};
use platform::{Clock, RateLimit, Timer};
use std::rc::Rc;
use storage::inbox::{self, Notification};
use storage::{KeyProof, Rejection, Shards};

/// Between two looks into the inbox, in milliseconds (ours: as long as the queue before it waits for
/// a batch, so that the stream at most doubles the wait for a piece of news).
const POLL_MS: u32 = 2_000;
/// Rows of one look; after a full one the next follows at once.
const PAGE: usize = 100;
/// After so long without a word a comment is sent, in milliseconds: every 15 s or so, says the HTML
/// standard (9.2.7), for proxies drop what is silent; less the wait for one more look and its round
/// trip.
const SILENCE_MS: i64 = 12_000;
/// When the answer ends, in milliseconds (ours: short enough that a deployment, or a connection that
/// died unnoticed, is soon behind; long enough that a reconnection costs next to nothing).
const LASTS_MS: i64 = 5 * 60 * 1_000;
/// Looks of one answer, at most: each is two statements, and D1 allows 1,000 of them an invocation.
/// Five minutes of waiting are 150.
const POLLS_MAX: u32 = 400;
/// How long a client waits before it comes back, in milliseconds.
const RETRY_MS: u32 = 1_000;

/// The inbox from a place on: what `last_id` of a list or the id of an event said, in the header
/// `Last-Event-ID`, which a client that comes back sends by itself, or else in the query. Without
/// one: from now.
///
/// The answer begins with its own place as an `id` without an event: a client that is cut off
/// before the first event goes on from there and misses nothing. Its last word is the place that it
/// sends back, so there is nothing to remember here, and a crash at any await leaves nothing:
///
/// 1. count it among the streams that the key opens;
/// 2. read the highest place, which proves the key; then, every two seconds,
/// 3. sleep,
/// 4. read what stands after the last place sent, which proves the key again: the stream of a
///    revoked key or a deleted athlete ends.
///
/// A read that fails is left out, and tried again at the next look. A client that hangs up is
/// noticed when the next piece is sent, within 15 s; the runtime then drops the stream, and with it
/// the sleep or the read that is under way.
pub async fn get(app: &App, call: &Call<'_>, key: &KeyProof) -> Result<Response, ApiError> {
    let asked = last_event_id(call.request)?;
    app.admit_key(RateLimit::Streams, key).await?;
    let database = app.shards.for_athlete(key.athlete_id);
    let last_seq = inbox::last_seq(database, key).await?;
    let after_seq = asked.unwrap_or(last_seq);
    if after_seq > last_seq {
        return Err(none_of_ours());
    }
    let now_ms = app.clock.now_ms();
    let live = LiveInbox {
        shards: app.shards.clone(),
        key: key.clone(),
        clock: Rc::clone(&app.clock),
        timer: Rc::clone(&app.timer),
        after_seq,
        goes_on_at_once: true,
        is_failing: false,
        polls_left: POLLS_MAX,
        spoke_at_ms: now_ms,
        ends_at_ms: now_ms + LASTS_MS,
    };
    let begin = format!("retry: {RETRY_MS}\nid: {after_seq}\n\n");
    let body = stream::once(async { Ok(begin) }).chain(stream::unfold(live, LiveInbox::next));
    Ok(chunked("text/event-stream", body.boxed_local()))
}

/// An open stream. It outlives the call, and owns what it needs.
struct LiveInbox {
    shards: Shards,
    key: KeyProof,
    clock: Rc<dyn Clock>,
    timer: Rc<dyn Timer>,
    after_seq: i64,
    goes_on_at_once: bool,
    /// Whether the last look failed.
    is_failing: bool,
    polls_left: u32,
    spoke_at_ms: i64,
    ends_at_ms: i64,
}

impl LiveInbox {
    /// The next piece, once there is one; `None` is the end.
    async fn next(mut self) -> Option<(Result<String, String>, Self)> {
        loop {
            if !self.goes_on_at_once {
                self.timer.sleep_ms(POLL_MS).await;
            }
            let now_ms = self.clock.now_ms();
            if now_ms >= self.ends_at_ms || self.polls_left == 0 {
                return None;
            }
            let rows = self.look(now_ms).await?;
            self.goes_on_at_once = rows.len() == PAGE;
            let piece = match rows.last() {
                Some(last) => {
                    self.after_seq = last.seq;
                    rows.iter().map(event).collect()
                }
                None if now_ms - self.spoke_at_ms >= SILENCE_MS => ":\n\n".to_owned(),
                None => continue,
            };
            self.spoke_at_ms = now_ms;
            return Some((Ok(piece), self));
        }
    }

    /// What came since; nothing when the database is away. `None`: the key is not live.
    async fn look(&mut self, now_ms: i64) -> Option<Vec<Notification>> {
        self.polls_left -= 1;
        let database = self.shards.for_athlete(self.key.athlete_id);
        let limit = i64::try_from(PAGE).unwrap_or(i64::MAX);
        let read = inbox::after_seq(database, &self.key, self.after_seq, limit, now_ms).await;
        let was_failing = std::mem::replace(&mut self.is_failing, read.is_err());
        match read {
            Ok(rows) => Some(rows),
            Err(Rejection::Unauthorized) => None,
            Err(error) => {
                // One line for a run of failures: each open stream looks 30 times a minute.
                if !was_failing {
                    tracing::warn!(worker = "api", %error, athlete_id = %self.key.athlete_id, "an open inbox was not read");
                }
                Some(Vec::new())
            }
        }
    }
}

/// A row as an event: its place, and the item of the list. JSON has no line breaks of its own.
fn event(row: &Notification) -> String {
    format!("id: {}\nevent: notification\ndata: {}\n\n", row.seq, item(row))
}

/// The place after which a client goes on. The header counts: of a client that comes back by itself
/// the query is that of its first call.
fn last_event_id(request: &Request) -> Result<Option<i64>, ApiError> {
    let text = match request.headers().get("last-event-id") {
        Some(value) => Some(value.to_str().map_err(|_| none_of_ours())?.to_owned()),
        None => query(request, "last_event_id"),
    };
    text.map(|text| seq(&text).ok_or_else(none_of_ours)).transpose()
}

fn seq(text: &str) -> Option<i64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

fn none_of_ours() -> ApiError {
    ApiError::BadRequest("the last event id is none of ours: begin with last_id of a list")
}
