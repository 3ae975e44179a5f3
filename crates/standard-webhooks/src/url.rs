//! Where a webhook may go. The URL is the athlete's; the network that calls it is ours: unchecked,
//! it would reach what only we can (server-side request forgery).
//!
//! The runtime's fetch reads URLs as WHATWG says, which knows many spellings of one host: `0x7f.1`,
//! full-width digits and `%31` all become 127.0.0.1. So this accepts only what has one reading: a
//! strict grammar whose texts WHATWG leaves as they are, tested against the `url` crate, which
//! follows WHATWG and would cost a worker 72 KB of gzipped wasm. Whoever uses another spelling is
//! told what is wrong with it.
//!
//! A name says nothing about its address: `localtest.me` is 127.0.0.1 to whoever asks. That the
//! address is public is the runtime's to see to (`global_fetch_strictly_public`), or
//! [`crate::is_public`]'s where an address is known.

use std::fmt;

/// The longest URL (ours): what every server takes in a request line, and a row that stays small.
pub const URL_BYTES_MAX: usize = 2_000;
/// The longest name (RFC 1035, 2.3.4).
const HOST_BYTES_MAX: usize = 253;
/// The longest label of a name (RFC 1035, 2.3.4).
const LABEL_BYTES_MAX: usize = 63;

/// The first port that needs no privilege to listen on. Below it are the services of machines: mail,
/// directories, remote shells; of them only 443 takes a webhook.
const PORT_UNPRIVILEGED_MIN: u16 = 1_024;
/// Ports above it that fetch refuses (WHATWG Fetch, port blocking).
const PORTS_BLOCKED: [u16; 19] = [
    1_719, 1_720, 1_723, 2_049, 3_659, 4_045, 4_190, 5_060, 5_061, 6_000, 6_566, 6_665, 6_666,
    6_667, 6_668, 6_669, 6_679, 6_697, 10_080,
];

/// The last labels of names that are not of the public internet: reserved (RFC 6761, 6762, 7686,
/// 8375, 9476; ICANN's `.internal`), not to be delegated (`.home`, `.corp`: ICANN, name collisions),
/// or what routers and offices call their own network. `.example`, reserved too, leads nowhere and
/// stays usable for documentation.
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
/// The receiver of a developer, in the only spellings that are taken for it.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// Where the product runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// On a developer's machine: loopback may be called, by http too.
    Local,
    /// Anywhere else.
    Public,
}

/// The URL of an endpoint, in the one spelling that it has. `Debug` shows its origin only: paths
/// carry tokens.
#[derive(Clone, PartialEq, Eq)]
pub struct EndpointUrl {
    text: String,
    origin_bytes: usize,
}

impl EndpointUrl {
    /// All of it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Scheme, host and port: fit for a log.
    pub fn origin(&self) -> &str {
        self.text.get(..self.origin_bytes).unwrap_or_default()
    }
}

impl fmt::Debug for EndpointUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EndpointUrl({}/…)", self.origin())
    }
}

/// Why a webhook may not go there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// Over [`URL_BYTES_MAX`].
    #[error("the URL may have {URL_BYTES_MAX} characters")]
    TooLong,
    /// A character that has more than one reading: a blank, a backslash, one outside ASCII.
    #[error(
        "character {at} of the URL must be percent-encoded, or, in its host, be written in punycode"
    )]
    Character {
        /// Which, the first being 1.
        at: usize,
    },
    /// Not `https://`.
    #[error("the URL must begin with https://")]
    Scheme,
    /// A fragment, which no server gets to see.
    #[error("the URL must have no fragment")]
    Fragment,
    /// A user or a password.
    #[error("the URL must have no user and no password")]
    Credentials,
    /// An address, in whatever spelling.
    #[error("the host of the URL must be a name, not an address")]
    IpAddress,
    /// A name of a private network.
    #[error("the host of the URL must be a public name")]
    InternalName,
    /// Not the name of a host.
    #[error("the host of the URL is not a name: labels of letters, digits and hyphens")]
    Host,
    /// Not a port that takes webhooks.
    #[error("the port of the URL must be 443, or at least 1024 and not one that fetch blocks")]
    Port,
    /// `.` or `..` as a segment of the path.
    #[error("the path of the URL must have no segment that is `.` or `..`")]
    DotSegment,
    /// A percent sign that begins no escape.
    #[error("a percent sign in the URL must be followed by two hexadecimal digits")]
    Escape,
}

