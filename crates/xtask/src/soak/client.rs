//! The client program of one athlete: it posts, changes and deletes workouts, and retries a request
//! that gets no response.

use super::workout::Workout;
use crate::http::{Api, Content, Response};
use crate::{clock, process};
use anyhow::{Context, Result, bail};
use chrono::NaiveDate;
use fastrand::Rng;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// Pause between two requests of one athlete, in milliseconds. About ten requests a second, so that
/// a kill hits some in each queue, and a few sweeps cover all workouts of one soak.
const PAUSE_MS: std::ops::Range<u64> = 20..180;
const RETRY_AFTER: Duration = Duration::from_millis(250);
/// A restart takes seconds, and at most `local_stack::HEALTHY_WITHIN`; an outage a minute.
const RESPONSE_WITHIN: Duration = Duration::from_mins(4);

/// Flags and counts that the threads of a soak share.
#[derive(Default)]
pub struct Signals {
    /// Clients send no new requests, but complete those they have begun.
    pub stop: AtomicBool,
    /// The stack does not restart: clients complete nothing.
    pub stack_failed: AtomicBool,
    pub requests_in_flight: AtomicUsize,
}

/// Counts of requests.
#[derive(Default)]
pub struct RequestCounts {
    pub posted: usize,
    pub changed: usize,
    pub deleted: usize,
    /// Workouts that were logged set by set.
    pub live: usize,
    pub live_sets: usize,
    /// Requests that were retried, each counted once.
    pub retried: usize,
    /// Responses of 500 and above, from wrangler while the runtime dies.
    pub server_errors: usize,
    pub repeated: usize,
}

impl RequestCounts {
    /// Adds the counts of another athlete.
    pub fn add(&mut self, other: &Self) {
        self.posted += other.posted;
        self.changed += other.changed;
        self.deleted += other.deleted;
        self.live += other.live;
        self.live_sets += other.live_sets;
        self.retried += other.retried;
        self.server_errors += other.server_errors;
        self.repeated += other.repeated;
    }
}

/// The client program of an athlete.
pub struct Client<'a> {
    pub athlete_id: &'a str,
    pub api: Api,
    /// The workouts that the API has accepted, by id.
    pub accepted: BTreeMap<String, Workout>,
    pub counts: RequestCounts,
    pub rng: Rng,
    pub today: NaiveDate,
    pub signals: &'a Signals,
}

