//! Signed links in emails, which work without a login: unsubscribing from emails of one kind (RFC 8058),
//! and confirming an address.
//!
//! A token is `<content>.<HMAC-SHA256 of the content>`, with a key of its own for each purpose. An
//! unsubscribe link does not expire, so that the link in an old email still works; it can only disable
//! emails of its kind. A confirmation link expires; it can only confirm its address.

use crate::ids::AthleteId;
use crate::policy::NotificationKind;
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use std::fmt::Write;
use subtle::ConstantTimeEq;
use uuid::Uuid;

/// The days in which an address can be confirmed by a link; a project default.
pub const CONFIRMATION_DAYS: i64 = 3;

const UNSUBSCRIBE_PATH: &str = "/v1/unsubscribe";
const CONFIRMATION_PATH: &str = "/v1/email/confirm";

/// Separates the keys of the purposes from each other and from others of the same secret.
const UNSUBSCRIBE: &[u8] = b"bulktrack unsubscribe v1";
const CONFIRMATION: &[u8] = b"bulktrack email confirmation v1";

/// Bytes of an address's hash: 128 bits, which cannot be hit by trying addresses.
const ADDRESS_HASH_BYTES: usize = 16;

/// The keys that sign and verify links.
#[derive(Clone)]
pub struct LinkKey {
    unsubscribe: PurposeKey,
    confirmation: PurposeKey,
}

/// The athlete and the address of a verified confirmation link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirmation {
    pub athlete_id: AthleteId,
    address_hash: String,
}

impl Confirmation {
    /// Whether the link was sent to this address.
    pub fn is_of(&self, address: &str) -> bool {
        self.address_hash == address_hash(address)
    }
}

impl LinkKey {
    /// Derives the keys from a secret of comma-separated parts. The first part signs and all parts
    /// verify, so links survive a rotation of the secret. Returns `None` for an empty secret.
    pub fn derived_from(secret: &str) -> Option<Self> {
        Some(Self {
            unsubscribe: PurposeKey::derived_from(secret, UNSUBSCRIBE)?,
            confirmation: PurposeKey::derived_from(secret, CONFIRMATION)?,
        })
    }

    /// Returns the link that disables emails of a kind. `base_url` is the api's public URL, without a
    /// trailing slash.
    pub fn unsubscribe_link(
        &self,
        base_url: &str,
        athlete_id: AthleteId,
        kind: NotificationKind,
    ) -> String {
        let content = format!("{}.{}", athlete_id.0.simple(), kind.as_str());
        format!("{base_url}{UNSUBSCRIBE_PATH}?token={}", self.unsubscribe.sign(&content))
    }

    /// Returns the athlete and the kind of an unsubscribe link's token, or `None` for an invalid one.
    pub fn verify_unsubscribe(&self, token: &str) -> Option<(AthleteId, NotificationKind)> {
        let (athlete_id, kind) = self.unsubscribe.verify(token)?.split_once('.')?;
        Some((parse_athlete(athlete_id)?, NotificationKind::parse(kind)?))
    }

    /// Returns the link that confirms an address until [`CONFIRMATION_DAYS`] after `now`.
    pub fn confirmation_link(
        &self,
        base_url: &str,
        athlete_id: AthleteId,
        address: &str,
        now: DateTime<Utc>,
    ) -> String {
        let expires_at_s = (now + TimeDelta::days(CONFIRMATION_DAYS)).timestamp();
        let hash = address_hash(address);
        let content = format!("{}.{hash}.{expires_at_s}", athlete_id.0.simple());
        format!("{base_url}{CONFIRMATION_PATH}?token={}", self.confirmation.sign(&content))
    }

    /// Returns the content of a confirmation link's token, or `None` for an invalid or expired one.
    pub fn verify_confirmation(&self, token: &str, now: DateTime<Utc>) -> Option<Confirmation> {
        let mut parts = self.confirmation.verify(token)?.split('.');
        let athlete_id = parse_athlete(parts.next()?)?;
        let address_hash = parts.next()?.to_owned();
        let expires_at_s: i64 = parts.next()?.parse().ok()?;
        (now.timestamp() < expires_at_s).then_some(Confirmation { athlete_id, address_hash })
    }
}

/// The key of one purpose that signs, and the older ones that still verify.
#[derive(Clone)]
struct PurposeKey {
    current: [u8; 32],
    older: Vec<[u8; 32]>,
}

impl PurposeKey {
    /// Derives a key from each part of the secret (the extract step of RFC 5869).
    fn derived_from(secret: &str, purpose: &[u8]) -> Option<Self> {
        let parts = secret.split(',').map(str::trim).filter(|part| !part.is_empty());
        let mut keys = parts.map(|part| mac(purpose, part.as_bytes()));
        Some(Self { current: keys.next()?, older: keys.collect() })
    }

    fn sign(&self, content: &str) -> String {
        format!("{content}.{}", hex(&mac(&self.current, content.as_bytes())))
    }

    /// Returns the content of a token. Takes constant time for the signature.
    fn verify<'a>(&self, token: &'a str) -> Option<&'a str> {
        let (content, signature) = token.rsplit_once('.')?;
        let is_signed_by = |key: &[u8; 32]| {
            let expected = hex(&mac(key, content.as_bytes()));
            bool::from(signature.as_bytes().ct_eq(expected.as_bytes()))
        };
        let mut keys = [&self.current].into_iter().chain(&self.older);
        keys.any(is_signed_by).then_some(content)
    }
}

