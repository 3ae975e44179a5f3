//! The check that an IP address is on the public internet.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A block of IPv4 addresses: the first one, and the length of the prefix in bits.
type BlockV4 = (Ipv4Addr, u32);
/// A block of IPv6 addresses: the first one, and the length of the prefix in bits.
type BlockV6 = (Ipv6Addr, u32);

/// The IPv4 blocks that are not public and that the standard library has no stable method for (IANA,
/// IPv4 Special-Purpose Address Registry).
const NOT_PUBLIC_V4: [BlockV4; 6] = [
    // "This network".
    (Ipv4Addr::UNSPECIFIED, 8),
    // Shared address space.
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    // Protocol assignments.
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    // 6to4 relays.
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    // Benchmarks.
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    // Reserved, class E.
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// The block that IANA assigns global unicast addresses from. Loopback, link-local, unique local,
/// multicast, `64:ff9b::/96`, `64:ff9b:1::/48`, `100::/64` and `5f00::/16` are outside of it.
const GLOBAL_UNICAST_V6: BlockV6 = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// The blocks of global unicast that are not public (IANA, IPv6 Special-Purpose Address Registry).
const NOT_PUBLIC_V6: [BlockV6; 4] = [
    // Protocol assignments: Teredo, benchmarks, ORCHIDs.
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    // Documentation.
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    // 6to4: an embedded IPv4 address.
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    // Documentation.
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// Whether an address is on the public internet. An IPv4-mapped IPv6 address is checked as the IPv4
/// address.
pub fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => {
            let is_in = |block: &BlockV6| {
                (address.to_bits() ^ block.0.to_bits()).leading_zeros() >= block.1
            };
            is_in(&GLOBAL_UNICAST_V6) && !NOT_PUBLIC_V6.iter().any(is_in)
        }
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let is_in =
        |block: &BlockV4| (address.to_bits() ^ block.0.to_bits()).leading_zeros() >= block.1;
    !(address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_multicast()
        || NOT_PUBLIC_V4.iter().any(is_in))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(addresses: &[&str], public: bool) {
        for address in addresses {
            assert_eq!(is_public(address.parse().unwrap()), public, "{address}");
        }
    }

    #[test]
    fn ipv4_blocks_are_not_public_and_their_neighbours_are() {
        let blocks = [
            ("0.0.0.0", "0.255.255.255"),
            ("10.0.0.0", "10.255.255.255"),
            ("100.64.0.0", "100.127.255.255"),
            ("127.0.0.0", "127.255.255.255"),
            ("169.254.0.0", "169.254.255.255"),
            ("172.16.0.0", "172.31.255.255"),
            ("192.0.0.0", "192.0.0.255"),
            ("192.0.2.0", "192.0.2.255"),
            ("192.88.99.0", "192.88.99.255"),
            ("192.168.0.0", "192.168.255.255"),
            ("198.18.0.0", "198.19.255.255"),
            ("198.51.100.0", "198.51.100.255"),
            ("203.0.113.0", "203.0.113.255"),
            ("224.0.0.0", "255.255.255.255"),
        ];
        for (first, last) in blocks {
            check(&[first, last], false);
            let bits = |text: &str| text.parse::<Ipv4Addr>().unwrap().to_bits();
            for neighbour in [bits(first).checked_sub(1), bits(last).checked_add(1)] {
                let Some(neighbour) = neighbour.map(Ipv4Addr::from_bits) else { continue };
                assert!(is_public(neighbour.into()), "{neighbour}");
            }
        }
        check(&["1.1.1.1", "8.8.8.8", "93.184.215.14", "169.253.169.254"], true);
        check(&["169.254.169.254"], false);
    }

    #[test]
    fn only_global_unicast_ipv6_is_public() {
        check(
            &[
                "::",
                "::1",
                "::7f00:1",
                "::8.8.8.8",
                "64:ff9b::8.8.8.8",
                "64:ff9b:1::1",
                "100::1",
                "2001::1",
                "2001:0:ffff::",
                "2001:2::1",
                "2001:10::1",
                "2001:20::1",
                "2001:1ff:ffff::",
                "2001:db8::1",
                "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
                "2002::1",
                "2002:7f00:1::",
                "2002:ffff::1",
                "3fff::1",
                "3fff:fff:ffff::1",
                "4000::1",
                "5f00::1",
                "fc00::1",
                "fdff:ffff::1",
                "fe80::1",
                "febf::1",
                "fec0::1",
                "ff02::1",
            ],
            false,
        );
        check(
            &[
                "2001:200::1",
                "2001:db7:ffff::1",
                "2001:db9::1",
                "2003::1",
                "2606:4700:4700::1111",
                "2a00:1450:4001:800::200e",
                "3ffe:ffff::1",
                "3fff:1000::1",
            ],
            true,
        );
    }

    #[test]
    fn mapped_ipv4_address_is_checked_as_ipv4() {
        check(&["::ffff:127.0.0.1", "::ffff:7f00:1", "::ffff:10.1.2.3", "::ffff:a9fe:a9fe"], false);
        check(&["0000:0000:0000:0000:0000:ffff:7f00:0001"], false);
        check(&["::ffff:8.8.8.8"], true);
    }
}
