//! `cargo xtask soak`: clients post, log, change and delete workouts while the runtime is killed and
//! the databases are unavailable; then the API must report each accepted workout once, every email and
//! delivery must be sent, and no dead letter may be left.
//!
//! The stack is that of `cargo xtask dev`, with its own state directory, port and log. Its queues
//! are in memory, so a kill loses their messages, and the sweep must resend them; deployed queues
//! keep theirs. The sweep resends workouts only. A notification is missing when its message is
//! lost, so the soak checks only that none is duplicated, and that what has a row is sent. An outage
//! loses no message.
//!
//! Numbers without a source are project defaults.

mod client;
mod comparison;
mod databases;
mod receiver;
mod report;
mod workout;

use crate::http::Api;
use crate::local_stack::{self, LocalStack};
use crate::process::{self, Stopped};
use crate::project::{Project, Toolchain};
use crate::state::StateDir;
use crate::{build, clock, pipeline, setup};
use anyhow::{Result, bail};
use chrono::{Days, NaiveDate};
use client::{Client, RequestCounts, Signals};
use comparison::{Comparison, Reported};
use contract::dead_letters::DeadLetterPage;
use contract::notifications::Notification;
use contract::records::PersonalRecord;
use contract::volume::{DailyVolume, WeeklyVolume};
use contract::workouts::Workout;
use contract::{Items, Page};
use databases::{Databases, Outgoing};
use fastrand::Rng;
use receiver::{Interruption, Receiver};
use report::{Kill, Report};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::thread::{self, ScopedJoinHandle};
use std::time::Duration;
use training::records::RecordKind;
use workout::Totals;

/// Enough that requests overlap, on two cores.
const ATHLETES: u64 = 6;
/// Deployed, the cron runs once a minute. The sweep itself decides when a workout is due
/// (docs/adr/0009), so a longer interval would only prolong the test.
const CRON_EVERY: Duration = Duration::from_secs(5);
/// The share of the duration with kills, in tenths. The rest is for recovery.
const KILLING_TENTHS: u32 = 6;
/// Time of a restart on an idle machine.
const RESTART: Duration = Duration::from_secs(6);
/// Uptime between two kills: a kill may hit the first requests.
const UPTIME_MIN: Duration = Duration::from_millis(500);
const UPTIME_MAX_QUICK: Duration = Duration::from_secs(5);
/// The sweep resends a workout after 45 s, then after 1 and 2 more minutes (docs/adr/0009), and a dead
/// letter after 1 and 5 more; two minutes more for a slow machine.
const RECOVERED_WITHIN: Duration = Duration::from_mins(8);
const OUTAGE: Duration = Duration::from_mins(1);
/// Longer than the retries of a message: they take 7 s.
const OUTAGE_QUICK: Duration = Duration::from_secs(12);
/// Between two looks at what still waits.
const POLL: Duration = Duration::from_secs(2);
/// As many emails a day as an athlete can choose.
const EMAILS_A_DAY: i64 = 100;
/// The emails that one claim takes of an athlete: an interruption may repeat them (docs/adr/0007).
const EMAILS_OF_A_CLAIM: usize = 20;

/// The options of `soak`.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Kill 3 times within about 90 s
    #[arg(long, conflicts_with = "minutes")]
    quick: bool,
    /// Approximate duration [default: 5, without --quick]
    #[arg(
        long, value_name = "N", hide_default_value = true, default_value = "5",
        default_value_if("quick", "true", None), value_parser = clap::value_parser!(u32).range(1..=1_440),
    )]
    minutes: Option<u32>,
    /// Number of kills [default: 10, or 3 with --quick]
    #[arg(
        long, value_name = "N", hide_default_value = true, default_value = "10",
        default_value_if("quick", "true", "3"), value_parser = clap::value_parser!(u32).range(1..=1_440),
    )]
    kills: u32,
    /// Number of outages of all databases [default: 3, or 1 with --quick]
    #[arg(
        long, value_name = "N", hide_default_value = true, default_value = "3",
        default_value_if("quick", "true", "1"), value_parser = clap::value_parser!(u32).range(0..=1_440),
    )]
    outages: u32,
    /// Seed of the random workouts and kills [default: random]
    #[arg(long, value_name = "N")]
    seed: Option<u32>,
}