fn parse_athlete(text: &str) -> Option<AthleteId> {
    Uuid::try_parse(text).ok().map(AthleteId)
}

fn address_hash(address: &str) -> String {
    let hash = Sha256::digest(address.as_bytes());
    hex(hash.get(..ADDRESS_HASH_BYTES).unwrap_or_default())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a `String` does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Returns the HMAC-SHA256. The key, of up to 64 bytes, is padded with zeros (RFC 2104, section 2).
fn mac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut block = hmac::digest::Key::<Hmac<Sha256>>::default();
    for (padded, byte) in block.iter_mut().zip(key) {
        *padded = *byte;
    }
    Hmac::<Sha256>::new(&block).chain_update(message).finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ATHLETE: AthleteId = AthleteId(Uuid::from_u128(7));
    const REPORT: NotificationKind = NotificationKind::WeeklyReport;
    const ADDRESS: &str = "ada@example.com";

    fn key(secret: &str) -> LinkKey {
        LinkKey::derived_from(secret).unwrap()
    }

    fn now() -> DateTime<Utc> {
        "2026-11-23T12:00:00Z".parse().unwrap()
    }

    fn token(link: &str) -> &str {
        link.strip_prefix("https://api.example/v1/").unwrap().split_once("?token=").unwrap().1
    }

    fn unsubscribe(secret: &str) -> String {
        token(&key(secret).unsubscribe_link("https://api.example", ATHLETE, REPORT)).to_owned()
    }

    fn confirmation(secret: &str) -> String {
        let link = key(secret).confirmation_link("https://api.example", ATHLETE, ADDRESS, now());
        token(&link).to_owned()
    }

    /// Changes of a token that must make it invalid.
    fn forged(token: &str) -> Vec<String> {
        let mac = token.rsplit('.').next().unwrap();
        vec![
            String::new(),
            "..".to_owned(),
            "...".to_owned(),
            mac.to_owned(),
            token.to_uppercase(),
            format!("{token}0"),
            token[..token.len() - 1].to_owned(),
            token.replacen("07.", "08.", 1),
            token.replace(mac, &"0".repeat(64)),
            token.replacen(&ATHLETE.0.simple().to_string(), &ATHLETE.to_string(), 1),
        ]
    }

    #[test]
    fn only_a_signed_token_is_verified() {
        let (unsubscribe, confirmation) = (unsubscribe("secret"), confirmation("secret"));
        let key = key("secret");
        assert_eq!(key.verify_unsubscribe(&unsubscribe), Some((ATHLETE, REPORT)));
        let verified = key.verify_confirmation(&confirmation, now()).unwrap();
        assert_eq!(verified.athlete_id, ATHLETE);
        let mut invalid = forged(&unsubscribe);
        invalid.push(unsubscribe.replace("weekly_report", "new_record"));
        invalid.push(confirmation.clone());
        for other in invalid {
            assert_eq!(key.verify_unsubscribe(&other), None, "{other}");
        }
        let mut invalid = forged(&confirmation);
        invalid.push(confirmation.replacen(".1", ".2", 1));
        invalid.push(unsubscribe.clone());
        for other in invalid {
            assert_eq!(key.verify_confirmation(&other, now()), None, "{other}");
        }
        let another = LinkKey::derived_from("another").unwrap();
        assert_eq!(another.verify_unsubscribe(&unsubscribe), None);
        assert_eq!(another.verify_confirmation(&confirmation, now()), None);
        assert!(LinkKey::derived_from("").is_none());
    }

    #[test]
    fn token_formats_never_change() {
        let key = key("secret");
        let athlete = AthleteId(Uuid::nil());
        assert_eq!(
            key.unsubscribe_link("", athlete, NotificationKind::NewRecord),
            "/v1/unsubscribe?token=00000000000000000000000000000000.new_record.ecfd2d0a8ae154e8a430f802f1defb4f1178c329d5c032d4ad0436d1e3b37a6c"
        );
        assert_eq!(
            key.confirmation_link("", athlete, ADDRESS, now()),
            "/v1/email/confirm?token=00000000000000000000000000000000.b5fc85e55755f9e0d030a10ab4429b6b.1795694400.6cb0fde64c64326184641b733383fcc6b5a9dc605a0a05de8656caa6f3717cbe"
        );
    }

    #[test]
    fn link_is_valid_while_its_key_is_listed() {
        let (unsubscribe_token, confirmation) = (unsubscribe("old"), confirmation("old"));
        let both = key("new, old");
        assert_eq!(both.verify_unsubscribe(&unsubscribe_token), Some((ATHLETE, REPORT)));
        assert!(both.verify_confirmation(&confirmation, now()).is_some());
        assert_eq!(key("new").verify_unsubscribe(&unsubscribe_token), None);
        assert_eq!(key("new").verify_confirmation(&confirmation, now()), None);
        assert_eq!(unsubscribe("new,old"), unsubscribe("new"));
        assert!(LinkKey::derived_from(" , ").is_none());
    }

    #[test]
    fn confirmation_expires_and_holds_for_its_address_only() {
        let token = confirmation("secret");
        let after = |delta| key("secret").verify_confirmation(&token, now() + delta);
        let last = after(TimeDelta::days(CONFIRMATION_DAYS) - TimeDelta::seconds(1)).unwrap();
        assert!(last.is_of(ADDRESS) && !last.is_of("eve@example.com"));
        assert_eq!(after(TimeDelta::days(CONFIRMATION_DAYS)), None);
    }
}
