//! One athlete's app: it posts, changes and deletes workouts, and sends again what got no answer.

use super::dice::Dice;
use super::training::Entry;
use crate::http::{Answer, Api, Post, Request};
use crate::state::Athlete;
use crate::{clock, process};
use anyhow::{Context, Result, bail};
use chrono::NaiveDate;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// Between two requests of one athlete (ours): about ten a second, so that a kill meets some on each
/// queue, and the sweep takes all of one soak in a few strikes.
const THINKS: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(180));
/// Until a request that got no answer is sent again.
const AGAIN_AFTER: Duration = Duration::from_millis(250);
/// A restart takes seconds, and may take [``local_stack::HEALTHY_WITHIN``].
const ANSWERED_WITHIN: Duration = Duration::from_mins(3);

/// What the threads of a soak tell each other.
#[derive(Default)]
pub struct Signals {
    /// No new requests; what has begun is finished.
    pub over: AtomicBool,
    /// The stack will not come back: nothing more is finished.
    pub broken: AtomicBool,
    /// Requests without an answer now.
    pub in_flight: AtomicUsize,
}

/// What was done, in numbers.
#[derive(Default)]
pub struct Figures {
    /// Workouts whose POST was answered 201.
    pub posted: usize,
    /// PUTs that were answered 200.
    pub changed: usize,
    /// DELETEs that were answered, and whose workout is gone.
    pub deleted: usize,
    /// Requests that were sent again because no answer came, each counted once.
    pub unanswered: usize,
    /// Answers of 500 and above: the door's, while the house behind it dies.
    pub failed: usize,
    /// POSTs that were sent again although they had been answered.
    pub repeated: usize,
}

impl Figures {
    /// Those of another athlete beside them.
    pub fn add(&mut self, other: &Self) {
        self.posted += other.posted;
        self.changed += other.changed;
        self.deleted += other.deleted;
        self.unanswered += other.unanswered;
        self.failed += other.failed;
        self.repeated += other.repeated;
    }
}

/// An athlete's app.
pub struct Client<'a> {
    /// Who it is.
    pub athlete: &'a Athlete,
    /// What stands, by what was answered.
    pub accepted: BTreeMap<String, Entry>,
    /// What was done.
    pub figures: Figures,
    api: &'a Api,
    dice: Dice,
    today: NaiveDate,
    signals: &'a Signals,
}

impl<'a> Client<'a> {
    /// Nothing is entered yet.
    pub fn new(
        api: &'a Api,
        athlete: &'a Athlete,
        signals: &'a Signals,
        dice: Dice,
        today: NaiveDate,
    ) -> Self {
        let (accepted, figures) = (BTreeMap::new(), Figures::default());
        Self { athlete, accepted, figures, api, dice, today, signals }
    }

    /// Enters until it is over. An error is an answer that should not have been.
    pub fn run(&mut self) -> Result<()> {
        while !self.signals.over.load(Ordering::Relaxed) {
            // Of ten, six POSTs, three PUTs and a DELETE: there is always something to change.
            match self.dice.below(10) {
                0..=5 => self.post()?,
                6..=8 => self.put()?,
                _ => self.delete()?,
            }
            process::pause(self.dice.between(THINKS.0, THINKS.1))?;
        }
        Ok(())
    }

    fn post(&mut self) -> Result<()> {
        let entry = Entry::thrown(&mut self.dice, self.today);
        let (key, body) = (format!("soak-{}", self.figures.posted), entry.body());
        let post = Post { key: &key, body: &body };
        let id = self.posted(&post)?;
        self.figures.posted += 1;
        if self.dice.below(8) == 0 {
            let again = self.posted(&post)?;
            if again != id {
                bail!("the POST {key} of {} made {id}, and then {again}", self.athlete.id);
            }
            self.figures.repeated += 1;
        }
        if self.accepted.insert(id.clone(), entry).is_some() {
            bail!("two POSTs of {} made the one workout {id}", self.athlete.id);
        }
        Ok(())
    }

    /// The id of the workout.
    fn posted(&mut self, post: &Post) -> Result<String> {
        let (answer, _) = self.answered("POST", "/v1/workouts", Some(post))?;
        expect(&answer, 201, "POST")?;
        let workout: Value = serde_json::from_str(&answer.text)?;
        let id = workout.get("id").and_then(Value::as_str);
        id.map(str::to_owned).context("the new workout has no id")
    }

    fn put(&mut self) -> Result<()> {
        let Some(id) = self.dice.one_of(self.accepted.keys()).cloned() else { return Ok(()) };
        let entry = Entry::thrown(&mut self.dice, self.today);
        let (key, body) = (format!("soak-put-{}", self.figures.changed), entry.body());
        let post = Post { key: &key, body: &body };
        let (answer, _) = self.answered("PUT", &format!("/v1/workouts/{id}"), Some(&post))?;
        expect(&answer, 200, "PUT")?;
        self.accepted.insert(id, entry);
        self.figures.changed += 1;
        Ok(())
    }

    fn delete(&mut self) -> Result<()> {
        let Some(id) = self.dice.one_of(self.accepted.keys()).cloned() else { return Ok(()) };
        let (answer, sent) = self.answered("DELETE", &format!("/v1/workouts/{id}"), None)?;
        // What was deleted by a request whose answer is lost is not there any more.
        if !(sent > 1 && answer.status == 404) {
            expect(&answer, 204, "DELETE")?;
        }
        self.accepted.remove(&id);
        self.figures.deleted += 1;
        Ok(())
    }

    /// Sends until there is an answer, and says how often it was sent.
    fn answered(
        &mut self,
        method: &'static str,
        path: &str,
        post: Option<&Post>,
    ) -> Result<(Answer, u32)> {
        let request = Request { method, path, token: &self.athlete.api_key, post };
        let start = clock::now();
        for sent in 1.. {
            self.signals.in_flight.fetch_add(1, Ordering::Relaxed);
            let answer = self.api.ask(&request);
            self.signals.in_flight.fetch_sub(1, Ordering::Relaxed);
            match answer {
                Ok(answer) if answer.status < 500 => {
                    self.figures.unanswered += usize::from(sent > 1);
                    return Ok((answer, sent));
                }
                Ok(_) => self.figures.failed += 1,
                // Refused, while the stack is away, or lost on its way here or back.
                Err(_) => {}
            }
            if start.elapsed() > ANSWERED_WITHIN || self.signals.broken.load(Ordering::Relaxed) {
                break;
            }
            process::pause(AGAIN_AFTER)?;
        }
        bail!("{method} {path} got no answer, however often it was sent");
    }
}

fn expect(answer: &Answer, status: u16, method: &str) -> Result<()> {
    if answer.status != status {
        bail!("{method} answered {}, not {status}: {}", answer.status, answer.text);
    }
    Ok(())
}
