//! Known spellings that make a server call its own network, each with the expected error; and
//! properties of any text: WHATWG reads an accepted URL as it is written.
#![expect(clippy::panic, reason = "a test panics on failure")]

use proptest::prelude::*;
use standard_webhooks::url::URL_BYTES_MAX;
use standard_webhooks::{Environment, UrlError, check_url};
use url::{Host, Url};

const ALLOWED: [(&str, &str); 22] = [
    ("https://example.com", "https://example.com/"),
    ("https://example.com/", "https://example.com/"),
    ("HTTPS://Example.COM/Hook", "https://example.com/Hook"),
    ("https://example.com:443/hook", "https://example.com/hook"),
    ("https://example.com:8443/hook", "https://example.com:8443/hook"),
    ("https://example.com?token=abc", "https://example.com/?token=abc"),
    ("https://example.com/?", "https://example.com/?"),
    ("https://example.com//hook//", "https://example.com//hook//"),
    (
        "https://example.com/a@b:c;d=e,f!g$h&i*j(k)+~_-.l",
        "https://example.com/a@b:c;d=e,f!g$h&i*j(k)+~_-.l",
    ),
    ("https://example.com/%7Eathlete/%C3%A9", "https://example.com/%7Eathlete/%C3%A9"),
    (
        "https://example.com/h?a[]=1&to=https://10.0.0.1/",
        "https://example.com/h?a[]=1&to=https://10.0.0.1/",
    ),
    ("https://example.com/.well-known/..hook/...", "https://example.com/.well-known/..hook/..."),
    ("https://example.com/h?up=/../", "https://example.com/h?up=/../"),
    ("https://a.b-c.d--e.example.co.uk/", "https://a.b-c.d--e.example.co.uk/"),
    ("https://xn--bcher-kva.example/hook", "https://xn--bcher-kva.example/hook"),
    ("https://example.xn--p1ai/", "https://example.xn--p1ai/"),
    ("https://1.example.com/", "https://1.example.com/"),
    ("https://127.0.0.1.example.com/", "https://127.0.0.1.example.com/"),
    ("https://localhost.example.com/", "https://localhost.example.com/"),
    ("https://notlocal.com/", "https://notlocal.com/"),
    ("https://0x7f.com/", "https://0x7f.com/"),
    // It resolves to loopback, which the runtime blocks (global_fetch_strictly_public).
    ("https://localtest.me/", "https://localtest.me/"),
];

