//! How well the rules see what athletes are made of; docs/patterns.md says it with the numbers.

mod synthetic;

use synthetic::docs;
use synthetic::score::{false_alarms_of_noise, tables, watch_all};

#[test]
fn the_page_has_the_tables_and_noise_at_most_one_false_alarm_an_athlete() {
    let watched = watch_all();
    let (alarms, athletes) = false_alarms_of_noise(&watched);
    assert!(alarms <= athletes, "{alarms} false alarms in {athletes} athletes");
    let page = std::fs::read_to_string(docs::PAGE).unwrap();
    let current = docs::with_tables(&page, &tables(&watched));
    assert!(page == current, "run `cargo run -p ai --release --example patterns`:\n{current}");
}
