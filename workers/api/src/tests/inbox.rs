//! The inbox and its stream of server-sent events.

use super::*;
use futures::StreamExt;
use platform::Clock;
use platform::http::Chunks;
use platform::log::JsonLines;
use std::cell::RefCell;

const STREAM: &str = "/v1/notifications/stream";
const BEGIN: &str = "retry: 1000\nid: ";
const HEARTBEAT: &str = ":\n\n";

impl TestApi {
    /// Stores notifications with these sequence numbers, as the webhook worker does. They expire
    /// after a day.
    fn store_notifications(&self, athlete: &str, seqs: impl IntoIterator<Item = i64>) {
        let now_ms = self.clock.now_ms();
        for seq in seqs {
            self.database.execute(&format!(
                "INSERT INTO notifications (athlete_id, notification_id, kind, title, body, data, \
                 created_at_ms, seq, expires_at_ms, in_app) VALUES ('{athlete}', '{}', 'new_record', \
                 'number {seq}', 'Two\nlines', '{{\"n\":{seq}}}', {now_ms}, {seq}, {}, 1)",
                notification_id(athlete, seq),
                now_ms + 86_400_000
            ));
        }
    }

    /// Opens a stream, or returns the error status.
    fn open_stream(
        &self,
        key: &str,
        path: &str,
        last_event_id: Option<&str>,
    ) -> Result<Stream, u16> {
        let bearer = format!("Bearer {key}");
        let mut headers = vec![("authorization", bearer.as_str())];
        headers.extend(last_event_id.map(|id| ("last-event-id", id)));
        let response = self.send("GET", path, &headers, b"");
        if response.status() != 200 {
            return Err(response.status().as_u16());
        }
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["cache-control"], "no-store");
        match response.into_body() {
            Content::Stream(chunks) => Ok(Stream { chunks }),
            Content::Text(text) => panic!("not sent piece by piece: {text}"),
        }
    }

    /// Opens a stream and checks that it begins after `after`.
    fn stream_after(&self, key: &str, from: Option<&str>, after: i64) -> Stream {
        let mut stream = self.open_stream(key, STREAM, from).ok().unwrap();
        assert_eq!(stream.next_piece().unwrap(), format!("{BEGIN}{after}\n\n"));
        stream
    }

    fn last_id(&self, key: &str) -> String {
        self.get(key, "/v1/notifications").body["last_id"].as_str().unwrap().to_owned()
    }
}

/// The notification id of an athlete's row.
fn notification_id(athlete: &str, seq: i64) -> String {
    format!("{}{seq:012}", &athlete[..24])
}

struct Stream {
    chunks: Chunks,
}

impl Stream {
    /// The next piece; `None` at the end.
    fn next_piece(&mut self) -> Option<String> {
        run(self.chunks.next()).map(Result::unwrap)
    }

    /// The sequence numbers of the events in the next piece.
    fn next_seqs(&mut self) -> Vec<i64> {
        let piece = self.next_piece().unwrap();
        piece.lines().filter_map(|line| line.strip_prefix("id: ")?.parse().ok()).collect()
    }
}

#[test]
fn stream_event_has_the_id_and_the_list_item() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let id = api.athlete_id(&key);
    let mut stream = api.stream_after(&key, None, 0);
    api.store_notifications(&id, [1]);
    let item = api.get(&key, "/v1/notifications").body["items"][0].clone();
    assert_eq!(item["id"], notification_id(&id, 1));
    let piece = stream.next_piece().unwrap();
    let data = piece.strip_prefix("id: 1\nevent: notification\ndata: ").unwrap();
    assert!(data.ends_with("\n\n") && data.trim_end().lines().count() == 1, "{data}");
    assert_eq!(serde_json::from_str::<Value>(data).unwrap(), item);
}

#[test]
fn stream_resumes_after_the_last_event_id() {
    let api = TestApi::new();
    let key = api.create_athlete();
    // By time the third comes first.
    api.store_notifications(&api.athlete_id(&key), [3]);
    api.clock.advance_ms(1_000);
    api.store_notifications(&api.athlete_id(&key), [2, 1]);
    let check = |query: &str, header: Option<&str>, expected: &[i64]| {
        let mut stream = api.open_stream(&key, &format!("{STREAM}{query}"), header).ok().unwrap();
        stream.next_piece();
        if expected.is_empty() {
            assert_eq!(stream.next_piece().unwrap(), HEARTBEAT, "{query} {header:?}");
        } else {
            assert_eq!(stream.next_seqs(), expected, "{query} {header:?}");
        }
    };
    check("", None, &[]);
    check("", Some("0"), &[1, 2, 3]);
    check("", Some("1"), &[2, 3]);
    check("?last_event_id=2", None, &[3]);
    check("?last_event_id=0", Some("2"), &[3]);
    check("", Some("3"), &[]);
}

