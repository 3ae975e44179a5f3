//! What the rules find in the athletes, against what these are made of.

use super::athlete::{Athlete, MakeUp, WEEKS};
use super::diary::Diary;
use ai::rules::{Pattern, Scope, Subject, all};
use chrono::{Days, NaiveDate};
use shared_kernel::payload::PatternKind;
use std::collections::BTreeSet;
use std::fmt::Write;
use training::{Muscle, WeekStart};

/// A pattern that was gone for longer and comes again is a new episode.
const EPISODE_GAP_DAYS: u32 = 14;
/// Of the athletes in docs/patterns.md.
pub const SEED: u64 = 20_261_123;
/// In percent a week: what the strength really did over the window, for a word on it to be true.
const REALLY_MOVES: f64 = 0.1;
const REALLY_STANDS: f64 = 0.25;
const WINDOW_DAYS: u32 = 41;

/// A pattern that began on a day of an athlete.
pub struct Episode {
    /// What was found.
    pub pattern: Pattern,
    /// Whether it was so on one of its days: to be early is not to be wrong.
    pub is_true: bool,
    last_day: u32,
}

/// All that was found in one athlete.
pub struct Watched {
    /// What they are made of.
    pub make_up: MakeUp,
    /// Each pattern once, however long it was there.
    pub episodes: Vec<Episode>,
    /// What should be found: kind and subject.
    pub expected: BTreeSet<(&'static str, String)>,
}

/// Watches all 200 athletes, each day of the twelve weeks.
pub fn watch_all(seed: u64) -> Vec<Watched> {
    let make_ups = MakeUp::ALL.into_iter();
    let make_ups = make_ups.flat_map(|(make_up, count)| (0..count).map(move |_| make_up));
    (0..)
        .zip(make_ups)
        .map(|(number, make_up)| watch(Athlete::new(make_up, seed + number)))
        .collect()
}

/// The Monday on which all of them begin.
pub fn first_monday() -> NaiveDate {
    WeekStart::containing(NaiveDate::from_ymd_opt(2026, 8, 31).unwrap_or_default()).date()
}

fn watch(mut athlete: Athlete) -> Watched {
    let monday = first_monday();
    let workouts = athlete.workouts(monday, WEEKS);
    let mut coming = workouts.iter().peekable();
    let mut diary = Diary::new(monday);
    let mut episodes: Vec<Episode> = Vec::new();
    for day in 0..7 * WEEKS {
        let today = monday.checked_add_days(Days::new(u64::from(day))).unwrap_or(monday);
        while let Some(workout) = coming.next_if(|w| w.started_at.date_naive() <= today) {
            diary.record(workout);
        }
        let weeks = BTreeSet::from([WeekStart::containing(today)]);
        let found = all(diary.on(today), &Scope { weeks, muscles: None });
        for pattern in found {
            note(&mut episodes, pattern, day, &athlete);
        }
    }
    Watched { make_up: athlete.make_up, episodes, expected: expected(&athlete) }
}

fn note(episodes: &mut Vec<Episode>, pattern: Pattern, day: u32, athlete: &Athlete) {
    let same = |episode: &&mut Episode| {
        (episode.pattern.kind, &episode.pattern.subject) == (pattern.kind, &pattern.subject)
            && day - episode.last_day <= EPISODE_GAP_DAYS
    };
    let is_true = is_true(&pattern, day, athlete);
    if let Some(episode) = episodes.iter_mut().find(same) {
        episode.last_day = day;
        episode.is_true |= is_true;
    } else {
        episodes.push(Episode { pattern, is_true, last_day: day });
    }
}

/// What this athlete should be found to be.
fn expected(athlete: &Athlete) -> BTreeSet<(&'static str, String)> {
    let training = |kind: PatternKind| (kind.as_str(), Subject::Training.as_str().to_owned());
    let muscle = |kind: PatternKind, muscle: Muscle| (kind.as_str(), muscle.as_str().to_owned());
    let lifts = |kind: PatternKind| {
        let lifts = athlete.measured_lifts().into_iter();
        lifts.map(|lift| (kind.as_str(), lift.to_owned())).collect::<BTreeSet<_>>()
    };
    match athlete.make_up {
        MakeUp::Progressing => lifts(PatternKind::ProgressiveOverload),
        MakeUp::Stalled => {
            let mut expected = lifts(PatternKind::Plateau);
            expected.insert(training(PatternKind::DeloadDue));
            expected
        }
        MakeUp::Regressing => lifts(PatternKind::Regression),
        MakeUp::Deloading => BTreeSet::from([training(PatternKind::DeloadTaken)]),
        MakeUp::TooMuchChest => {
            BTreeSet::from([muscle(PatternKind::VolumeAboveMrv, Muscle::Chest)])
        }
        MakeUp::Camp => BTreeSet::from([training(PatternKind::LoadSpike)]),
        MakeUp::Imbalanced => BTreeSet::from([training(PatternKind::PushPullImbalance)]),
        MakeUp::NoCalves => BTreeSet::from([muscle(PatternKind::VolumeBelowMev, Muscle::Calves)]),
        MakeUp::EveryDay => BTreeSet::from([training(PatternKind::HighMonotony)]),
        MakeUp::Noise => BTreeSet::new(),
    }
}

/// Whether what was found on a day is so. Of noise nothing is: what it shows is chance.
fn is_true(pattern: &Pattern, day: u32, athlete: &Athlete) -> bool {
    let make_up = athlete.make_up;
    let slope = slope(athlete, day);
    make_up != MakeUp::Noise
        && match pattern.kind {
            PatternKind::ProgressiveOverload => slope > REALLY_MOVES,
            PatternKind::Plateau => slope.abs() < REALLY_STANDS,
            PatternKind::Regression => slope < -REALLY_MOVES,
            PatternKind::VolumeAboveMrv => {
                matches!(make_up, MakeUp::TooMuchChest | MakeUp::Camp)
                    && (athlete.event_week()..athlete.event_week() + 2).contains(&(day / 7))
            }
            PatternKind::VolumeBelowMev => {
                make_up == MakeUp::NoCalves && pattern.subject == Subject::Muscle(Muscle::Calves)
            }
            PatternKind::LoadSpike => {
                make_up == MakeUp::Camp
                    && (athlete.event_week()..athlete.event_week() + 2).contains(&(day / 7))
            }
            PatternKind::HighMonotony => make_up == MakeUp::EveryDay,
            PatternKind::DeloadTaken => {
                make_up == MakeUp::Deloading && day / 7 == athlete.event_week() + 1
            }
            PatternKind::DeloadDue => matches!(make_up, MakeUp::Stalled | MakeUp::Regressing),
            PatternKind::PushPullImbalance => make_up == MakeUp::Imbalanced,
        }
}

/// The change of the strength itself over the window up to a day, in percent a week.
fn slope(athlete: &Athlete, day: u32) -> f64 {
    let first = day.saturating_sub(WINDOW_DAYS);
    let weeks = f64::from(day - first) / 7.0;
    let (before, now) = (athlete.strength_on(first), athlete.strength_on(day));
    (now / before - 1.0) * 100.0 / weeks.max(1.0)
}

/// False alarms of the noise athletes, and how many of these there are.
pub fn false_alarms_of_noise(watched: &[Watched]) -> (usize, usize) {
    let noise: Vec<_> = watched.iter().filter(|w| w.make_up == MakeUp::Noise).collect();
    (noise.iter().map(|w| w.episodes.len()).sum(), noise.len())
}

/// The tables, as docs/patterns.md has them.
pub fn tables(watched: &[Watched]) -> String {
    let mut text = String::new();
    confusion(&mut text, watched);
    text.push('\n');
    precision_and_recall(&mut text, watched);
    let (alarms, athletes) = false_alarms_of_noise(watched);
    let hundredths = (alarms * 100 + athletes / 2) / athletes.max(1);
    let (whole, rest) = (hundredths / 100, hundredths % 100);
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "\nNoise athletes: {alarms} false alarms in {athletes} athletes over {WEEKS} weeks, \
         {whole}.{rest:02} for each."
    );
    text
}

