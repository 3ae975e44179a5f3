//! Compares the patterns that the rules find in the athletes with their profiles.

use super::athlete::{Athlete, Profile, WEEKS};
use super::diary::Diary;
use ai::rules::{Pattern, Scope, Subject, find_patterns};
use chrono::{Days, NaiveDate};
use shared_kernel::payload::PatternKind;
use std::collections::BTreeSet;
use std::fmt::Write;
use training::{Muscle, WeekStart};

/// A pattern that returns after a longer gap is a new episode.
const EPISODE_GAP_DAYS: u32 = 14;
/// The seed of the athletes in docs/patterns.md.
pub const SEED: u64 = 20_261_123;
/// In percent a week: the bounds of the real change of strength over the window for a correct pattern.
const REALLY_MOVES: f64 = 0.1;
const REALLY_STANDS: f64 = 0.25;
const WINDOW_DAYS: u32 = 41;

/// A pattern over the consecutive days on which it was found.
pub struct Episode {
    pub pattern: Pattern,
    /// Whether the pattern was correct on one of its days: an early finding is not wrong.
    pub is_correct: bool,
    last_day: u32,
}

/// The patterns of one athlete.
pub struct Analysed {
    pub profile: Profile,
    pub episodes: Vec<Episode>,
    /// The patterns that the rules should find: kind and subject.
    pub expected: BTreeSet<(&'static str, String)>,
}

/// Analyses all 200 athletes on each day of the twelve weeks.
pub fn analyse_all(seed: u64) -> Vec<Analysed> {
    let profiles = Profile::ALL.into_iter();
    let profiles = profiles.flat_map(|(profile, count)| (0..count).map(move |_| profile));
    (0..)
        .zip(profiles)
        .map(|(number, profile)| analyse(Athlete::new(profile, seed + number)))
        .collect()
}

/// Returns the Monday on which all athletes begin.
pub fn first_monday() -> NaiveDate {
    WeekStart::containing(NaiveDate::from_ymd_opt(2026, 8, 31).unwrap_or_default()).date()
}

fn analyse(mut athlete: Athlete) -> Analysed {
    let monday = first_monday();
    let workouts = athlete.workouts(monday, WEEKS);
    let mut upcoming = workouts.iter().peekable();
    let mut diary = Diary::new(monday);
    let mut episodes: Vec<Episode> = Vec::new();
    for day in 0..7 * WEEKS {
        let today = monday.checked_add_days(Days::new(u64::from(day))).unwrap_or(monday);
        while let Some(workout) = upcoming.next_if(|w| w.started_at.date_naive() <= today) {
            diary.record(workout);
        }
        let weeks = BTreeSet::from([WeekStart::containing(today)]);
        let found = find_patterns(diary.on(today), &Scope { weeks, muscles: None });
        for pattern in found {
            add_to_episodes(&mut episodes, pattern, day, &athlete);
        }
    }
    Analysed { profile: athlete.profile, episodes, expected: expected(&athlete) }
}

fn add_to_episodes(episodes: &mut Vec<Episode>, pattern: Pattern, day: u32, athlete: &Athlete) {
    let same = |episode: &&mut Episode| {
        (episode.pattern.kind, &episode.pattern.subject) == (pattern.kind, &pattern.subject)
            && day - episode.last_day <= EPISODE_GAP_DAYS
    };
    let is_correct = is_correct(&pattern, day, athlete);
    if let Some(episode) = episodes.iter_mut().find(same) {
        episode.last_day = day;
        episode.is_correct |= is_correct;
    } else {
        episodes.push(Episode { pattern, is_correct, last_day: day });
    }
}

/// Returns the patterns that the rules should find.
fn expected(athlete: &Athlete) -> BTreeSet<(&'static str, String)> {
    let training = |kind: PatternKind| (kind.as_str(), Subject::Training.as_str().to_owned());
    let muscle = |kind: PatternKind, muscle: Muscle| (kind.as_str(), muscle.as_str().to_owned());
    let lifts = |kind: PatternKind| {
        let lifts = athlete.measured_lifts().into_iter();
        lifts.map(|lift| (kind.as_str(), lift.to_owned())).collect::<BTreeSet<_>>()
    };
    match athlete.profile {
        Profile::Progressing => lifts(PatternKind::ProgressiveOverload),
        Profile::Stalled => {
            let mut expected = lifts(PatternKind::Plateau);
            expected.insert(training(PatternKind::DeloadDue));
            expected
        }
        Profile::Regressing => lifts(PatternKind::Regression),
        Profile::Deloading => BTreeSet::from([training(PatternKind::DeloadTaken)]),
        Profile::TooMuchChest => {
            BTreeSet::from([muscle(PatternKind::VolumeAboveMrv, Muscle::Chest)])
        }
        Profile::Camp => BTreeSet::from([training(PatternKind::LoadSpike)]),
        Profile::Imbalanced => BTreeSet::from([training(PatternKind::PushPullImbalance)]),
        Profile::NoCalves => BTreeSet::from([muscle(PatternKind::VolumeBelowMev, Muscle::Calves)]),
        Profile::EveryDay => BTreeSet::from([training(PatternKind::HighMonotony)]),
        Profile::Noise => BTreeSet::new(),
    }
}

/// Whether a pattern found on a day is correct. Patterns in noise never are: they are random. Those that only
/// count what is in the diary are no estimates, and always are.
fn is_correct(pattern: &Pattern, day: u32, athlete: &Athlete) -> bool {
    let profile = athlete.profile;
    let slope = slope(athlete, day);
    let is_count = matches!(
        pattern.kind,
        PatternKind::RepeatedLoad
            | PatternKind::UntrainedMuscles
            | PatternKind::Comeback
            | PatternKind::MissedWeeks
            | PatternKind::StrengthBlock
    );
    is_count
        || profile != Profile::Noise
            && match pattern.kind {
                PatternKind::ProgressiveOverload => slope > REALLY_MOVES,
                PatternKind::Plateau => slope.abs() < REALLY_STANDS,
                PatternKind::Regression => slope < -REALLY_MOVES,
                PatternKind::VolumeAboveMrv => {
                    matches!(profile, Profile::TooMuchChest | Profile::Camp)
                        && (athlete.event_week()..athlete.event_week() + 2).contains(&(day / 7))
                }
                PatternKind::VolumeBelowMev => {
                    profile == Profile::NoCalves
                        && pattern.subject == Subject::Muscle(Muscle::Calves)
                }
                PatternKind::LoadSpike => {
                    profile == Profile::Camp
                        && (athlete.event_week()..athlete.event_week() + 2).contains(&(day / 7))
                }
                PatternKind::HighMonotony => profile == Profile::EveryDay,
                PatternKind::DeloadTaken => {
                    profile == Profile::Deloading && day / 7 == athlete.event_week() + 1
                }
                PatternKind::DeloadDue => matches!(profile, Profile::Stalled | Profile::Regressing),
                PatternKind::PushPullImbalance => profile == Profile::Imbalanced,
                PatternKind::RepeatedLoad
                | PatternKind::UntrainedMuscles
                | PatternKind::Comeback
                | PatternKind::MissedWeeks
                | PatternKind::StrengthBlock => true,
            }
}

/// Returns the change of the real strength over the window up to a day, in percent a week.
fn slope(athlete: &Athlete, day: u32) -> f64 {
    let first = day.saturating_sub(WINDOW_DAYS);
    let weeks = f64::from(day - first) / 7.0;
    let (before, now) = (athlete.strength_on(first), athlete.strength_on(day));
    (now / before - 1.0) * 100.0 / weeks.max(1.0)
}

/// Returns the number of false alarms of the noise athletes, which are wrong patterns that an athlete would be
/// notified of, and the number of these athletes.
pub fn false_alarms_of_noise(analysed: &[Analysed]) -> (usize, usize) {
    let noise: Vec<_> = analysed.iter().filter(|w| w.profile == Profile::Noise).collect();
    let wrong = noise
        .iter()
        .flat_map(|w| &w.episodes)
        .filter(|episode| !episode.is_correct && episode.pattern.kind.policy().is_notified);
    (wrong.count(), noise.len())
}

/// Writes the tables of docs/patterns.md.
pub fn tables(analysed: &[Analysed]) -> String {
    let mut text = String::new();
    confusion(&mut text, analysed);
    text.push('\n');
    precision_and_recall(&mut text, analysed);
    let (alarms, athletes) = false_alarms_of_noise(analysed);
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

fn confusion(text: &mut String, analysed: &[Analysed]) {
    text.push_str("| profile | athletes |");
    for kind in PatternKind::ALL {
        let _ = write!(text, " {} |", kind.as_str());
    }
    text.push_str("\n|---|---|");
    text.push_str(&"---|".repeat(PatternKind::ALL.len()));
    for (profile, count) in Profile::ALL {
        let _ = write!(text, "\n| {} | {count} |", profile.name());
        let athletes: Vec<_> = analysed.iter().filter(|w| w.profile == profile).collect();
        for kind in PatternKind::ALL {
            let has = |w: &&&Analysed| w.episodes.iter().any(|e| e.pattern.kind == kind);
            let found = athletes.iter().filter(has).count();
            let _ =
                write!(text, " {} |", if found == 0 { String::new() } else { found.to_string() });
        }
    }
    text.push('\n');
}

fn precision_and_recall(text: &mut String, analysed: &[Analysed]) {
    text.push_str(
        "| pattern | found | correct | precision | expected | expected and found | recall |\n",
    );
    text.push_str("|---|---|---|---|---|---|---|\n");
    for kind in PatternKind::ALL {
        let episodes =
            || analysed.iter().flat_map(|w| &w.episodes).filter(|e| e.pattern.kind == kind);
        let (found, correct) = (episodes().count(), episodes().filter(|e| e.is_correct).count());
        let (mut expected, mut detected) = (0, 0);
        for athlete in analysed {
            let found = athlete.episodes.iter().filter(|e| e.is_correct);
            let found: BTreeSet<_> =
                found.map(|e| (e.pattern.kind.as_str(), e.pattern.subject.as_str())).collect();
            for (name, subject) in athlete.expected.iter().filter(|e| e.0 == kind.as_str()) {
                expected += 1;
                detected += usize::from(found.contains(&(*name, subject.as_str())));
            }
        }
        let _ = writeln!(
            text,
            "| {} | {found} | {correct} | {} | {expected} | {detected} | {} |",
            kind.as_str(),
            percent(correct, found),
            percent(detected, expected),
        );
    }
}

fn percent(part: usize, whole: usize) -> String {
    let percent = (part * 100 + whole / 2).checked_div(whole);
    percent.map_or_else(|| "–".to_owned(), |percent| format!("{percent} %"))
}
