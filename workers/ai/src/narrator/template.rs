//! The template narrator: always there, and every number in it is one of the facts.
//!
//! A text is a finding and an advice. The finding leaves out what the evidence does not have; the
//! advice is the adjustment, where there is one. Numbers are written in digits, and only those that
//! are facts: the check of a model's answer (`check`) holds for these texts too.

use super::facts::{Facts, plain};
use super::{Narrator, Words};
use crate::adjustment::{Action, Adjustment, Unit};
use async_trait::async_trait;
use shared_kernel::payload::PatternKind;

/// What is said where a change has to wait.
const WAIT: &str = "There is nothing to change for it right now.";

/// Says facts in sentences that are ready.
#[derive(Clone, Copy, Debug, Default)]
pub struct Template;

#[async_trait(?Send)]
impl Narrator for Template {
    async fn narrate(&self, facts: &Facts) -> Words {
        words(facts)
    }
}

/// Says facts in sentences that are ready.
pub fn words(facts: &Facts) -> Words {
    let Text { title, finding, advice } = text(facts);
    let advice = match &facts.adjustment {
        Some(adjustment) if !is_what_the_advice_says(facts, adjustment) => change(adjustment),
        None if facts.nothing_now => WAIT.to_owned(),
        _ => advice,
    };
    Words { title, recommendation: format!("{finding} {advice}") }
}

/// Words for the end of a pattern, where an athlete wants to know of it.
pub fn ending(kind: PatternKind, subject: &str) -> Option<Words> {
    let (title, recommendation) = match kind {
        PatternKind::Plateau => (
            format!("{} plateau broken", sentence(subject)),
            format!(
                "Your {subject} moves again: the plateau is over. Whatever you changed, it worked. \
                 Stay with it while it lasts."
            ),
        ),
        PatternKind::DeloadTaken => (
            "Deload done".to_owned(),
            "Your light week is behind you. Go back to your usual sets, and see what the rest was \
             good for."
                .to_owned(),
        ),
        PatternKind::VolumeAboveMrv
        | PatternKind::VolumeBelowMev
        | PatternKind::LoadSpike
        | PatternKind::HighMonotony
        | PatternKind::ProgressiveOverload
        | PatternKind::Regression
        | PatternKind::DeloadDue
        | PatternKind::PushPullImbalance => return None,
    };
    Some(Words { title, recommendation })
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
    }
}

fn volume_above_mrv(facts: &Facts) -> Text {
    let (muscle, since) = (&facts.subject, facts.since);
    let mrv = facts
        .say("mrv", |mrv| format!(" The most that can be recovered from (MRV) is about {mrv}."));
    let finding = facts.say("hard_sets", |sets| {
        format!("You did {sets} hard sets for {muscle} in the week of {since}.{mrv}")
    });
    let unsaid = || {
        format!(
            "You did more hard sets for {muscle} in the week of {since} than can be recovered from.{mrv}"
        )
    };
    let over = facts.said("over").unwrap_or_else(|| "some".to_owned());
    Text {
        title: format!(
            "{} volume over MRV{}",
            sentence(muscle),
            facts.say("hard_sets", |sets| format!(": {sets} hard sets"))
        ),
        finding: or(finding, unsaid),
        advice: format!(
            "Take {over} hard sets away next week, and keep the weights where they are."
        ),
    }
}

fn volume_below_mev(facts: &Facts) -> Text {
    let (muscle, since) = (&facts.subject, facts.since);
    let mev = facts.said("mev");
    Text {
        title: format!(
            "{} volume below MEV{}",
            sentence(muscle),
            facts.say("weeks", |weeks| format!(" for {weeks} weeks"))
        ),
        finding: format!(
            "Your {muscle} {}has been below the minimum effective volume (MEV{}){}, since {since}.",
            facts.say("hard_sets", |sets| format!("got {sets} hard sets last week and ")),
            facts.say("mev", |mev| format!(", about {mev}")),
            facts.say("weeks", |weeks| format!(" for {weeks} weeks in a row")),
        ),
        advice: mev.map_or_else(
            || "Bring it up to that again.".to_owned(),
            |mev| format!("Bring it up to {mev} hard sets a week."),
        ),
    }
}

