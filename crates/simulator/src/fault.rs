//! What goes wrong, and how often.

use crate::dice::Dice;

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// An invocation dies at an await: what was stored and sent stays, the rest is gone.
    Crash,
    /// The database fails, and nothing of the batch took effect.
    DatabaseBefore,
    /// The database fails, and all of the batch took effect.
    DatabaseAfter,
    /// A queue refuses.
    SendBefore,
    /// A queue accepts, and says that it did not.
    SendAfter,
    /// A message is delivered twice.
    Twice,
    /// A message comes up to five minutes late.
    Late,
    /// A batch is any messages of its queue, in any order.
    Reordered,
    /// A message is lost; of the kinds that the sweep sends again.
    Lost,
    /// A batch was settled, and is delivered again whole.
    BatchAgain,
    /// Everything stands still for up to two minutes, or the clock is set by up to two seconds.
    ClockJump,
    /// The mail service refuses.
    Mail,
    /// The mail service accepts, and says that it did not.
    MailAfter,
    /// The mail service takes up to 90 s.
    MailSlow,
    /// A receiver of webhooks answers 500 or 429, or not at all.
    Http,
    /// A receiver of webhooks has it, and does not say so in time.
    HttpAfter,
}

impl Fault {
    /// Every kind.
    pub const ALL: [Self; 16] = [
        Self::Crash,
        Self::DatabaseBefore,
        Self::DatabaseAfter,
        Self::SendBefore,
        Self::SendAfter,
        Self::Twice,
        Self::Late,
        Self::Reordered,
        Self::Lost,
        Self::BatchAgain,
        Self::ClockJump,
        Self::Mail,
        Self::MailAfter,
        Self::MailSlow,
        Self::Http,
        Self::HttpAfter,
    ];

    /// How often it strikes at most, out of 10,000 times that it could (ours: so that most events
    /// still come through, and a crash is met at each await of each handler).
    const fn rate_max(self) -> u64 {
        match self {
            Self::ClockJump => 100,
            Self::Crash => 800,
            Self::MailSlow => 1_000,
            Self::DatabaseBefore | Self::DatabaseAfter | Self::BatchAgain | Self::MailAfter => {
                1_500
            }
            Self::Late | Self::Lost | Self::HttpAfter => 2_000,
            Self::SendBefore | Self::SendAfter | Self::Twice | Self::Mail | Self::Http => 3_000,
            Self::Reordered => 5_000,
        }
    }
}

/// How often each kind strikes, out of 10,000.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults([u32; Fault::ALL.len()]);

impl Faults {
    /// Those of a seed. Each kind is off in every second seed: a fault that is always there hides
    /// what only shows without it (swarm testing: Groce et al., ISSTA 2012).
    pub fn of_seed(seed: u64) -> Self {
        let mut dice = Dice::new(seed, 1);
        let mut faults = Self::default();
        for fault in Fault::ALL {
            let rate = u32::try_from(dice.below(fault.rate_max())).unwrap();
            faults.0[fault as usize] = if dice.below(2) == 0 { 0 } else { rate };
        }
        faults
    }

    /// How often it strikes.
    pub const fn rate(&self, fault: Fault) -> u32 {
        self.0[fault as usize]
    }

    /// The kinds that strike.
    pub fn kinds(&self) -> Vec<Fault> {
        Fault::ALL.into_iter().filter(|fault| self.rate(*fault) > 0).collect()
    }

    /// Without a kind.
    #[must_use]
    pub fn without(&self, fault: Fault) -> Self {
        let mut faults = self.clone();
        faults.0[fault as usize] = 0;
        faults
    }
}
