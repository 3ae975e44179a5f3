//! The local stack as a client sees it: the demo athlete, the sample training, and what the
//! pipeline made of it.

use crate::clock;
use crate::demo;
use crate::http::{Api, Post};
use crate::local_stack::LocalStack;
use crate::process;
use crate::state::{Athlete, State};
use anyhow::{Context, Result};
use chrono::NaiveDate;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::time::Duration;

/// 48 workouts are through in seconds; past this something is wrong.
const AGGREGATED_WITHIN: Duration = Duration::from_mins(2);
const POLL: Duration = Duration::from_millis(500);
/// The batch waits of ai-analysis (5 s) and webhook-notification (2 s), and a second for the work:
/// when nothing new has come for so long, nothing is under way.
const QUIET_FOR: Duration = Duration::from_secs(8);

/// The demo athlete: the one of an earlier run, or a new one where that one was deleted.
pub fn athlete(api: &Api, state: &mut State) -> Result<Athlete> {
    if let Some(athlete) = state.memory.athlete.clone() {
        match api.get("/v1/me", &athlete.api_key) {
            Err(error) if error.to_string().contains("answered 401") => {
                println!("the demo athlete is gone; here is another");
                state.memory.demo_loaded = false;
                state.memory.demo_ends_on = None;
            }
            read => return read.map(|_| athlete),
        }
    }
    let athlete = new_athlete(api, &state.memory.operator_token, "Demo Athlete", "demo")?;
    state.memory.athlete = Some(athlete.clone());
    state.save()?;
    Ok(athlete)
}

/// An athlete with a key. The mailbox is one of example.com.
pub fn new_athlete(api: &Api, operator_token: &str, name: &str, mailbox: &str) -> Result<Athlete> {
    let body = json!({ "display_name": name, "email": format!("{mailbox}@example.com") });
    let key = format!("{mailbox}-athlete");
    let post = Post { key: &key, body: &body };
    let answer = api.post("/v1/admin/athletes", operator_token, &post)?;
    let text = |name: &str| {
        let value = answer.get(name).and_then(Value::as_str).map(str::to_owned);
        value.with_context(|| format!("the new athlete has no {name}"))
    };
    Ok(Athlete { id: text("athlete_id")?, api_key: text("api_key")? })
}

/// Loads the sample training once for a state directory, and waits until it is through.
pub fn load_demo(
    api: &Api,
    stack: &mut LocalStack,
    state: &mut State,
    athlete: &Athlete,
) -> Result<()> {
    if state.memory.demo_loaded {
        return Ok(());
    }
    let ends_on =
        *state.memory.demo_ends_on.get_or_insert_with(|| demo::last_sunday_before(clock::today()));
    state.save()?;
    let workouts = demo::workouts(ends_on);
    println!("loading {} weeks of sample training", demo::WEEKS);
    for (index, workout) in workouts.iter().enumerate() {
        stack.check()?;
        let post = Post { key: &workout.key, body: &workout.body };
        api.post("/v1/workouts", &athlete.api_key, &post)?;
        progress(&format!("{} of {} workouts", index + 1, workouts.len()));
    }
    progress_ends();
    state.memory.demo_loaded = true;
    state.save()?;
    let keys = [athlete.api_key.as_str()];
    if !wait_until_through(api, stack, &keys, &weekly_path(ends_on), AGGREGATED_WITHIN)? {
        // A pipeline that hangs is what a developer wants to look at: it is reported, and the stack stays.
        eprintln!("the pipeline is not through after {} s", AGGREGATED_WITHIN.as_secs());
    }
    Ok(())
}

/// Waits until no workout of the owners of these keys is pending and nothing new comes into their
/// inboxes. Whether it came to that in time.
pub fn wait_until_through(
    api: &Api,
    stack: &mut LocalStack,
    keys: &[&str],
    weekly_path: &str,
    within: Duration,
) -> Result<bool> {
    println!("waiting for the pipeline");
    let start = clock::now();
    let mut seen = None;
    let mut seen_at = start;
    while start.elapsed() < within {
        stack.check()?;
        let (mut pending, mut notifications) = (0, 0);
        for key in keys {
            pending += count(&api.get(weekly_path, key)?, "pending");
            notifications += count(&api.get("/v1/notifications?limit=1", key)?, "unread");
        }
        if seen != Some((pending, notifications)) {
            seen = Some((pending, notifications));
            seen_at = clock::now();
        }
        progress(&format!(
            "{pending} workouts pending, {notifications} notifications ({} s)",
            start.elapsed().as_secs()
        ));
        if pending == 0 && seen_at.elapsed() >= QUIET_FOR {
            progress_ends();
            return Ok(true);
        }
        process::pause(POLL)?;
    }
    progress_ends();
    Ok(false)
}

/// On one line where a person looks on, and not at all in a log.
fn progress(text: &str) {
    let mut screen = std::io::stderr();
    if screen.is_terminal() {
        // To the line's start, and clear to its end.
        let _ = write!(screen, "\r{text}\x1b[K");
        let _ = screen.flush();
    }
}

fn progress_ends() {
    if std::io::stderr().is_terminal() {
        eprintln!();
    }
}

/// Prints what the pipeline made of the training.
pub fn report(api: &Api, athlete: &Athlete, ends_on: NaiveDate) -> Result<()> {
    let weekly = weekly(api, &athlete.api_key, ends_on)?;
    println!("\nweek        workouts  sets  hard sets  tonnage kg  over MRV");
    for week in items(&weekly, "weeks") {
        println!(
            "{:<10}  {:>8}  {:>4}  {:>9}  {:>10.0}  {}",
            week.get("week_start").and_then(Value::as_str).unwrap_or_default(),
            count(week, "workouts"),
            count(week, "sets"),
            number(week, "hard_sets"),
            number(week, "tonnage_kg"),
            over_mrv(week).join(", "),
        );
    }
    let notifications = notifications(api, &athlete.api_key)?;
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for item in items(&notifications, "items") {
        *kinds.entry(item.get("kind").and_then(Value::as_str).unwrap_or("?")).or_default() += 1;
    }
    println!("\nnotifications: {}", if kinds.is_empty() { "none" } else { "" });
    for (kind, count) in kinds {
        println!("  {count:>3} {kind}");
    }
    Ok(())
}

/// The question that the report asks, for people to ask it again.
pub fn weekly_path(ends_on: NaiveDate) -> String {
    format!("/v1/volume/weekly?from={}&to={ends_on}", demo::first_monday(ends_on))
}

fn weekly(api: &Api, key: &str, ends_on: NaiveDate) -> Result<Value> {
    api.get(&weekly_path(ends_on), key)
}

fn notifications(api: &Api, key: &str) -> Result<Value> {
    api.get("/v1/notifications?limit=100", key)
}

fn over_mrv(week: &Value) -> Vec<String> {
    items(week, "muscles")
        .filter(|muscle| muscle.get("level").and_then(Value::as_str) == Some("above_mrv"))
        .filter_map(|muscle| {
            let name = muscle.get("muscle")?.as_str()?;
            Some(format!("{name} {}", number(muscle, "hard_sets")))
        })
        .collect()
}

fn items<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn count(value: &Value, name: &str) -> i64 {
    value.get(name).and_then(Value::as_i64).unwrap_or_default()
}

fn number(value: &Value, name: &str) -> f64 {
    value.get(name).and_then(Value::as_f64).unwrap_or_default()
}
