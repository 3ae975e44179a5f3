//! `replay`: a lifter's log, workout by workout, on a virtual clock through all four workers.
//!
//! Workouts older than the last weeks are imported first. Then each workout is posted when it ends, the sweep runs, and each
//! notification is printed when it comes. The coaching is judged with it.

use crate::databases::Databases;
use crate::pipeline::Pipeline;
use crate::table::{self, row};
use anyhow::{Context, Result, bail, ensure};
use chrono::{DateTime, Datelike, Days, FixedOffset, NaiveDate, TimeDelta};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Between two sweeps on the virtual clock. In production the cron runs each minute.
const STEP: TimeDelta = TimeDelta::minutes(10);
/// A workout is posted this long after its end.
const POSTED_AFTER: TimeDelta = TimeDelta::minutes(1);
/// The clock runs on after the last workout, so that the report of its week comes.
const AFTER_LAST_WORKOUT: TimeDelta = TimeDelta::days(9);
/// The time of the database in which the file is read: after every log.
const READING_AT: &str = "2100-01-01T00:00:00Z";

/// The options of `replay`.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// The file that an app exported
    log: PathBuf,
    /// The lifter's time zone: Europe/Berlin
    #[arg(long)]
    zone: String,
    /// The unit of weights without one, and of the profile
    #[arg(long, value_parser = ["kg", "lb"])]
    units: String,
    /// The last weeks, which are logged workout by workout; older workouts are imported
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u32).range(1..=104))]
    weeks: u32,
    /// The body weight
    #[arg(long, default_value_t = 80.0)]
    body_weight_kg: f64,
    /// A JSON object of exercise names to slugs, as of POST /v1/imports
    #[arg(long)]
    mapping: Option<String>,
    /// Print the evidence of each notification
    #[arg(long)]
    evidence: bool,
}

/// Replays a log and prints its notifications and a summary.
pub fn run(options: &Options) -> Result<()> {
    let file = std::fs::read(&options.log).context("cannot read the log")?;
    let file = String::from_utf8(file).context("the log is not UTF-8")?;
    let workouts = read(options, file)?;
    let last = workouts.last().context("the log has no workouts")?;
    let first_day = first_day(last.ended_at.date_naive(), options.weeks)?;
    let (older, recent): (Vec<_>, Vec<_>) =
        workouts.iter().partition(|workout| workout.ended_at.date_naive() < first_day);
    println!(
        "{} workouts imported, {} logged from {first_day} on, {} weeks\n",
        older.len(),
        recent.len(),
        options.weeks
    );
    let mut lifter = Lifter::new(options, first_day);
    lifter.import(&older);
    lifter.log(&recent);
    lifter.print_summary(options.weeks);
    Ok(())
}

/// The Monday with which the last weeks begin.
fn first_day(last: NaiveDate, weeks: u32) -> Result<NaiveDate> {
    let days = u64::from(last.weekday().num_days_from_monday()) + u64::from(weeks - 1) * 7;
    last.checked_sub_days(Days::new(days)).context("the log is too old")
}

/// A workout of the log.
struct LoggedWorkout {
    ended_at: DateTime<FixedOffset>,
    /// As an export has it.
    document: Value,
}

/// Reads the file as an import does. The oldest workout is the first.
fn read(options: &Options, file: String) -> Result<Vec<LoggedWorkout>> {
    let pipeline = Pipeline::new(Databases::in_memory(), READING_AT);
    let key = pipeline.create_athlete(0);
    let mut path = format!("/v1/imports?time_zone={}&units={}", options.zone, options.units);
    if let Some(mapping) = &options.mapping {
        path.push_str("&mapping=");
        path.extend(percent_encoded(mapping));
    }
    let import = pipeline.send_csv(&key, &path, file);
    pipeline.deliver_all(usize::MAX);
    let unmatched = import["unmatched"].as_array().map(Vec::as_slice).unwrap_or_default();
    if !unmatched.is_empty() {
        let name = |name: &Value| {
            format!("  {} sets: {} {}", name["sets"], name["name"], name["proposals"])
        };
        println!("not matched\n{}\n", unmatched.iter().map(name).collect::<Vec<_>>().join("\n"));
        let names = unmatched.iter().filter_map(|name| name["name"].as_str());
        let left_out: BTreeMap<_, _> = names.map(|name| (name, Value::Null)).collect();
        let path = format!("/v1/imports/{}/mapping", import["id"].as_str().unwrap_or_default());
        pipeline.send(&key, "PUT", &path, &json!({ "mapping": left_out }), None);
        pipeline.deliver_all(usize::MAX);
    }
    println!("{} errors: {}", import["errors_total"], import["errors"]);
    let export = pipeline.get(&key, "/v1/export");
    let Some(workouts) = export["workouts"].as_array() else { bail!("the export has no workouts") };
    let workouts = workouts.iter().rev().map(|workout| {
        let ended_at = workout["ended_at"].as_str().context("a workout has no end")?;
        Ok(LoggedWorkout { ended_at: ended_at.parse()?, document: workout.clone() })
    });
    let mut workouts = workouts.collect::<Result<Vec<_>>>()?;
    ensure!(!workouts.is_empty(), "nothing of the log could be read");
    workouts.sort_by_key(|workout| workout.ended_at);
    Ok(workouts)
}

fn percent_encoded(text: &str) -> impl Iterator<Item = String> {
    text.bytes().map(|byte| format!("%{byte:02X}"))
}

