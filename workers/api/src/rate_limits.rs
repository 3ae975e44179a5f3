//! Who is counted as one caller. The limits themselves: `platform::rate_limit`.

use crate::app::App;
use crate::error::ApiError;
use platform::RateLimit;
use platform::http::{Request, text_header};
use storage::KeyProof;

/// Groups of an IPv6 address that name a network; behind it a client has as many addresses as it likes
/// (RFC 4291, 2.5.4: interfaces have the lower 64 bits).
const NETWORK_GROUPS: usize = 4;
/// Digits of a secret's hash that tell guesses apart (ours: 64 bits).
const HASH_DIGITS: usize = 16;

impl App {
    /// Counts a call by where it comes from (await; a repeat counts as another call). A local run may
    /// not know where that is, and admits it.
    pub(crate) async fn admit_address(&self, request: &Request) -> Result<(), ApiError> {
        match text_header(request, "cf-connecting-ip") {
            Some(address) => self.admit(RateLimit::Address, &network(address)).await,
            None => Ok(()),
        }
    }

    /// Counts a call by its key (await; a repeat counts as another call).
    pub(crate) async fn admit_key(&self, limit: RateLimit, key: &KeyProof) -> Result<(), ApiError> {
        self.admit(limit, &holder(key)).await
    }

    async fn admit(&self, limit: RateLimit, caller: &str) -> Result<(), ApiError> {
        if self.rate_limiter.admits(limit, caller).await {
            Ok(())
        } else {
            Err(ApiError::TooOften(limit))
        }
    }
}

/// Whoever shows this key. The secret counts in, by its hash: ids are no secret, and whoever knows
/// only those must not use up what the key's owner may call.
fn holder(key: &KeyProof) -> String {
    let hash = key.secret_hash.get(..HASH_DIGITS).unwrap_or_default();
    format!("{}/{}/{hash}", key.athlete_id, key.key_id)
}

/// The network of an address: of IPv6 the first 64 bits, of IPv4 all of it.
fn network(address: &str) -> String {
    let groups = address.split(':').take_while(|group| !group.is_empty());
    groups.take(NETWORK_GROUPS).collect::<Vec<_>>().join(":")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_its_address_or_its_ipv6_network() {
        let check = |address: &str, expected: &str| assert_eq!(network(address), expected);
        check("203.0.113.7", "203.0.113.7");
        check("2001:db8:1:2:3:4:5:6", "2001:db8:1:2");
        check("2001:db8:1:2::6", "2001:db8:1:2");
        // Zeros are left out of the text; what follows them is not of the network.
        check("2001:db8:1::6", "2001:db8:1");
        check("2001:db8::6", "2001:db8");
    }
}