/// A load spike is said to be no more than that: as a predictor of injuries it is contested.
fn load_spike(facts: &Facts) -> Text {
    let loads = facts.say_both("usual_7_days_kg", "last_7_days_kg", |usual, now| {
        format!(" In a week you moved {now} kg, where {usual} kg is usual for you.")
    });
    Text {
        title: format!(
            "Load spike{}",
            facts.say("ratio", |ratio| format!(": {ratio} times your usual"))
        ),
        finding: format!(
            "You are lifting {} what the weeks before have got you used to.{loads}",
            or(facts.say("ratio", |ratio| format!("{ratio} times")), || "far more than".to_owned()),
        ),
        advice: "Stay near your usual load next week, and add to it in small steps from there."
            .to_owned(),
    }
}

fn high_monotony(facts: &Facts) -> Text {
    let week = facts.say_both("load_kg", "usual_load_kg", |week, usual| {
        format!(": {week} kg, where {usual} kg is usual for you")
    });
    Text {
        title: format!(
            "Days too much alike{}",
            facts.say("monotony", |monotony| format!(": monotony {monotony}"))
        ),
        finding: format!(
            "In the week of {} your days were all about equally hard{}, and there was a lot of \
             work in them{week}.",
            facts.since,
            facts.say("monotony", |monotony| format!(" (monotony {monotony})")),
        ),
        advice: "Make the hard days hard and the easy days easy, and rest in between.".to_owned(),
    }
}

fn progressive_overload(facts: &Facts) -> Text {
    let lift = &facts.subject;
    Text {
        title: format!("{} goes up{}", sentence(lift), rate(facts, ": ")),
        finding: format!(
            "Your estimated max in {lift} is going up{}{}.{}",
            rate(facts, " by "),
            sessions(facts),
            maxima(facts),
        ),
        advice: "What you do works: keep going, and add weight when all your reps are there."
            .to_owned(),
    }
}

