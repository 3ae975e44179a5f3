//! The template narrator. It never fails, and every number in its texts is one of the facts.
//!
//! A text is a finding and an advice. The finding omits numbers that the evidence does not have; the
//! advice is the adjustment, if there is one. Numbers are digits, and only facts: the check of a
//! model's reply (`check`) accepts these texts too.

use super::facts::{Facts, number_text};
use super::narration::{Narration, Narrator};
use crate::rules::Subject;
use async_trait::async_trait;
use serde_json::Value;
use shared_kernel::payload::PatternKind;
use shared_kernel::recommendation::{Action, Adjustment, Unit};

/// The advice when the change of a pattern is deferred.
const DEFERRED: &str = "There is nothing to change for it right now.";

/// The narrator that fills the facts into fixed sentences.
#[derive(Clone, Copy, Debug, Default)]
pub struct Template;

#[async_trait(?Send)]
impl Narrator for Template {
    async fn narrate(&self, facts: &Facts) -> Narration {
        narration(facts)
    }
}

/// Fills the facts into the sentences of their kind.
pub fn narration(facts: &Facts) -> Narration {
    let Text { title, finding, advice } = text(facts);
    let advice = match &facts.adjustment {
        Some(adjustment) if !is_advice(facts, adjustment) => adjustment_text(adjustment),
        None if facts.is_change_deferred => DEFERRED.to_owned(),
        _ => advice,
    };
    Narration { title, recommendation: format!("{finding} {advice}") }
}

/// Returns the text about a plateau that the lift has broken.
pub fn plateau_broken(lift: &str) -> Narration {
    Narration {
        title: format!("{} is moving again", sentence(lift)),
        recommendation: format!(
            "Your {lift} is up after weeks at the same level. What you changed works, so keep it."
        ),
    }
}

struct Text {
    title: String,
    finding: String,
    advice: String,
}

fn text(facts: &Facts) -> Text {
    match facts.kind {
        PatternKind::VolumeAboveMrv => volume_above_mrv(facts),
        PatternKind::VolumeBelowMev => volume_below_mev(facts),
        PatternKind::LoadSpike => load_spike(facts),
        PatternKind::HighMonotony => high_monotony(facts),
        PatternKind::ProgressiveOverload => progressive_overload(facts),
        PatternKind::Plateau => plateau(facts),
        PatternKind::Regression => regression(facts),
        PatternKind::DeloadTaken => deload_taken(facts),
        PatternKind::DeloadDue => deload_due(facts),
        PatternKind::PushPullImbalance => push_pull_imbalance(facts),
        PatternKind::Comeback => comeback(facts),
        PatternKind::MissedWeeks => missed_weeks(facts),
        PatternKind::RepeatedLoad => repeated_load(facts),
        PatternKind::StrengthBlock => strength_block(),
        PatternKind::UntrainedMuscles => untrained_muscles(facts),
    }
}

fn volume_above_mrv(facts: &Facts) -> Text {
    let muscle = &facts.subject;
    let mrv = facts.with_number("mrv", |mrv| format!(" Most people recover from {mrv} at most."));
    let sets = facts.text_of("hard_sets").unwrap_or_else(|| "very many".to_owned());
    let over = facts.text_of("over").unwrap_or_else(|| "some".to_owned());
    Text {
        title: format!(
            "{}: {}more than you recover from",
            sentence(muscle),
            facts.with_number("hard_sets", |sets| format!("{}, ", count(sets, "hard set")))
        ),
        finding: format!("You did {sets} hard sets for {muscle} in one week.{mrv}"),
        advice: format!("Take {over} away next week, and keep the weights where they are."),
    }
}

fn volume_below_mev(facts: &Facts) -> Text {
    let muscle = &facts.subject;
    let mev = facts.text_of("mev");
    let weeks = facts.with_number("weeks", |weeks| format!(" for {}", count(weeks, "week")));
    Text {
        title: format!("{}: too few sets to grow", sentence(muscle)),
        finding: format!(
            "{}: {}under the least that builds muscle{}{weeks}.",
            sentence(muscle),
            facts.with_number("hard_sets", |sets| format!(
                "{} last week, ",
                count(sets, "hard set")
            )),
            facts.with_number("mev", |mev| format!(" (about {mev} a week)")),
        ),
        advice: mev.map_or_else(
            || "Bring it back up to that.".to_owned(),
            |mev| format!("Bring it up to {mev} hard sets a week."),
        ),
    }
}