const REJECTED: [(&str, UrlError); 119] = [
    // Not https.
    ("", UrlError::Scheme),
    ("example.com", UrlError::Scheme),
    ("//example.com/", UrlError::Scheme),
    ("http://example.com/", UrlError::Scheme),
    ("http://localhost/", UrlError::Scheme),
    ("http://127.0.0.1:8787/", UrlError::Scheme),
    ("ftp://example.com/", UrlError::Scheme),
    ("file:///etc/passwd", UrlError::Scheme),
    ("gopher://127.0.0.1:6379/_FLUSHALL", UrlError::Scheme),
    ("wss://example.com/", UrlError::Scheme),
    ("javascript:alert(1)", UrlError::Scheme),
    ("data:text/plain,https://example.com/", UrlError::Scheme),
    ("https:example.com", UrlError::Scheme),
    ("https:/example.com", UrlError::Scheme),
    ("httpss://example.com/", UrlError::Scheme),
    ("https+unix://example.com/", UrlError::Scheme),
    ("://example.com/", UrlError::Scheme),
    // No host, or not a name.
    ("https://", UrlError::Host),
    ("https:///example.com/", UrlError::Host),
    ("https://?host", UrlError::Host),
    ("https://:443/", UrlError::Host),
    ("https://./", UrlError::Host),
    ("https://.example.com/", UrlError::Host),
    ("https://example..com/", UrlError::Host),
    ("https://example.com./", UrlError::Host),
    ("https://example.com../", UrlError::Host),
    ("https://-example.com/", UrlError::Host),
    ("https://example-.com/", UrlError::Host),
    ("https://my_host.example.com/", UrlError::Host),
    ("https://exam%70le.com/", UrlError::Host),
    ("https://*.example.com/", UrlError::Host),
    ("https://example.c+m/", UrlError::Host),
    ("https://example.1com/", UrlError::Host),
    // User and password.
    ("https://user@example.com/", UrlError::Credentials),
    ("https://user:password@example.com/", UrlError::Credentials),
    ("https://@example.com/", UrlError::Credentials),
    ("https://:@example.com/", UrlError::Credentials),
    ("https://1:2@[::1]", UrlError::Credentials),
    ("https://example.com@127.0.0.1/", UrlError::Credentials),
    ("https://example.com%2f@127.0.0.1/", UrlError::Credentials),
    ("https://a@b@127.0.0.1/", UrlError::Credentials),
    // Fragments.
    ("https://example.com/#", UrlError::Fragment),
    ("https://example.com/#part", UrlError::Fragment),
    ("https://example.com#@127.0.0.1/", UrlError::Fragment),
    // IPv4, public or not, in every spelling of WHATWG.
    ("https://93.184.215.14/", UrlError::IpAddress),
    ("https://127.0.0.1/", UrlError::IpAddress),
    ("https://127.0.0.1:8443/", UrlError::IpAddress),
    ("https://169.254.169.254/latest/meta-data/", UrlError::IpAddress),
    ("https://10.0.0.1/", UrlError::IpAddress),
    ("https://192.168.1.1/", UrlError::IpAddress),
    ("https://0.0.0.0/", UrlError::IpAddress),
    ("https://0/", UrlError::IpAddress),
    ("https://127.1/", UrlError::IpAddress),
    ("https://127.0.1/", UrlError::IpAddress),
    ("https://2130706433/", UrlError::IpAddress),
    ("https://017700000001/", UrlError::IpAddress),
    ("https://0177.0.0.1/", UrlError::IpAddress),
    ("https://0177.0.0.01/", UrlError::IpAddress),
    ("https://0x7f000001/", UrlError::IpAddress),
    ("https://0X7F000001/", UrlError::IpAddress),
    ("https://0x7f.0x0.0x0.0x1/", UrlError::IpAddress),
    ("https://0x7f.1/", UrlError::IpAddress),
    ("https://0x7f.0.0.0x/", UrlError::IpAddress),
    ("https://0x/", UrlError::IpAddress),
    ("https://127.0.0.1./", UrlError::IpAddress),
    ("https://2130706433./", UrlError::IpAddress),
    ("https://0x7f000001./", UrlError::IpAddress),
    ("https://256.256.256.256/", UrlError::IpAddress),
    ("https://1.2.3.4.5/", UrlError::IpAddress),
    ("https://4294967296/", UrlError::IpAddress),
    ("https://08.0.0.1/", UrlError::IpAddress),
    ("https://example.127/", UrlError::IpAddress),
    ("https://example.0x7f/", UrlError::IpAddress),
    ("https://%31%32%37.0.0.1/", UrlError::IpAddress),
    ("https://127%2e0%2e0%2e1/", UrlError::Host),
    ("https://127.0.0.%31/", UrlError::Host),
    ("https://%30x7f000001/", UrlError::Host),
    ("https://127。0。0。1/", UrlError::Character { position: 12 }),
    ("https://１２７.0.0.1/", UrlError::Character { position: 9 }),
    ("https://①②⑦.⓪.⓪.①/", UrlError::Character { position: 9 }),
    ("https://%EF%BC%91%EF%BC%92%EF%BC%97.0.0.1/", UrlError::IpAddress),
    // IPv6.
    ("https://[::1]:9876", UrlError::IpAddress),
    ("https://[::]/", UrlError::IpAddress),
    ("https://[0000:0000:0000:0000:0000:ffff:7f00:0001]/", UrlError::IpAddress),
    ("https://[::ffff:127.0.0.1]/", UrlError::IpAddress),
    ("https://[::ffff:7f00:1]/", UrlError::IpAddress),
    ("https://[::127.0.0.1]/", UrlError::IpAddress),
    ("https://[64:ff9b::7f00:1]/", UrlError::IpAddress),
    ("https://[fe80::1%25eth0]/", UrlError::IpAddress),
    ("https://[fe80::1%eth0]/", UrlError::IpAddress),
    ("https://[fd00:ec2::254]/", UrlError::IpAddress),
    ("https://[2606:4700:4700::1111]/", UrlError::IpAddress),
    ("https://[v1.fe80::a]/", UrlError::IpAddress),
    ("https://[::1/", UrlError::IpAddress),
    ("https://::1/", UrlError::IpAddress),
    ("https://[::1].example.com/", UrlError::IpAddress),
    // Names of private networks.
    ("https://localhost/", UrlError::InternalName),
    ("https://LOCALHOST/", UrlError::InternalName),
    ("https://intranet/", UrlError::InternalName),
    ("https://api.localhost/", UrlError::InternalName),
    ("https://printer.local/", UrlError::InternalName),
    ("https://metadata.google.internal/", UrlError::InternalName),
    ("https://router.home.arpa/", UrlError::InternalName),
    ("https://1.0.0.127.in-addr.arpa/", UrlError::InternalName),
    ("https://nas.lan/", UrlError::InternalName),
    ("https://localhost.localdomain/", UrlError::InternalName),
    ("https://localhost./", UrlError::Host),
    ("https://lⓞcalhost/", UrlError::Character { position: 10 }),
    ("https://local%68ost/", UrlError::Host),
    // Characters that parsers read differently.
    (" https://example.com/", UrlError::Character { position: 1 }),
    ("https://example.com/ ", UrlError::Character { position: 21 }),
    ("https://exa\tmple.com/", UrlError::Character { position: 12 }),
    ("https://example.com/\r\nHost: localhost", UrlError::Character { position: 21 }),
    ("https://example.com\\@127.0.0.1/", UrlError::Character { position: 20 }),
    ("https:\\\\127.0.0.1/", UrlError::Character { position: 7 }),
    ("https://exa\u{ad}mple.com/", UrlError::Character { position: 12 }),
    ("https://bücher.example/", UrlError::Character { position: 10 }),
    ("https://example.com/\0", UrlError::Character { position: 21 }),
    ("https://example.com/?a='", UrlError::Character { position: 24 }),
];

