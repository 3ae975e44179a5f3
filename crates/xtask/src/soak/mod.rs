//! `cargo xtask soak`: athletes train while the runtime is killed again and again; then everything
//! that was accepted has to be counted once.
//!
//! The stack is `cargo xtask dev`'s, with a state, a port and a log of its own. Its queues are in memory:
//! what was in them dies with the runtime, and the sweep has to heal it. No deployed queue forgets like
//! that. What is not healed, because queues never lose it, is what follows from a count: a notice may be
//! missing, but none is told twice.

mod client;
mod dice;
mod training;
mod verdict;

use crate::args::SoakOptions;
use crate::http::Api;
use crate::local_stack::{self, LocalStack};
use crate::process::{self, Stopped};
use crate::project::{Project, Ready};
use crate::state::{self, Athlete, State};
use crate::{build, clock, pipeline, setup};
use anyhow::{Context, Result, bail};
use chrono::{Days, NaiveDate};
use client::{Client, Figures, Signals};
use dice::Dice;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::thread::{self, ScopedJoinHandle};
use std::time::Duration;
use training::Totals;
use verdict::{Seen, Verdict};

/// Enough that requests overlap, on two cores (ours).
const ATHLETES: u64 = 6;
/// The sweep strikes more often than each minute (ours): how long it leaves a workout alone is its own
/// (docs/adr/0009), and a minute more for each strike would only be waited for.
const CRON_EVERY: Duration = Duration::from_secs(5);
/// The share of the time in which it kills, in tenths: the rest is for what heals.
const KILLING_TENTHS: u32 = 6;
/// A restart on an idle machine; what is left of a kill's share of the time is how long the stack is up.
const RESTART: Duration = Duration::from_secs(6);
/// The shortest time that a stack is up: it may be killed over its first requests.
const UP_MIN: Duration = Duration::from_millis(500);
/// The longest of the quick form.
const UP_MAX_QUICK: Duration = Duration::from_secs(5);
/// A workout is sent again after 45 s, and where that was lost after 1 and 2 minutes more
/// (docs/adr/0009); a minute for a slow machine.
const HEALED_WITHIN: Duration = Duration::from_mins(4);
/// Differences that are printed: the first ones say what is wrong.
const PRINTED_MAX: usize = 20;

/// Runs it, and fails when anything accepted is not counted once. Where its state is kept then is said.
pub fn run(project: &Project, options: &SoakOptions) -> Result<()> {
    let seed = options.seed.map_or_else(random_seed, Ok)?;
    let dir = std::env::temp_dir().join(format!("bulktrack-soak-{}", std::process::id()));
    let ready = setup::run(project)?;
    build::run(&ready)?;
    println!("soak: seed {seed}, {} kills; state and log: {}", options.kills, dir.display());
    let result = soak(&ready, options, seed, &dir).and_then(|report| report.print());
    match &result {
        Ok(()) => {
            let _ = std::fs::remove_dir_all(&dir);
            println!("soak: PASS");
        }
        Err(error) if error.is::<Stopped>() => {}
        Err(_) => println!("soak: FAIL, seed {seed}; kept: {}", dir.display()),
    }
    result
}

/// Short enough to be typed again.
fn random_seed() -> Result<u32> {
    let digits = state::random_digits()?;
    u32::from_str_radix(digits.get(..8).unwrap_or_default(), 16).context("no random digits")
}

/// What came of a run.
struct Report {
    kills: Vec<Kill>,
    figures: Figures,
    verdict: Verdict,
    dead_letters: u64,
    /// Workouts whose events the sweep sent again, because they were lost or late.
    swept: u64,
    healed_after: Duration,
    took: Duration,
}

/// One kill.
struct Kill {
    in_flight: usize,
    restart: Duration,
}

fn soak(ready: &Ready, options: &SoakOptions, seed: u32, dir: &Path) -> Result<Report> {
    let began = clock::now();
    let state = State::open(dir)?;
    let port = local_stack::free_port()?;
    let mut stack = LocalStack::start(ready, &state, port)?;
    let api = stack.wait_until_healthy()?;
    local_stack::keep_cron(&api, CRON_EVERY);
    let operator_token = &state.memory.operator_token;
    let athletes = (0..ATHLETES)
        .map(|number| pipeline::new_athlete(&api, operator_token, "Ann", &format!("soak-{number}")))
        .collect::<Result<Vec<_>>>()?;
    // Over midnight too, the days that are asked for are all that were entered.
    let today = clock::today();
    let mut load = Load { kills: Vec::new(), options, dice: Dice::new(seed, 0) };
    let signals = Signals::default();
    let clients = athletes.iter().zip(1..).map(|(athlete, stream)| {
        Client::new(&api, athlete, &signals, Dice::new(seed, stream), today)
    });
    let start = || LocalStack::resume(ready, &state, port);
    let (mut stack, clients) = load.run(stack, &start, clients.collect(), &signals)?;
    let healing = clock::now();
    let keys: Vec<_> = athletes.iter().map(|athlete| athlete.api_key.as_str()).collect();
    let range = range(today);
    let weekly = format!("/v1/volume/weekly?{range}");
    let is_through = pipeline::wait_until_through(&api, &mut stack, &keys, &weekly, HEALED_WITHIN)?;
    let mut report = Report {
        kills: load.kills,
        figures: Figures::default(),
        verdict: Verdict::default(),
        dead_letters: dead_letters(&api, operator_token)?,
        swept: swept(&String::from_utf8_lossy(&std::fs::read(state.path("wrangler.log"))?)),
        healed_after: healing.elapsed(),
        took: Duration::ZERO,
    };
    for client in &clients {
        let answers = look(&api, client.athlete, &range)?;
        report.verdict.add(Verdict::of(&client.athlete.id, &client.accepted, &answers));
        report.figures.add(&client.figures);
    }
    if !is_through {
        let late = format!("workouts are still pending after {} s", HEALED_WITHIN.as_secs());
        report.verdict.differences.insert(0, late);
    }
    report.took = began.elapsed();
    Ok(report)
}

