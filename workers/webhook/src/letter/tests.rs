//! What people read, and that no name becomes markup, a header or a disguise.

use super::*;
use serde_json::json;
use shared_kernel::payload::PatternKind;

const URL: &str = "https://bulktrack.example/v1/unsubscribe?token=a&kind=weekly_report";

fn letter(kind: NotificationKind, data: &Map<String, Value>) -> Letter<'_> {
    Letter {
        to: "anna@example.com",
        display_name: "Anna",
        kind,
        title: "Your week of 2026-11-16: 3 workouts, 60 hard sets",
        body: "3 workouts, 60 hard sets.\n\nNew records: Row 80 kg;\nSquat 120 kg.",
        data,
        unsubscribe_url: URL,
    }
}

fn report_data() -> Map<String, Value> {
    let week = |start: &str, hard_sets: f64| json!({ "week_start": start, "hard_sets": hard_sets });
    let weeks = json!([
        week("2026-10-19", 40.0),
        week("2026-10-26", 44.5),
        week("2026-11-02", 52.0),
        week("2026-11-09", 0.0),
        week("2026-11-16", 60.0),
    ]);
    Map::from_iter([("weeks".to_owned(), weeks)])
}

#[test]
fn a_report_in_text_says_all_that_its_html_says() {
    let mail = letter(NotificationKind::WeeklyReport, &report_data()).to_mail();
    assert_eq!(mail.to, "anna@example.com");
    assert_eq!(mail.subject, "Your week of 2026-11-16: 3 workouts, 60 hard sets");
    assert_eq!(
        mail.text,
        "Hello Anna,\n\n\
         Your week of 2026-11-16: 3 workouts, 60 hard sets\n\n\
         3 workouts, 60 hard sets.\n\n\
         New records: Row 80 kg;\nSquat 120 kg.\n\n\
         Hard sets in the week of 2026-10-19: 40, of 2026-10-26: 44.5, of 2026-11-02: 52, \
         of 2026-11-09: 0, of 2026-11-16: 60.\n\n\
         -- \nBulktrack\n\
         You receive this email because emails about weekly reports are on.\n\
         Unsubscribe from mails of this kind: https://bulktrack.example/v1/unsubscribe?token=a&kind=weekly_report\n\
         What reaches you, and by which way, is yours to choose: in your app, or with PUT /v1/me.\n"
    );
    for part in [
        ">Hello Anna,</p>",
        ">Your week of 2026-11-16: 3 workouts, 60 hard sets</h1>",
        ">3 workouts, 60 hard sets.</p>",
        ">New records: Row 80 kg;<br>\nSquat 120 kg.</p>",
        "<img src=\"cid:hard-sets.png\" width=\"480\" height=\"160\" alt=\"Bar chart. Hard sets in \
         the week of 2026-10-19: 40, of 2026-10-26: 44.5, of 2026-11-02: 52, of 2026-11-09: 0, \
         of 2026-11-16: 60.\"",
        ">Hard sets in the week of 2026-10-19: 40,",
        "You receive this email because emails about weekly reports are on.<br>",
        "<a href=\"https://bulktrack.example/v1/unsubscribe?token=a&amp;kind=weekly_report\"",
        "PUT /v1/me.</p>",
    ] {
        assert!(mail.html.contains(part), "{part} is not in {}", mail.html);
    }
}

#[test]
fn the_chart_goes_with_the_report_under_the_name_that_the_html_uses() {
    let mail = letter(NotificationKind::WeeklyReport, &report_data()).to_mail();
    let [picture] = &mail.pictures[..] else { panic!("{} pictures", mail.pictures.len()) };
    assert!(mail.html.contains(&format!("cid:{}\"", picture.content_id)));
    assert_eq!((picture.filename, picture.content_type), ("hard-sets.png", "image/png"));
    assert!(picture.bytes.starts_with(b"\x89PNG"));
}

#[test]
fn a_report_without_weeks_and_news_of_other_kinds_have_no_chart() {
    let data = report_data();
    for kind in NotificationKind::all() {
        let none = Map::new();
        let data = if kind == NotificationKind::WeeklyReport { &none } else { &data };
        let mail = letter(kind, data).to_mail();
        assert_eq!(mail.pictures, []);
        assert!(!mail.html.contains("<img"), "{}", mail.html);
        assert!(mail.text.contains("You receive this email because "), "{}", mail.text);
    }
}

