//! Which addresses and names belong to the public internet.
//!
//! Sources: the IANA special-purpose registries for IPv4 and IPv6
//! (<https://www.iana.org/assignments/iana-ipv4-special-registry>,
//! <https://www.iana.org/assignments/iana-ipv6-special-registry>), RFC 6761, 6762, 7686, 8375.
//! `Ipv4Addr::is_global` of the standard library is unstable and lacks some of these.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// IPv4 ranges that are not public, with the prefix length and what they are for.
const NOT_PUBLIC_V4: &[(Ipv4Addr, u32, &str)] = &[
    (Ipv4Addr::new(0, 0, 0, 0), 8, "this network"),
    (Ipv4Addr::new(10, 0, 0, 0), 8, "private"),
    (Ipv4Addr::new(100, 64, 0, 0), 10, "carrier-grade NAT"),
    (Ipv4Addr::new(127, 0, 0, 0), 8, "loopback"),
    (Ipv4Addr::new(168, 63, 129, 16), 32, "cloud platform service"),
    (Ipv4Addr::new(169, 254, 0, 0), 16, "link-local and cloud metadata"),
    (Ipv4Addr::new(172, 16, 0, 0), 12, "private"),
    (Ipv4Addr::new(192, 0, 0, 0), 24, "protocol assignments"),
    (Ipv4Addr::new(192, 0, 2, 0), 24, "documentation"),
    (Ipv4Addr::new(192, 88, 99, 0), 24, "6to4 relay"),
    (Ipv4Addr::new(192, 168, 0, 0), 16, "private"),
    (Ipv4Addr::new(198, 18, 0, 0), 15, "benchmarking"),
    (Ipv4Addr::new(198, 51, 100, 0), 24, "documentation"),
    (Ipv4Addr::new(203, 0, 113, 0), 24, "documentation"),
    (Ipv4Addr::new(224, 0, 0, 0), 4, "multicast"),
    (Ipv4Addr::new(240, 0, 0, 0), 4, "reserved and broadcast"),
];

/// The only IPv6 range that is allocated for the public internet; everything outside it is refused.
const PUBLIC_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// Ranges inside [`PUBLIC_V6`] that are not public. Transition ranges carry any IPv4 address, so they go as a whole.
const NOT_PUBLIC_V6: &[(Ipv6Addr, u32, &str)] = &[
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23, "protocol assignments and Teredo"),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32, "documentation"),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16, "6to4"),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20, "documentation"),
];

/// Whether `address` is a unicast address of the public internet.
///
/// Classified as a number, never as text, so every spelling of an address has one answer. A NAT64 prefix of the
/// network's own choosing lies inside the public range and cannot be told from it.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    why_not_public(address).is_none()
}

/// The purpose of the special range that holds `address`, or `None` for a public one.
#[must_use]
pub fn why_not_public(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(v4) => NOT_PUBLIC_V4.iter().find(|(net, bits, _)| in_v4(v4, *net, *bits)).map(|(.., why)| *why),
        IpAddr::V6(v6) if !in_v6(v6, PUBLIC_V6.0, PUBLIC_V6.1) => Some("outside the public IPv6 range"),
        IpAddr::V6(v6) => NOT_PUBLIC_V6.iter().find(|(net, bits, _)| in_v6(v6, *net, *bits)).map(|(.., why)| *why),
    }
}

fn in_v4(address: Ipv4Addr, net: Ipv4Addr, bits: u32) -> bool {
    (address.to_bits() ^ net.to_bits()).leading_zeros() >= bits
}

fn in_v6(address: Ipv6Addr, net: Ipv6Addr, bits: u32) -> bool {
    (address.to_bits() ^ net.to_bits()).leading_zeros() >= bits
}

/// Names whose whole subtree is reserved, the name itself included.
const RESERVED_TREES: &[&str] =
    &["localhost", "localdomain", "local", "internal", "home.arpa", "onion", "metadata.goog"];