const REJECTED_PORTS_AND_PATHS: [(&str, UrlError); 25] = [
    ("https://example.com:/", UrlError::Port),
    ("https://example.com:0/", UrlError::Port),
    ("https://example.com:22/", UrlError::Port),
    ("https://example.com:25/", UrlError::Port),
    ("https://example.com:80/", UrlError::Port),
    ("https://example.com:444/", UrlError::Port),
    ("https://example.com:1023/", UrlError::Port),
    ("https://example.com:2049/", UrlError::Port),
    ("https://example.com:6667/", UrlError::Port),
    ("https://example.com:10080/", UrlError::Port),
    ("https://example.com:65536/", UrlError::Port),
    ("https://example.com:99999999999/", UrlError::Port),
    ("https://example.com:0443/", UrlError::Port),
    ("https://example.com:+443/", UrlError::Port),
    ("https://example.com:-1/", UrlError::Port),
    ("https://example.com:8443a/", UrlError::Port),
    ("https://example.com:%34%34%33/", UrlError::Port),
    ("https://example.com:443:443/", UrlError::IpAddress),
    ("https://example.com/./hook", UrlError::DotSegment),
    ("https://example.com/a/../hook", UrlError::DotSegment),
    ("https://example.com/a/%2E%2e/hook", UrlError::DotSegment),
    ("https://example.com/..?a", UrlError::DotSegment),
    ("https://example.com/100%", UrlError::Escape),
    ("https://example.com/%zz", UrlError::Escape),
    ("https://example.com/?a=%2", UrlError::Escape),
];

#[test]
fn allowed_url_has_one_normal_form() {
    for (text, spelling) in ALLOWED {
        for environment in [Environment::Public, Environment::Local] {
            let url = check_url(text, environment).unwrap_or_else(|e| panic!("{text}: {e}"));
            assert_eq!(url.as_str(), spelling);
        }
    }
}

#[test]
fn rejected_url_has_the_expected_error() {
    for (text, error) in REJECTED.into_iter().chain(REJECTED_PORTS_AND_PATHS) {
        assert_eq!(check_url(text, Environment::Public), Err(error), "{text}");
    }
}

/// Only the accepted spellings of loopback, and nothing similar.
#[test]
fn loopback_over_http_is_allowed_only_locally() {
    for (text, spelling) in [
        ("http://localhost:9000/hook", "http://localhost:9000/hook"),
        ("http://LOCALHOST/", "http://localhost/"),
        ("http://127.0.0.1:9000", "http://127.0.0.1:9000/"),
        ("http://[::1]:9000/", "http://[::1]:9000/"),
        ("https://localhost:8443/", "https://localhost:8443/"),
    ] {
        assert_eq!(check_url(text, Environment::Local).unwrap().as_str(), spelling);
        assert!(check_url(text, Environment::Public).is_err(), "{text}");
    }
    for (text, error) in [
        ("http://example.com/", UrlError::Scheme),
        ("http://10.0.0.1/", UrlError::Scheme),
        ("http://127.0.0.2/", UrlError::Scheme),
        ("http://127.1/", UrlError::Scheme),
        ("http://api.localhost/", UrlError::Scheme),
        ("https://10.0.0.1/", UrlError::IpAddress),
        ("https://0x7f000001/", UrlError::IpAddress),
        ("https://nas.lan/", UrlError::InternalName),
        ("http://localhost./", UrlError::Scheme),
        ("http://localhost:6667/", UrlError::Port),
        ("http://localhost:22/", UrlError::Port),
        ("http://user@localhost:9000/", UrlError::Credentials),
        ("http://localhost:9000/#", UrlError::Fragment),
        ("ftp://localhost/", UrlError::Scheme),
    ] {
        assert_eq!(check_url(text, Environment::Local), Err(error), "{text}");
    }
}