/// Runs the soak and fails on any difference. A failure keeps the state directory and prints its
/// path.
pub fn run(project: &Project, options: &Options) -> Result<()> {
    let seed = options.seed.unwrap_or_else(|| fastrand::u32(..));
    let dir = std::env::temp_dir().join(format!("bulktrack-soak-{}", std::process::id()));
    let tools = setup::run(project)?;
    build::run(&tools)?;
    println!(
        "soak: seed {seed}, {} kills, {} outages; state and log: {}",
        options.kills,
        options.outages,
        dir.display()
    );
    let result = soak(&tools, options, seed, &dir).and_then(|report| report.print());
    match &result {
        Ok(()) => {
            let _ = std::fs::remove_dir_all(&dir);
            println!("soak: PASS");
        }
        Err(error) if error.is::<Stopped>() => {}
        Err(_) => println!("soak: FAIL, seed {seed}; state and log: {}", dir.display()),
    }
    result
}

/// Returns a random number generator. Each thread has its own stream of the seed.
fn rng(seed: u32, stream: u64) -> Rng {
    Rng::with_seed((stream << 32) | u64::from(seed))
}

fn soak(tools: &Toolchain, options: &Options, seed: u32, dir: &Path) -> Result<Report> {
    let start = clock::now();
    let mut state = StateDir::open(dir)?;
    let port = local_stack::free_port()?;
    let mut stack = LocalStack::start(tools, &mut state, port)?;
    let api = stack.wait_until_healthy()?;
    local_stack::fire_cron(&api, CRON_EVERY);
    let operator_api = api.with_token(&state.saved.operator_token);
    let athletes = (0..ATHLETES)
        .map(|index| pipeline::create_athlete(&operator_api, "Ann", &format!("soak-{index}")))
        .collect::<Result<Vec<_>>>()?;
    let receiver = Receiver::start()?;
    for athlete in &athletes {
        subscribe(&api.with_token(&athlete.api_key), &receiver)?;
    }
    // Fixed for the whole run: after midnight, the range still covers all workouts.
    let today = clock::today();
    let signals = Signals::default();
    let clients = athletes.iter().zip(1..).map(|(athlete, stream)| Client {
        athlete_id: &athlete.id,
        api: api.with_token(&athlete.api_key),
        accepted: BTreeMap::new(),
        counts: RequestCounts::default(),
        rng: rng(seed, stream),
        today,
        signals: &signals,
    });
    let restart = || LocalStack::resume(tools, &state, port);
    let databases = Databases { tools, state: &state };
    let mut killer =
        Killer { options, rng: rng(seed, 0), signals: &signals, restart: &restart, databases };
    let (mut stack, clients, Disruptions { kills, outages, interruptions }) =
        killer.run(stack, clients.collect())?;
    let recovery_start = clock::now();
    let apis: Vec<_> = clients.iter().map(|client| client.api.clone()).collect();
    let range = range(today);
    let weekly = format!("/v1/volume/weekly?{range}");
    let is_idle = wait_until_all_is_sent(&apis, &mut stack, &weekly, (databases, &operator_api))?;
    let recovered_after = recovery_start.elapsed();
    let (mut counts, mut comparison) = (RequestCounts::default(), Comparison::default());
    if !is_idle {
        let seconds = RECOVERED_WITHIN.as_secs();
        comparison.differences.push(format!("the pipeline is still busy after {seconds} s"));
    }
    for client in &clients {
        let reported = fetch_reported(&client.api, &range)?;
        comparison.add(client.athlete_id, &client.accepted, &reported);
        counts.add(&client.counts);
    }
    let log = std::fs::read(state.path("wrangler.log"))?;
    let log = String::from_utf8_lossy(&log);
    let outgoing = databases.count()?;
    let emails = log.matches(EMAIL_SENT).count();
    let repeats = compare_outgoing(&mut comparison, &outgoing, emails, &receiver, &interruptions);
    Ok(Report {
        kills,
        outages,
        counts,
        comparison,
        dead_letters: (count_dead_letters(&operator_api)?, dead_letters_left(&operator_api)?),
        emails,
        deliveries: (receiver.different(), repeats),
        outgoing,
        resent: count_resent(&log),
        recovered_after,
        total: start.elapsed(),
    })
}