/// Athletes who train, and a runtime that is killed under them.
struct Load<'a> {
    kills: Vec<Kill>,
    options: &'a SoakOptions,
    dice: Dice,
}

impl Load<'_> {
    /// Until the last restart, and the stack that it made. Everything that was sent is answered then.
    fn run<'c>(
        &mut self,
        stack: LocalStack,
        start: &dyn Fn() -> Result<LocalStack>,
        clients: Vec<Client<'c>>,
        signals: &Signals,
    ) -> Result<(LocalStack, Vec<Client<'c>>)> {
        thread::scope(|scope| {
            let running: Vec<_> = clients
                .into_iter()
                .map(|mut client| scope.spawn(move || client.run().map(|()| client)))
                .collect();
            let has_ended = || running.iter().any(ScopedJoinHandle::is_finished);
            let stack = self.kill_again_and_again(stack, start, &has_ended, signals);
            signals.broken.store(stack.is_err(), Ordering::Relaxed);
            signals.over.store(true, Ordering::Relaxed);
            let ended = running.into_iter().map(|client| match client.join() {
                Ok(ended) => ended,
                Err(_) => bail!("an athlete's app panicked"),
            });
            let clients: Vec<_> = ended.collect();
            // Without a stack, that is why its clients ended.
            let stack = stack?;
            Ok((stack, clients.into_iter().collect::<Result<_>>()?))
        })
    }

    fn kill_again_and_again(
        &mut self,
        mut stack: LocalStack,
        start: &dyn Fn() -> Result<LocalStack>,
        has_ended: &dyn Fn() -> bool,
        signals: &Signals,
    ) -> Result<LocalStack> {
        let up_max = self.options.up_max();
        for number in 1..=self.options.kills {
            let up = self.dice.between(UP_MIN, up_max);
            process::pause(up)?;
            stack.check()?;
            if has_ended() {
                // Its error is told where it is joined.
                return Ok(stack);
            }
            let in_flight = signals.in_flight.load(Ordering::Relaxed);
            let killed = clock::now();
            stack.kill()?;
            stack = start()?;
            stack.wait_until_healthy()?;
            let restart = killed.elapsed();
            println!(
                "kill {number:>2}: up for {:>4.1} s, {in_flight} requests in flight, back after {:.1} s",
                up.as_secs_f64(),
                restart.as_secs_f64()
            );
            self.kills.push(Kill { in_flight, restart });
        }
        process::pause(UP_MIN)?;
        Ok(stack)
    }
}

impl SoakOptions {
    /// How long the stack is up between two kills, at most.
    fn up_max(&self) -> Duration {
        match self.minutes {
            None => UP_MAX_QUICK,
            Some(minutes) => {
                let killing = Duration::from_mins(u64::from(minutes)) * KILLING_TENTHS / 10;
                // Up for half of that on average.
                ((killing / self.kills).saturating_sub(RESTART) * 2).max(UP_MAX_QUICK)
            }
        }
    }
}

/// The days that were entered, in whole weeks, and those of a run over midnight.
fn range(today: NaiveDate) -> String {
    let from = today.checked_sub_days(Days::new(u64::from(training::DAYS))).unwrap_or(today);
    let to = verdict::monday(today).checked_add_days(Days::new(6)).unwrap_or(today);
    format!("from={}&to={to}", verdict::monday(from))
}

/// Letters of any status: none should ever have been written.
fn dead_letters(api: &Api, operator_token: &str) -> Result<u64> {
    let answer = api.get("/v1/admin/dead-letters?limit=1", operator_token)?;
    answer.get("total").and_then(Value::as_u64).context("dead letters have no total")
}

