//! The state directory of `cargo xtask dev`: what a later run with the same directory goes on with.

use anyhow::{Context, Result, bail};
use chrono::NaiveDate;
use serde_json::{Value, json};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// 256 bits: the strength of the hash that operators are compared by, and of the cipher that seals.
const SECRET_BYTES: usize = 32;
/// Secrets are for their owner alone.
const OWNER_ONLY: u32 = 0o600;

/// The directory, locked for this run.
pub struct State {
    dir: PathBuf,
    /// What is remembered from run to run.
    pub memory: Memory,
    _lock: File,
}

/// What `secrets.json` holds.
#[derive(Debug, PartialEq, Eq)]
pub struct Memory {
    /// The secret of the api's operators.
    pub operator_token: String,
    /// What the signing keys of webhooks are sealed with: without it, those stored are lost.
    pub sealing_key: String,
    /// The demo athlete, once created.
    pub athlete: Option<Athlete>,
    /// The last day of the sample training. Fixed before the first workout is sent, so that a run
    /// that was cut short is completed and not doubled.
    pub demo_ends_on: Option<NaiveDate>,
    /// All of the sample training has been sent.
    pub demo_loaded: bool,
}

/// Who trains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Athlete {
    /// The athlete's id.
    pub id: String,
    /// The athlete's key.
    pub api_key: String,
}

impl State {
    /// Opens or makes the directory. From here to [`State::announce`] there is no `dev.json`.
    pub fn open(dir: &Path) -> Result<Self> {
        fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
        let dir = dir.canonicalize()?;
        let lock = lock(&dir)?;
        let _ = fs::remove_file(dir.join("dev.json"));
        let memory = match fs::read_to_string(dir.join("secrets.json")) {
            Ok(text) => {
                let fresh = random_digits()?;
                Memory::parse(&text, fresh).context("secrets.json of the state is damaged")?
            }
            Err(_) => Memory::new()?,
        };
        let state = Self { dir, memory, _lock: lock };
        state.save()?;
        Ok(state)
    }

    /// A path inside the directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Remembers what has become known.
    pub fn save(&self) -> Result<()> {
        self.write_private("secrets.json", &self.memory.to_json().to_string())
    }

    /// Tells whoever waits that the stack is ready.
    pub fn announce(&self, api_url: &str, athlete: &Athlete) -> Result<()> {
        let ready = json!({
            "api_url": api_url,
            "operator_token": self.memory.operator_token,
            "athlete_id": athlete.id,
            "api_key": athlete.api_key,
        });
        self.write_private("dev.json", &format!("{ready:#}\n"))
    }

    /// Nobody must take a stack that has ended for one that runs.
    fn retract(&self) {
        let _ = fs::remove_file(self.path("dev.json"));
    }

    /// Written aside and renamed: a reader sees all of it or nothing.
    fn write_private(&self, name: &str, text: &str) -> Result<()> {
        let aside = self.path(&format!("{name}.new"));
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(OWNER_ONLY);
        options
            .open(&aside)
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .and_then(|()| fs::rename(&aside, self.path(name)))
            .with_context(|| format!("cannot write {}", self.path(name).display()))
    }
}

impl Drop for State {
    fn drop(&mut self) {
        self.retract();
    }
}

impl Memory {
    fn new() -> Result<Self> {
        let (operator_token, sealing_key) = (random_digits()?, random_digits()?);
        Ok(Self {
            operator_token,
            sealing_key,
            athlete: None,
            demo_ends_on: None,
            demo_loaded: false,
        })
    }

    /// A memory of before there was a sealing key takes the fresh one.
    fn parse(text: &str, fresh_sealing_key: String) -> Option<Self> {
        let value: Value = serde_json::from_str(text).ok()?;
        let text = |name: &str| Some(value.get(name)?.as_str()?.to_owned());
        let athlete = match (text("athlete_id"), text("api_key")) {
            (Some(id), Some(api_key)) => Some(Athlete { id, api_key }),
            _ => None,
        };
        Some(Self {
            operator_token: text("operator_token")?,
            sealing_key: text("sealing_key").unwrap_or(fresh_sealing_key),
            athlete,
            demo_ends_on: text("demo_ends_on").and_then(|date| date.parse().ok()),
            demo_loaded: value.get("demo_loaded")?.as_bool()?,
        })
    }

    fn to_json(&self) -> Value {
        json!({
            "operator_token": self.operator_token,
            "sealing_key": self.sealing_key,
            "athlete_id": self.athlete.as_ref().map(|athlete| &athlete.id),
            "api_key": self.athlete.as_ref().map(|athlete| &athlete.api_key),
            "demo_ends_on": self.demo_ends_on.map(|date| date.to_string()),
            "demo_loaded": self.demo_loaded,
        })
    }
}

/// A new secret, in hexadecimal digits.
pub fn random_digits() -> Result<String> {
    let mut bytes = [0; SECRET_BYTES];
    File::open("/dev/urandom")
        .and_then(|mut random| random.read_exact(&mut bytes))
        .context("cannot make a random secret")?;
    Ok(bytes.iter().fold(String::new(), |digits, byte| format!("{digits}{byte:02x}")))
}

/// Two stacks over one database would corrupt it. The lock goes with the process that holds it.
fn lock(dir: &Path) -> Result<File> {
    let file = File::create(dir.join("lock"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            bail!(
                "another `cargo xtask dev` uses {}; end it, or choose another --state",
                dir.display()
            )
        }
        Err(TryLockError::Error(error)) => Err(error).context("cannot lock the state"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_survives_the_round_trip() {
        let fresh = Memory::new().unwrap();
        let used = Memory {
            operator_token: "ab".repeat(SECRET_BYTES),
            sealing_key: "cd".repeat(SECRET_BYTES),
            athlete: Some(Athlete { id: "a1".to_owned(), api_key: "bt_1_2".to_owned() }),
            demo_ends_on: NaiveDate::from_ymd_opt(2026, 11, 22),
            demo_loaded: true,
        };
        for memory in [fresh, used] {
            assert_eq!(memory.operator_token.len(), 2 * SECRET_BYTES);
            assert_eq!(memory.sealing_key.len(), 2 * SECRET_BYTES);
            let text = memory.to_json().to_string();
            assert_eq!(Memory::parse(&text, "fresh".to_owned()), Some(memory));
        }
        assert_eq!(Memory::parse("{}", "fresh".to_owned()), None);
        let before = r#"{"operator_token":"ab","demo_loaded":false}"#;
        let memory = Memory::parse(before, "fresh".to_owned()).unwrap();
        assert_eq!(memory.sealing_key, "fresh", "of before there was one");
    }
}
