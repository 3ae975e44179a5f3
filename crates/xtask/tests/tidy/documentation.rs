//! The names that documentation gives in code spans and links: paths, tests, symbols. Each has to exist.
//! A link that begins with `/` is an address of the API, such as `/docs/problems/not_found`.

use crate::tree::Tree;
use std::collections::BTreeSet;

/// Folders and files whose names begin a path.
const ROOTS: &[&str] = &[
    "crates/",
    "workers/",
    "wrangler/",
    "docs/",
    "tests/",
    ".ci/",
    ".cargo/",
    "src/",
    "Cargo.toml",
];

/// Names of worked examples, by page: they exist nowhere else.
const EXAMPLES: &[(&str, &[&str])] = &[(
    "docs/adding-an-event.md",
    &[
        "TrainingWeekOpened",
        "WeekOpened",
        "Self::WeekOpened",
        "workers/webhook/src/handlers/training_week_opened.rs",
    ],
)];

/// Every name that does not exist, and the count of names that were looked up.
pub fn problems(tree: &Tree) -> (Vec<String>, usize) {
    let known = known_words(tree);
    let mut problems = Vec::new();
    let mut count = 0;
    for file in tree.with_extension("md") {
        let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let mut is_block = false;
        for (index, line) in file.text.lines().enumerate() {
            if line.trim_start().starts_with("```") {
                is_block = !is_block;
                continue;
            }
            if is_block {
                continue;
            }
            let mut complain = |name: &str| {
                problems.push(format!("{}:{}: {name}", file.path, index + 1));
            };
            for target in links(line) {
                count += 1;
                let exists = match target.strip_prefix('/') {
                    Some(address) => {
                        address.split(['/', '.', '#']).all(|part| known.contains(part))
                    }
                    None => link_exists(tree, folder, target),
                };
                if !exists {
                    complain(target);
                }
            }
            for span in line.split('`').skip(1).step_by(2) {
                if EXAMPLES.iter().any(|(page, names)| *page == file.path && names.contains(&span))
                {
                    continue;
                }
                if ROOTS.iter().any(|root| span.starts_with(root)) && !span.contains(' ') {
                    count += 1;
                    if !path_exists(tree, span) {
                        complain(span);
                    }
                } else if is_symbol(span) {
                    count += 1;
                    let parts = span.trim_end_matches("()").split("::");
                    if !parts.into_iter().all(|part| known.contains(part)) {
                        complain(span);
                    }
                }
            }
        }
    }
    (problems, count)
}

/// `snake_case` of two words or more, `CamelCase`, or a path of both.
fn is_symbol(span: &str) -> bool {
    let span = span.trim_end_matches("()");
    let is_name = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    let is_camel = |part: &str| {
        part.chars().next().is_some_and(char::is_uppercase)
            && part.chars().any(char::is_lowercase)
            && part.chars().filter(|c| c.is_uppercase()).count() > 1
    };
    let parts: Vec<_> = span.split("::").collect();
    parts.iter().all(|part| is_name(part))
        && (parts.len() > 1 || span.contains('_') || is_camel(span))
}

/// Every word of every file that is no documentation.
fn known_words(tree: &Tree) -> BTreeSet<&str> {
    let sources = ["rs", "ts", "mjs", "js", "sql", "json", "jsonc", "toml", "lock", "py"];
    let files = tree.files.iter().filter(|file| {
        sources.iter().any(|extension| file.path.ends_with(&format!(".{extension}")))
    });
    let separators = |c: char| !c.is_alphanumeric() && c != '_';
    let modules = tree.files.iter().flat_map(|file| file.path.split(['/', '.']));
    files.flat_map(|file| file.text.split(separators)).chain(modules).collect()
}

fn path_exists(tree: &Tree, span: &str) -> bool {
    let path = span.split([':', '#', ',']).next().unwrap_or(span).trim_end_matches('/');
    let pattern = path.replace(['<', '>'], "*");
    if let Some((start, rest)) = path.split_once('{') {
        let (choices, end) = rest.split_once('}').unwrap_or((rest, ""));
        return choices
            .split(',')
            .all(|choice| path_exists(tree, &format!("{start}{choice}{end}")));
    }
    if let Some((start, _)) = pattern.split_once('*') {
        let end = pattern.rsplit('*').next().unwrap_or_default();
        return tree.files.iter().any(|file| {
            file.path.starts_with(start) && (file.path.ends_with(end) || file.path.contains(end))
        });
    }
    let is_relative = path.starts_with("src/") || path.starts_with("tests/");
    tree.contains(path)
        || is_relative && tree.files.iter().any(|file| file.path.ends_with(&format!("/{path}")))
}

/// The targets of links that are no addresses.
fn links(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| rest.split(')').next()).filter(|target| {
        !target.contains("://") && !target.starts_with('#') && !target.starts_with("mailto:")
    })
}

fn link_exists(tree: &Tree, folder: &str, target: &str) -> bool {
    let target = target.split('#').next().unwrap_or(target);
    let mut parts: Vec<_> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/').filter(|part| !part.is_empty() && *part != ".") {
        if part == ".." {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    tree.contains(&parts.join("/"))
}