/// Whether a webhook may go there, and the one spelling of it:
/// 1. it is short, and of characters that mean one thing (`is_plain`);
/// 2. it has no fragment, and is absolute, with two slashes;
/// 3. it names no user;
/// 4. it is https, but for loopback when local;
/// 5. its host is a public name (`public_name`), or loopback when local;
/// 6. its port takes webhooks;
/// 7. its path and query stay as they are when they are read.
pub fn check_url(text: &str, environment: Environment) -> Result<EndpointUrl, UrlError> {
    check_length(text)?;
    if let Some(at) = text.chars().position(|c| !is_plain(c)) {
        return Err(UrlError::Character { at: at + 1 });
    }
    if text.contains('#') {
        return Err(UrlError::Fragment);
    }
    let (scheme, rest) = text.split_once("://").ok_or(UrlError::Scheme)?;
    let scheme = Scheme::parse(scheme)?;
    let (authority, tail) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    if authority.contains('@') {
        return Err(UrlError::Credentials);
    }
    let (host, port) = host_and_port(authority)?;
    let host = host.to_ascii_lowercase();
    let loopback = environment == Environment::Local && LOOPBACK.contains(&host.as_str());
    if !loopback {
        if scheme == Scheme::Http {
            return Err(UrlError::Scheme);
        }
        public_name(&host)?;
    }
    let port = port.map(checked_port).transpose()?.filter(|port| *port != scheme.port());
    check_tail(tail)?;
    let url = spelled(scheme, &host, port, tail);
    check_length(&url.text)?;
    Ok(url)
}

const fn check_length(text: &str) -> Result<(), UrlError> {
    if text.len() > URL_BYTES_MAX { Err(UrlError::TooLong) } else { Ok(()) }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Http,
    Https,
}

impl Scheme {
    fn parse(text: &str) -> Result<Self, UrlError> {
        match text.to_ascii_lowercase().as_str() {
            "http" => Ok(Self::Http),
            "https" => Ok(Self::Https),
            _ => Err(UrlError::Scheme),
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    const fn port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// The characters that RFC 3986 writes URLs with, less the apostrophe: WHATWG escapes it in a query.
const fn is_plain(c: char) -> bool {
    matches!(
        c,
        'a'..='z' | 'A'..='Z' | '0'..='9'
            | '-' | '.' | '_' | '~' | '%'
            | ':' | '/' | '?' | '#' | '[' | ']' | '@'
            | '!' | '$' | '&' | '(' | ')' | '*' | '+' | ',' | ';' | '='
    )
}

/// Divides `host:port`. In `[…]` the colons are the address's.
fn host_and_port(authority: &str) -> Result<(&str, Option<&str>), UrlError> {
    let after_bracket = authority.rfind(']').map_or(0, |bracket| bracket + 1);
    let colon = authority.get(after_bracket..).and_then(|rest| rest.find(':'));
    let Some(colon) = colon.map(|colon| after_bracket + colon) else {
        return Ok((authority, None));
    };
    let (host, port) = authority.split_at(colon);
    let port = port.strip_prefix(':').ok_or(UrlError::Port)?;
    // Two colons, and no brackets: an IPv6 address, as nobody may write it.
    if port.contains(':') { Err(UrlError::IpAddress) } else { Ok((host, Some(port))) }
}

/// A port in its one spelling.
fn checked_port(text: &str) -> Result<u16, UrlError> {
    let port: u16 = text.parse().map_err(|_| UrlError::Port)?;
    let plain = port.to_string() == text;
    let takes_webhooks =
        port == 443 || (port >= PORT_UNPRIVILEGED_MIN && !PORTS_BLOCKED.contains(&port));
    if plain && takes_webhooks { Ok(port) } else { Err(UrlError::Port) }
}

/// Whether a host, in lower case, is a name that can be public: labels of letters, digits and inner
/// hyphens, at least two, the last one beginning with a letter, as every top-level domain does. A
/// host that WHATWG takes for an IPv4 address ends in a number, so it is none of these.
fn public_name(host: &str) -> Result<(), UrlError> {
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
    let internal = !host.contains('.') || INTERNAL_NAMES.contains(&top);
    if internal { Err(UrlError::InternalName) } else { Ok(()) }
}

/// WHATWG's "ends in a number checker": the last label, a final full stop aside, is of digits, or
/// `0x` and hexadecimal digits.
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

/// Path and query: nothing that a reader of the URL would resolve or write otherwise.
fn check_tail(tail: &str) -> Result<(), UrlError> {
    let begins_an_escape = |after: &str| {
        let mut bytes = after.bytes();
        let mut is_digit = || bytes.next().is_some_and(|byte| byte.is_ascii_hexdigit());
        is_digit() && is_digit()
    };
    if !tail.split('%').skip(1).all(begins_an_escape) {
        return Err(UrlError::Escape);
    }
    let path = tail.split('?').next().unwrap_or_default();
    let is_dots = |segment: &str| {
        matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..")
    };
    if path.split('/').any(is_dots) { Err(UrlError::DotSegment) } else { Ok(()) }
}

fn spelled(scheme: Scheme, host: &str, port: Option<u16>, tail: &str) -> EndpointUrl {
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    let origin = format!("{}://{host}{port}", scheme.as_str());
    let slash = if tail.starts_with('/') { "" } else { "/" };
    EndpointUrl { origin_bytes: origin.len(), text: format!("{origin}{slash}{tail}") }
}
