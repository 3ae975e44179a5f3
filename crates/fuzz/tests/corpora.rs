//! Runs each file of a corpus through its target, so that earlier failures do not return.
//!
//! Thresholds without a source are project defaults.
#![expect(clippy::unwrap_used, reason = "a test panics on failure")]

use fuzz::TARGETS;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The most files of a corpus: people read them too.
const FILES_MAX: usize = 100;
/// The most bytes of all corpora: every clone contains them.
const BYTES_MAX: usize = 300_000;

fn corpora() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

#[test]
fn no_corpus_file_violates_a_property() {
    let mut bytes = 0;
    for target in TARGETS {
        let files = sorted(&corpora().join(target.name));
        assert!((1..=FILES_MAX).contains(&files.len()), "{}: {}", target.name, files.len());
        for file in files {
            let content = fs::read(&file).unwrap();
            bytes += content.len();
            // A target fails by panicking: the last line names the file.
            println!("{}", file.display());
            (target.check)(&content);
        }
    }
    assert!(bytes <= BYTES_MAX, "{bytes}");
}

#[test]
fn each_corpus_belongs_to_a_target() {
    let names: BTreeSet<_> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    let folders = sorted(&corpora());
    let folders =
        folders.iter().map(|path| path.file_name().unwrap().to_string_lossy().into_owned());
    assert_eq!(folders.collect::<BTreeSet<_>>(), names);
}