/// What the sweeps of a log have sent again.
fn swept(log: &str) -> u64 {
    log.lines()
        .filter(|line| line.contains(r#""message":"sweep""#))
        .filter_map(|line| serde_json::from_str::<Value>(line.get(line.find('{')?..)?).ok())
        .filter_map(|sweep| sweep.get("sent")?.as_u64())
        .sum()
}

/// All that the api says of an athlete.
fn look(api: &Api, athlete: &Athlete, range: &str) -> Result<Seen> {
    let key = &athlete.api_key;
    let text = |value: &Value, name: &str| Some(value.get(name)?.as_str()?.to_owned());
    let ids = pages(api, "/v1/workouts?limit=100", key)?;
    let news = pages(api, "/v1/notifications?limit=100", key)?;
    let records = api.get("/v1/records", key)?;
    let weights = items(&records, "items")
        .filter(|record| record.get("kind").and_then(Value::as_str) == Some("heaviest_weight"));
    Ok(Seen {
        ids: ids.iter().filter_map(|workout| text(workout, "id")).collect(),
        days: totals(&api.get(&format!("/v1/volume/daily?{range}"), key)?, "days", "date")?,
        weeks: totals(
            &api.get(&format!("/v1/volume/weekly?{range}"), key)?,
            "weeks",
            "week_start",
        )?,
        heaviest: weights
            .filter_map(|record| Some((text(record, "exercise")?, record.get("value")?.as_f64()?)))
            .collect(),
        news: news.iter().filter_map(verdict::subject_of).collect(),
    })
}

fn items<'a>(answer: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    answer.get(name).and_then(Value::as_array).into_iter().flatten()
}

/// The items of all pages.
fn pages(api: &Api, path: &str, key: &str) -> Result<Vec<Value>> {
    let mut all = Vec::new();
    let mut page = api.get(path, key)?;
    loop {
        all.extend(items(&page, "items").cloned());
        let Some(cursor) = page.get("next_cursor").and_then(Value::as_str) else { return Ok(all) };
        page = api.get(&format!("{path}&cursor={cursor}"), key)?;
    }
}

fn totals(answer: &Value, name: &str, place: &str) -> Result<BTreeMap<NaiveDate, Totals>> {
    items(answer, name)
        .map(|part| {
            let date = part.get(place).and_then(Value::as_str).and_then(|date| date.parse().ok());
            date.zip(Totals::read(part)).with_context(|| format!("no volume in {part}"))
        })
        .collect()
}

impl Report {
    /// The figures, then what is wrong, if anything is.
    fn print(&self) -> Result<()> {
        let Self { figures, verdict, .. } = self;
        let restarts = self.kills.iter().map(|kill| kill.restart.as_secs_f64());
        let in_flight: usize = self.kills.iter().map(|kill| kill.in_flight).sum();
        println!("\nkills                     {:>6}", self.kills.len());
        println!("  requests in flight      {in_flight:>6}");
        println!("  longest restart         {:>6.1} s", restarts.fold(0.0, f64::max));
        println!("workouts answered 201     {:>6}", figures.posted);
        println!("  changed, answered 200   {:>6}", figures.changed);
        println!("  deleted                 {:>6}", figures.deleted);
        println!("sent again, unanswered    {:>6}", figures.unanswered);
        println!("sent again, answered      {:>6}", figures.repeated);
        println!("answers of 500 and above  {:>6}", figures.failed);
        println!("sent again by the sweep   {:>6}", self.swept);
        println!("accepted and not deleted  {:>6}", verdict.accepted);
        println!("counted                   {:>6}", verdict.counted);
        println!("  lost                    {:>6}", verdict.lost);
        println!("  twice                   {:>6}", verdict.twice);
        println!("notices                   {:>6}", verdict.told);
        println!("  twice                   {:>6}", verdict.told_twice);
        println!("dead letters              {:>6}", self.dead_letters);
        println!("healed and quiet after    {:>6.1} s", self.healed_after.as_secs_f64());
        println!("all of it                 {:>6.1} s\n", self.took.as_secs_f64());
        for difference in verdict.differences.iter().take(PRINTED_MAX) {
            println!("{difference}");
        }
        if !verdict.differences.is_empty() || self.dead_letters > 0 {
            bail!("{} differences, {} dead letters", verdict.differences.len(), self.dead_letters);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_swept_up_is_the_sum_of_all_sweeps() {
        let log = "[bulktrack-api] {\"message\":\"sweep\",\"sent\":2,\"worker\":\"api\"}\n\
            [bulktrack-api] {\"message\":\"request\",\"sent\":9}\n\
            [bulktrack-api] {\"message\":\"sweep\",\"sent\":40}\n\
            [bulktrack-api] {\"message\":\"sweep\",\"sen";
        assert_eq!(swept(log), 42);
    }

    #[test]
    fn the_stack_is_up_longer_where_there_is_more_time_for_each_kill() {
        let check = |options: SoakOptions, up_max_s: u64| {
            assert_eq!(options.up_max(), Duration::from_secs(up_max_s));
        };
        check(SoakOptions::quick(), 5);
        check(SoakOptions::default(), 24);
        check(SoakOptions { minutes: Some(1), kills: 100, seed: None }, 5);
    }
}
