//! GET /v1/notifications/stream: new notifications as server-sent events. The reason for polling:
//! docs/adr/0020-the-live-inbox-polls.md.
//!
//! Thresholds without a source are project defaults.

use super::notifications::item;
use crate::call::AthleteCall;
use crate::error::ApiResult;
use crate::extract::Query;
use crate::rate_limits::RateLimit;
use contract::notifications::StreamStart;
use futures_util::StreamExt;
use futures_util::stream;
use platform::http::{Request, chunked};
use platform::{Clock, Timer};
use std::rc::Rc;
use storage::inbox::{self, Notification};
use storage::{KeyProof, Page, Rejection, Shards};

/// The time between two polls of the inbox, in milliseconds: the batch timeout of the queue before
/// it, so that the stream at most doubles the delay of a notification.
const POLL_MS: u32 = 2_000;
/// Rows of one poll, at most; a page that is not the last one is followed by the next poll immediately.
const PAGE: i64 = 100;
/// The idle time before a heartbeat comment, in milliseconds: every 15 s or so (HTML standard, 9.2.7),
/// because proxies drop idle connections; less one poll and its round trip.
const HEARTBEAT_MS: i64 = 12_000;
/// The duration of a response, in milliseconds: short, so that old deployments and dead connections
/// end soon; long enough that reconnections cost little.
const DURATION_MS: i64 = 5 * 60 * 1_000;
/// Polls of one response, at most: each is two statements, and D1 allows 1,000 of them in an
/// invocation. Five idle minutes are 150 polls.
const POLLS_MAX: u32 = 400;
/// The delay before a client reconnects, in milliseconds.
const RETRY_MS: u32 = 1_000;

/// Streams the inbox after a sequence number: the `last_id` of a list or the id of an event, in the
/// header `Last-Event-ID`, which a reconnecting client sends, or in the query. Without one it starts
/// from now.
///
/// The response begins with its own position as an `id` without an event: a client that disconnects
/// before the first event resumes from there. The client holds the position, so a crash at any await
/// loses nothing:
///
/// 1. count the stream against the key's limit (await);
/// 2. read (await) the highest sequence number, which checks the key; then, every two seconds,
/// 3. sleep (await),
/// 4. read (await) the rows after the last one sent, which checks the key: the stream of a revoked
///    key or a deleted athlete ends.
///
/// A failed read is skipped and retried at the next poll. The runtime notices a disconnected client
/// at the next piece, within 15 s, and drops the stream with its pending sleep or read.
pub async fn get(
    call: AthleteCall,
    Query(StreamStart { last_event_id }): Query<StreamStart>,
) -> ApiResult {
    let (app, key) = (&call.app, &call.key);
    app.admit_key(RateLimit::Streams, key).await?;
    let last_seq = inbox::last_seq(call.database(), key).await?;
    let start = Start::new(requested(&call.request, last_event_id).as_deref(), last_seq);
    let after_seq = start.after_seq;
    let now_ms = app.clock.now_ms();
    let live = LiveInbox {
        shards: app.shards.clone(),
        key: key.clone(),
        clock: Rc::clone(&app.clock),
        timer: Rc::clone(&app.timer),
        after_seq,
        skips_sleep: true,
        is_failing: false,
        polls_left: POLLS_MAX,
        last_piece_at_ms: now_ms,
        ends_at_ms: now_ms + DURATION_MS,
    };
    let head = start.head();
    let body = stream::once(async { Ok(head) }).chain(stream::unfold(live, LiveInbox::next));
    Ok(chunked("text/event-stream", body.boxed_local()))
}

/// An open stream. It outlives the call, so it owns its data.
struct LiveInbox {
    shards: Shards,
    key: KeyProof,
    clock: Rc<dyn Clock>,
    timer: Rc<dyn Timer>,
    after_seq: i64,
    skips_sleep: bool,
    is_failing: bool,
    polls_left: u32,
    last_piece_at_ms: i64,
    ends_at_ms: i64,
}

impl LiveInbox {
    /// Waits for the next piece. Returns `None` at the end.
    async fn next(mut self) -> Option<(Result<String, String>, Self)> {
        loop {
            if !self.skips_sleep {
                self.timer.sleep_ms(POLL_MS).await;
            }
            let now_ms = self.clock.now_ms();
            if now_ms >= self.ends_at_ms || self.polls_left == 0 {
                return None;
            }
            let Page { items: rows, has_more } = self.poll(now_ms).await?;
            self.skips_sleep = has_more;
            let piece = match rows.last() {
                Some(last) => {
                    self.after_seq = last.seq;
                    rows.into_iter().map(event).collect()
                }
                None if now_ms - self.last_piece_at_ms >= HEARTBEAT_MS => ":\n\n".to_owned(),
                None => continue,
            };
            self.last_piece_at_ms = now_ms;
            return Some((Ok(piece), self));
        }
    }

    /// Reads the new rows; none when the database is unavailable. Returns `None` when the key is
    /// invalid.
    async fn poll(&mut self, now_ms: i64) -> Option<Page<Notification>> {
        self.polls_left -= 1;
        let database = self.shards.for_athlete(self.key.athlete_id);
        let result =
            inbox::after_seq(database, &self.key.at(now_ms), self.after_seq, PAGE, now_ms).await;
        let was_failing = std::mem::replace(&mut self.is_failing, result.is_err());
        match result {
            Ok(page) => Some(page),
            Err(Rejection::Unauthorized | Rejection::Forbidden) => None,
            Err(error) => {
                // One line for consecutive failures: each stream polls 30 times a minute.
                if !was_failing {
                    tracing::warn!(worker = "api", %error, athlete_id = %self.key.athlete_id, "inbox stream poll failed");
                }
                Some(Page { items: Vec::new(), has_more: false })
            }
        }
    }
}

/// A row as an event: its sequence number and the item of the list. The JSON has no line breaks.
fn event(row: Notification) -> String {
    let seq = row.seq;
    // Texts, numbers and JSON always serialize.
    let data = serde_json::to_string(&item(row)).unwrap_or_default();
    format!("id: {seq}\nevent: notification\ndata: {data}\n\n")
}

/// The position that the client requests. The header takes precedence: a reconnecting client repeats the
/// query of its first call. An empty header is none.
fn requested(request: &Request, query: Option<String>) -> Option<String> {
    let header = request.headers().get("last-event-id").filter(|value| !value.is_empty());
    header.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).or(query)
}

/// The beginning of a stream.
struct Start {
    after_seq: i64,
    /// Whether the requested position was never given out: the database was restored from a backup, or
    /// the client is mistaken. `EventSource` would give up after an error.
    is_reset: bool,
}

impl Start {
    fn new(requested: Option<&str>, last_seq: i64) -> Self {
        let known = |text: &str| {
            let seq = text.parse::<i64>().ok().filter(|seq| seq.to_string() == text);
            seq.filter(|seq| (0..=last_seq).contains(seq))
        };
        match requested.map(known) {
            Some(Some(after_seq)) => Self { after_seq, is_reset: false },
            Some(None) => Self { after_seq: last_seq, is_reset: true },
            None => Self { after_seq: last_seq, is_reset: false },
        }
    }

    /// The first piece: the position, and an event for the client to read the list when its own
    /// position is unknown.
    fn head(&self) -> String {
        let seq = self.after_seq;
        let reset = if self.is_reset {
            format!("event: reset\ndata: {{\"last_id\":\"{seq}\"}}\n")
        } else {
            String::new()
        };
        format!("retry: {RETRY_MS}\nid: {seq}\n{reset}\n")
    }
}
