//! The state directory of `cargo xtask dev`: a later run with the same directory continues with it.

use anyhow::{Context, Result, anyhow, bail};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use storage::migrations;
use uuid::Uuid;

/// 256 bits: the strength of the hash of operator tokens, and of the cipher that seals secrets.
const SECRET_BYTES: usize = 32;
/// Only the owner may read secrets.
const OWNER_ONLY: u32 = 0o600;

const DAMAGED: &str = "secrets.json of the state directory is damaged";

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
    pub sealing_key: String,
    /// The migrations of each local database, by its binding: the files with a digest of each.
    migrations: BTreeMap<String, BTreeMap<String, Uuid>>,
    /// The demo athlete, once created.
    #[serde(flatten)]
    pub athlete: Option<Athlete>,
    /// The last day of the sample training. Saved before the first workout is sent, so that the
    /// next run completes an interrupted one and repeats nothing.
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
            Ok(text) => SavedState::parse(&text).map_err(|error| {
                anyhow!("{error:#}; delete {}, or pass another --state", dir.display())
            })?,
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

    /// Returns the bindings of the databases that lack a migration.
    pub fn to_migrate(&self) -> Vec<&'static str> {
        let is_current = |binding: &str, migrations| {
            self.saved.migrations.get(binding) == Some(&digests(migrations))
        };
        migrations::by_binding()
            .filter(|(binding, migrations)| !is_current(binding, migrations))
            .map(|(binding, _)| binding)
            .collect()
    }

    /// Records that a database has every migration.
    pub fn set_migrated(&mut self, binding: &str) -> Result<()> {
        let migrations = migrations::by_binding().find(|(other, _)| *other == binding);
        let migrations = migrations.map(|(_, migrations)| digests(migrations)).unwrap_or_default();
        self.saved.migrations.insert(binding.to_owned(), migrations);
        self.save()
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
            migrations: BTreeMap::new(),
            athlete: None,
            demo_ends_on: None,
            demo_loaded: false,
        })
    }

    /// Parses `secrets.json`. Fails if the databases of the directory have another schema.
    fn parse(text: &str) -> Result<Self> {
        let json: Value = serde_json::from_str(text).context(DAMAGED)?;
        if json.get("migrations").is_none() {
            bail!("the state is from before there were several databases");
        }
        let saved: Self = serde_json::from_value(json).context(DAMAGED)?;
        let current: BTreeMap<_, _> = migrations::by_binding().collect();
        for (binding, applied) in &saved.migrations {
            let current = current.get(binding.as_str()).map(|migrations| digests(migrations));
            let current = current.unwrap_or_default();
            if let Some((file, _)) =
                applied.iter().find(|(file, digest)| current.get(*file) != Some(*digest))
            {
                bail!("the state has an older version of {file} in {binding}");
            }
        }
        Ok(saved)
    }
}

/// Returns the files of migrations, each with a digest of its text.
fn digests(migrations: &[(&str, &str)]) -> BTreeMap<String, Uuid> {
    let digest = |sql: &str| Uuid::new_v5(&Uuid::NAMESPACE_OID, sql.as_bytes());
    migrations.iter().map(|(file, sql)| ((*file).to_owned(), digest(sql))).collect()
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
            migrations: migrations_of_today(),
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

    fn migrations_of_today() -> BTreeMap<String, BTreeMap<String, Uuid>> {
        let entry = |(binding, migrations): (&str, &[_])| (binding.to_owned(), digests(migrations));
        migrations::by_binding().map(entry).collect()
    }

    #[test]
    fn state_with_another_schema_is_rejected() {
        let check = |migrations: &str, expected: &str| {
            let text = format!(
                r#"{{"operator_token":"ab","sealing_key":"cd",{migrations}"demo_loaded":true}}"#
            );
            let error = SavedState::parse(&text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        };
        check("", "from before there were several databases");
        let nil = Uuid::nil();
        let changed = format!(r#""migrations":{{"ATHLETES_0":{{"0001_athletes.sql":"{nil}"}}}},"#);
        check(&changed, "an older version of 0001_athletes.sql in ATHLETES_0");
        check(&format!(r#""migrations":{{"DB":{{"0001.sql":"{nil}"}}}},"#), "0001.sql in DB");
    }

    #[test]
    fn each_database_is_migrated_once() {
        let dir = std::env::temp_dir().join(format!("bulktrack-state-{}", std::process::id()));
        let mut state = StateDir::open(&dir).unwrap();
        let bindings: Vec<_> = migrations::by_binding().map(|(binding, _)| binding).collect();
        assert_eq!(state.to_migrate(), bindings);
        state.set_migrated("OPERATIONS").unwrap();
        drop(state);
        let state = StateDir::open(&dir).unwrap();
        assert_eq!(state.to_migrate(), bindings[..4]);
        drop(state);
        fs::remove_dir_all(&dir).unwrap();
    }
}