/// Sends all webhooks of an athlete to the receiver, and raises the daily limit of emails.
fn subscribe(api: &Api, receiver: &Receiver) -> Result<()> {
    let _: Value = api.post("/v1/webhooks", "", &json!({ "url": receiver.url }))?;
    let limit = json!({ "daily_mail_limit": EMAILS_A_DAY });
    let response = api.send("PUT", "/v1/me", Some(("", &limit)))?;
    if response.status != 200 {
        bail!("the daily limit of emails is not set: {}", response.text);
    }
    Ok(())
}

/// Waits until the pipeline is idle, no email or delivery waits, and no dead letter is left. Returns whether
/// the pipeline is idle.
fn wait_until_all_is_sent(
    apis: &[Api],
    stack: &mut LocalStack,
    weekly: &str,
    (databases, operator_api): (Databases<'_>, &Api),
) -> Result<bool> {
    let start = clock::now();
    loop {
        let left = RECOVERED_WITHIN.saturating_sub(start.elapsed());
        let is_idle = pipeline::wait_until_idle(apis, stack, weekly, left)?;
        let is_waiting = databases.count()?.is_waiting() || dead_letters_left(operator_api)? > 0;
        if !is_waiting || start.elapsed() >= RECOVERED_WITHIN {
            return Ok(is_idle);
        }
        process::pause(POLL)?;
    }
}

/// Compares the rows of emails and deliveries with what was received. Returns the number of repeated
/// deliveries.
fn compare_outgoing(
    comparison: &mut Comparison,
    outgoing: &Outgoing,
    emails: usize,
    receiver: &Receiver,
    interruptions: &[Interruption],
) -> usize {
    let differences = &mut comparison.differences;
    differences.extend(outgoing.lost().map(|rows| format!("not sent: {rows}")));
    let (repeats, unexplained) = receiver.repeats(interruptions);
    differences.extend(unexplained.iter().map(|id| format!("delivery {id} is repeated")));
    if receiver.different() < outgoing.of("delivery: delivered") {
        differences.push("a delivered webhook was not received".to_owned());
    }
    let sent = outgoing.of("email: sent");
    if emails > sent + interruptions.len() * EMAILS_OF_A_CLAIM {
        differences.push(format!("{emails} emails were sent for {sent} rows"));
    }
    repeats
}

/// The line of wrangler's log about an email.
const EMAIL_SENT: &str = "send_email binding called";

/// Kills and restarts the runtime, and takes the databases away, while clients send requests.
struct Killer<'a> {
    options: &'a Options,
    rng: Rng,
    signals: &'a Signals,
    restart: &'a dyn Fn() -> Result<LocalStack>,
    databases: Databases<'a>,
}

/// The kills and outages of a run.
#[derive(Default)]
struct Disruptions {
    kills: Vec<Kill>,
    /// In seconds.
    outages: Vec<f64>,
    interruptions: Vec<Interruption>,
}

