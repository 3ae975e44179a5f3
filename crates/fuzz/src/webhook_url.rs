//! URLs of webhook endpoints. The `url` crate parses them like the runtime's fetch.

use standard_webhooks::url::URL_BYTES_MAX;
use standard_webhooks::{Environment, check_url, is_public};
use std::net::IpAddr;
use url::{Host, Url};

/// An accepted URL parses in one way: to https and a host name, or on a developer's machine also to
/// loopback.
pub fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(address) = text.parse() {
        check_address(address);
    }
    for environment in [Environment::Public, Environment::Local] {
        check_accepted(text, environment);
    }
}

fn check_accepted(text: &str, environment: Environment) {
    let Ok(checked) = check_url(text, environment) else { return };
    assert!(checked.as_str().len() <= URL_BYTES_MAX);
    assert_eq!(check_url(checked.as_str(), environment), Ok(checked.clone()));
    assert!(checked.as_str().starts_with(checked.origin()));
    for spelling in [text, checked.as_str()] {
        let parsed = match Url::parse(spelling) {
            Ok(parsed) => parsed,
            // Fetch rejects invalid punycode too: the delivery fails without a request.
            Err(url::ParseError::IdnaError) if spelling.to_lowercase().contains("xn--") => return,
            Err(error) => panic!("{spelling}: {error}"),
        };
        assert_eq!(parsed.as_str(), checked.as_str());
        assert_eq!((parsed.username(), parsed.password(), parsed.fragment()), ("", None, None));
        assert_eq!(parsed.origin().ascii_serialization(), checked.origin());
        check_host(&parsed, environment);
    }
}

fn check_host(url: &Url, environment: Environment) {
    let is_loopback = match url.host().expect("an absolute URL") {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    };
    assert!(is_loopback || matches!(url.host(), Some(Host::Domain(_))), "{url}");
    assert!(!is_loopback || environment == Environment::Local, "{url}");
    assert!(is_loopback || url.scheme() == "https", "{url}");
    let name = url.host_str().unwrap_or_default();
    assert!(is_loopback || (name.contains('.') && !name.ends_with('.')), "{url}");
    let port = url.port_or_known_default().expect("a port of http or https");
    assert!(port == 443 || port >= 1_024 || (is_loopback && port == 80), "{url}");
}

/// Checks that an address which the standard library calls private is not public.
fn check_address(address: IpAddr) {
    let is_private = match address.to_canonical() {
        IpAddr::V4(v4) => {
            v4.is_loopback()
                || v4.is_private()
                || v4.is_link_local()
                || v4.is_unspecified()
                || v4.is_broadcast()
                || v4.is_documentation()
                || v4.is_multicast()
        }
        IpAddr::V6(v6) => {
            v6.is_loopback()
                || v6.is_unspecified()
                || v6.is_unique_local()
                || v6.is_unicast_link_local()
                || v6.is_multicast()
        }
    };
    assert!(!is_private || !is_public(address), "{address}");
}
