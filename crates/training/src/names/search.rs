//! Search for exercises by name.

use super::words::{parts_of, standard_words, words};
use std::collections::BTreeSet;

/// Whether a search query matches an exercise with these names: each word of the query is a prefix
/// of a word of one of the names, without accents or case. Compound words match with and without
/// the space. An empty query matches every exercise.
pub fn matches_query<'a>(query: &str, names: impl IntoIterator<Item = &'a str>) -> bool {
    let names: BTreeSet<String> = names.into_iter().flat_map(searchable_words).collect();
    let is_prefix = |word: &String| names.iter().any(|name| name.starts_with(word.as_str()));
    // The word as typed can be a part of a word; its standard spelling covers "flyes" and "db".
    words(query).into_iter().all(|word| {
        is_prefix(&word) || {
            let standard = standard_words(&[word]);
            !standard.is_empty() && standard.iter().all(is_prefix)
        }
    })
}

/// Returns the words of a name, and each two adjacent words joined.
fn searchable_words(name: &str) -> Vec<String> {
    let mut searchable: Vec<_> = words(name)
        .into_iter()
        .flat_map(|word| {
            let parts = parts_of(&word);
            [vec![word], parts].concat()
        })
        .collect();
    let joined: Vec<_> = searchable.windows(2).map(<[String]>::concat).collect();
    searchable.extend(joined);
    searchable
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn search_matches_word_prefixes_in_any_order() {
        let check = |query: &str, names: &[&str], expected: bool| {
            assert_eq!(
                matches_query(query, names.iter().copied()),
                expected,
                "{query} in {names:?}"
            );
        };
        let bench = ["Barbell Bench Press", "Flat Barbell Bench Press"];
        check("", &bench, true);
        check("bench", &bench, true);
        check("PRE bar", &bench, true);
        check("flat pr", &bench, true);
        check("ench", &bench, false);
        check("bench squat", &bench, false);
        check("bench", &[], false);
        check("bb bench", &bench, true);
        check("presses", &bench, true);
        check("elev", &["Élévation latérale"], true);
        check("élé", &["Elevation"], true);
        check("e\u{301}le", &["Elevation"], true);
        for query in ["pushu", "push-u", "pushups", "push ups", "up push"] {
            check(query, &["Push-Up"], true);
            check(query, &["Pushup"], true);
        }
        check("pulld", &["Lat Pulldown"], true);
        check("skullcr", &["Skull Crusher"], true);
        check("farmer's", &["Farmers Walk"], true);
        check("flyes", &["Dumbbell Fly"], true);
    }
}
