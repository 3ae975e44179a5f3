use super::*;
use crate::adjustment::{Action, Adjustment, Unit};
use serde_json::json;
use shared_kernel::payload::PatternKind;
use training::WeekStart;

/// An own lift with a name that has a number, and much to say about it.
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
        nothing_now: false,
    }
}

fn said(recommendation: &str, facts: &Facts) -> Result<(), Refusal> {
    let words = Words { title: "A title".to_owned(), recommendation: recommendation.to_owned() };
    check(&words, facts)
}

fn holds(recommendation: &str) {
    assert_eq!(said(recommendation, &facts()), Ok(()), "{recommendation}");
}

fn refused(recommendation: &str, refusal: Refusal) {
    assert_eq!(said(recommendation, &facts()), Err(refusal), "{recommendation}");
}

#[test]
fn the_facts_hold_as_they_are_and_as_they_are_rounded() {
    holds("8 sessions in 31 days; since 2026-11-16, or 2026-11-02.");
    holds("Down by 0.63 % a week, that is -0.63%.");
    holds("123.33 kg; 12,500 kg or 12500kg.");
    holds("I am 85 % sure.");
    holds("2 lifts, eight sessions, take one day off.");
    refused("123 kg", Refusal::Number);
    refused("0.6 % a week", Refusal::Number);
    refused("9 sessions", Refusal::Number);
    refused("nine sessions", Refusal::Number);
    refused("since 2026-11-17", Refusal::Number);
    refused("since 16 November", Refusal::Number);
    refused("in 2026", Refusal::Number);
    refused("half of it", Refusal::Number);
    refused("٨ sessions", Refusal::Number);
    refused("8e1 sessions", Refusal::Number);
}

#[test]
fn names_may_be_repeated_and_their_numbers_are_no_facts() {
    holds("Your e1RM in Bench 3-Board and 5x5 squat, your 1RM.");
    refused("3 boards", Refusal::Number);
    refused("5 x 5", Refusal::Number);
    refused("15x5 squats", Refusal::Number);
    let facts = Facts { subject: "7".to_owned(), ..facts() };
    assert_eq!(said("Do 7 of 77.", &facts), Err(Refusal::Number));
}

#[test]
fn no_address_no_mark_up_and_nothing_that_cannot_be_seen() {
    holds("Rest, e.g. a week. Then go on... at 6 a.m. or so.".replace("6 ", "8 ").as_str());
    for text in [
        "see https://evil",
        "see HTTP evil",
        "see www.evil",
        "see evil.com",
        "see Evil.Example now",
        "write to me@evil.org",
        "see evil.рф",
    ] {
        refused(text, Refusal::Address);
    }
    for text in
        ["<b>rest</b>", "`rest`", "a\nb", "a\tb", "a\u{202e}b", "ev\u{200b}il", "evil\u{3002}com"]
    {
        refused(text, Refusal::Characters);
    }
    refused("You will get injured.", Refusal::Injury);
    refused("Injuries loom.", Refusal::Injury);
}

#[test]
fn both_parts_have_their_length() {
    let words = |title: usize, text: usize| Words {
        title: "ä".repeat(title),
        recommendation: "ä".repeat(text),
    };
    assert_eq!(check(&words(120, 600), &facts()), Ok(()));
    assert_eq!(check(&words(121, 600), &facts()), Err(Refusal::Length));
    assert_eq!(check(&words(120, 601), &facts()), Err(Refusal::Length));
    assert_eq!(check(&words(0, 600), &facts()), Err(Refusal::Length));
    assert_eq!(check(&words(120, 0), &facts()), Err(Refusal::Length));
}

#[test]
fn what_to_go_to_has_to_be_said() {
    let adjustment = Adjustment {
        subject: "Bench 3-Board".to_owned(),
        action: Action::CutLoad,
        from: Some(100.0),
        to: Some(92.5),
        unit: Unit::Kilograms,
        weeks: 1,
    };
    let facts = Facts { adjustment: Some(adjustment), ..facts() };
    assert_eq!(said("Go from 100 to 92.5 kg, 7.5 kg less, for 1 week.", &facts), Ok(()));
    assert_eq!(said("Go down from 100 kg.", &facts), Err(Refusal::Unsaid));
    assert_eq!(said("Go down to 90 kg.", &facts), Err(Refusal::Number));
}
