//! Reads a log and prints what was found, for the judgement of a format: `cargo run --release -p interchange --example
//! read -- [--pounds] FILE...`. With `--pounds` weights without a unit are pounds.
#![expect(clippy::print_stdout, reason = "its output")]

use interchange::{ReadOptions, WeightUnit, read};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let is_pounds = |argument: &String| argument == "--pounds";
    let pounds = std::env::args().find(is_pounds).map(|_| WeightUnit::Lb);
    let options = ReadOptions { weight_unit: pounds, ..ReadOptions::default() };
    for path in std::env::args().skip(1).filter(|argument| !is_pounds(argument)) {
        let bytes = std::fs::read(&path)?;
        let result = read(&bytes, &options);
        match result {
            Ok(log) => {
                let (format, unit) = (log.format, log.weight_unit);
                println!(
                    "{path}: {format:?} {unit:?} ({:?}), {} rows, {} workouts, {} sets, {} skipped, {} rejected",
                    log.weight_unit_source,
                    log.rows,
                    log.workouts.len(),
                    log.sets,
                    log.skipped,
                    log.rejected
                );
                for error in &log.errors {
                    println!("  error × {} at {:?}: {}", error.count, error.lines, error.detail);
                }
                for hint in &log.hints {
                    println!(
                        "  hint {:?} × {} at {:?}: {}",
                        hint.kind, hint.count, hint.lines, hint.detail
                    );
                }
            }
            Err(error) => println!("{path}: {error}"),
        }
    }
    Ok(())
}
