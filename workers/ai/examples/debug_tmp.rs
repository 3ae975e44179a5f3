//! tmp
#[path = "../tests/synthetic/mod.rs"]
mod synthetic;
use ai::rules::Subject;
use synthetic::score::*;
fn main() {
    for (i, w) in watch_all().iter().enumerate() {
        for e in &w.episodes {
            let s = match &e.pattern.subject {
                Subject::Lift(l) => l.clone(),
                s => s.as_str().to_owned(),
            };
            println!(
                "{}\t{}\t{}\t{}\t{}\td{}\t{}\t{}\t{}",
                if e.is_true { "T" } else { "F" },
                e.pattern.kind.as_str(),
                i,
                w.make_up.name(),
                s,
                e.first_day,
                w.about,
                e.pattern.confidence,
                serde_json::to_string(&e.pattern.evidence).unwrap()
            );
        }
        for (k, s) in &w.expected {
            if !w.episodes.iter().any(|e| {
                e.is_true && e.pattern.kind.as_str() == *k && e.pattern.subject.as_str() == s
            }) {
                println!("M\t{k}\t{i}\t{}\t{s}\t\t{}", w.make_up.name(), w.about);
            }
        }
    }
}
