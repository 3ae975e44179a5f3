//! Keeps the source recognisable: plain words (`words.txt`), short test names and files, no import cycles,
//! documented public items, and documentation that names only what exists. Each test prints its number:
//! `cargo test -p xtask --test tidy -- --nocapture`.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test panics on failure"
)]

mod documentation;
mod imports;
mod rust;
mod tree;
mod words;

use rust::RustFile;
use tree::Tree;

/// Lines of a source file, at most.
const FILE_LINES_MAX: usize = 500;
/// Words of a test's name, at most.
const TEST_NAME_WORDS_MAX: usize = 10;

/// The files that may be longer, with the reason.
const LONG_FILES: &[(&str, &str)] = &[];

fn report(what: &str, problems: &[String], summary: &str) {
    println!("tidy: {what}: {} ({summary})", problems.len());
    assert!(problems.is_empty(), "{what}:\n{}", problems.join("\n"));
}

#[test]
fn source_uses_no_banned_words() {
    let tree = Tree::load();
    let list = words::Words::load();
    let mut problems: Vec<String> = Vec::new();
    let mut files = 0;
    for file in tree.rust() {
        files += 1;
        let RustFile { identifiers, strings, comments, .. } = RustFile::parse(file);
        let texts = identifiers
            .iter()
            .map(|text| (words::Kind::Identifier, text))
            .chain(strings.iter().map(|text| (words::Kind::Text, text)))
            .chain(comments.iter().map(|text| (words::Kind::Comment, text)));
        for (kind, (line, text)) in texts {
            problems.extend(
                list.problems(kind, text, &file.path)
                    .map(|problem| format!("{}:{line}: {problem} in {text:?}", file.path)),
            );
        }
    }
    report("banned words", &problems, &format!("{files} Rust files, {} entries", list.len()));
}

#[test]
fn test_names_have_at_most_ten_words() {
    let tree = Tree::load();
    let mut names: Vec<(usize, String)> = Vec::new();
    for file in tree.rust() {
        names.extend(RustFile::parse(file).tests.iter().map(|(line, name)| {
            (name.split('_').count(), format!("{}:{line}: {name}", file.path))
        }));
    }
    for file in tree.typescript() {
        names.extend(rust::typescript_tests(&file.text).map(|(line, name)| {
            (name.split_whitespace().count(), format!("{}:{line}: {name}", file.path))
        }));
    }
    names.sort();
    let (longest, name) = names.last().unwrap();
    let problems: Vec<_> = names
        .iter()
        .filter(|(words, _)| *words > TEST_NAME_WORDS_MAX)
        .map(|(words, name)| format!("{name}: {words} words"))
        .collect();
    let summary = format!("{} tests, longest name {longest} words: {name}", names.len());
    report("test names over ten words", &problems, &summary);
}

#[test]
fn source_files_have_at_most_500_lines() {
    let tree = Tree::load();
    let mut problems = Vec::new();
    let mut longest = (0, "");
    for file in tree.rust().chain(tree.typescript()) {
        let lines = file.text.lines().count();
        let may_be_long = LONG_FILES.iter().any(|(path, _)| *path == file.path);
        match (lines > FILE_LINES_MAX, may_be_long) {
            (true, false) => problems.push(format!("{}: {lines} lines", file.path)),
            (false, true) => problems.push(format!("{} need not be listed as long", file.path)),
            (true, true) | (false, false) => {}
        }
        longest = longest.max((lines, &file.path));
    }
    let summary =
        format!("longest {} with {} lines; {} listed", longest.1, longest.0, LONG_FILES.len());
    report("files over 500 lines", &problems, &summary);
}

#[test]
fn source_files_import_each_other_in_no_circle() {
    let tree = Tree::load();
    let graph = imports::Graph::build(&tree);
    let problems = graph.circles();
    report(
        "import circles",
        &problems,
        &format!("{} files, {} imports", graph.files(), graph.edges()),
    );
}

#[test]
fn public_items_have_a_doc_comment() {
    let tree = Tree::load();
    let mut problems = Vec::new();
    let mut items = 0;
    for file in tree.rust().filter(|file| !file.is_test()) {
        let parsed = RustFile::parse(file);
        items += parsed.public_items;
        problems.extend(
            parsed
                .undocumented
                .iter()
                .map(|(line, name)| format!("{}:{line}: {name} has no doc comment", file.path)),
        );
    }
    report("public items without a doc comment", &problems, &format!("{items} items"));
}

#[test]
fn documentation_names_only_what_exists() {
    let tree = Tree::load();
    let (problems, names) = documentation::problems(&tree);
    report("names in documentation that do not exist", &problems, &format!("{names} names"));
}

/// The golden files name the events: another test holds them to the table of events.
#[test]
fn each_event_has_a_publisher_and_a_documented_row() {
    let tree = Tree::load();
    let documented = tree.files.iter().find(|file| file.path == "docs/events.md");
    let documented = documented.map_or("", |file| &file.text);
    let mut problems = Vec::new();
    let mut events = 0;
    for file in tree.with_extension("json") {
        let Some(name) = file.path.strip_prefix("crates/shared-kernel/golden/") else { continue };
        let event = name.split('.').next().unwrap();
        events += 1;
        let literal = format!("{event} {{");
        let is_published = |file: &&tree::File| {
            let is_worker = file.path.starts_with("workers/") && !file.is_test();
            is_worker && file.text.lines().any(|line| is_expression(line, &literal))
        };
        if !tree.rust().any(|file| is_published(&file)) {
            problems.push(format!("{event}: no worker creates its payload, `{literal} … }}`"));
        }
        let has_row = |queue: &str| documented.contains(&format!("| `{event}` | {queue} |"));
        if !["volume-aggregation", "ai-analysis", "webhook-notification"].into_iter().any(has_row) {
            problems.push(format!("{event}: docs/events.md has no row for it"));
        }
    }
    report("events without a publisher or a row", &problems, &format!("{events} events"));
}

fn is_expression(line: &str, literal: &str) -> bool {
    let is_pattern_or_impl =
        line.contains("} =") || line.contains("impl ") || line.contains("struct ");
    line.contains(literal) && !line.trim_start().starts_with("//") && !is_pattern_or_impl
}
