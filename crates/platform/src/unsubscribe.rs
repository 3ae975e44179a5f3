//! Unsubscribing without a login (RFC 8058): a link that only we can make, for one athlete's mails
//! of one kind.
//!
//! A token is `<athlete>.<kind>.<HMAC-SHA256 of both>`, and does not expire: a mail that is read
//! years later still ends the next one. All it can do is to switch that kind of mail off.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use shared_kernel::{AthleteId, NotificationKind};
use std::fmt::Write;
use subtle::ConstantTimeEq;
use uuid::Uuid;

/// Where the links lead.
pub const PATH: &str = "/v1/unsubscribe";

/// What the key is derived for; another purpose of the same secret says another word.
const PURPOSE: &[u8] = b"bulktrack unsubscribe v1";

/// The key of the tokens, and those that were before it.
#[derive(Clone)]
pub struct UnsubscribeKey {
    first: [u8; 32],
    older: Vec<[u8; 32]>,
}

impl UnsubscribeKey {
    /// The keys that the text of a secret gives, one for each of its parts between commas (the first
    /// half of RFC 5869): never the secret itself. The first signs, each verifies: a link outlives a
    /// rotation of the secret. `None`: it is empty.
    pub fn derived_from(secret: &str) -> Option<Self> {
        let parts = secret.split(',').map(str::trim).filter(|part| !part.is_empty());
        let mut keys = parts.map(|part| mac(PURPOSE, part.as_bytes()));
        Some(Self { first: keys.next()?, older: keys.collect() })
    }

    /// The link that ends mails of a kind to an athlete. `base_url` is the api's, without a slash
    /// at its end.
    pub fn link(&self, base_url: &str, athlete_id: AthleteId, kind: NotificationKind) -> String {
        format!("{base_url}{PATH}?token={}", token(&self.first, athlete_id, kind))
    }

    /// Whom and what a token is for; `None` for one that this key did not make. How long it takes
    /// tells nothing about the right one.
    pub fn verify(&self, token: &str) -> Option<(AthleteId, NotificationKind)> {
        let mut parts = token.splitn(3, '.');
        let athlete_id = AthleteId(Uuid::try_parse(parts.next()?).ok()?);
        let kind = NotificationKind::parse(parts.next()?)?;
        let is_of = |key: &[u8; 32]| {
            let expected = self::token(key, athlete_id, kind);
            bool::from(token.as_bytes().ct_eq(expected.as_bytes()))
        };
        let mut keys = [&self.first].into_iter().chain(&self.older);
        keys.any(is_of).then_some((athlete_id, kind))
    }
}

fn token(key: &[u8; 32], athlete_id: AthleteId, kind: NotificationKind) -> String {
    let mut token = format!("{}.{}", athlete_id.0.simple(), kind.as_str());
    let signature = mac(key, token.as_bytes());
    token.push('.');
    for byte in signature {
        // Writing to a String does not fail.
        let _ = write!(token, "{byte:02x}");
    }
    token
}

/// HMAC-SHA256, with a key of up to its block, 64 bytes: filled up with zeros (RFC 2104, 2).
fn mac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut block = hmac::digest::Key::<Hmac<Sha256>>::default();
    for (filled, byte) in block.iter_mut().zip(key) {
        *filled = *byte;
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
    fn a_link_leads_to_its_athlete_and_kind_and_no_other_text_does() {
        let (athlete, kind) = (AthleteId(Uuid::from_u128(7)), NotificationKind::WeeklyReport);
        let link = key("secret").link("https://api.example", athlete, kind);
        let token = link.strip_prefix("https://api.example/v1/unsubscribe?token=").unwrap();
        assert_eq!(key("secret").verify(token), Some((athlete, kind)));
        let mac = token.rsplit('.').next().unwrap();
        let refused = [
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
        for other in refused {
            assert_eq!(key("secret").verify(&other), None, "{other}");
        }
        assert_eq!(key("another").verify(token), None);
        assert!(UnsubscribeKey::derived_from("").is_none());
    }

    #[test]
    fn a_token_is_in_mails_for_years_and_so_never_changes() {
        let token =
            token(&key("secret").first, AthleteId(Uuid::nil()), NotificationKind::NewRecord);
        assert_eq!(
            token,
            "00000000000000000000000000000000.new_record.ecfd2d0a8ae154e8a430f802f1defb4f1178c329d5c032d4ad0436d1e3b37a6c"
        );
    }

    #[test]
    fn a_link_outlives_a_rotation_of_the_secret_and_not_the_end_of_its_key() {
        let (athlete, kind) = (AthleteId(Uuid::from_u128(7)), NotificationKind::WeeklyReport);
        let link = key("old").link("", athlete, kind);
        let token = link.strip_prefix("/v1/unsubscribe?token=").unwrap();
        assert_eq!(key("new, old").verify(token), Some((athlete, kind)));
        assert_eq!(key("new").verify(token), None);
        assert_eq!(key("new,old").link("", athlete, kind), key("new").link("", athlete, kind));
        assert!(UnsubscribeKey::derived_from(" , ").is_none());
    }
}
