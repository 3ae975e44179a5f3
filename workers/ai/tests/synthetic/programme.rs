//! The programmes of the athletes: each muscle between its MEV and its MRV, push and pull in balance.

/// One exercise of a session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Slot {
    /// The slug.
    pub lift: &'static str,
    /// Working sets.
    pub sets: u32,
    /// Planned repetitions.
    pub reps: u32,
    /// The weight of an ordinary athlete.
    pub kg: u32,
    pub side: Side,
}

/// The half of the upper body that a slot trains.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    Push,
    Pull,
    Neither,
}

/// Sessions by day of the week, 0 is Monday.
pub type Programme = &'static [(u32, &'static [Slot])];

const fn push(lift: &'static str, sets: u32, reps: u32, kg: u32) -> Slot {
    Slot { lift, sets, reps, kg, side: Side::Push }
}

const fn pull(lift: &'static str, sets: u32, reps: u32, kg: u32) -> Slot {
    Slot { lift, sets, reps, kg, side: Side::Pull }
}

const fn other(lift: &'static str, sets: u32, reps: u32, kg: u32) -> Slot {
    Slot { lift, sets, reps, kg, side: Side::Neither }
}

const FULL_A: &[Slot] = &[
    other("barbell-back-squat", 3, 6, 100),
    push("barbell-bench-press", 4, 6, 80),
    pull("barbell-row", 4, 8, 70),
    other("lateral-raise", 3, 12, 10),
    pull("barbell-curl", 2, 9, 35),
    other("standing-calf-raise", 4, 12, 80),
];
const FULL_B: &[Slot] = &[
    other("romanian-deadlift", 3, 8, 90),
    push("overhead-press", 3, 8, 45),
    pull("lat-pulldown", 4, 9, 65),
    push("triceps-pushdown", 3, 9, 35),
    push("incline-dumbbell-press", 3, 8, 28),
    other("leg-press", 3, 9, 180),
    other("lateral-raise", 3, 12, 10),
];
const FULL_BODY: Programme = &[(0, FULL_A), (2, FULL_B), (4, FULL_A)];

const UPPER_A: &[Slot] = &[
    push("barbell-bench-press", 4, 6, 80),
    pull("barbell-row", 4, 8, 70),
    push("overhead-press", 3, 8, 45),
    pull("lat-pulldown", 3, 9, 65),
    other("lateral-raise", 6, 12, 10),
    pull("barbell-curl", 3, 9, 35),
    push("triceps-pushdown", 3, 9, 35),
];
const LOWER_A: &[Slot] = &[
    other("barbell-back-squat", 4, 6, 100),
    other("romanian-deadlift", 3, 8, 90),
    other("leg-press", 3, 9, 180),
    other("standing-calf-raise", 4, 12, 80),
];
const UPPER_B: &[Slot] = &[
    push("incline-dumbbell-press", 4, 8, 28),
    pull("seated-cable-row", 4, 9, 65),
    pull("lat-pulldown", 3, 9, 65),
    other("lateral-raise", 6, 12, 10),
    pull("hammer-curl", 2, 9, 16),
    push("skull-crusher", 3, 9, 30),
];
const LOWER_B: &[Slot] = &[
    other("deadlift", 3, 5, 130),
    other("front-squat", 3, 6, 80),
    other("lying-leg-curl", 3, 9, 45),
    other("standing-calf-raise", 4, 12, 80),
];
const UPPER_LOWER: Programme = &[(0, UPPER_A), (1, LOWER_A), (3, UPPER_B), (4, LOWER_B)];

const PUSH_DAY: &[Slot] = &[
    push("barbell-bench-press", 4, 6, 80),
    push("overhead-press", 2, 8, 45),
    other("lateral-raise", 6, 12, 10),
    push("triceps-pushdown", 3, 9, 35),
];
const PULL_DAY: &[Slot] = &[
    pull("barbell-row", 4, 8, 70),
    pull("lat-pulldown", 3, 9, 65),
    pull("barbell-curl", 3, 9, 35),
];
const LEG_DAY: &[Slot] = &[
    other("barbell-back-squat", 4, 6, 100),
    other("romanian-deadlift", 3, 8, 90),
    other("lying-leg-curl", 2, 9, 45),
    other("standing-calf-raise", 4, 12, 80),
];
const PUSH_PULL_LEGS: Programme =
    &[(0, PUSH_DAY), (1, PULL_DAY), (2, LEG_DAY), (3, PUSH_DAY), (4, PULL_DAY), (5, LEG_DAY)];

/// The programmes of ordinary athletes.
pub const ORDINARY: [Programme; 3] = [FULL_BODY, UPPER_LOWER, PUSH_PULL_LEGS];

const ALL_IN_ONE: &[Slot] = &[
    other("barbell-back-squat", 2, 6, 90),
    push("barbell-bench-press", 2, 6, 75),
    pull("barbell-row", 2, 8, 65),
    other("lateral-raise", 2, 12, 10),
    other("lying-leg-curl", 1, 9, 45),
    other("standing-calf-raise", 1, 12, 80),
];

/// The same session every day, without a rest day; in one week pushing and pulling get one more set.
pub const DAILY: Programme = &[
    (0, ALL_IN_ONE),
    (1, ALL_IN_ONE),
    (2, ALL_IN_ONE),
    (3, ALL_IN_ONE),
    (4, ALL_IN_ONE),
    (5, ALL_IN_ONE),
    (6, ALL_IN_ONE),
];

/// The extra exercise that brings the chest over its MRV; it trains no other muscle.
pub const CHEST_EXTRA: Slot = other("pec-deck", 6, 12, 40);
