//! SQL statements with named parameters, in the files of `crates/storage/sql/`.
//!
//! A file is one statement. `:name` is a parameter and `{name}` a fragment: text that several statements
//! share. D1 binds parameters by position only, so the names are numbered when a statement is first used.

use crate::database::{DatabaseError, Param, Statement};
use std::fmt::Write;

/// The fragments that every file may name. They use the parameters of a [`crate::KeyProof`] and of the
/// file that contains them.
const FRAGMENTS: [(&str, &str); 25] = [
    ("key_is_live", include_str!("../sql/key_is_live.sql")),
    ("live_key", include_str!("../sql/live_key.sql")),
    ("that_fit", include_str!("../sql/that_fit.sql")),
    ("body_weight", include_str!("../sql/body_weight.sql")),
    ("entered_body_weight", ":body_weight_grams"),
    ("body_weight_day", ":local_date"),
    ("next_change", include_str!("../sql/next_change.sql")),
    ("pending", include_str!("../sql/pending.sql")),
    ("weeks", include_str!("../sql/ledger/weeks.sql")),
    ("workout_columns", include_str!("../sql/workout_columns.sql")),
    ("unknown_slugs", include_str!("../sql/unknown_slugs.sql")),
    ("same_exercises", include_str!("../sql/same_exercises.sql")),
    ("unused_key", include_str!("../sql/unused_key.sql")),
    ("import_is_stored", include_str!("../sql/imports/import_is_stored.sql")),
    ("email_columns", include_str!("../sql/notifications/email_columns.sql")),
    ("gives_way", include_str!("../sql/notifications/gives_way.sql")),
    ("dead_letter_columns", include_str!("../sql/dead_letters/dead_letter_columns.sql")),
    ("matches_filter", include_str!("../sql/dead_letters/matches_filter.sql")),
    ("history_with_entry", include_str!("../sql/dead_letters/history_with_entry.sql")),
    ("unclaimed", include_str!("../sql/dead_letters/unclaimed.sql")),
    ("not_looping", include_str!("../sql/dead_letters/not_looping.sql")),
    ("delivery_columns", include_str!("../sql/webhooks/delivery_columns.sql")),
    ("waiting_deliveries", include_str!("../sql/webhooks/waiting_deliveries.sql")),
    ("retryable_deliveries", include_str!("../sql/webhooks/retryable_deliveries.sql")),
    ("log_with_entry", include_str!("../sql/webhooks/log_with_entry.sql")),
];

/// A statement with named parameters.
#[derive(Debug)]
pub(crate) struct Query {
    sql: String,
    /// In the order of their numbers.
    names: Vec<String>,
}

/// The statement of a file in `crates/storage/sql/`, with fragments of its own:
/// `query!("workouts/change.sql", moved = "")`.
macro_rules! query {
    ($file:literal $(, $name:ident = $text:expr)* $(,)?) => {{
        static QUERY: std::sync::LazyLock<$crate::sql::Query> = std::sync::LazyLock::new(|| {
            $crate::sql::Query::parse(
                include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/sql/", $file)),
                &[$((stringify!($name), $text)),*],
            )
        });
        &*QUERY
    }};
}
pub(crate) use query;

impl Query {
    /// Parses the text of a file. Comments and indentation are not sent to the database.
    pub(crate) fn parse(text: &str, fragments: &[(&str, &str)]) -> Self {
        let text = expand(text, fragments);
        let mut query = Self { sql: String::new(), names: Vec::new() };
        let mut parts = text.split(':');
        query.sql.push_str(parts.next().unwrap_or_default());
        for part in parts {
            let is_name = |character: char| character.is_ascii_lowercase() || character == '_';
            let end = part.find(|character| !is_name(character)).unwrap_or(part.len());
            let (name, rest) = part.split_at(end);
            let number = query.number(name);
            // A String accepts every write.
            let _ = write!(query.sql, "?{number}{rest}");
        }
        query
    }