#[test]
fn one_click_is_offered_where_there_is_a_place_for_it() {
    let data = Map::new();
    let letter = letter(NotificationKind::NewRecord, &data);
    let one_click = ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned());
    let automatic = ("Auto-Submitted", "auto-generated".to_owned());
    assert_eq!(
        letter.to_mail().headers,
        [automatic.clone(), ("List-Unsubscribe", format!("<{URL}>")), one_click]
    );
    let plain = URL.replace("https:", "http:");
    let mail = Letter { unsubscribe_url: &plain, ..letter }.to_mail();
    assert_eq!(mail.headers, std::slice::from_ref(&automatic), "refused by the mail service");
    assert!(mail.text.contains(&plain), "{}", mail.text);
    let mail = Letter { unsubscribe_url: "", ..letter }.to_mail();
    assert_eq!(mail.headers, [automatic]);
    assert!(!mail.text.contains("Unsubscribe"), "{}", mail.text);
    assert!(!mail.html.contains("<a"), "{}", mail.html);
}

/// A hostile name, as somebody's name, a title and a paragraph at once: how text and HTML show it.
#[track_caller]
fn check_hostile(name: &str, in_text: &str, in_html: &str) {
    let data = report_data();
    let mail = Letter {
        display_name: name,
        title: name,
        body: name,
        ..letter(NotificationKind::Pattern(PatternKind::VolumeAboveMrv), &data)
    }
    .to_mail();
    assert_eq!(mail.subject, in_text, "subject");
    assert!(mail.text.starts_with(&format!("Hello {in_text},\n\n{in_text}\n\n")), "{}", mail.text);
    for part in ["Hello {},</p>", "<title>{}</title>", "{}</h1>", "{}</p>"] {
        let part = part.replace("{}", in_html);
        assert!(mail.html.contains(&part), "{part} is not in {}", mail.html);
    }
    let plain = Letter {
        display_name: "",
        title: "",
        body: "",
        ..letter(NotificationKind::NewRecord, &data)
    };
    assert_eq!(mail.headers, plain.to_mail().headers, "no name gets into a header");
    let tags = |html: &str| html.matches('<').count();
    let harmless = Letter { display_name: "A", title: "A", body: "A", ..plain }.to_mail();
    assert_eq!(tags(&mail.html), tags(&harmless.html), "no name adds markup: {}", mail.html);
}

#[test]
fn names_are_text_and_nothing_else() {
    check_hostile(
        "<script>alert(1)</script>",
        "<script>alert(1)</script>",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
    );
    check_hostile("\"><img src=x>", "\"><img src=x>", "&quot;&gt;&lt;img src=x&gt;");
    check_hostile("' onclick='", "' onclick='", "&#39; onclick=&#39;");
    check_hostile("Bench & Row &lt;", "Bench & Row &lt;", "Bench &amp; Row &amp;lt;");
    check_hostile("Anna\u{202e}gpj\u{2069}", "Annagpj", "Annagpj");
    check_hostile("An\u{200b}na\u{feff}\u{0}", "Anna", "Anna");
    check_hostile("Anna\rBcc: x@y.z", "Anna Bcc: x@y.z", "Anna Bcc: x@y.z");
}

#[test]
fn a_line_break_is_one_in_a_body_only() {
    let data = Map::new();
    let name = "Anna\r\nBcc: x@y.z\r\n\r\nHi";
    let mail = Letter {
        display_name: name,
        title: name,
        body: name,
        ..letter(NotificationKind::NewRecord, &data)
    }
    .to_mail();
    assert_eq!(mail.subject, "Anna Bcc: x@y.z Hi");
    let text = "Hello Anna Bcc: x@y.z Hi,\n\nAnna Bcc: x@y.z Hi\n\nAnna\nBcc: x@y.z\n\nHi\n\n-- ";
    assert!(mail.text.starts_with(text), "{}", mail.text);
}

#[test]
fn names_with_nothing_to_show_leave_no_gap() {
    let data = Map::new();
    let nothing = "\u{200b}\u{202e} ";
    let mail = Letter {
        display_name: nothing,
        title: nothing,
        body: nothing,
        ..letter(NotificationKind::NewRecord, &data)
    }
    .to_mail();
    assert_eq!(mail.subject, "News of your training");
    assert!(mail.text.starts_with("Hello,\n\n-- \n"), "{}", mail.text);
    assert!(!mail.html.contains("<h1"), "{}", mail.html);
    assert!(!mail.html.contains("></p>"), "{}", mail.html);
}
