//! The input of a run.

use crate::bug::Bug;
use crate::fault::FaultRates;

/// Everything that determines a run.
#[derive(Clone, Debug)]
pub struct Plan {
    pub seed: u64,
    /// The numbers of the actions to keep of the seed's workload; `None` keeps all.
    pub actions: Option<Vec<usize>>,
    /// Selects another order of events for the same seed; 0 except in a shortened run.
    pub schedule: u64,
    pub faults: FaultRates,
    pub bug: Option<Bug>,
}

impl Plan {
    /// Returns the whole run of a seed.
    pub fn from_seed(seed: u64, bug: Option<Bug>) -> Self {
        Self { seed, actions: None, schedule: 0, faults: FaultRates::from_seed(seed), bug }
    }

    /// Returns the command that repeats the run and prints its trace.
    pub fn replay_command(&self) -> String {
        let kinds: Vec<_> = self.faults.kinds().map(|fault| format!("{fault:?}")).collect();
        let actions: Vec<_> = self.actions.iter().flatten().map(ToString::to_string).collect();
        let bug = self.bug.map(|bug| format!("BUG={bug:?} ")).unwrap_or_default();
        format!(
            "{bug}SEED={} SCHEDULE={} ACTIONS={} FAULTS={} cargo test -p simulator --test seeds -- --nocapture replay",
            self.seed,
            self.schedule,
            actions.join(","),
            kinds.join(",")
        )
    }
}
