//! Changes that concurrent changes overtake: they are tried several times.

use crate::app::App;
use std::rc::Rc;

/// Attempts of a change, at most: more than an athlete's devices make at once; a project default.
const ATTEMPTS_MAX: u32 = 12;
/// The longest wait before the second attempt, in milliseconds: a round trip or two; a project default.
/// Each further attempt may wait longer by as much.
const WAIT_MS: u32 = 20;

/// The attempts of one change.
pub struct Attempts {
    app: Rc<App>,
    begun: u32,
}

impl Attempts {
    /// No attempt yet.
    pub fn new(app: &Rc<App>) -> Self {
        Self { app: Rc::clone(app), begun: 0 }
    }

    /// Begins the next attempt, after a random wait (await) unless it is the first. Returns whether there
    /// is one.
    pub async fn next(&mut self) -> bool {
        if (1..ATTEMPTS_MAX).contains(&self.begun) {
            let mut random = [0];
            self.app.entropy.fill(&mut random);
            let jitter_ms = WAIT_MS * self.begun * u32::from(random[0]) / 255;
            self.app.timer.sleep_ms(jitter_ms).await;
        }
        self.begun += 1;
        self.begun <= ATTEMPTS_MAX
    }
}