fn confusion(text: &mut String, watched: &[Watched]) {
    text.push_str("| made of | athletes |");
    for kind in PatternKind::ALL {
        let _ = write!(text, " {} |", kind.as_str());
    }
    text.push_str("\n|---|---|");
    text.push_str(&"---|".repeat(PatternKind::ALL.len()));
    for (make_up, count) in MakeUp::ALL {
        let _ = write!(text, "\n| {} | {count} |", make_up.name());
        let athletes: Vec<_> = watched.iter().filter(|w| w.make_up == make_up).collect();
        for kind in PatternKind::ALL {
            let has = |w: &&&Watched| w.episodes.iter().any(|e| e.pattern.kind == kind);
            let found = athletes.iter().filter(has).count();
            let _ =
                write!(text, " {} |", if found == 0 { String::new() } else { found.to_string() });
        }
    }
    text.push('\n');
}

fn precision_and_recall(text: &mut String, watched: &[Watched]) {
    text.push_str("| pattern | found | true | precision | there | of these found | recall |\n");
    text.push_str("|---|---|---|---|---|---|---|\n");
    for kind in PatternKind::ALL {
        let episodes =
            || watched.iter().flat_map(|w| &w.episodes).filter(|e| e.pattern.kind == kind);
        let (found, right) = (episodes().count(), episodes().filter(|e| e.is_true).count());
        let (mut there, mut seen) = (0, 0);
        for athlete in watched {
            let found = athlete.episodes.iter().filter(|e| e.is_true);
            let found: BTreeSet<_> =
                found.map(|e| (e.pattern.kind.as_str(), e.pattern.subject.as_str())).collect();
            for (name, subject) in athlete.expected.iter().filter(|e| e.0 == kind.as_str()) {
                there += 1;
                seen += usize::from(found.contains(&(*name, subject.as_str())));
            }
        }
        let _ = writeln!(
            text,
            "| {} | {found} | {right} | {} | {there} | {seen} | {} |",
            kind.as_str(),
            percent(right, found),
            percent(seen, there),
        );
    }
}

fn percent(part: usize, whole: usize) -> String {
    let percent = (part * 100 + whole / 2).checked_div(whole);
    percent.map_or_else(|| "–".to_owned(), |percent| format!("{percent} %"))
}