/// The text names a jump of the load and nothing more: as a predictor of injuries it is contested.
fn load_spike(facts: &Facts) -> Text {
    let loads = facts.with_weights("usual_7_days", "last_7_days", |usual, now| {
        format!(" You moved {now} in the last week, and usually {usual}.")
    });
    let sets = facts.with_numbers("week_hard_sets", "usual_hard_sets", |sets, usual| {
        format!(" You did {sets} hard sets in a week, and usually {usual}.")
    });
    let loads = if sets.is_empty() { loads } else { sets };
    let times = or(facts.with_number("ratio", |ratio| format!("{ratio} times")), || {
        "far more than".to_owned()
    });
    Text {
        title: "A big jump in your training".to_owned(),
        finding: format!("You are doing {times} your usual work.{loads}"),
        advice: "Stay near your usual load next week, and add to it in small steps from there."
            .to_owned(),
    }
}

fn high_monotony(facts: &Facts) -> Text {
    let week = facts
        .with_weights("load", "usual_load", |week, usual| format!(": {week}, and usually {usual}"));
    Text {
        title: "Your days are all about equally hard".to_owned(),
        finding: format!(
            "Last week your days were all about equally hard, and there was a lot of work in them{week}."
        ),
        advice: "Make the hard days hard and the easy days easy, and rest in between.".to_owned(),
    }
}

fn progressive_overload(facts: &Facts) -> Text {
    let lift = &facts.subject;
    let rate = rate(facts, " ");
    Text {
        title: format!("Your {lift} is up{rate}"),
        finding: format!("Your {lift} is up{rate}.{}", maxima(facts)),
        advice: "Keep going, and add weight when you complete all your reps.".to_owned(),
    }
}

fn plateau(facts: &Facts) -> Text {
    let lift = &facts.subject;
    Text {
        title: format!("{} has stalled", sentence(lift)),
        finding: format!(
            "You tried more on {lift}, and it has not moved{}.{}",
            sessions(facts),
            maxima(facts)
        ),
        advice: "Change one thing, such as the rep range or a close variation of the lift, and \
                 give it a few weeks."
            .to_owned(),
    }
}

fn regression(facts: &Facts) -> Text {
    let lift = &facts.subject;
    let rate = rate(facts, " ");
    Text {
        title: format!("Your {lift} is down{rate}"),
        finding: format!("Your {lift} is down{rate}{}.{}", sessions(facts), maxima(facts)),
        advice: "Look at sleep, food and stress first. Take some weight off the bar for a week, \
                 and build it up again."
            .to_owned(),
    }
}

fn deload_taken(facts: &Facts) -> Text {
    let sets = facts.with_numbers("hard_sets", "usual_hard_sets", |sets, usual| {
        format!(": {sets} hard sets, and usually {usual}")
    });
    Text {
        title: "A light week, well taken".to_owned(),
        finding: format!("Last week was a deload{sets}."),
        advice: "Go back to your usual sets this week.".to_owned(),
    }
}

fn deload_due(facts: &Facts) -> Text {
    let ago = facts.with_number("weeks", |weeks| {
        format!("You have trained {weeks} weeks in a row, none of them light.")
    });
    let more_than_0 = |name: &str| facts.number(name).is_some_and(|number| number > 0.0);
    let plateaus = if more_than_0("plateaus") {
        facts.with_number("plateaus", |lifts| {
            let have = if lifts == "1" { "has" } else { "have" };
            format!(" {lifts} of your lifts {have} stalled.")
        })
    } else {
        String::new()
    };
    let drift = if more_than_0("rpe_drift") {
        facts.with_number("rpe_drift", |drift| {
            format!(" The same sets feel {drift} RPE harder than before.")
        })
    } else {
        String::new()
    };
    Text {
        title: "Time for a light week".to_owned(),
        finding: format!(
            "{}{plateaus}{drift}",
            or(ago, || "Your last light week was long ago.".to_owned())
        ),
        advice: "Do far fewer sets next week, the same exercises, and nothing near failure."
            .to_owned(),
    }
}

