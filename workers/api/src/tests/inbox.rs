//! The inbox as an athlete reads it, and the stream of what comes into it.

use super::*;
use futures::StreamExt;
use platform::Clock;
use platform::http::Pieces;
use platform::log::JsonLines;
use std::cell::RefCell;

const STREAM: &str = "/v1/notifications/stream";
const BEGIN: &str = "retry: 1000\nid: ";
const BEAT: &str = ":\n\n";

impl House {
    /// Puts rows at these places into an inbox, as the webhook worker does; each is shown for a day.
    fn arrive(&self, athlete: &str, places: impl IntoIterator<Item = i64>) {
        let now_ms = self.clock.now_ms();
        for seq in places {
            self.database.execute(&format!(
                "INSERT INTO notifications (athlete_id, notification_id, kind, title, body, data, \
                 created_at_ms, seq, expires_at_ms) VALUES ('{athlete}', '{}', 'new_record', \
                 'number {seq}', 'Two\nlines', '{{\"n\":{seq}}}', {now_ms}, {seq}, {})",
                uuid(athlete, seq),
                now_ms + 86_400_000
            ));
        }
    }

    /// A stream, or the status of the refusal.
    fn open(&self, key: &str, path: &str, last_event_id: Option<&str>) -> Result<Stream, u16> {
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
            Content::Pieces(pieces) => Ok(Stream { pieces }),
            Content::Text(text) => panic!("not sent piece by piece: {text}"),
        }
    }

    /// A stream that has begun after this place.
    fn stream(&self, key: &str, from: Option<&str>, after: i64) -> Stream {
        let mut stream = self.open(key, STREAM, from).ok().unwrap();
        assert_eq!(stream.piece().unwrap(), format!("{BEGIN}{after}\n\n"));
        stream
    }

    fn last_id(&self, key: &str) -> String {
        self.get(key, "/v1/notifications").body["last_id"].as_str().unwrap().to_owned()
    }
}

/// An id of a row: other rows of other athletes have others.
fn uuid(athlete: &str, seq: i64) -> String {
    format!("{}{seq:012}", &athlete[..24])
}

struct Stream {
    pieces: Pieces,
}

impl Stream {
    /// The next piece; `None` at the end.
    fn piece(&mut self) -> Option<String> {
        run(self.pieces.next()).map(Result::unwrap)
    }

    /// The places of the events of the next piece.
    fn places(&mut self) -> Vec<i64> {
        let piece = self.piece().unwrap();
        piece.lines().filter_map(|line| line.strip_prefix("id: ")?.parse().ok()).collect()
    }
}

#[test]
fn an_event_is_the_place_and_the_item_of_the_list() {
    let house = House::new();
    let key = house.athlete();
    let id = house.athlete_id(&key);
    let mut stream = house.stream(&key, None, 0);
    house.arrive(&id, [1]);
    let item = house.get(&key, "/v1/notifications").body["items"][0].clone();
    assert_eq!(item["id"], uuid(&id, 1));
    let piece = format!("id: 1\nevent: notification\ndata: {item}\n\n");
    assert_eq!(stream.piece().unwrap(), piece);
}

