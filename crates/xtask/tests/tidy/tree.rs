//! The tracked files of the repository.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A tracked text file.
pub struct File {
    /// Relative to the repository's root, with `/`.
    pub path: String,
    pub text: String,
}

impl File {
    /// Whether the file holds tests only: its names and comments count, its strings do not.
    pub fn is_test(&self) -> bool {
        let in_folder = ["/tests/", "/examples/"].iter().any(|folder| self.path.contains(folder));
        in_folder || self.path.starts_with("tests/") || self.path.ends_with("/tests.rs")
    }
}

/// The tracked files of the repository that are text.
pub struct Tree {
    pub files: Vec<File>,
}

impl Tree {
    /// Reads every file that git tracks, and those that it would track.
    pub fn load() -> Self {
        let root = root();
        let output = Command::new("git")
            .args(["ls-files", "--cached", "--others", "--exclude-standard"])
            .current_dir(&root)
            .output()
            .unwrap();
        assert!(output.status.success(), "git ls-files failed");
        let only = std::env::var("TIDY_ONLY").unwrap_or_default();
        let files = String::from_utf8(output.stdout)
            .unwrap()
            .lines()
            .filter(|path| !path.contains("/corpus/"))
            .filter(|path| only.is_empty() || path.starts_with(&only))
            .filter_map(|path| {
                let text = std::fs::read_to_string(root.join(path)).ok()?;
                Some(File { path: path.to_owned(), text })
            })
            .collect();
        Self { files }
    }

    pub fn rust(&self) -> impl Iterator<Item = &File> {
        self.with_extension("rs").filter(|file| !file.path.contains("xtask/tests/tidy/"))
    }

    pub fn typescript(&self) -> impl Iterator<Item = &File> {
        self.with_extension("ts")
    }

    pub fn with_extension(&self, extension: &str) -> impl Iterator<Item = &File> {
        let has =
            move |file: &&File| Path::new(&file.path).extension().is_some_and(|e| e == extension);
        self.files.iter().filter(has)
    }

    pub fn contains(&self, path: &str) -> bool {
        let folder = format!("{path}/");
        self.files.iter().any(|file| file.path == path || file.path.starts_with(&folder))
    }
}

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}