impl Killer<'_> {
    /// Runs until the last restart. Returns the stack, and the clients once each request has its
    /// response.
    fn run<'c>(
        &mut self,
        stack: LocalStack,
        clients: Vec<Client<'c>>,
    ) -> Result<(LocalStack, Vec<Client<'c>>, Disruptions)> {
        thread::scope(|scope| {
            let threads: Vec<_> = clients
                .into_iter()
                .map(|mut client| scope.spawn(move || client.run().map(|()| client)))
                .collect();
            let has_failed_client = || threads.iter().any(ScopedJoinHandle::is_finished);
            let result = self.disrupt(stack, &has_failed_client);
            self.signals.stack_failed.store(result.is_err(), Ordering::Relaxed);
            self.signals.stop.store(true, Ordering::Relaxed);
            let clients: Vec<_> = threads
                .into_iter()
                .map(|thread| thread.join().unwrap_or_else(|_| bail!("a client panicked")))
                .collect();
            // The error of the stack comes first: it is the reason for those of the clients.
            let (stack, disruptions) = result?;
            Ok((stack, clients.into_iter().collect::<Result<_>>()?, disruptions))
        })
    }

    /// Kills, and after some of the kills an outage.
    fn disrupt(
        &mut self,
        mut stack: LocalStack,
        has_failed_client: &dyn Fn() -> bool,
    ) -> Result<(LocalStack, Disruptions)> {
        let Options { kills, outages, .. } = *self.options;
        let mut disruptions = Disruptions::default();
        let uptime_max = uptime_max(self.options.minutes, self.options.kills);
        for number in 1..=kills {
            let uptime = UPTIME_MIN + uptime_max.saturating_sub(UPTIME_MIN).mul_f64(self.rng.f64());
            process::pause(uptime)?;
            stack.check()?;
            if has_failed_client() {
                // `run` returns its error.
                return Ok((stack, disruptions));
            }
            let in_flight = self.signals.requests_in_flight.load(Ordering::Relaxed);
            let killed_at = clock::now();
            stack.kill()?;
            stack = (self.restart)()?;
            stack.wait_until_healthy()?;
            let restart = killed_at.elapsed();
            println!(
                "kill {number:>2}: up for {:>4.1} s, {in_flight} requests in flight, back after {:.1} s",
                uptime.as_secs_f64(),
                restart.as_secs_f64()
            );
            disruptions.kills.push(Kill { in_flight, restart });
            disruptions.interruptions.push((killed_at, clock::now()));
            // The last outage follows the last kill, which would lose its dead letters with the local queues.
            for _ in (number - 1) * outages / kills..number * outages / kills {
                process::pause(UPTIME_MIN)?;
                self.take_databases_away(&mut stack, &mut disruptions)?;
            }
        }
        process::pause(UPTIME_MIN)?;
        Ok((stack, disruptions))
    }

    /// Makes all databases unavailable for a while.
    fn take_databases_away(
        &self,
        stack: &mut LocalStack,
        disruptions: &mut Disruptions,
    ) -> Result<()> {
        let start = clock::now();
        self.databases.take_away()?;
        let waited = process::pause(if self.options.quick { OUTAGE_QUICK } else { OUTAGE });
        self.databases.bring_back()?;
        waited?;
        stack.check()?;
        let seconds = start.elapsed().as_secs_f64();
        println!("outage : the databases were unavailable for {seconds:.1} s");
        disruptions.outages.push(seconds);
        disruptions.interruptions.push((start, clock::now()));
        Ok(())
    }
}

/// Returns the longest uptime between two kills. The average is half of it.
fn uptime_max(minutes: Option<u32>, kills: u32) -> Duration {
    let Some(minutes) = minutes else { return UPTIME_MAX_QUICK };
    let killing = Duration::from_mins(u64::from(minutes)) * KILLING_TENTHS / 10;
    ((killing / kills).saturating_sub(RESTART) * 2).max(UPTIME_MAX_QUICK)
}

/// Returns query parameters for whole weeks that contain all workouts.
fn range(today: NaiveDate) -> String {
    let from = workout::monday(today - Days::new(workout::DAYS));
    format!("from={from}&to={}", workout::monday(today) + Days::new(6))
}