#[test]
fn a_stream_goes_on_from_the_last_event_in_the_order_of_places() {
    let house = House::new();
    let key = house.athlete();
    // By time the third is the first.
    house.arrive(&house.athlete_id(&key), [3]);
    house.clock.advance_ms(1_000);
    house.arrive(&house.athlete_id(&key), [2, 1]);
    let check = |query: &str, header: Option<&str>, expected: &[i64]| {
        let mut stream = house.open(&key, &format!("{STREAM}{query}"), header).ok().unwrap();
        stream.piece();
        if expected.is_empty() {
            assert_eq!(stream.piece().unwrap(), BEAT, "{query} {header:?}");
        } else {
            assert_eq!(stream.places(), expected, "{query} {header:?}");
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
fn a_last_event_id_that_nobody_gave_is_refused() {
    let house = House::new();
    let key = house.athlete();
    house.arrive(&house.athlete_id(&key), [1]);
    for id in ["2", "-1", "+1", "1.0", "x", "", "99999999999999999999"] {
        let header = house.open(&key, STREAM, Some(id)).err().unwrap();
        let path = format!("{STREAM}?last_event_id={}", id.replace('+', "%2B"));
        let query = house.open(&key, &path, None).err().unwrap();
        assert_eq!((header, query), (400, 400), "{id}");
    }
    assert_eq!(house.get(&key, &format!("{STREAM}?last_event_id=2")).status, 400);
}

#[test]
fn nothing_is_missed_between_the_list_and_the_stream_nor_before_the_first_event() {
    let house = House::new();
    let key = house.athlete();
    let id = house.athlete_id(&key);
    assert_eq!(house.last_id(&key), "0");
    house.arrive(&id, [1, 2]);
    house.database.execute("UPDATE notifications SET in_app = 0 WHERE seq = 2");
    let last_id = house.last_id(&key);
    assert_eq!(last_id, "2", "a hidden row has a place too");
    house.arrive(&id, [3]);
    assert_eq!(house.stream(&key, Some(&last_id), 2).places(), [3]);

    // Cut off with nothing but the first piece, a client has the place that stands in it.
    drop(house.stream(&key, None, 3));
    house.arrive(&id, [4]);
    assert_eq!(house.stream(&key, Some("3"), 3).places(), [4]);
}

#[test]
fn only_what_the_athletes_own_inbox_shows_is_streamed() {
    let house = House::new();
    let (ada, bob) = (house.athlete(), house.athlete());
    let mut stream = house.stream(&ada, None, 0);
    house.arrive(&house.athlete_id(&bob), [1, 2]);
    house.arrive(&house.athlete_id(&ada), [3, 4, 5]);
    house.database.execute("UPDATE notifications SET in_app = 0 WHERE seq = 3");
    house.database.execute("UPDATE notifications SET expires_at_ms = 0 WHERE seq = 4");
    assert_eq!(stream.places(), [5]);
}

#[test]
fn more_than_a_page_comes_at_once_and_each_row_once() {
    let house = House::new();
    let key = house.athlete();
    house.arrive(&house.athlete_id(&key), 1..=250);
    let mut stream = house.stream(&key, Some("0"), 0);
    let began = house.clock.now_ms();
    let pages = [stream.places(), stream.places(), stream.places()];
    assert_eq!(pages.each_ref().map(Vec::len), [100, 100, 50]);
    assert_eq!(pages.concat(), (1..=250).collect::<Vec<_>>());
    assert_eq!(house.clock.now_ms(), began, "nothing was waited for");
    assert_eq!(stream.piece().unwrap(), BEAT);
}

#[test]
fn a_silent_stream_beats_within_fifteen_seconds_and_ends_after_five_minutes() {
    let house = House::new();
    let key = house.athlete();
    let mut stream = house.stream(&key, None, 0);
    let now_ms = || house.clock.now_ms();
    let (began, before) = (now_ms(), house.database.round_trips());
    let mut spoke = began;
    while let Some(piece) = stream.piece() {
        assert_eq!(piece, BEAT);
        assert!(now_ms() - spoke <= 14_000, "a second is left for the round trip");
        spoke = now_ms();
    }
    assert_eq!(now_ms() - began, 300_000);
    assert_eq!(house.database.round_trips() - before, 150);
}

#[test]
fn a_stream_that_always_has_more_ends_before_the_database_refuses() {
    let house = House::new();
    let key = house.athlete();
    house.arrive(&house.athlete_id(&key), 1..=100);
    let mut stream = house.stream(&key, Some("0"), 0);
    let before = house.database.round_trips();
    for _ in 0..400 {
        assert!(stream.piece().is_some());
        house.database.execute("UPDATE notifications SET seq = seq + 100");
    }
    assert_eq!(stream.piece(), None);
    assert_eq!(house.database.round_trips() - before, 400);
}

#[test]
fn a_revoked_key_or_a_deleted_athlete_ends_the_stream() {
    for end in ["UPDATE api_keys SET revoked_at_ms = 1", "DELETE FROM athletes"] {
        let house = House::new();
        let key = house.athlete();
        let id = house.athlete_id(&key);
        let mut stream = house.stream(&key, None, 0);
        house.arrive(&id, [1]);
        assert_eq!(stream.places(), [1]);
        house.arrive(&id, [2]);
        house.database.execute(end);
        assert_eq!(stream.piece(), None, "{end}");
        assert_eq!(house.open(&key, STREAM, None).err().unwrap(), 401, "{end}");
    }
}

#[test]
fn a_database_that_is_away_for_a_beat_costs_no_row_and_not_the_stream() {
    let house = House::new();
    let key = house.athlete();
    let mut stream = house.stream(&key, None, 0);
    house.arrive(&house.athlete_id(&key), [1]);
    house.database.fail_next(&[Fault::BeforeCommit, Fault::AfterCommit]);
    assert_eq!(stream.places(), [1]);
    house.arrive(&house.athlete_id(&key), [2]);
    assert_eq!(stream.places(), [2]);
    house.database.fail_next(&[Fault::BeforeCommit]);
    assert_eq!(house.open(&key, STREAM, None).err().unwrap(), 503);
}

thread_local! {
    static LINES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

#[test]
fn of_looks_that_fail_one_after_the_other_the_first_is_logged() {
    let house = House::new();
    let key = house.athlete();
    let id = house.athlete_id(&key);
    let mut stream = house.stream(&key, None, 0);
    let lines = JsonLines::new(|line| LINES.with_borrow_mut(|all| all.push(line.to_owned())));
    tracing::subscriber::with_default(lines, || {
        for place in [1, 2] {
            house.arrive(&id, [place]);
            house.database.fail_next(&[Fault::BeforeCommit; 3]);
            assert_eq!(stream.places(), [place]);
            let lines = LINES.take();
            assert_eq!(lines.len(), 1, "{lines:?}");
            assert!(lines[0].contains("an open inbox was not read"), "{lines:?}");
        }
    });
}

#[test]
fn reading_one_or_all_is_repeatable_and_of_ones_own_rows_only() {
    let house = House::new();
    let (ada, bob) = (house.athlete(), house.athlete());
    let id = house.athlete_id(&ada);
    house.arrive(&id, 1..=4);
    house.database.execute("UPDATE notifications SET in_app = 0 WHERE seq = 3");
    house.database.execute("UPDATE notifications SET expires_at_ms = 1 WHERE seq = 4");
    let read = |key: &str, seq| {
        let path = format!("/v1/notifications/{}/read", uuid(&id, seq));
        house.call(key, "POST", &path, None).status
    };
    assert_eq!([1, 2, 3, 4, 5].map(|seq| read(&bob, seq)), [404; 5]);
    let unread = || house.get(&ada, "/v1/notifications").body["unread"].clone();
    assert_eq!(unread(), 2);
    assert_eq!([1, 1, 3, 4, 5].map(|seq| read(&ada, seq)), [204, 204, 404, 404, 404]);
    assert_eq!(unread(), 1);
    for _ in 0..2 {
        assert_eq!(house.call(&ada, "POST", "/v1/notifications/read-all", None).status, 204);
        assert_eq!(unread(), 0);
    }
    let unread = house.database.query("SELECT seq FROM notifications WHERE read_at_ms IS NULL");
    assert_eq!(unread, [r#"{"seq":3}"#, r#"{"seq":4}"#], "what nobody saw nobody has read");
}
