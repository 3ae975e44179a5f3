use super::*;
use serde_json::json;
use shared_kernel::payload::PatternKind;
use shared_kernel::recommendation::{Action, Adjustment, Unit};
use training::WeekStart;

/// An athlete's own lift whose name has a number.
fn facts() -> Facts {
    let evidence = json!({
        "sessions": 8, "span_days": 31, "e1rm_median_kg": 123.333_33, "slope_percent_per_week": -0.633,
        "load_kg": 12_500.4, "lifts": ["5x5 Squat", "Row"], "from_day": "2026-11-02", "rpe": null,
    });
    Facts {
        kind: PatternKind::Regression,
        subject: "Bench 3-Board".to_owned(),
        since: WeekStart::containing("2026-11-16".parse().unwrap()),
        confidence: 0.85,
        evidence: evidence.as_object().cloned().unwrap(),
        adjustment: None,
        is_change_deferred: false,
    }
}

fn check_text(recommendation: &str, facts: &Facts) -> Result<(), ReplyError> {
    let narration =
        Narration { title: "A title".to_owned(), recommendation: recommendation.to_owned() };
    check(&narration, facts)
}

fn accepted(recommendation: &str) {
    assert_eq!(check_text(recommendation, &facts()), Ok(()), "{recommendation}");
}

fn rejected(recommendation: &str, error: ReplyError) {
    assert_eq!(check_text(recommendation, &facts()), Err(error), "{recommendation}");
}

#[test]
fn exact_and_rounded_facts_are_accepted() {
    accepted("8 sessions in 31 days; since 2026-11-16, or 2026-11-02.");
    accepted("Down by 0.6 % a week, that is -0.6%.");
    accepted("123.3 kg; 12,500 kg or 12500kg.");
    accepted("I am 85 % sure.");
    accepted("2 lifts, eight sessions, take one day off.");
    rejected("123 kg", ReplyError::Number);
    rejected("0.7 % a week", ReplyError::Number);
    rejected("9 sessions", ReplyError::Number);
    rejected("nine sessions", ReplyError::Number);
    rejected("since 2026-11-17", ReplyError::Number);
    rejected("since 16 November", ReplyError::Number);
    rejected("in 2026", ReplyError::Number);
    rejected("half of it", ReplyError::Number);
    rejected("٨ sessions", ReplyError::Number);
    rejected("8e1 sessions", ReplyError::Number);
}

#[test]
fn names_are_accepted_but_their_numbers_are_not_facts() {
    accepted("Your e1RM in Bench 3-Board and 5x5 squat, your 1RM.");
    rejected("3 boards", ReplyError::Number);
    rejected("5 x 5", ReplyError::Number);
    rejected("15x5 squats", ReplyError::Number);
    let facts = Facts { subject: "7".to_owned(), ..facts() };
    assert_eq!(check_text("Do 7 of 77.", &facts), Err(ReplyError::Number));
}

#[test]
fn addresses_mark_up_and_invisible_characters_are_rejected() {
    accepted("Rest, e.g. a week. Then go on... at 6 a.m. or so.".replace("6 ", "8 ").as_str());
    for text in [
        "see https://evil",
        "see HTTP evil",
        "see www.evil",
        "see evil.com",
        "see Evil.Example now",
        "write to me@evil.org",
        "see evil.рф",
    ] {
        rejected(text, ReplyError::Address);
    }
    for text in
        ["<b>rest</b>", "`rest`", "a\nb", "a\tb", "a\u{202e}b", "ev\u{200b}il", "evil\u{3002}com"]
    {
        rejected(text, ReplyError::Characters);
    }
    rejected("You will get injured.", ReplyError::Injury);
    rejected("Injuries loom.", ReplyError::Injury);
}

#[test]
fn title_and_recommendation_have_length_limits() {
    let narration = |title: usize, text: usize| Narration {
        title: "ä".repeat(title),
        recommendation: "ä".repeat(text),
    };
    assert_eq!(check(&narration(120, 600), &facts()), Ok(()));
    assert_eq!(check(&narration(121, 600), &facts()), Err(ReplyError::Length));
    assert_eq!(check(&narration(120, 601), &facts()), Err(ReplyError::Length));
    assert_eq!(check(&narration(0, 600), &facts()), Err(ReplyError::Length));
    assert_eq!(check(&narration(120, 0), &facts()), Err(ReplyError::Length));
}

#[test]
fn target_of_the_adjustment_is_required() {
    let adjustment = Adjustment {
        subject: "Bench 3-Board".to_owned(),
        action: Action::CutLoad,
        from: Some(100.0),
        to: Some(92.5),
        unit: Unit::Kilograms,
        weeks: 1,
    };
    let facts = Facts { adjustment: Some(adjustment), ..facts() };
    assert_eq!(check_text("Go from 100 to 92.5 kg, 7.5 kg less, for 1 week.", &facts), Ok(()));
    assert_eq!(check_text("Go down from 100 kg.", &facts), Err(ReplyError::TargetMissing));
    assert_eq!(check_text("Go down to 90 kg.", &facts), Err(ReplyError::Number));
}