#[test]
fn unknown_last_event_id_starts_over_with_a_reset_event() {
    let api = TestApi::new();
    let key = api.create_athlete();
    api.store_notifications(&api.athlete_id(&key), [1]);
    let head = "retry: 1000\nid: 1\nevent: reset\ndata: {\"last_id\":\"1\"}\n\n";
    for id in ["2", "-1", "+1", "1.0", "01", "x", "99999999999999999999"] {
        let path = format!("{STREAM}?last_event_id={}", id.replace('+', "%2B"));
        for (path, header) in [(STREAM, Some(id)), (path.as_str(), None)] {
            let mut stream = api.open_stream(&key, path, header).ok().unwrap();
            assert_eq!(stream.next_piece().unwrap(), head, "{id}");
        }
    }
    // An empty header is none.
    let mut stream = api.open_stream(&key, STREAM, Some("")).ok().unwrap();
    assert_eq!(stream.next_piece().unwrap(), "retry: 1000\nid: 1\n\n");
}

#[test]
fn stream_resumed_from_the_list_misses_nothing() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let id = api.athlete_id(&key);
    assert_eq!(api.last_id(&key), "0");
    api.store_notifications(&id, [1, 2]);
    api.database.execute("UPDATE notifications SET in_app = 0 WHERE seq = 2");
    let last_id = api.last_id(&key);
    assert_eq!(last_id, "2", "a hidden row has a sequence number too");
    api.store_notifications(&id, [3]);
    assert_eq!(api.stream_after(&key, Some(&last_id), 2).next_seqs(), [3]);

    // A client that is cut off after the first piece resumes from the id in it.
    drop(api.stream_after(&key, None, 3));
    api.store_notifications(&id, [4]);
    assert_eq!(api.stream_after(&key, Some("3"), 3).next_seqs(), [4]);
}

#[test]
fn stream_has_only_the_visible_rows_of_its_athlete() {
    let api = TestApi::new();
    let (ada, bob) = (api.create_athlete(), api.create_athlete());
    let mut stream = api.stream_after(&ada, None, 0);
    api.store_notifications(&api.athlete_id(&bob), [1, 2]);
    api.store_notifications(&api.athlete_id(&ada), [3, 4, 5]);
    api.database.execute("UPDATE notifications SET in_app = 0 WHERE seq = 3");
    api.database.execute("UPDATE notifications SET expires_at_ms = 0 WHERE seq = 4");
    assert_eq!(stream.next_seqs(), [5]);
}

#[test]
fn backlog_over_one_page_is_streamed_without_waiting() {
    let api = TestApi::new();
    let key = api.create_athlete();
    api.store_notifications(&api.athlete_id(&key), 1..=250);
    let mut stream = api.stream_after(&key, Some("0"), 0);
    let started_at = api.clock.now_ms();
    let pages = [stream.next_seqs(), stream.next_seqs(), stream.next_seqs()];
    assert_eq!(pages.each_ref().map(Vec::len), [100, 100, 50]);
    assert_eq!(pages.concat(), (1..=250).collect::<Vec<_>>());
    assert_eq!(api.clock.now_ms(), started_at, "no wait");
    assert_eq!(stream.next_piece().unwrap(), HEARTBEAT);
}

#[test]
fn idle_stream_sends_heartbeats_and_ends_after_five_minutes() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let mut stream = api.stream_after(&key, None, 0);
    let now_ms = || api.clock.now_ms();
    let (started_at, before) = (now_ms(), api.database.round_trips());
    let mut last_piece_at = started_at;
    while let Some(piece) = stream.next_piece() {
        assert_eq!(piece, HEARTBEAT);
        assert!(now_ms() - last_piece_at <= 14_000, "a second remains for the round trip");
        last_piece_at = now_ms();
    }
    assert_eq!(now_ms() - started_at, 300_000);
    assert_eq!(api.database.round_trips() - before, 150);
}