/// Whether `name` is reserved for the local machine, the local network or an overlay, so that no public server has it.
///
/// `name` is a parsed host (lower case, punycode). One trailing dot is ignored. A name of a single label is reserved:
/// what it means is decided by the search list of the machine. So is one with an empty label, which no server can have.
#[must_use]
pub fn is_reserved(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let reserved_tree = RESERVED_TREES
        .iter()
        .any(|tree| name.strip_suffix(tree).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')));
    reserved_tree || !name.contains('.') || name.split('.').any(str::is_empty) || name.starts_with("ip6-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public(text: &str) -> bool {
        is_public(text.parse().expect(text))
    }

    /// Both edges of every IPv4 range: the addresses just outside it, where they are public, and just inside.
    #[test]
    fn every_ipv4_range_edge() {
        for (net, bits, why) in NOT_PUBLIC_V4 {
            let first = net.to_bits();
            let last = first | u32::MAX.checked_shr(*bits).unwrap_or(0);
            for inside in [first, last] {
                assert!(!is_public(Ipv4Addr::from_bits(inside).into()), "{why}");
            }
        }
        // Written out, so that a range that is wrong in the table is wrong here too.
        let edges = [
            ("0.255.255.255", "1.0.0.0"),
            ("10.0.0.0", "9.255.255.255"),
            ("10.255.255.255", "11.0.0.0"),
            ("100.64.0.0", "100.63.255.255"),
            ("100.127.255.255", "100.128.0.0"),
            ("127.0.0.0", "126.255.255.255"),
            ("127.255.255.255", "128.0.0.0"),
            ("168.63.129.16", "168.63.129.15"),
            ("168.63.129.16", "168.63.129.17"),
            ("169.254.0.0", "169.253.255.255"),
            ("169.254.255.255", "169.255.0.0"),
            ("172.16.0.0", "172.15.255.255"),
            ("172.31.255.255", "172.32.0.0"),
            ("192.0.0.0", "191.255.255.255"),
            ("192.0.0.255", "192.0.1.0"),
            ("192.0.2.0", "192.0.1.255"),
            ("192.0.2.255", "192.0.3.0"),
            ("192.88.99.0", "192.88.98.255"),
            ("192.88.99.255", "192.88.100.0"),
            ("192.168.0.0", "192.167.255.255"),
            ("192.168.255.255", "192.169.0.0"),
            ("198.18.0.0", "198.17.255.255"),
            ("198.19.255.255", "198.20.0.0"),
            ("198.51.100.0", "198.51.99.255"),
            ("198.51.100.255", "198.51.101.0"),
            ("203.0.113.0", "203.0.112.255"),
            ("203.0.113.255", "203.0.114.0"),
            ("224.0.0.0", "223.255.255.255"),
        ];
        for (inside, outside) in edges {
            assert!(!public(inside), "{inside}");
            assert!(public(outside), "{outside}");
        }
        assert!(!public("239.255.255.255") && !public("240.0.0.0") && !public("255.255.255.255") && !public("0.0.0.0"));
    }

    #[test]
    fn every_ipv6_range_edge() {
        let edges = [
            ("1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2000::"),
            ("4000::", "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("2001::", "2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:200::"),
            ("2001:db8::", "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::"),
            ("2002::", "2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2003::"),
            ("3fff::", "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff:1000::"),
        ];
        for (inside, outside) in edges {
            assert!(!public(inside), "{inside}");
            assert!(public(outside), "{outside}");
        }
    }

    #[test]
    fn addresses_that_carry_another_are_refused() {
        for text in [
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "::ffff:0:10.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2001:0:4136:e378:8000:63bf:3fff:fdd2",
            "fe80::1",
            "fec0::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "100::1",
            "5f00::1",
        ] {
            assert!(!public(text), "{text}");
        }
        for text in ["2606:4700:4700::1111", "2a00:1450:4001:81b::200e", "8.8.8.8", "1.1.1.1"] {
            assert!(public(text), "{text}");
        }
    }

    #[test]
    fn reserved_names_beside_public_ones() {
        for name in [
            "localhost",
            "localhost.",
            "a.localhost",
            "x.localdomain",
            "printer.local",
            "metadata.google.internal",
            "router.home.arpa",
            "home.arpa",
            "x.onion",
            "ip6-localhost",
            "ip6-allnodes.example.com",
            "metadata.goog",
            "a.metadata.goog",
            "intranet",
            "com",
            "",
            "localhost..",
            "a..example.com",
            ".example.com",
            "example.com..",
        ] {
            assert!(is_reserved(name), "{name}");
        }
        for name in [
            "example.com",
            "localhost.example.com",
            "notlocal.com",
            "mylocal.example",
            "xinternal.com",
            "ip6.example.com",
            "a.xonion.com",
            "example.com.",
        ] {
            assert!(!is_reserved(name), "{name}");
        }
    }
}
