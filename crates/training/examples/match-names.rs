//! Measures how many exercise names the catalogue knows: `cargo run -p training --example match-names
//! FILE [--all]`.
//!
//! FILE has one name a line, or lines of `users<TAB>sets<TAB>apps<TAB>known<TAB>spellings` with the
//! spellings separated by ` | `. Prints the share of names and sets that match, and the rest with
//! suggestions; with `--all` the matches as well.

use std::error::Error;
use training::names::{find_by_name, similar_exercises};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("usage: match-names FILE [--all]")?;
    let all = arguments.any(|argument| argument == "--all");
    let text = std::fs::read_to_string(path)?;
    let (mut names, mut matched) = ((0, 0), (0, 0));
    for line in text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
        let columns: Vec<_> = line.split('\t').collect();
        let (sets, spellings) = match columns.as_slice() {
            [_, sets, _, _, spellings] => (sets.parse()?, *spellings),
            _ => (1, line),
        };
        names = (names.0 + 1, names.1 + sets);
        let found: Vec<_> = spellings.split(" | ").map(|name| (name, find_by_name(name))).collect();
        let is_matched = found.iter().all(|(_, exercise)| exercise.is_some());
        if is_matched {
            matched = (matched.0 + 1, matched.1 + sets);
        }
        for (name, exercise) in found {
            match exercise {
                Some(exercise) if all => println!("{name}\t{}", exercise.slug),
                Some(_) => {}
                None => {
                    println!("{sets}\t{name}\t? {}", similar_exercises(name, &[], 3).join(", "));
                }
            }
        }
    }
    let share = |part: u64, whole: u64| 10_000 * part / whole.max(1);
    let shares = [share(matched.0, names.0), share(matched.1, names.1)];
    println!("matched {} of {} names ({} per 10,000)", matched.0, names.0, shares[0]);
    println!("matched {} of {} sets ({} per 10,000)", matched.1, names.1, shares[1]);
    Ok(())
}
