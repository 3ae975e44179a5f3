//! Unsubscribing from emails of one kind without a login (RFC 8058).
//!
//! A token is `<athlete>.<kind>.<HMAC-SHA256 of both>`. It does not expire, so the link in an old
//! email still works. A token can only disable emails of its kind.

use crate::ids::AthleteId;
use crate::policy::NotificationKind;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt::Write;
use subtle::ConstantTimeEq;
use uuid::Uuid;

const PATH: &str = "/v1/unsubscribe";

/// Separates this key from others that are derived from the same secret.
const PURPOSE: &[u8] = b"bulktrack unsubscribe v1";

/// The key that signs tokens, and the older keys that still verify them.
#[derive(Clone)]
pub struct UnsubscribeKey {
    current: [u8; 32],
    older: Vec<[u8; 32]>,
}

impl UnsubscribeKey {
    /// Derives a key from each comma-separated part of a secret (the extract step of RFC 5869). The
    /// first key signs and all keys verify, so links survive a rotation of the secret. Returns
    /// `None` for an empty secret.
    pub fn derived_from(secret: &str) -> Option<Self> {
        let parts = secret.split(',').map(str::trim).filter(|part| !part.is_empty());
        let mut keys = parts.map(|part| mac(PURPOSE, part.as_bytes()));
        Some(Self { current: keys.next()?, older: keys.collect() })
    }

    /// Returns the link that disables emails of a kind. `base_url` is the api's public URL, without a
    /// trailing slash.
    pub fn link(&self, base_url: &str, athlete_id: AthleteId, kind: NotificationKind) -> String {
        format!("{base_url}{PATH}?token={}", token(&self.current, athlete_id, kind))
    }

    /// Returns the athlete and the kind of a token, or `None` for an invalid token. Takes constant
    /// time for the signature.
    pub fn verify(&self, token: &str) -> Option<(AthleteId, NotificationKind)> {
        let mut parts = token.splitn(3, '.');
        let athlete_id = AthleteId(Uuid::try_parse(parts.next()?).ok()?);
        let kind = NotificationKind::parse(parts.next()?)?;
        let is_signed_by = |key: &[u8; 32]| {
            let expected = self::token(key, athlete_id, kind);
            bool::from(token.as_bytes().ct_eq(expected.as_bytes()))
        };
        let mut keys = [&self.current].into_iter().chain(&self.older);
        keys.any(is_signed_by).then_some((athlete_id, kind))
    }
}

fn token(key: &[u8; 32], athlete_id: AthleteId, kind: NotificationKind) -> String {
    let mut token = format!("{}.{}", athlete_id.0.simple(), kind.as_str());
    let signature = mac(key, token.as_bytes());
    token.push('.');
    for byte in signature {
        // Writing to a `String` does not fail.
        let _ = write!(token, "{byte:02x}");
    }
    token
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

    fn key(secret: &str) -> UnsubscribeKey {
        UnsubscribeKey::derived_from(secret).unwrap()
    }

    #[test]
    fn only_a_signed_token_is_verified() {
        let (athlete, kind) = (AthleteId(Uuid::from_u128(7)), NotificationKind::WeeklyReport);
        let link = key("secret").link("https://api.example", athlete, kind);
        let token = link.strip_prefix("https://api.example/v1/unsubscribe?token=").unwrap();
        assert_eq!(key("secret").verify(token), Some((athlete, kind)));
        let mac = token.rsplit('.').next().unwrap();
        let invalid = [
            String::new(),
            "..".to_owned(),
            mac.to_owned(),
            token.to_uppercase(),
            format!("{token}0"),
            token[..token.len() - 1].to_owned(),
            token.replace("weekly_report", "new_record"),
            token.replacen("07.", "08.", 1),
            token.replace(mac, &"0".repeat(64)),
            format!("{athlete}.weekly_report.{mac}"),
        ];
        for other in invalid {
            assert_eq!(key("secret").verify(&other), None, "{other}");
        }
        assert_eq!(key("another").verify(token), None);
        assert!(UnsubscribeKey::derived_from("").is_none());
    }

    #[test]
    fn token_format_never_changes() {
        let token =
            token(&key("secret").current, AthleteId(Uuid::nil()), NotificationKind::NewRecord);
        assert_eq!(
            token,
            "00000000000000000000000000000000.new_record.ecfd2d0a8ae154e8a430f802f1defb4f1178c329d5c032d4ad0436d1e3b37a6c"
        );
    }

    #[test]
    fn link_is_valid_while_its_key_is_listed() {
        let (athlete, kind) = (AthleteId(Uuid::from_u128(7)), NotificationKind::WeeklyReport);
        let link = key("old").link("", athlete, kind);
        let token = link.strip_prefix("/v1/unsubscribe?token=").unwrap();
        assert_eq!(key("new, old").verify(token), Some((athlete, kind)));
        assert_eq!(key("new").verify(token), None);
        assert_eq!(key("new,old").link("", athlete, kind), key("new").link("", athlete, kind));
        assert!(UnsubscribeKey::derived_from(" , ").is_none());
    }
}
