//! The check of an endpoint's URL. The athlete chooses the URL and our network calls it: without the
//! check, it could reach internal services (server-side request forgery).
//!
//! The runtime's fetch parses URLs as WHATWG specifies, with many spellings of one host: `0x7f.1`,
//! full-width digits and `%31` all become 127.0.0.1. So [`check_url`] accepts only URLs that can be
//! read in one way: a strict grammar of texts that WHATWG does not change. It is tested against the
//! `url` crate, which implements WHATWG and would add 72 KB of gzipped wasm to a worker. For any other
//! spelling the error names the problem.
//!
//! A name can resolve to any address: `localtest.me` is 127.0.0.1. The runtime ensures that the
//! address is public (`global_fetch_strictly_public`), or [`crate::is_public`] where the address is
//! known.
//!
//! Limits without a source are project defaults.

use std::fmt;

/// The longest URL: servers accept it in a request line, and it keeps a row small.
pub const URL_BYTES_MAX: usize = 2_000;
/// The longest name (RFC 1035, 2.3.4).
const HOST_BYTES_MAX: usize = 253;
/// The longest label of a name (RFC 1035, 2.3.4).
const LABEL_BYTES_MAX: usize = 63;

const HTTPS_PORT: u16 = 443;
/// The first unprivileged port. Below it are system services such as mail, directories and remote
/// shells; of these ports only 443 is allowed.
const PORT_UNPRIVILEGED_MIN: u16 = 1_024;
/// Unprivileged ports that fetch blocks (WHATWG Fetch, port blocking).
const PORTS_BLOCKED: [u16; 19] = [
    1_719, 1_720, 1_723, 2_049, 3_659, 4_045, 4_190, 5_060, 5_061, 6_000, 6_566, 6_665, 6_666,
    6_667, 6_668, 6_669, 6_679, 6_697, 10_080,
];

/// The last labels of names outside of the public internet: reserved (RFC 6761, 6762, 7686, 8375,
/// 9476; ICANN's `.internal`), never delegated (`.home`, `.corp`: ICANN, name collisions), or used by
/// routers and offices for their own network. `.example` is reserved too, but resolves to nothing and
/// is allowed for documentation.
const INTERNAL_NAMES: [&str; 14] = [
    "alt",
    "arpa",
    "corp",
    "home",
    "internal",
    "intranet",
    "invalid",
    "lan",
    "local",
    "localdomain",
    "localhost",
    "onion",
    "private",
    "test",
];
/// The accepted spellings of a developer's own machine.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// The environment that a worker runs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// A developer's machine: loopback is allowed, also over http.
    Local,
    Public,
}

/// A checked URL in its normal form. `Debug` shows only the origin: paths can contain tokens.
#[derive(Clone, PartialEq, Eq)]
pub struct EndpointUrl {
    text: String,
    origin_bytes: usize,
}

impl EndpointUrl {
    /// Returns the whole URL.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns scheme, host and port, which are safe to log.
    pub fn origin(&self) -> &str {
        self.text.get(..self.origin_bytes).unwrap_or_default()
    }
}

impl fmt::Debug for EndpointUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EndpointUrl({}/…)", self.origin())
    }
}

/// The reason that a URL is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    #[error("the URL must have at most {URL_BYTES_MAX} characters")]
    TooLong,
    /// A character that parsers read differently: a blank, a backslash, one outside of ASCII. The
    /// first position is 1.
    #[error("character {position} of the URL must be percent-encoded, or punycode in the host")]
    Character { position: usize },
    #[error("the URL must begin with https://")]
    Scheme,
    #[error("the URL must not have a fragment")]
    Fragment,
    #[error("the URL must not have a user or a password")]
    Credentials,
    /// An IP address in any spelling.
    #[error("the host of the URL must be a name, not an address")]
    IpAddress,
    #[error("the host of the URL must be a public name")]
    InternalName,
    #[error("the host of the URL must be a name: labels of letters, digits and hyphens")]
    Host,
    #[error("the port of the URL must be {HTTPS_PORT}, or at least 1024 and not blocked by fetch")]
    Port,
    #[error("the path of the URL must not have a segment `.` or `..`")]
    DotSegment,
    #[error("a percent sign in the URL must be followed by two hexadecimal digits")]
    Escape,
}