fn push_pull_imbalance(facts: &Facts) -> Text {
    let (more, less) = match facts.number("ratio") {
        Some(ratio) if ratio < 1.0 => ("pull", "push"),
        _ => ("push", "pull"),
    };
    let sets = facts.with_numbers("push_hard_sets", "pull_hard_sets", |push, pull| {
        format!(": {push} hard sets of pushing and {pull} of pulling")
    });
    let weeks = or(facts.with_number("weeks", |weeks| format!("the last {weeks} weeks")), || {
        "the last weeks".to_owned()
    });
    Text {
        title: format!("More {more} than {less}"),
        finding: format!(
            "Over {weeks} your upper body did much more {more}ing than {less}ing{sets}."
        ),
        advice: format!(
            "Move sets from {more}ing to {less}ing, a few each week, until they are about even."
        ),
    }
}

fn comeback(facts: &Facts) -> Text {
    let off = facts.with_number("weeks_off", |weeks| format!(" after {}", count(weeks, "week")));
    let usual = facts.with_number("usual_hard_sets", |sets| {
        format!(" Before the break you did about {sets} hard sets a week.")
    });
    Text {
        title: format!("Welcome back{off}"),
        finding: format!("You are training again{off}.{usual}"),
        advice:
            "Start with far fewer sets than usual, at lighter weights, and add some each week for a month."
                .to_owned(),
    }
}

fn missed_weeks(facts: &Facts) -> Text {
    let weeks = facts.with_number("weeks", |weeks| format!(" for {}", count(weeks, "week")));
    let numbers = facts.with_numbers("workouts", "usual_workouts", |workouts, usual| {
        format!(" Last week you trained {}, where {usual} is usual for you.", times(workouts))
    });
    Text {
        title: format!("Fewer workouts than usual{weeks}"),
        finding: format!("You have trained less often than usual{weeks}.{numbers}"),
        advice: "Put your next workout into the calendar now. A short one counts too.".to_owned(),
    }
}

fn repeated_load(facts: &Facts) -> Text {
    let lift = sentence(&facts.subject);
    let sessions = facts.with_numbers("repeats", "sessions", |repeats, sessions| {
        if repeats == sessions {
            format!(" in your last {sessions} sessions")
        } else {
            format!(" in {repeats} of your last {sessions} sessions")
        }
    });
    let reps = facts.with_number("reps", |reps| {
        let weight = facts.weight("weight").filter(|weight| !weight.starts_with("0 "));
        let weight = weight.map(|weight| format!(" at {weight}")).unwrap_or_default();
        format!(", {}{weight}", count(reps, "rep"))
    });
    Text {
        title: format!("{lift}: try one more rep"),
        finding: format!("{lift}: the same sets{sessions}{reps}."),
        advice: "Try one more rep on the first set, or the smallest step up in weight.".to_owned(),
    }
}

fn strength_block() -> Text {
    Text {
        title: "You are in a strength block".to_owned(),
        finding: "Most of your top sets are heavy: few reps near your best weights.".to_owned(),
        advice: "Judge these weeks by the weight on the bar, not by the number of sets. Add the \
                 smallest step when every rep of a set was clean."
            .to_owned(),
    }
}

fn untrained_muscles(facts: &Facts) -> Text {
    let names = facts.evidence.get("muscles").and_then(Value::as_array);
    let names = names.into_iter().flatten().filter_map(Value::as_str);
    let names =
        names.map(|name| Subject::parse(name).display_name()).collect::<Vec<_>>().join(", ");
    let names = or(names, || "some muscles".to_owned());
    Text {
        title: format!("Is it on purpose that you leave out {names}?"),
        finding: format!("You hardly ever train {names} directly."),
        advice:
            "If that is on purpose, nothing needs to change, and you are not asked again. If not, \
                 add a few sets a week."
                .to_owned(),
    }
}

/// Formats `1 week`, `2 weeks`.
fn count(number: &str, what: &str) -> String {
    if number == "1" { format!("1 {what}") } else { format!("{number} {what}s") }
}

/// Formats `once`, `3 times`.
fn times(number: &str) -> String {
    if number == "1" { "once".to_owned() } else { format!("{number} times") }
}

/// Formats the slope without its sign: `0.6 % a week`.
fn rate(facts: &Facts, before: &str) -> String {
    facts
        .number("slope_percent_per_week")
        .map_or_else(String::new, |slope| format!("{before}{} % a week", number_text(slope.abs())))
}

fn sessions(facts: &Facts) -> String {
    facts.with_numbers("sessions", "span_days", |sessions, days| {
        format!(" over {sessions} sessions in {days} days")
    })
}

