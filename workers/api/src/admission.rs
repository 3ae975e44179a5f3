//! Counts calls against the rate limits, by client address and by key.

use crate::app::App;
use crate::error::ApiResult;
use crate::rate_limits::RateLimit;
use contract::ProblemCode;
use platform::http::{Request, text_header};
use storage::KeyProof;

/// Groups of an IPv6 address that identify a network: a client can use any address behind it
/// (RFC 4291, 2.5.4: interfaces have the lower 64 bits).
const NETWORK_GROUPS: usize = 4;
/// Digits of the secret's hash that distinguish guessed secrets: 64 bits.
const HASH_DIGITS: usize = 16;

impl App {
    /// Counts a call by the client's address (await; a retry counts as another call). Admits calls
    /// without an address, as in a local run.
    pub(crate) async fn admit_address(&self, request: &Request) -> ApiResult<()> {
        match text_header(request, "cf-connecting-ip") {
            Some(address) => self.admit(RateLimit::Address, &network(address)).await,
            None => Ok(()),
        }
    }

    /// Counts a call by its key (await; a retry counts as another call).
    pub(crate) async fn admit_key(&self, limit: RateLimit, key: &KeyProof) -> ApiResult<()> {
        self.admit(limit, &key_holder(key)).await
    }

    async fn admit(&self, limit: RateLimit, caller: &str) -> ApiResult<()> {
        if self.rate_limiter.admits(limit.binding(), caller).await {
            Ok(())
        } else {
            {
                let (calls, seconds) = (limit.calls_max(), limit.period_s());
                let detail = format!("rate limit exceeded: at most {calls} calls in {seconds} s");
                Err(ProblemCode::RateLimited.with(detail).retry_after_s(seconds).into())
            }
        }
    }
}

/// The key's ids with the hash of its secret. The ids are not secret: a caller who knows only them
/// must not use up the owner's limit.
fn key_holder(key: &KeyProof) -> String {
    let hash = key.secret_hash.get(..HASH_DIGITS).unwrap_or_default();
    format!("{}/{}/{hash}", key.athlete_id, key.key_id)
}

/// The network of an address: the first 64 bits of IPv6, all of IPv4.
fn network(address: &str) -> String {
    let groups = address.split(':').take_while(|group| !group.is_empty());
    groups.take(NETWORK_GROUPS).collect::<Vec<_>>().join(":")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_is_its_ipv4_address_or_ipv6_network() {
        let check = |address: &str, expected: &str| assert_eq!(network(address), expected);
        check("203.0.113.7", "203.0.113.7");
        check("2001:db8:1:2:3:4:5:6", "2001:db8:1:2");
        check("2001:db8:1:2::6", "2001:db8:1:2");
        // `::` replaces zeros; the groups after it are not part of the network.
        check("2001:db8:1::6", "2001:db8:1");
        check("2001:db8::6", "2001:db8");
    }
}