/// Checks a URL and returns its normal form:
/// 1. it is short and has only unambiguous characters (`is_unambiguous`);
/// 2. it has no fragment and is absolute, with two slashes;
/// 3. it has no user or password;
/// 4. it is https, except for loopback in [`Environment::Local`];
/// 5. its host is a public name (`check_public_name`), or loopback in [`Environment::Local`];
/// 6. its port is allowed;
/// 7. parsers do not change its path and query.
pub fn check_url(text: &str, environment: Environment) -> Result<EndpointUrl, UrlError> {
    check_length(text)?;
    if let Some(index) = text.chars().position(|c| !is_unambiguous(c)) {
        return Err(UrlError::Character { position: index + 1 });
    }
    if text.contains('#') {
        return Err(UrlError::Fragment);
    }
    let (scheme, rest) = text.split_once("://").ok_or(UrlError::Scheme)?;
    let scheme = scheme.to_ascii_lowercase();
    if !matches!(scheme.as_str(), "http" | "https") {
        return Err(UrlError::Scheme);
    }
    let (authority, tail) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    if authority.contains('@') {
        return Err(UrlError::Credentials);
    }
    let (host, port) = split_port(authority)?;
    let host = host.to_ascii_lowercase();
    let is_loopback = environment == Environment::Local && LOOPBACK.contains(&host.as_str());
    if !is_loopback {
        if scheme == "http" {
            return Err(UrlError::Scheme);
        }
        check_public_name(&host)?;
    }
    let port = port.map(parse_port).transpose()?;
    check_tail(tail)?;
    let port = port.filter(|port| scheme == "http" || *port != HTTPS_PORT);
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    let origin = format!("{scheme}://{host}{port}");
    let slash = if tail.starts_with('/') { "" } else { "/" };
    let url = EndpointUrl { origin_bytes: origin.len(), text: format!("{origin}{slash}{tail}") };
    check_length(&url.text)?;
    Ok(url)
}

const fn check_length(text: &str) -> Result<(), UrlError> {
    if text.len() > URL_BYTES_MAX { Err(UrlError::TooLong) } else { Ok(()) }
}

/// Whether RFC 3986 allows the character in a URL; not the apostrophe, which WHATWG encodes in a
/// query.
const fn is_unambiguous(c: char) -> bool {
    matches!(
        c,
        'a'..='z' | 'A'..='Z' | '0'..='9'
            | '-' | '.' | '_' | '~' | '%'
            | ':' | '/' | '?' | '#' | '[' | ']' | '@'
            | '!' | '$' | '&' | '(' | ')' | '*' | '+' | ',' | ';' | '='
    )
}

/// Splits `host:port`. Colons in `[…]` belong to the address.
fn split_port(authority: &str) -> Result<(&str, Option<&str>), UrlError> {
    let after_bracket = authority.rfind(']').map_or(0, |bracket| bracket + 1);
    let colon = authority.get(after_bracket..).and_then(|rest| rest.find(':'));
    let Some(colon) = colon.map(|colon| after_bracket + colon) else {
        return Ok((authority, None));
    };
    let (host, port) = authority.split_at(colon);
    let port = port.strip_prefix(':').ok_or(UrlError::Port)?;
    // Two colons without brackets: an invalid spelling of an IPv6 address.
    if port.contains(':') { Err(UrlError::IpAddress) } else { Ok((host, Some(port))) }
}

/// Parses an allowed port; rejects a sign and leading zeros.
fn parse_port(text: &str) -> Result<u16, UrlError> {
    let port: u16 = text.parse().map_err(|_| UrlError::Port)?;
    let is_normal = port.to_string() == text;
    let is_allowed =
        port == HTTPS_PORT || (port >= PORT_UNPRIVILEGED_MIN && !PORTS_BLOCKED.contains(&port));
    if is_normal && is_allowed { Ok(port) } else { Err(UrlError::Port) }
}

/// Checks that a host, in lower case, can be a public name: at least two labels of letters, digits
/// and inner hyphens. The last one begins with a letter, as every top-level domain does, so WHATWG
/// never parses the host as an IPv4 address.
fn check_public_name(host: &str) -> Result<(), UrlError> {
    if host.starts_with('[') || ends_in_a_number(host) {
        return Err(UrlError::IpAddress);
    }
    let top = host.rsplit('.').next().unwrap_or_default();
    let is_name = host.len() <= HOST_BYTES_MAX
        && host.split('.').all(is_label)
        && top.starts_with(|c: char| c.is_ascii_lowercase());
    if !is_name {
        return Err(UrlError::Host);
    }
    let is_internal = !host.contains('.') || INTERNAL_NAMES.contains(&top);
    if is_internal { Err(UrlError::InternalName) } else { Ok(()) }
}

/// WHATWG's "ends in a number checker": the last label, without a final full stop, is decimal
/// digits, or `0x` and hexadecimal digits.
fn ends_in_a_number(host: &str) -> bool {
    let last = host.strip_suffix('.').unwrap_or(host).rsplit('.').next().unwrap_or_default();
    let is_decimal = !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit());
    let is_hexadecimal = last
        .strip_prefix("0x")
        .is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    is_decimal || is_hexadecimal
}

fn is_label(label: &str) -> bool {
    (1..=LABEL_BYTES_MAX).contains(&label.len())
        && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// Checks that no parser resolves or rewrites path and query.
fn check_tail(tail: &str) -> Result<(), UrlError> {
    let is_escape = |after_percent: &str| {
        after_percent.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2
    };
    if !tail.split('%').skip(1).all(is_escape) {
        return Err(UrlError::Escape);
    }
    let path = tail.split('?').next().unwrap_or_default();
    let is_dots = |segment: &str| {
        matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..")
    };
    if path.split('/').any(is_dots) { Err(UrlError::DotSegment) } else { Ok(()) }
}