/// Returns the number of dead letters that are open or wait for their redrive.
fn dead_letters_left(api: &Api) -> Result<i64> {
    let count = |status: &str| -> Result<i64> {
        let path = format!("/v1/admin/dead-letters?status={status}&limit=1");
        Ok(api.get::<DeadLetterPage>(&path)?.total)
    };
    Ok(count("open")? + count("waiting")?)
}

/// Returns the number of dead letters of any status.
fn count_dead_letters(api: &Api) -> Result<i64> {
    Ok(api.get::<DeadLetterPage>("/v1/admin/dead-letters?limit=1")?.total)
}

/// Returns the number of workouts that the sweeps in a log have resent.
fn count_resent(log: &str) -> u64 {
    log.lines()
        .filter(|line| line.contains(r#""message":"sweep""#))
        .filter_map(|line| serde_json::from_str::<Value>(line.get(line.find('{')?..)?).ok())
        .filter_map(|sweep| sweep.get("sent")?.as_u64())
        .sum()
}

/// Fetches the results that the API reports for the athlete of a client.
fn fetch_reported(api: &Api, range: &str) -> Result<Reported> {
    let daily: DailyVolume = api.get(&format!("/v1/volume/daily?{range}"))?;
    let weekly: WeeklyVolume = api.get(&format!("/v1/volume/weekly?{range}"))?;
    let records: Items<PersonalRecord> = api.get("/v1/records")?;
    let heaviest = records.items.iter().filter(|record| record.kind == RecordKind::HeaviestWeight);
    let workouts: Vec<Workout> = fetch_pages(api, "/v1/workouts?limit=100")?;
    let notifications: Vec<Notification> = fetch_pages(api, "/v1/notifications?limit=100")?;
    Ok(Reported {
        workout_ids: workouts.iter().map(|workout| workout.id.to_string()).collect(),
        days: daily.days.iter().map(|day| (day.date, Totals::of_day(day))).collect(),
        weeks: weekly
            .weeks
            .iter()
            .map(|week| (week.week_start.date(), Totals::of_week(week)))
            .collect(),
        heaviest: heaviest.map(|record| (record.exercise.clone(), record.value)).collect(),
        notifications: notifications.iter().map(comparison::subject).collect(),
    })
}

/// Returns the items of all pages.
fn fetch_pages<T: DeserializeOwned>(api: &Api, path: &str) -> Result<Vec<T>> {
    let mut all = Vec::new();
    let mut page: Page<T> = api.get(path)?;
    loop {
        all.append(&mut page.items);
        let Some(cursor) = page.next_cursor else { return Ok(all) };
        page = api.get(&format!("{path}&cursor={cursor}"))?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resent_workouts_are_summed_over_all_sweeps() {
        let log = "[bulktrack-api] {\"message\":\"sweep\",\"sent\":2,\"worker\":\"api\"}\n\
            [bulktrack-api] {\"message\":\"request\",\"sent\":9}\n\
            [bulktrack-api] {\"message\":\"sweep\",\"sent\":40}\n\
            [bulktrack-api] {\"message\":\"sweep\",\"sen";
        assert_eq!(count_resent(log), 42);
    }

    #[test]
    fn uptime_grows_with_the_time_for_each_kill() {
        let check = |minutes, kills, expected_s| {
            assert_eq!(uptime_max(minutes, kills), Duration::from_secs(expected_s));
        };
        check(None, 3, 5);
        check(Some(5), 10, 24);
        check(Some(1), 100, 5);
    }

    #[test]
    fn random_numbers_depend_on_seed_and_stream() {
        let numbers = |seed, stream| {
            let mut rng = rng(seed, stream);
            [(); 8].map(|()| rng.u32(..1_000))
        };
        assert_eq!(numbers(7, 1), numbers(7, 1));
        assert_ne!(numbers(7, 1), numbers(7, 2));
        assert_ne!(numbers(7, 1), numbers(8, 1));
    }
}
