//! The page with the tables.

/// docs/patterns.md.
pub const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/patterns.md");

const BEGIN: &str = "<!-- synthetic athletes: begin -->\n";
const END: &str = "<!-- synthetic athletes: end -->\n";

/// Replaces the tables between the markers of the page. Without markers the page is unchanged.
pub fn with_tables(page: &str, tables: &str) -> String {
    let found = page.split_once(BEGIN).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(END)?;
        Some(format!("{before}{BEGIN}{tables}{END}{after}"))
    });
    found.unwrap_or_else(|| page.to_owned())
}
