//! The sample training in the local stack: creates the demo athlete, posts the workouts, waits for
//! the pipeline, prints its results.

use crate::clock;
use crate::demo;
use crate::http::Api;
use crate::local_stack::LocalStack;
use crate::process;
use crate::state::{Athlete, StateDir};
use anyhow::{Result, bail};
use chrono::NaiveDate;
use contract::athletes::{CreatedAthlete, NewAthlete};
use contract::notifications::Inbox;
use contract::volume::{WeekVolume, WeeklyVolume};
use contract::workouts::Workout;
use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::time::Duration;
use training::VolumeLevel;

/// The pipeline processes 48 workouts in seconds.
const AGGREGATED_WITHIN: Duration = Duration::from_mins(2);
const POLL: Duration = Duration::from_millis(500);
/// The batch waits of ai-analysis (5 s) and webhook-notification (2 s), and a second of processing:
/// the pipeline is idle when nothing has changed for this long.
const IDLE_AFTER: Duration = Duration::from_secs(8);

/// Returns the demo athlete: that of an earlier run, or a new one when that was deleted.
pub fn demo_athlete(api: &Api, state: &mut StateDir) -> Result<Athlete> {
    if let Some(athlete) = &state.saved.athlete {
        match api.with_token(&athlete.api_key).send("GET", "/v1/me", None)?.status {
            200 => return Ok(athlete.clone()),
            401 => println!("the demo athlete was deleted; creating a new one"),
            status => bail!("GET /v1/me returned {status}"),
        }
        state.saved.demo_loaded = false;
        state.saved.demo_ends_on = None;
    }
    let athlete =
        create_athlete(&api.with_token(&state.saved.operator_token), "Demo Athlete", "demo")?;
    state.saved.athlete = Some(athlete.clone());
    state.save()?;
    Ok(athlete)
}

/// Creates an athlete with a key. The email address is `mailbox` at example.com, confirmed; `api` has the
/// operator token.
pub fn create_athlete(api: &Api, name: &str, mailbox: &str) -> Result<Athlete> {
    let body = NewAthlete {
        display_name: name.to_owned(),
        email: Some(format!("{mailbox}@example.com")),
        email_confirmed: true,
    };
    let created: CreatedAthlete = api.post("/v1/admin/athletes", "", &body)?;
    Ok(Athlete { id: created.athlete_id.to_string(), api_key: created.api_key })
}

/// Loads the sample training once for a state directory, and waits until the pipeline is idle.
/// `api` has the key of the demo athlete.
pub fn load_demo(api: &Api, stack: &mut LocalStack, state: &mut StateDir) -> Result<()> {
    if state.saved.demo_loaded {
        return Ok(());
    }
    let ends_on =
        *state.saved.demo_ends_on.get_or_insert_with(|| demo::last_sunday_before(clock::today()));
    state.save()?;
    let workouts = demo::workouts(ends_on)?;
    println!("loading {} weeks of sample training", demo::WEEKS);
    for (index, workout) in workouts.iter().enumerate() {
        stack.check()?;
        let _: Workout = api.post("/v1/workouts", &workout.key, &workout.body)?;
        print_progress(&format!("{} of {} workouts", index + 1, workouts.len()));
    }
    end_progress();
    state.saved.demo_loaded = true;
    state.save()?;
    let apis = std::slice::from_ref(api);
    if !wait_until_idle(apis, stack, &weekly_path(ends_on), AGGREGATED_WITHIN)? {
        // The stack keeps running: a developer needs it to investigate.
        eprintln!("the pipeline is still busy after {} s", AGGREGATED_WITHIN.as_secs());
    }
    Ok(())
}

/// Waits until no workout of the athletes, one for each client, is pending and their inboxes do not
/// change. Returns whether that happened in time.
pub fn wait_until_idle(
    apis: &[Api],
    stack: &mut LocalStack,
    weekly_path: &str,
    within: Duration,
) -> Result<bool> {
    println!("waiting for the pipeline");
    let start = clock::now();
    let mut previous = None;
    let mut changed_at = start;
    let mut is_idle = false;
    while !is_idle && start.elapsed() < within {
        stack.check()?;
        let (mut pending, mut unread) = (0, 0);
        for api in apis {
            pending += api.get::<WeeklyVolume>(weekly_path)?.pending;
            unread += api.get::<Inbox>("/v1/notifications?limit=1")?.unread;
        }
        if previous.replace((pending, unread)) != Some((pending, unread)) {
            changed_at = clock::now();
        }
        print_progress(&format!(
            "{pending} workouts pending, {unread} notifications ({} s)",
            start.elapsed().as_secs()
        ));
        is_idle = pending == 0 && changed_at.elapsed() >= IDLE_AFTER;
        process::pause(if is_idle { Duration::ZERO } else { POLL })?;
    }
    end_progress();
    Ok(is_idle)
}

/// Overwrites one line of a terminal; prints nothing into a log file.
fn print_progress(text: &str) {
    let mut screen = std::io::stderr();
    if screen.is_terminal() {
        // Return to the start of the line, and clear to its end.
        let _ = write!(screen, "\r{text}\x1b[K");
        let _ = screen.flush();
    }
}

fn end_progress() {
    if std::io::stderr().is_terminal() {
        eprintln!();
    }
}

/// Prints the weekly volume and the notifications of the sample training.
pub fn print_report(api: &Api, ends_on: NaiveDate) -> Result<()> {
    let volume: WeeklyVolume = api.get(&weekly_path(ends_on))?;
    println!("\nweek        workouts  sets  hard sets  tonnage kg  over MRV");
    for week in &volume.weeks {
        let WeekVolume { week_start, workouts, sets, hard_sets, tonnage_kg, muscles } = week;
        let over_mrv: Vec<_> = muscles
            .iter()
            .filter(|muscle| muscle.level == Some(VolumeLevel::AboveMrv))
            .map(|muscle| format!("{} {}", muscle.muscle.as_str(), muscle.hard_sets))
            .collect();
        println!(
            "{:<10}  {workouts:>8}  {sets:>4}  {hard_sets:>9}  {tonnage_kg:>10.0}  {}",
            week_start.date(),
            over_mrv.join(", "),
        );
    }
    let inbox: Inbox = api.get("/v1/notifications?limit=100")?;
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for item in &inbox.items {
        *kinds.entry(&item.kind).or_default() += 1;
    }
    println!("\nnotifications: {}", if kinds.is_empty() { "none" } else { "" });
    for (kind, count) in kinds {
        println!("  {count:>3} {kind}");
    }
    Ok(())
}

/// Returns the path of the weekly volume of the sample training.
pub fn weekly_path(ends_on: NaiveDate) -> String {
    format!("/v1/volume/weekly?from={}&to={ends_on}", demo::first_monday(ends_on))
}