fn maxima(facts: &Facts) -> String {
    let best = facts.weight("e1rm_best").map(|best| format!("; your best is {best}"));
    let best = best.unwrap_or_default();
    let about = |median: String| format!(" Your estimated max is about {median}{best}.");
    facts.weight("e1rm_median").map(about).unwrap_or_default()
}

/// Describes an adjustment and its duration.
pub fn adjustment_text(adjustment: &Adjustment) -> String {
    let subject = match adjustment.subject.as_str() {
        "training" => "all of your training",
        subject => subject,
    };
    let unit = match (adjustment.unit, adjustment.weeks) {
        (Unit::HardSetsAWeek, 1) => "hard sets",
        (unit, _) => unit.as_str(),
    };
    let weeks = weeks(adjustment.weeks);
    let number = |number: Option<f64>| number.filter(|number| number.is_finite()).map(number_text);
    let (from, to) = (number(adjustment.from), number(adjustment.to));
    let at = to.as_ref().or(from.as_ref()).map(|number| format!("at {number} {unit}"));
    let range = match (from, to) {
        (Some(from), Some(to)) => Some(format!("from {from} to {to} {unit}")),
        (None, Some(to)) => Some(format!("to {to} {unit}")),
        (Some(_) | None, None) => None,
    };
    let or = |otherwise: &str| range.clone().unwrap_or_else(|| otherwise.to_owned());
    match adjustment.action {
        Action::RaiseSets => format!("Bring {subject} up {}{weeks}.", or("by a few sets")),
        Action::CutSets => format!("Take {subject} down {}{weeks}.", or("by a few sets")),
        Action::HoldLoad => {
            let at = at.unwrap_or_else(|| "where it is".to_owned());
            format!("Keep {subject} {at}{weeks}, and add nothing for now.")
        }
        Action::CutLoad => format!("Take the load of {subject} down {}{weeks}.", or("by a little")),
        Action::Deload => match range {
            Some(range) => format!("Deload: take {subject} down {range}{weeks}."),
            None => format!("Deload {subject}{weeks}: far fewer sets, and nothing near failure."),
        },
        Action::KeepGoing => match range {
            Some(range) => format!("Keep going: take {subject} {range}{weeks}."),
            None => format!("Keep {subject} going as it is{weeks}."),
        },
    }
}

fn weeks(weeks: u32) -> String {
    match weeks {
        0 => String::new(),
        1 => " next week".to_owned(),
        weeks => format!(" for the next {weeks} weeks"),
    }
}

/// Whether the advice of the template already describes the adjustment.
fn is_advice(facts: &Facts, adjustment: &Adjustment) -> bool {
    let Adjustment { action, to: Some(to), weeks: 0..=1, .. } = adjustment else { return false };
    let is_number = |name| facts.number(name) == Some(*to);
    match action {
        Action::CutSets => {
            is_number("mrv") && facts.difference() == facts.number("over")
                || is_number("target_hard_sets")
        }
        Action::RaiseSets => is_number("mev"),
        Action::HoldLoad | Action::CutLoad | Action::Deload | Action::KeepGoing => false,
    }
}

impl Facts {
    fn text_of(&self, name: &str) -> Option<String> {
        self.number(name).map(number_text)
    }

    /// Returns a part of a sentence about one number; empty without the number.
    fn with_number(&self, name: &str, part: impl FnOnce(&str) -> String) -> String {
        self.text_of(name).map_or_else(String::new, |number| part(&number))
    }

    /// Returns a part of a sentence about two weights; empty without one of them.
    fn with_weights(
        &self,
        one: &str,
        other: &str,
        part: impl FnOnce(&str, &str) -> String,
    ) -> String {
        match (self.weight(one), self.weight(other)) {
            (Some(one), Some(other)) => part(&one, &other),
            _ => String::new(),
        }
    }

    /// Returns a part of a sentence about two numbers; empty without one of them.
    fn with_numbers(
        &self,
        one: &str,
        other: &str,
        part: impl FnOnce(&str, &str) -> String,
    ) -> String {
        match (self.text_of(one), self.text_of(other)) {
            (Some(one), Some(other)) => part(&one, &other),
            _ => String::new(),
        }
    }
}

/// Returns the text, or another one if it is empty.
fn or(text: String, otherwise: impl FnOnce() -> String) -> String {
    if text.is_empty() { otherwise() } else { text }
}

/// Capitalises the first character.
fn sentence(text: &str) -> String {
    let mut rest = text.chars();
    rest.next()
        .map(|first| first.to_ascii_uppercase().to_string() + rest.as_str())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