#[test]
fn busy_stream_ends_before_the_database_limit() {
    let api = TestApi::new();
    let key = api.create_athlete();
    // One more than a poll returns.
    api.store_notifications(&api.athlete_id(&key), 1..=101);
    let mut stream = api.stream_after(&key, Some("0"), 0);
    let before = api.database.round_trips();
    for _ in 0..400 {
        assert!(stream.next_piece().is_some());
        api.database.execute("UPDATE notifications SET seq = seq + 100");
    }
    assert_eq!(stream.next_piece(), None);
    assert_eq!(api.database.round_trips() - before, 400);
}

#[test]
fn stream_ends_with_its_key_or_athlete() {
    let expire = format!(
        "UPDATE api_keys SET expires_at_ms = {}",
        FixedClock::at("2026-11-23T12:00:02Z").now_ms()
    );
    for end in ["UPDATE api_keys SET revoked_at_ms = 1", expire.as_str(), "DELETE FROM athletes"] {
        let api = TestApi::new();
        let key = api.create_athlete();
        let id = api.athlete_id(&key);
        let mut stream = api.stream_after(&key, None, 0);
        api.store_notifications(&id, [1]);
        assert_eq!(stream.next_seqs(), [1]);
        api.store_notifications(&id, [2]);
        api.database.execute(end);
        assert_eq!(stream.next_piece(), None, "{end}");
        assert_eq!(api.open_stream(&key, STREAM, None).err().unwrap(), 401, "{end}");
    }
}

#[test]
fn stream_survives_a_short_database_outage() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let mut stream = api.stream_after(&key, None, 0);
    api.store_notifications(&api.athlete_id(&key), [1]);
    api.database.fail_next(&[DatabaseFault::BeforeCommit, DatabaseFault::AfterCommit]);
    assert_eq!(stream.next_seqs(), [1]);
    api.store_notifications(&api.athlete_id(&key), [2]);
    assert_eq!(stream.next_seqs(), [2]);
    api.database.fail_next(&[DatabaseFault::BeforeCommit]);
    assert_eq!(api.open_stream(&key, STREAM, None).err().unwrap(), 503);
}

thread_local! {
    static LINES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

#[test]
fn consecutive_failed_polls_are_logged_once() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let id = api.athlete_id(&key);
    let mut stream = api.stream_after(&key, None, 0);
    let lines = JsonLines::new(|_, line| LINES.with_borrow_mut(|all| all.push(line.to_owned())));
    tracing::subscriber::with_default(lines, || {
        for seq in [1, 2] {
            api.store_notifications(&id, [seq]);
            api.database.fail_next(&[DatabaseFault::BeforeCommit; 3]);
            assert_eq!(stream.next_seqs(), [seq]);
            let lines = LINES.take();
            assert_eq!(lines.len(), 1, "{lines:?}");
            assert!(lines[0].contains("inbox stream poll failed"), "{lines:?}");
        }
    });
}

#[test]
fn marking_read_is_idempotent_and_limited_to_own_rows() {
    let api = TestApi::new();
    let (ada, bob) = (api.create_athlete(), api.create_athlete());
    let id = api.athlete_id(&ada);
    api.store_notifications(&id, 1..=4);
    api.database.execute("UPDATE notifications SET in_app = 0 WHERE seq = 3");
    api.database.execute("UPDATE notifications SET expires_at_ms = 1 WHERE seq = 4");
    let read = |key: &str, seq| {
        let path = format!("/v1/notifications/{}/read", notification_id(&id, seq));
        api.call(key, "POST", &path, None).status
    };
    assert_eq!([1, 2, 3, 4, 5].map(|seq| read(&bob, seq)), [404; 5]);
    let unread = || api.get(&ada, "/v1/notifications").body["unread"].clone();
    assert_eq!(unread(), 2);
    assert_eq!([1, 1, 3, 4, 5].map(|seq| read(&ada, seq)), [204, 204, 404, 404, 404]);
    assert_eq!(unread(), 1);
    for _ in 0..2 {
        assert_eq!(api.call(&ada, "POST", "/v1/notifications/read-all", None).status, 204);
        assert_eq!(unread(), 0);
    }
    let unread = api.database.query("SELECT seq FROM notifications WHERE read_at_ms IS NULL");
    assert_eq!(unread, [r#"{"seq":3}"#, r#"{"seq":4}"#], "hidden rows stay unread");
}
