//! Authentication: `Bearer bt_<id>_<secret>` for athletes, `Bearer <OPERATOR_TOKEN>` for operators.
//!
//! The id is the athlete's id (32 hex digits) with the key's (16), so the athlete's database is known
//! before any read. Only the SHA-256 of the secret (32 random bytes) is stored; each database batch
//! of a call checks it (`storage::keys`).

use crate::error::ApiResult;
use contract::ProblemCode;
use platform::Entropy;
use platform::http::{Method, Request, header};
use sha2::{Digest, Sha256};
use shared_kernel::AthleteId;
use storage::keys;
use storage::{KeyProof, Scope};
use subtle::ConstantTimeEq;
use uuid::Uuid;

const PREFIX: &str = "bt_";
const ATHLETE_DIGITS: usize = 32;
const KEY_DIGITS: usize = 16;
const SECRET_DIGITS: usize = 64;
/// The longest name of an operator, a name or an email address; a project default.
pub const OPERATOR_CHARS_MAX: usize = 80;

/// The name of a key that an operator creates.
const OPERATORS_KEY: &str = "created by an operator";

/// A new key.
pub struct NewKey {
    pub key: keys::NewKey,
    /// The whole key, which the response shows once.
    pub api_key: String,
}

/// Creates a key for an athlete.
pub fn new_key(athlete_id: AthleteId, entropy: &dyn Entropy) -> NewKey {
    let mut key_id = [0; KEY_DIGITS / 2];
    let mut secret = [0; SECRET_DIGITS / 2];
    entropy.fill(&mut key_id);
    entropy.fill(&mut secret);
    let (key_id, secret) = (hex(&key_id), hex(&secret));
    let api_key = format!("{PREFIX}{}{key_id}_{secret}", athlete_id.0.simple());
    let key = keys::NewKey {
        athlete_id,
        key_id,
        secret_hash: sha256(secret.as_bytes()),
        name: OPERATORS_KEY.to_owned(),
        scopes: Scope::ALL.into(),
        expires_at_ms: None,
    };
    NewKey { key, api_key }
}

/// Returns the athlete's key of a request. The database checks that it is live and has the scope: a
/// GET requires the scope read, any other method write.
pub fn athlete(
    request: &Request,
    operator_token: Option<&str>,
    now_ms: i64,
) -> Result<KeyProof, ProblemCode> {
    let token = bearer(request)?;
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let scope = if is_read { Scope::Read } else { Scope::Write };
    match token.strip_prefix(PREFIX) {
        Some(key) => parse_key(key, scope, now_ms).ok_or(ProblemCode::Unauthorized),
        None if is_operator(token, operator_token) => Err(ProblemCode::Forbidden),
        None => Err(ProblemCode::Unauthorized),
    }
}

/// Fails unless the request has the operators' token.
pub fn operator(request: &Request, operator_token: Option<&str>) -> ApiResult<()> {
    let token = bearer(request)?;
    if is_operator(token, operator_token) {
        Ok(())
    } else if token.starts_with(PREFIX) {
        Err(ProblemCode::Forbidden.into())
    } else {
        Err(ProblemCode::Unauthorized.into())
    }
}

/// The name for an operator's action: that in `X-Operator`, or the fingerprint of the token. It is not
/// verified: a holder of the token can give any name.
pub fn operator_name(request: &Request) -> ApiResult<String> {
    let invalid = || {
        ProblemCode::InvalidHeader
            .with("X-Operator must be a name of 1 to 80 visible ASCII characters")
            .into()
    };
    let Some(value) = request.headers().get("x-operator") else {
        let fingerprint = sha256(bearer(request)?.as_bytes());
        return Ok(format!("token {}", fingerprint.get(..8).unwrap_or_default()));
    };
    let name = value.to_str().map_err(|_| invalid())?.trim();
    if (1..=OPERATOR_CHARS_MAX).contains(&name.len()) {
        Ok(name.to_owned())
    } else {
        Err(invalid())
    }
}

/// Compares hashes, so that the time reveals neither content nor length. An empty token is invalid.
fn is_operator(token: &str, operator_token: Option<&str>) -> bool {
    let hash = Sha256::digest(token.as_bytes());
    operator_token.filter(|expected| !expected.is_empty()).is_some_and(|expected| {
        bool::from(hash.as_slice().ct_eq(Sha256::digest(expected.as_bytes()).as_slice()))
    })
}

/// The SHA-256 of bytes, in hex.
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn bearer(request: &Request) -> Result<&str, ProblemCode> {
    let header = request.headers().get(header::AUTHORIZATION);
    let value = header.and_then(|value| value.to_str().ok()).ok_or(ProblemCode::Unauthorized)?;
    let (scheme, token) = value.split_once(' ').ok_or(ProblemCode::Unauthorized)?;
    let token = token.trim();
    if scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() {
        Ok(token)
    } else {
        Err(ProblemCode::Unauthorized)
    }
}

fn parse_key(key: &str, scope: Scope, now_ms: i64) -> Option<KeyProof> {
    let (id, secret) = key.split_once('_')?;
    let is_hex =
        |text: &str| text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    let lengths = id.len() == ATHLETE_DIGITS + KEY_DIGITS && secret.len() == SECRET_DIGITS;
    if !lengths || !is_hex(id) || !is_hex(secret) {
        return None;
    }
    let (athlete, key_id) = id.split_at_checked(ATHLETE_DIGITS)?;
    Some(KeyProof {
        athlete_id: AthleteId(Uuid::try_parse(athlete).ok()?),
        key_id: key_id.to_owned(),
        secret_hash: sha256(secret.as_bytes()),
        scope,
        now_ms,
    })
}

fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(u32::from(digit), 16)).collect()
}