impl Client<'_> {
    /// Sends requests until it is stopped. An unexpected response is an error.
    pub fn run(&mut self) -> Result<()> {
        while !self.signals.stop.load(Ordering::Relaxed) {
            // More POSTs than DELETEs: there is always a workout to change.
            match self.rng.u32(..20) {
                0..=9 => self.post()?,
                10..=11 => self.log_live()?,
                12..=17 => self.put()?,
                _ => self.delete()?,
            }
            process::pause(Duration::from_millis(self.rng.u64(PAUSE_MS)))?;
        }
        Ok(())
    }

    fn post(&mut self) -> Result<()> {
        let workout = Workout::random(&mut self.rng, self.today);
        let (key, body) = (format!("soak-{}", self.counts.posted), workout.body());
        let id = self.post_workout(&key, &body)?;
        self.counts.posted += 1;
        if self.rng.u32(..8) == 0 {
            let repeated_id = self.post_workout(&key, &body)?;
            if repeated_id != id {
                bail!("POST {key} of {} created {id}, then {repeated_id}", self.athlete_id);
            }
            self.counts.repeated += 1;
        }
        if self.accepted.insert(id.clone(), workout).is_some() {
            bail!("two POSTs of {} created one workout {id}", self.athlete_id);
        }
        Ok(())
    }

    /// Logs a workout set by set and completes it, also after the stop: an open workout would be aggregated
    /// minutes later. Some sets are sent twice.
    fn log_live(&mut self) -> Result<()> {
        let workout = Workout::random(&mut self.rng, self.today);
        let name = format!("soak-live-{}", self.counts.live);
        let id = self.post_workout(&name, &workout.start())?;
        let path = format!("/v1/workouts/{id}/sets");
        for (index, set) in workout.live_sets().iter().enumerate() {
            let key = format!("{name}-{index}");
            for _ in 0..=u32::from(self.rng.u32(..8) == 0) {
                let (response, _) = self.send_until_response("POST", &path, Some((&key, set)))?;
                expect_status(&response, 201, "POST of a set")?;
            }
            self.counts.live_sets += 1;
            process::pause(Duration::from_millis(self.rng.u64(PAUSE_MS)))?;
        }
        let path = format!("/v1/workouts/{id}/complete");
        let (response, attempts) =
            self.send_until_response("POST", &path, Some(("", &workout.completion())))?;
        // An earlier attempt without a response may have completed the workout.
        if !(attempts > 1 && response.status == 409) {
            expect_status(&response, 200, "completion")?;
        }
        self.accepted.insert(id, workout);
        self.counts.live += 1;
        Ok(())
    }

    /// Returns the id of the workout.
    fn post_workout(&mut self, key: &str, body: &Value) -> Result<String> {
        let (response, _) = self.send_until_response("POST", "/v1/workouts", Some((key, body)))?;
        expect_status(&response, 201, "POST")?;
        let workout: Value = serde_json::from_str(&response.text)?;
        let id = workout.get("id").and_then(Value::as_str);
        id.map(str::to_owned).context("the created workout has no id")
    }

    fn put(&mut self) -> Result<()> {
        let Some(id) = self.rng.choice(self.accepted.keys()).cloned() else { return Ok(()) };
        let workout = Workout::random(&mut self.rng, self.today);
        let (key, body) = (format!("soak-put-{}", self.counts.changed), workout.body());
        let path = format!("/v1/workouts/{id}");
        let (response, _) = self.send_until_response("PUT", &path, Some((&key, &body)))?;
        expect_status(&response, 200, "PUT")?;
        self.accepted.insert(id, workout);
        self.counts.changed += 1;
        Ok(())
    }

    fn delete(&mut self) -> Result<()> {
        let Some(id) = self.rng.choice(self.accepted.keys()).cloned() else { return Ok(()) };
        let path = format!("/v1/workouts/{id}");
        let (response, attempts) = self.send_until_response("DELETE", &path, None)?;
        // An earlier attempt without a response may have deleted the workout.
        if !(attempts > 1 && response.status == 404) {
            expect_status(&response, 204, "DELETE")?;
        }
        self.accepted.remove(&id);
        self.counts.deleted += 1;
        Ok(())
    }

    /// Sends a request until there is a response below 500.
    /// Returns it with the number of attempts.
    fn send_until_response(
        &mut self,
        method: &str,
        path: &str,
        content: Option<Content>,
    ) -> Result<(Response, u32)> {
        let start = clock::now();
        for attempts in 1.. {
            self.signals.requests_in_flight.fetch_add(1, Ordering::Relaxed);
            let result = self.api.send(method, path, content);
            self.signals.requests_in_flight.fetch_sub(1, Ordering::Relaxed);
            match result {
                Ok(response) if response.status < 500 => {
                    self.counts.retried += usize::from(attempts > 1);
                    return Ok((response, attempts));
                }
                Ok(_) => self.counts.server_errors += 1,
                // During a restart there is no connection, or request or response are lost.
                Err(_) => {}
            }
            let has_failed = self.signals.stack_failed.load(Ordering::Relaxed);
            if has_failed || start.elapsed() > RESPONSE_WITHIN {
                break;
            }
            process::pause(RETRY_AFTER)?;
        }
        bail!("{method} {path} got no response");
    }
}

fn expect_status(response: &Response, status: u16, method: &str) -> Result<()> {
    if response.status != status {
        bail!("{method} returned {}, not {status}: {}", response.status, response.text);
    }
    Ok(())
}
