//! Which addresses are of the public internet: where one is known, nothing is sent to another.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A block of IPv4 addresses: its first one, and how many bits all of it share.
struct Block4([u8; 4], u32);

/// A block of IPv6 addresses: the first 48 bits of its first one, and how many bits all share.
struct Block6([u16; 3], u32);

/// What of IPv4 is not public (IANA, IPv4 Special-Purpose Address Registry; multicast; class E).
const NOT_PUBLIC_4: [Block4; 15] = [
    Block4([0, 0, 0, 0], 8),
    Block4([10, 0, 0, 0], 8),
    Block4([100, 64, 0, 0], 10),
    Block4([127, 0, 0, 0], 8),
    Block4([169, 254, 0, 0], 16),
    Block4([172, 16, 0, 0], 12),
    Block4([192, 0, 0, 0], 24),
    Block4([192, 0, 2, 0], 24),
    Block4([192, 88, 99, 0], 24),
    Block4([192, 168, 0, 0], 16),
    Block4([198, 18, 0, 0], 15),
    Block4([198, 51, 100, 0], 24),
    Block4([203, 0, 113, 0], 24),
    Block4([224, 0, 0, 0], 4),
    Block4([240, 0, 0, 0], 4),
];

/// All that IANA has given out as global unicast. Loopback, link-local, unique local, multicast,
/// `64:ff9b::/96`, `64:ff9b:1::/48`, `100::/64` and `5f00::/16` lie outside.
const GLOBAL_UNICAST_6: Block6 = Block6([0x2000, 0, 0], 3);

/// What of it is not public all the same (IANA, IPv6 Special-Purpose Address Registry).
const NOT_PUBLIC_6: [Block6; 4] = [
    // Protocol assignments: Teredo, benchmarks, ORCHIDs.
    Block6([0x2001, 0, 0], 23),
    // Documentation.
    Block6([0x2001, 0xdb8, 0], 32),
    // 6to4: any IPv4 address in disguise.
    Block6([0x2002, 0, 0], 16),
    // Documentation.
    Block6([0x3fff, 0, 0], 20),
];

/// Whether an address is of the public internet. An IPv4 address in the clothes of IPv6 is judged
/// as what it is.
pub fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => !NOT_PUBLIC_4.iter().any(|block| block.contains(address)),
        IpAddr::V6(address) => {
            GLOBAL_UNICAST_6.contains(address)
                && !NOT_PUBLIC_6.iter().any(|block| block.contains(address))
        }
    }
}

impl Block4 {
    fn contains(&self, address: Ipv4Addr) -> bool {
        let differing = address.to_bits() ^ Ipv4Addr::from(self.0).to_bits();
        differing.leading_zeros() >= self.1
    }
}

impl Block6 {
    fn contains(&self, address: Ipv6Addr) -> bool {
        let [a, b, c] = self.0;
        let differing = address.to_bits() ^ Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0).to_bits();
        differing.leading_zeros() >= self.1
    }
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
    fn the_ends_of_every_block_of_ipv4_and_their_neighbours() {
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
    fn of_ipv6_only_global_unicast_is_public() {
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
    fn an_ipv4_address_in_ipv6_is_judged_as_what_it_is() {
        check(&["::ffff:127.0.0.1", "::ffff:7f00:1", "::ffff:10.1.2.3", "::ffff:a9fe:a9fe"], false);
        check(&["0000:0000:0000:0000:0000:ffff:7f00:0001"], false);
        check(&["::ffff:8.8.8.8"], true);
    }
}