/// The lifter on the virtual clock.
struct Lifter {
    pipeline: Pipeline,
    key: String,
    evidence: bool,
    /// The `seq` of the last notification that is printed.
    last_seq: i64,
    notifications: Vec<Value>,
}

impl Lifter {
    fn new(options: &Options, first_day: NaiveDate) -> Self {
        let pipeline = Pipeline::new(Databases::in_memory(), &format!("{first_day}T00:00:00Z"));
        let key = pipeline.create_athlete(0);
        let profile = json!({
            "display_name": "Lifter", "units": options.units, "time_zone": options.zone,
            "body_weight_kg": options.body_weight_kg,
        });
        pipeline.send(&key, "PUT", "/v1/me", &profile, None);
        Self { pipeline, key, evidence: options.evidence, last_seq: 0, notifications: Vec::new() }
    }

    fn import(&mut self, workouts: &[&LoggedWorkout]) {
        let documents: Vec<_> = workouts.iter().map(|workout| &workout.document).collect();
        let export =
            json!({ "format": "bulktrack", "version": 1, "exercises": [], "workouts": documents });
        if !workouts.is_empty() {
            self.pipeline.send(&self.key, "POST", "/v1/imports", &export, None);
        }
        self.settle();
    }

    fn log(&mut self, workouts: &[&LoggedWorkout]) {
        let mut waiting = workouts.iter().peekable();
        let last_ms = workouts.last().map_or(0, |workout| workout.ended_at.timestamp_millis());
        while self.pipeline.now_ms() < last_ms + AFTER_LAST_WORKOUT.num_milliseconds() {
            self.pipeline.advance_to_ms(self.pipeline.now_ms() + STEP.num_milliseconds());
            let now_ms = self.pipeline.now_ms();
            let is_due = |workout: &&&LoggedWorkout| {
                (workout.ended_at + POSTED_AFTER).timestamp_millis() <= now_ms
            };
            while let Some(workout) = waiting.next_if(is_due) {
                let mut document = workout.document.clone();
                if let Some(fields) = document.as_object_mut() {
                    fields.remove("own_exercises");
                }
                self.pipeline.send(&self.key, "POST", "/v1/workouts", &document, None);
            }
            self.settle();
        }
    }

    /// Delivers what waits, runs the sweep, delivers what it sent, and prints the new notifications.
    fn settle(&mut self) {
        self.pipeline.deliver_all(usize::MAX);
        self.pipeline.sweep();
        self.pipeline.deliver_all(usize::MAX);
        let sql = format!(
            "SELECT seq, kind, title, body, data, created_at_ms, in_app, coalesce(held, 0) AS held, \
             mail_due_at_ms IS NOT NULL OR mailed_at_ms IS NOT NULL AS by_email \
             FROM notifications WHERE seq > {} ORDER BY seq",
            self.last_seq
        );
        let databases = self.pipeline.databases.of_athletes();
        let rows: Vec<_> = databases.flat_map(|(_, database)| database.query(&sql)).collect();
        for row in rows {
            let row: Value = serde_json::from_str(&row).expect("rows are JSON");
            self.last_seq = row["seq"].as_i64().expect("a position");
            self.print(&row);
            self.notifications.push(row);
        }
    }

    fn print(&self, row: &Value) {
        let created = row["created_at_ms"].as_i64().and_then(DateTime::from_timestamp_millis);
        let time = created.expect("an instant").format("%Y-%m-%d %H:%M UTC");
        let channels = match (row["in_app"] == 1, row["by_email"] == 1) {
            (true, true) => "inbox, email",
            (true, false) => "inbox",
            (false, true) => "email",
            (false, false) if row["held"] == 1 => "held",
            (false, false) => "nowhere",
        };
        let text = |name: &str| row[name].as_str().unwrap_or_default();
        println!("{time}  {}  [{channels}]  {}", text("kind"), text("title"));
        for line in text("body").lines() {
            println!("    {line}");
        }
        if self.evidence {
            println!("    {}", text("data"));
        }
    }

    fn print_summary(&self, weeks: u32) {
        let mut kinds = BTreeMap::<&str, (usize, usize, usize)>::new();
        let mut subjects = BTreeMap::<&str, usize>::new();
        for row in &self.notifications {
            let (count, emails, held) =
                kinds.entry(row["kind"].as_str().unwrap_or_default()).or_default();
            if row["held"] == 1 {
                *held += 1;
                continue;
            }
            *count += 1;
            *emails += usize::from(row["by_email"] == 1);
            *subjects.entry(row["title"].as_str().unwrap_or_default()).or_default() += 1;
        }
        let weeks = f64::from(weeks);
        let line = |name: &str, (count, emails, held): (usize, usize, usize)| {
            let a_week = |count: usize| format!("{:.2}", count as f64 / weeks);
            row([&name, &count, &a_week(count), &emails, &a_week(emails), &held])
        };
        let head: [&dyn std::fmt::Display; 6] =
            [&"kind", &"shown", &"a week", &"emails", &"a week", &"held"];
        let mut rows = vec![row(head)];
        rows.extend(kinds.iter().map(|(kind, counts)| line(kind, *counts)));
        let sum = kinds
            .values()
            .fold((0, 0, 0), |sum, counts| (sum.0 + counts.0, sum.1 + counts.1, sum.2 + counts.2));
        rows.push(line("all", sum));
        println!("\n{}", table::format(&rows));
        println!("{} emails were sent", self.pipeline.mailer.take().len());
        let repeats: usize = subjects.values().map(|count| count - 1).sum();
        println!("{repeats} notifications repeat a title");
    }
}
