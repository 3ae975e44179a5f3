//! Counts calls against the rate limits, by client address and by key.

use crate::app::App;
use crate::error::ApiResult;
use crate::rate_limits::RateLimit;
use contract::ProblemCode;
use platform::http::{Request, text_header};
use std::net::IpAddr;
use storage::KeyProof;

/// Bits of an IPv6 address below its network: a client can use any of the addresses in it (RFC 4291,
/// 2.5.4: interfaces have the lower 64 bits).
const INTERFACE_BITS: u32 = 64;
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

/// The network of an address: the first 64 bits of IPv6 as hexadecimal digits, all of IPv4. A text that is no
/// address, which Cloudflare's edge never sends, is its own network.
fn network(address: &str) -> String {
    match address.parse().map(|address: IpAddr| address.to_canonical()) {
        Ok(IpAddr::V6(address)) => format!("{:x}", address.to_bits() >> INTERFACE_BITS),
        Ok(IpAddr::V4(address)) => address.to_string(),
        Err(_) => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_is_its_ipv4_address_or_ipv6_network() {
        let check = |address: &str, expected: &str| assert_eq!(network(address), expected);
        check("203.0.113.7", "203.0.113.7");
        check("::ffff:203.0.113.7", "203.0.113.7");
        check("2001:db8:1:2:3:4:5:6", "20010db800010002");
        check("2001:DB8:1:2::6", "20010db800010002");
        check("2001:0db8:0001:0002:0:0:0:6", "20010db800010002");
        // `::` stands for any number of zeros, before and behind the border of the network.
        check("2001:db8:1::6", "20010db800010000");
        check("2001:db8::2:3:4:5:6", "20010db800000002");
        check("::1", "0");
        check("unknown", "unknown");
    }
}