    fn number(&mut self, name: &str) -> usize {
        let known = self.names.iter().position(|known| known == name);
        known.map_or_else(
            || {
                self.names.push(name.to_owned());
                self.names.len()
            },
            |index| index + 1,
        )
    }

    #[cfg(test)]
    pub(crate) fn sql(&self) -> &str {
        &self.sql
    }

    /// Returns the statement with the value of each of its parameters. Other values are ignored.
    pub(crate) fn bind(
        &'static self,
        values: impl IntoIterator<Item = (&'static str, Param)>,
    ) -> Result<Statement, DatabaseError> {
        self.bind_values(values.into_iter().collect())
    }

    fn bind_values(
        &'static self,
        values: Vec<(&'static str, Param)>,
    ) -> Result<Statement, DatabaseError> {
        let mut params: Vec<Option<Param>> = vec![None; self.names.len()];
        for (name, value) in values {
            let index = self.names.iter().position(|known| known == name);
            if let Some(param) = index.and_then(|index| params.get_mut(index)) {
                *param = Some(value);
            }
        }
        let params: Option<Vec<_>> = params.into_iter().collect();
        let params = params.ok_or(DatabaseError::MissingParameter)?;
        Ok(Statement { sql: &self.sql, params })
    }
}

/// Removes comments and line breaks, and replaces the fragments.
fn expand(text: &str, fragments: &[(&str, &str)]) -> String {
    let lines = text.lines().map(|line| line.split("--").next().unwrap_or_default().trim());
    let mut text = lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
    for (name, fragment) in fragments.iter().chain(&FRAGMENTS) {
        let place = format!("{{{name}}}");
        if text.contains(&place) {
            text = text.replace(&place, &expand(fragment, fragments));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::Path;
    use std::sync::LazyLock;

    static QUERY: LazyLock<Query> = LazyLock::new(|| {
        let text = "-- A comment.\nSELECT :b, '{}' {more}\n    WHERE a = :a_b AND b = :b -- b\n";
        Query::parse(text, &[("more", "FROM t")])
    });

    #[test]
    fn parameters_are_numbered_by_first_use() {
        let values = [("a_b", Param::Integer(1)), ("c", Param::Null), ("b", Param::from("x"))];
        let statement = QUERY.bind(values).unwrap();
        assert_eq!(statement.sql, "SELECT ?1, '{}' FROM t WHERE a = ?2 AND b = ?1");
        assert_eq!(statement.params, [Param::from("x"), Param::Integer(1)]);
    }

    #[test]
    fn missing_parameter_is_an_error() {
        let bound = QUERY.bind([("b", Param::Null)]);
        assert!(matches!(bound, Err(DatabaseError::MissingParameter)), "{bound:?}");
    }

    /// Returns the first line and the number of lines of each string literal with SQL, or `concat!` of them.
    fn literals(source: &str) -> Vec<(&str, usize)> {
        let starts = ["\"SELECT", "\"INSERT", "\"UPDATE", "\"DELETE", "\"WITH"];
        let literals = starts.iter().flat_map(|start| source.match_indices(start));
        let measured = literals.map(|(index, _)| {
            let (before, literal) = source.split_at(index);
            let lines = literal.lines();
            let count = if before.trim_end_matches(' ').ends_with("concat!(\n") {
                lines.clone().take_while(|line| !line.trim().starts_with(')')).count()
            } else {
                literal.split('"').nth(1).unwrap_or_default().lines().count()
            };
            (lines.clone().next().unwrap_or_default(), count)
        });
        measured.collect()
    }

    fn check_directory(directory: &Path) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                check_directory(&path);
                continue;
            }
            let source = fs::read_to_string(&path).unwrap();
            for (line, count) in literals(&source) {
                assert!(count <= 10, "{}: {line}: {count} lines belong in a file", path.display());
            }
        }
    }

    #[test]
    fn long_sql_is_in_files() {
        check_directory(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    }
}
