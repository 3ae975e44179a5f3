//! The rendered emails; no untrusted text becomes markup, a header or invisible characters.

use super::*;
use serde_json::json;
use shared_kernel::payload::PatternKind;

const URL: &str = "https://bulktrack.example/v1/unsubscribe?token=a&kind=weekly_report";

fn content(kind: NotificationKind, data: &Map<String, Value>) -> EmailContent<'_> {
    EmailContent {
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
fn text_and_html_of_a_report_have_the_same_content() {
    let email = content(NotificationKind::WeeklyReport, &report_data()).render();
    assert_eq!(email.to, "anna@example.com");
    assert_eq!(email.subject, "Your week of 2026-11-16: 3 workouts, 60 hard sets");
    assert_eq!(
        email.text,
        "Hello Anna,\n\n\
         Your week of 2026-11-16: 3 workouts, 60 hard sets\n\n\
         3 workouts, 60 hard sets.\n\n\
         New records: Row 80 kg;\nSquat 120 kg.\n\n\
         Hard sets in the week of 2026-10-19: 40, of 2026-10-26: 44.5, of 2026-11-02: 52, \
         of 2026-11-09: 0, of 2026-11-16: 60.\n\n\
         -- \nBulktrack\n\
         You receive this email because emails about weekly reports are on.\n\
         Unsubscribe from emails of this kind: https://bulktrack.example/v1/unsubscribe?token=a&kind=weekly_report\n\
         Choose your notifications in your app, or with PUT /v1/me.\n"
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
        assert!(email.html.contains(part), "{part} is not in {}", email.html);
    }
}

#[test]
fn html_of_a_report_refers_to_the_attached_chart() {
    let email = content(NotificationKind::WeeklyReport, &report_data()).render();
    let [image] = &email.inline_images[..] else { panic!("{} images", email.inline_images.len()) };
    assert!(email.html.contains(&format!("cid:{}\"", image.content_id)));
    assert_eq!((image.filename, image.content_type), ("hard-sets.png", "image/png"));
    assert!(image.bytes.starts_with(b"\x89PNG"));
}

#[test]
fn only_a_report_with_weeks_has_a_chart() {
    let data = report_data();
    for kind in NotificationKind::all() {
        let none = Map::new();
        let data = if kind == NotificationKind::WeeklyReport { &none } else { &data };
        let email = content(kind, data).render();
        assert_eq!(email.inline_images, []);
        assert!(!email.html.contains("<img"), "{}", email.html);
        assert!(email.text.contains("You receive this email because "), "{}", email.text);
    }
}

#[test]
fn one_click_unsubscribing_requires_an_https_url() {
    let data = Map::new();
    let content = content(NotificationKind::NewRecord, &data);
    let one_click = ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned());
    let automatic = ("Auto-Submitted", "auto-generated".to_owned());
    assert_eq!(
        content.render().headers,
        [automatic.clone(), ("List-Unsubscribe", format!("<{URL}>")), one_click]
    );
    let plain = URL.replace("https:", "http:");
    let email = EmailContent { unsubscribe_url: &plain, ..content }.render();
    assert_eq!(email.headers, std::slice::from_ref(&automatic), "rejected by the mail service");
    assert!(email.text.contains(&plain), "{}", email.text);
    let email = EmailContent { unsubscribe_url: "", ..content }.render();
    assert_eq!(email.headers, [automatic]);
    assert!(!email.text.contains("Unsubscribe"), "{}", email.text);
    assert!(!email.html.contains("<a"), "{}", email.html);
}

/// Renders a hostile name as the athlete's name, the title and a paragraph.
#[track_caller]
fn check_hostile(name: &str, in_text: &str, in_html: &str) {
    let data = report_data();
    let email = EmailContent {
        display_name: name,
        title: name,
        body: name,
        ..content(NotificationKind::Pattern(PatternKind::VolumeAboveMrv), &data)
    }
    .render();
    assert_eq!(email.subject, in_text, "subject");
    assert!(
        email.text.starts_with(&format!("Hello {in_text},\n\n{in_text}\n\n")),
        "{}",
        email.text
    );
    for part in ["Hello {},</p>", "<title>{}</title>", "{}</h1>", "{}</p>"] {
        let part = part.replace("{}", in_html);
        assert!(email.html.contains(&part), "{part} is not in {}", email.html);
    }
    let plain = EmailContent {
        display_name: "",
        title: "",
        body: "",
        ..content(NotificationKind::NewRecord, &data)
    };
    assert_eq!(email.headers, plain.render().headers, "no name gets into a header");
    let tags = |html: &str| html.matches('<').count();
    let harmless = EmailContent { display_name: "A", title: "A", body: "A", ..plain }.render();
    assert_eq!(tags(&email.html), tags(&harmless.html), "no name adds markup: {}", email.html);
}

#[test]
fn untrusted_text_is_escaped() {
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
    check_hostile("Anna\rBcc: all", "Anna Bcc: all", "Anna Bcc: all");
}

#[test]
fn line_breaks_survive_only_in_the_body() {
    let data = Map::new();
    let name = "Anna\r\nBcc: x@y.z\r\n\r\nHi";
    let email = EmailContent {
        display_name: name,
        title: name,
        body: name,
        ..content(NotificationKind::NewRecord, &data)
    }
    .render();
    assert_eq!(email.subject, "Anna Bcc: x@y.z Hi");
    let text = "Hello Anna Bcc: Hi,\n\nAnna Bcc: x@y.z Hi\n\nAnna\nBcc: x@y.z\n\nHi\n\n-- ";
    assert!(email.text.starts_with(text), "{}", email.text);
}

#[test]
fn invisible_names_leave_no_empty_parts() {
    let data = Map::new();
    let invisible = "\u{200b}\u{202e} ";
    let email = EmailContent {
        display_name: invisible,
        title: invisible,
        body: invisible,
        ..content(NotificationKind::NewRecord, &data)
    }
    .render();
    assert_eq!(email.subject, "Your training on Bulktrack");
    assert!(email.text.starts_with("Hello,\n\n-- \n"), "{}", email.text);
    assert!(!email.html.contains("<h1"), "{}", email.html);
    assert!(!email.html.contains("></p>"), "{}", email.html);
}

#[test]
fn confirmation_has_only_its_link() {
    let url = "https://bulktrack.example/v1/email/confirm?token=a&b";
    let email = ConfirmationEmail { to: "ada@example.com", url }.render();
    assert_eq!((&*email.to, &*email.subject), ("ada@example.com", "Confirm your email address"));
    assert!(email.text.starts_with("Hello,\n\nConfirm your email address\n\n"), "{}", email.text);
    assert!(email.text.contains(&format!("Confirm this address: {url}\n")), "{}", email.text);
    let link = "<a href=\"https://bulktrack.example/v1/email/confirm?token=a&amp;b\"";
    assert!(email.html.contains(link), "{}", email.html);
    for part in ["Unsubscribe", "PUT /v1/me"] {
        assert!(!email.text.contains(part) && !email.html.contains(part), "{}", email.text);
    }
    assert_eq!(email.headers, [("Auto-Submitted", "auto-generated".to_owned())]);
}
