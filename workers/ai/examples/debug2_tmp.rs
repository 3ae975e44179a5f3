//! tmp
#[path = "../tests/synthetic/mod.rs"]
mod synthetic;
use synthetic::athlete::*;
use synthetic::diary::*;
use synthetic::score::*;
fn main() {
    let make_ups: Vec<_> =
        MakeUp::ALL.into_iter().flat_map(|(m, c)| (0..c).map(move |_| m)).collect();
    for n in [150usize, 153, 62] {
        let mut a = Athlete::new(make_ups[n], 20_261_123 + n as u64);
        let ws = a.workouts(first_monday(), 12);
        let mut d = Diary::new(first_monday());
        for w in &ws {
            d.record(w);
        }
        for x in &d.on(first_monday()).days {
            println!(
                "{n} d{} {} {}",
                (x.local_date - first_monday()).num_days(),
                x.workouts,
                x.tonnage_grams.kg()
            );
        }
    }
}
