//! The page that holds the tables.

/// docs/patterns.md.
pub const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/patterns.md");

const BEGIN: &str = "<!-- synthetic athletes: begin -->\n";
const END: &str = "<!-- synthetic athletes: end -->\n";

/// The page with these tables between its markers; as it is where they are missing.
pub fn with_tables(page: &str, tables: &str) -> String {
    let found = page.split_once(BEGIN).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(END)?;
        Some(format!("{before}{BEGIN}{tables}{END}{after}"))
    });
    found.unwrap_or_else(|| page.to_owned())
}
