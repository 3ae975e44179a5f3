//! The state directory of `cargo xtask dev`: a later run with the same directory continues with it.

use anyhow::{Context, Result, bail};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// 256 bits: the strength of the hash of operator tokens, and of the cipher that seals secrets.
const SECRET_BYTES: usize = 32;
/// Only the owner may read secrets.
const OWNER_ONLY: u32 = 0o600;

/// A state directory, locked for this run.
pub struct StateDir {
    dir: PathBuf,
    pub saved: SavedState,
    _lock: File,
}

/// The content of `secrets.json`.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedState {
    pub operator_token: String,
    /// The key that seals the signing keys of webhooks. Without it the stored ones are lost.
    #[serde(default)]
    pub sealing_key: String,
    /// The demo athlete, once created.
    #[serde(flatten)]
    pub athlete: Option<Athlete>,
    /// The last day of the sample training. Saved before the first workout is sent, so that the
    /// next run completes an interrupted one and repeats nothing.
    #[serde(default)]
    pub demo_ends_on: Option<NaiveDate>,
    /// All of the sample training has been sent.
    pub demo_loaded: bool,
}

/// An athlete with a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Athlete {
    #[serde(rename = "athlete_id")]
    pub id: String,
    pub api_key: String,
}

/// The content of `dev.json`, which exists while `cargo xtask dev` is ready.
#[derive(Serialize, Deserialize)]
pub struct RunningStack {
    pub api_url: String,
    pub operator_token: String,
    #[serde(flatten)]
    pub athlete: Athlete,
}

impl RunningStack {
    /// Reads `dev.json` from a state directory.
    pub fn read(dir: &Path) -> Result<Self> {
        let file = dir.join("dev.json");
        let text = fs::read_to_string(&file).with_context(|| {
            format!(
                "no local stack is ready ({}); start `cargo xtask dev`, or pass --url",
                file.display()
            )
        })?;
        serde_json::from_str(&text).with_context(|| format!("{} is damaged", file.display()))
    }
}

impl StateDir {
    /// Opens or creates the directory. `dev.json` does not exist until [`StateDir::announce`].
    pub fn open(dir: &Path) -> Result<Self> {
        fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
        let dir = dir.canonicalize()?;
        let lock = lock(&dir)?;
        let _ = fs::remove_file(dir.join("dev.json"));
        let saved = match fs::read_to_string(dir.join("secrets.json")) {
            Ok(text) => SavedState::parse(&text)?,
            Err(_) => SavedState::new()?,
        };
        let state = Self { dir, saved, _lock: lock };
        state.save()?;
        Ok(state)
    }

    /// Returns a path inside the directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Writes `secrets.json`.
    pub fn save(&self) -> Result<()> {
        self.write_private("secrets.json", &serde_json::to_string(&self.saved)?)
    }

    /// Writes `dev.json`, which shows other processes that the stack is ready.
    pub fn announce(&self, api_url: &str, athlete: &Athlete) -> Result<()> {
        let operator_token = self.saved.operator_token.clone();
        let athlete = athlete.clone();
        let stack = RunningStack { api_url: api_url.to_owned(), operator_token, athlete };
        self.write_private("dev.json", &(serde_json::to_string_pretty(&stack)? + "\n"))
    }

    /// Writes a temporary file and renames it: a reader sees the whole file or none.
    fn write_private(&self, name: &str, text: &str) -> Result<()> {
        let temporary = self.path(&format!("{name}.new"));
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(OWNER_ONLY);
        options
            .open(&temporary)
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .and_then(|()| fs::rename(&temporary, self.path(name)))
            .with_context(|| format!("cannot write {}", self.path(name).display()))
    }
}

impl Drop for StateDir {
    fn drop(&mut self) {
        let _ = fs::remove_file(self.path("dev.json"));
    }
}

impl SavedState {
    fn new() -> Result<Self> {
        Ok(Self {
            operator_token: random_hex()?,
            sealing_key: random_hex()?,
            athlete: None,
            demo_ends_on: None,
            demo_loaded: false,
        })
    }

    /// Parses `secrets.json`. A file from before there was a sealing key gets a new one.
    fn parse(text: &str) -> Result<Self> {
        let mut saved: Self =
            serde_json::from_str(text).context("secrets.json of the state directory is damaged")?;
        if saved.sealing_key.is_empty() {
            saved.sealing_key = random_hex()?;
        }
        Ok(saved)
    }
}

/// Returns a new secret in hexadecimal digits.
fn random_hex() -> Result<String> {
    let mut bytes = [0; SECRET_BYTES];
    File::open("/dev/urandom")
        .and_then(|mut random| random.read_exact(&mut bytes))
        .context("cannot generate a random secret")?;
    Ok(bytes.iter().fold(String::new(), |digits, byte| format!("{digits}{byte:02x}")))
}

/// Locks the directory until the process ends: two stacks would corrupt its database.
fn lock(dir: &Path) -> Result<File> {
    let file = File::create(dir.join("lock"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            bail!(
                "another `cargo xtask dev` uses {}; stop it, or pass another --state",
                dir.display()
            )
        }
        Err(TryLockError::Error(error)) => Err(error).context("cannot lock the state directory"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn saved_state_survives_a_round_trip() {
        let fresh = SavedState::new().unwrap();
        let used = SavedState {
            operator_token: "ab".repeat(SECRET_BYTES),
            sealing_key: "cd".repeat(SECRET_BYTES),
            athlete: Some(Athlete { id: "a1".to_owned(), api_key: "bt_1_2".to_owned() }),
            demo_ends_on: NaiveDate::from_ymd_opt(2026, 11, 22),
            demo_loaded: true,
        };
        for saved in [fresh, used] {
            assert_eq!(saved.operator_token.len(), 2 * SECRET_BYTES);
            assert_eq!(saved.sealing_key.len(), 2 * SECRET_BYTES);
            let text = serde_json::to_string(&saved).unwrap();
            assert_eq!(SavedState::parse(&text).unwrap(), saved);
        }
        assert!(SavedState::parse("{}").is_err());
    }

    #[test]
    fn older_state_files_are_read() {
        let saved = SavedState::parse(r#"{"operator_token":"ab","demo_loaded":false}"#).unwrap();
        assert_eq!(saved.sealing_key.len(), 2 * SECRET_BYTES);
        let text = r#"{"operator_token":"ab","sealing_key":"cd","athlete_id":null,"api_key":null,
            "demo_ends_on":"2026-11-22","demo_loaded":true}"#;
        let saved = SavedState::parse(text).unwrap();
        assert_eq!((saved.athlete, saved.sealing_key.as_str()), (None, "cd"));
        assert_eq!(saved.demo_ends_on, NaiveDate::from_ymd_opt(2026, 11, 22));
    }
}