fn plateau(facts: &Facts) -> Text {
    let lift = &facts.subject;
    Text {
        title: format!(
            "{} has stalled{}",
            sentence(lift),
            facts.say("span_days", |days| format!(" for {days} days"))
        ),
        finding: format!(
            "Your estimated max in {lift} has not moved{}.{}",
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
    Text {
        title: format!("{} goes down{}", sentence(lift), rate(facts, ": ")),
        finding: format!(
            "Your estimated max in {lift} is going down{}{}.{}",
            rate(facts, " by "),
            sessions(facts),
            maxima(facts),
        ),
        advice: "Look at sleep, food and stress first. Take some weight off the bar for a week, \
                 and build it up again."
            .to_owned(),
    }
}

fn deload_taken(facts: &Facts) -> Text {
    let usual = facts.say_both("percent_of_usual", "usual_hard_sets", |percent, usual| {
        format!(", {percent} % of the {usual} that are usual for you")
    });
    let sets = facts.say("hard_sets", |sets| format!(" with {sets} hard sets{usual}"));
    Text {
        title: format!(
            "Deload taken{}",
            facts.say("percent_of_usual", |percent| format!(": {percent} % of your usual sets"))
        ),
        finding: format!("The week of {} was a light one{sets}.", facts.since),
        advice: "That is a deload. Go back to your usual sets next week.".to_owned(),
    }
}

fn deload_due(facts: &Facts) -> Text {
    let ago = facts.say("weeks", |weeks| {
        format!("You have trained {weeks} weeks in a row, none of them light.")
    });
    let more_than_0 = |name: &str| facts.number(name).is_some_and(|number| number > 0.0);
    let plateaus = match facts.number("plateaus") {
        Some(1.0) => " 1 of your lifts has stalled.".to_owned(),
        _ if more_than_0("plateaus") => {
            facts.say("plateaus", |lifts| format!(" {lifts} of your lifts have stalled."))
        }
        _ => String::new(),
    };
    let drift = if more_than_0("rpe_drift") {
        facts.say("rpe_drift", |drift| {
            format!(" The same sets feel {drift} RPE harder than before.")
        })
    } else {
        String::new()
    };
    Text {
        title: "Time for a deload".to_owned(),
        finding: format!(
            "{}{plateaus}{drift}",
            or(ago, || "Your last light week was long ago.".to_owned())
        ),
        advice: "Take a light week: far fewer sets, the same exercises, and nothing near failure."
            .to_owned(),
    }
}

fn push_pull_imbalance(facts: &Facts) -> Text {
    let ratio = facts.number("ratio");
    let (more, less) = match ratio {
        Some(ratio) if ratio < 1.0 => ("pull", "push"),
        _ => ("push", "pull"),
    };
    let sets = facts.say_both("push_hard_sets", "pull_hard_sets", |push, pull| {
        let ratio = facts.say("ratio", |ratio| format!(", a ratio of {ratio}"));
        format!(": {push} hard sets of pushing and {pull} of pulling{ratio}")
    });
    let weeks = or(facts.say("weeks", |weeks| format!("the last {weeks} weeks")), || {
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

/// `0.6 % a week`, whichever way the lift goes.
fn rate(facts: &Facts, before: &str) -> String {
    facts
        .number("slope_percent_per_week")
        .map_or_else(String::new, |slope| format!("{before}{} % a week", plain(slope.abs())))
}

fn sessions(facts: &Facts) -> String {
    facts.say_both("sessions", "span_days", |sessions, days| {
        format!(" over {sessions} sessions in {days} days")
    })
}

fn maxima(facts: &Facts) -> String {
    let best = facts.say("e1rm_best_kg", |best| format!("; your best is {best} kg"));
    facts.say("e1rm_median_kg", |kg| format!(" It stands at about {kg} kg{best}."))
}

/// What to change, and for how long.
pub fn change(adjustment: &Adjustment) -> String {
    let subject = match adjustment.subject.as_str() {
        "training" => "all of your training",
        subject => subject,
    };
    let unit = match (adjustment.unit, adjustment.weeks) {
        (Unit::HardSetsAWeek, 1) => "hard sets",
        (unit, _) => unit.as_str(),
    };
    let weeks = weeks(adjustment.weeks);
    let number = |number: Option<f64>| number.filter(|number| number.is_finite()).map(plain);
    let (from, to) = (number(adjustment.from), number(adjustment.to));
    let at = to.as_ref().or(from.as_ref()).map(|number| format!("at {number} {unit}"));
    let way = match (from, to) {
        (Some(from), Some(to)) => Some(format!("from {from} to {to} {unit}")),
        (None, Some(to)) => Some(format!("to {to} {unit}")),
        (Some(_) | None, None) => None,
    };
    let or = |otherwise: &str| way.clone().unwrap_or_else(|| otherwise.to_owned());
    match adjustment.action {
        Action::RaiseSets => format!("Bring {subject} up {}{weeks}.", or("by a few sets")),
        Action::CutSets => format!("Take {subject} down {}{weeks}.", or("by a few sets")),
        Action::HoldLoad => {
            let at = at.unwrap_or_else(|| "where it is".to_owned());
            format!("Keep {subject} {at}{weeks}, and add nothing for now.")
        }
        Action::CutLoad => format!("Take the load of {subject} down {}{weeks}.", or("by a little")),
        Action::Deload => match way {
            Some(way) => format!("Deload: take {subject} down {way}{weeks}."),
            None => format!("Deload {subject}{weeks}: far fewer sets, and nothing near failure."),
        },
        Action::KeepGoing => match way {
            Some(way) => format!("Keep going: take {subject} {way}{weeks}."),
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

/// Whether the advice of the text is this very change already.
fn is_what_the_advice_says(facts: &Facts, adjustment: &Adjustment) -> bool {
    match facts.kind {
        PatternKind::VolumeAboveMrv => {
            adjustment.action == Action::CutSets
                && adjustment.weeks <= 1
                && adjustment.to.is_some()
                && adjustment.to == facts.number("mrv")
                && facts.difference() == facts.number("over")
        }
        PatternKind::VolumeBelowMev => {
            adjustment.action == Action::RaiseSets
                && adjustment.weeks <= 1
                && adjustment.to.is_some()
                && adjustment.to == facts.number("mev")
        }
        PatternKind::LoadSpike
        | PatternKind::HighMonotony
        | PatternKind::ProgressiveOverload
        | PatternKind::Plateau
        | PatternKind::Regression
        | PatternKind::DeloadTaken
        | PatternKind::DeloadDue
        | PatternKind::PushPullImbalance => false,
    }
}

impl Facts {
    fn said(&self, name: &str) -> Option<String> {
        self.number(name).map(plain)
    }

    /// A part of a sentence about one number; nothing where there is no such number.
    fn say(&self, name: &str, part: impl FnOnce(&str) -> String) -> String {
        self.said(name).map_or_else(String::new, |number| part(&number))
    }

    /// A part of a sentence about two numbers; nothing where one is missing.
    fn say_both(&self, one: &str, other: &str, part: impl FnOnce(&str, &str) -> String) -> String {
        match (self.said(one), self.said(other)) {
            (Some(one), Some(other)) => part(&one, &other),
            _ => String::new(),
        }
    }
}

/// The text, or another one where it is empty.
fn or(text: String, otherwise: impl FnOnce() -> String) -> String {
    if text.is_empty() { otherwise() } else { text }
}

fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    letters
        .next()
        .map(|first| first.to_ascii_uppercase().to_string() + letters.as_str())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
