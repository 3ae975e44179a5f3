//! The URL of an endpoint of webhooks. The `url` crate reads it as the runtime's fetch does.

use standard_webhooks::url::URL_BYTES_MAX;
use standard_webhooks::{Environment, check_url, is_public};
use std::net::IpAddr;
use url::{Host, Url};

/// What is accepted anywhere has one reading, in which it is https and leads to a name; what is
/// accepted on a developer's machine leads to a name or to loopback.
pub fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(address) = text.parse() {
        address_is_judged_as_what_it_is(address);
    }
    for environment in [Environment::Public, Environment::Local] {
        accepted_has_one_reading(text, environment);
    }
}

fn accepted_has_one_reading(text: &str, environment: Environment) {
    let Ok(checked) = check_url(text, environment) else { return };
    assert!(checked.as_str().len() <= URL_BYTES_MAX);
    assert_eq!(check_url(checked.as_str(), environment), Ok(checked.clone()));
    assert!(checked.as_str().starts_with(checked.origin()));
    for spelling in [text, checked.as_str()] {
        let read = match Url::parse(spelling) {
            Ok(read) => read,
            // What is no punycode is no URL to fetch either: the delivery fails, and calls nobody.
            Err(url::ParseError::IdnaError) if spelling.to_lowercase().contains("xn--") => return,
            Err(error) => panic!("{spelling}: {error}"),
        };
        assert_eq!(read.as_str(), checked.as_str());
        assert_eq!((read.username(), read.password(), read.fragment()), ("", None, None));
        assert_eq!(read.origin().ascii_serialization(), checked.origin());
        leads_where_it_may(&read, environment);
    }
}

fn leads_where_it_may(url: &Url, environment: Environment) {
    let loopback = match url.host().expect("it is absolute") {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => {
            assert!(address.is_loopback(), "{url}");
            true
        }
        Host::Ipv6(address) => {
            assert!(address.is_loopback(), "{url}");
            true
        }
    };
    assert!(!loopback || environment == Environment::Local, "{url}");
    assert!(loopback || url.scheme() == "https", "{url}");
    let name = url.host_str().unwrap_or_default();
    assert!(loopback || (name.contains('.') && !name.ends_with('.')), "{url}");
    let port = url.port_or_known_default().expect("http and https have one");
    assert!(port == 443 || port >= 1_024 || (loopback && port == 80), "{url}");
}

/// By the standard library, as far as it can tell.
fn address_is_judged_as_what_it_is(address: IpAddr) {
    let never = match address.to_canonical() {
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
    assert!(!never || !is_public(address), "{address}");
}