#[test]
fn normal_form_has_at_most_2000_characters() {
    let long = |chars: usize| format!("https://example.com/{}", "x".repeat(chars - 20));
    assert_eq!(check_url(&long(2_000), Environment::Public).unwrap().as_str(), long(2_000));
    assert_eq!(check_url(&long(2_001), Environment::Public), Err(UrlError::TooLong));
    // The normal form has one slash more.
    let query = format!("https://example.com?{}", "x".repeat(1_980));
    assert_eq!(check_url(&query, Environment::Public), Err(UrlError::TooLong));
    let label = "x".repeat(63);
    let name = format!("https://{label}.{label}.{label}.{}", "x".repeat(61));
    assert!(check_url(&name, Environment::Public).is_ok());
    assert_eq!(check_url(&format!("{name}x"), Environment::Public), Err(UrlError::Host));
    let name = format!("https://{label}x.com");
    assert_eq!(check_url(&name, Environment::Public), Err(UrlError::Host));
}

#[test]
fn debug_shows_the_origin_and_no_token() {
    let url = check_url("https://example.com:8443/T0KEN?k=T0KEN", Environment::Public).unwrap();
    assert_eq!(url.origin(), "https://example.com:8443");
    assert!(!format!("{url:?}").contains("T0KEN"));
}

/// Checks that WHATWG reads an accepted text as it is written, and that its normal form is accepted
/// unchanged.
fn check_any(text: &str) {
    let Ok(checked) = check_url(text, Environment::Public) else { return };
    assert!(checked.as_str().len() <= URL_BYTES_MAX);
    assert_eq!(check_url(checked.as_str(), Environment::Public), Ok(checked.clone()));
    for spelling in [text, checked.as_str()] {
        // WHATWG rejects a URL with invalid punycode: the delivery fails without a request.
        let parsed = match Url::parse(spelling) {
            Ok(parsed) => parsed,
            Err(url::ParseError::IdnaError) if spelling.to_lowercase().contains("xn--") => return,
            Err(error) => panic!("{spelling}: {error}"),
        };
        assert_eq!(parsed.as_str(), checked.as_str());
        assert_eq!(parsed.scheme(), "https");
        assert_eq!((parsed.username(), parsed.password(), parsed.fragment()), ("", None, None));
        assert_eq!(parsed.origin().ascii_serialization(), checked.origin());
        let Some(Host::Domain(name)) = parsed.host() else { panic!("{spelling}: an address") };
        assert!(name.contains('.') && !name.ends_with('.'), "{spelling}");
    }
}

#[test]
fn whatwg_reads_the_tables_as_we_do() {
    for (text, _) in ALLOWED {
        check_any(text);
    }
    for (text, error) in REJECTED {
        let Ok(parsed) = Url::parse(text) else { continue };
        let is_address = matches!(parsed.host(), Some(Host::Ipv4(_) | Host::Ipv6(_)));
        assert!(!is_address || check_url(text, Environment::Public).is_err(), "{text}: {error}");
    }
}

/// Pieces of attack URLs.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "https://",
            "https:/",
            "HTTPS://",
            "http://",
            "example",
            ".com",
            "localhost",
            "127",
            "0x7f",
            "0177",
            "2130706433",
            "[::1]",
            "xn--",
            "xn--bcher-kva",
            "%31",
            "%2e",
            "..",
            ".",
            "/",
            "//",
            "\\",
            "@",
            ":",
            "?",
            "#",
            "443",
            "8443",
            "-",
            "'",
            "[",
            "]",
            "|",
            "^",
            "１",
            "。",
            "\t",
            "%",
        ])
        .prop_map(str::to_owned),
        "[a-z0-9.-]{1,8}",
        "[!-~]{1,4}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_accepted_text_has_one_reading(text in ".{0,60}", host in "[!-~]{0,30}") {
        check_any(&text);
        check_any(&format!("https://{host}"));
        check_any(&format!("https://example.com{host}"));
        check_any(&format!("https://example.com/{host}"));
        check_any(&format!("https://{text}"));
    }

    #[test]
    fn any_accepted_pieces_have_one_reading(
        pieces in prop::collection::vec(piece(), 0..8),
    ) {
        let text = pieces.concat();
        check_any(&text);
        check_any(&format!("https://{text}"));
        check_any(&format!("https://{text}.com/"));
        check_any(&format!("https://example.com/{text}"));
        check_any(&format!("https://example.com/?{text}"));
    }

    #[test]
    fn host_that_whatwg_reads_as_an_address_is_rejected(
        host in "(0x[0-9a-f]{0,8}|0[0-7]{0,11}|[0-9]{1,10})(\\.(0x[0-9a-f]{0,3}|[0-9]{1,3})){0,3}\\.?",
    ) {
        let text = format!("https://{host}/");
        prop_assert!(check_url(&text, Environment::Public).is_err());
        prop_assert!(check_url(&text, Environment::Local).is_err() || host == "127.0.0.1");
    }
}
