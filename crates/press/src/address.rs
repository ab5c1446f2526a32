//! Which addresses may be dialled: pure, no network.
//!
//! "Globally routable unicast only" is the rule, not a list of what is known to be bad: an address is public
//! because it lies in space that is handed out to the internet and in none of the special blocks of the IANA
//! registries (RFC 6890 and its updates). IPv6 addresses that carry an IPv4 address inside are refused
//! whatever they carry: no public web server needs one, and each is another way to write `127.0.0.1`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What an address is to a fetcher.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Globally routable unicast.
    Public,
    /// Loopback, RFC 1918 or RFC 4193: open only where `FETCH_ALLOW_PRIVATE` says so.
    Private,
    /// Never dialled: link-local, metadata services, multicast, reserved, embedded forms.
    Closed,
}

/// Addresses inside public or private space at which clouds serve credentials or control to their machines.
const METADATA_V4: [Ipv4Addr; 3] = [
    Ipv4Addr::new(168, 63, 129, 16),   // Azure
    Ipv4Addr::new(100, 100, 100, 200), // Alibaba
    Ipv4Addr::new(192, 0, 0, 192),     // Oracle
];
const METADATA_V6: [Ipv6Addr; 3] = [
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254), // AWS
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23),  // AWS, the credentials of EKS pods
    Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),  // Google
];

/// IPv4 blocks that are not the public internet and not private networks either.
const CLOSED_V4: [(Ipv4Addr, u32); 11] = [
    (Ipv4Addr::UNSPECIFIED, 8),           // this network
    (Ipv4Addr::new(100, 64, 0, 0), 10),   // carrier-grade NAT
    (Ipv4Addr::new(169, 254, 0, 0), 16),  // link-local, metadata services
    (Ipv4Addr::new(192, 0, 0, 0), 24),    // protocol assignments
    (Ipv4Addr::new(192, 0, 2, 0), 24),    // documentation
    (Ipv4Addr::new(192, 88, 99, 0), 24),  // 6to4 relays
    (Ipv4Addr::new(198, 18, 0, 0), 15),   // benchmarking
    (Ipv4Addr::new(198, 51, 100, 0), 24), // documentation
    (Ipv4Addr::new(203, 0, 113, 0), 24),  // documentation
    (Ipv4Addr::new(224, 0, 0, 0), 4),     // multicast
    (Ipv4Addr::new(240, 0, 0, 0), 4),     // reserved, broadcast
];

const PRIVATE_V4: [(Ipv4Addr, u32); 4] = [
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
];

/// All that is handed out as global unicast today; what lies outside is closed without being named.
const GLOBAL_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);
const UNIQUE_LOCAL_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7);

/// Blocks inside [`GLOBAL_V6`] that are not the public internet.
const CLOSED_V6: [(Ipv6Addr, u32); 4] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23), // protocol assignments, Teredo among them
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32), // documentation
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16), // 6to4
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20), // documentation
];

/// Judges one address.
pub fn reach(address: IpAddr) -> Reach {
    match address {
        IpAddr::V4(address) => reach_v4(address),
        IpAddr::V6(address) => reach_v6(address),
    }
}

fn reach_v4(address: Ipv4Addr) -> Reach {
    if METADATA_V4.contains(&address) || within_v4(&CLOSED_V4, address) {
        Reach::Closed
    } else if within_v4(&PRIVATE_V4, address) {
        Reach::Private
    } else {
        Reach::Public
    }
}

fn reach_v6(address: Ipv6Addr) -> Reach {
    if METADATA_V6.contains(&address) {
        Reach::Closed
    } else if address == Ipv6Addr::LOCALHOST || in_block_v6(UNIQUE_LOCAL_V6, address) {
        Reach::Private
    } else if !in_block_v6(GLOBAL_V6, address) || within_v6(&CLOSED_V6, address) || is_isatap(address) {
        Reach::Closed
    } else {
        Reach::Public
    }
}

/// An interface identifier that carries an IPv4 address under any prefix, RFC 5214 section 6.1.
fn is_isatap(address: Ipv6Addr) -> bool {
    let [.., marker, embedded, _, _] = address.segments();
    embedded == 0x5efe && marker & !0x0200 == 0
}

fn within_v4(blocks: &[(Ipv4Addr, u32)], address: Ipv4Addr) -> bool {
    blocks.iter().any(|&(block, prefix)| {
        let host_bits = 32 - prefix;
        block.to_bits() >> host_bits == address.to_bits() >> host_bits
    })
}

fn within_v6(blocks: &[(Ipv6Addr, u32)], address: Ipv6Addr) -> bool {
    blocks.iter().any(|&block| in_block_v6(block, address))
}

fn in_block_v6((block, prefix): (Ipv6Addr, u32), address: Ipv6Addr) -> bool {
    let host_bits = 128 - prefix;
    block.to_bits() >> host_bits == address.to_bits() >> host_bits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(expected: Reach, addresses: &[&str]) {
        for text in addresses {
            let address: IpAddr = text.parse().unwrap();
            assert_eq!(reach(address), expected, "{text}");
        }
    }

    #[test]
    fn public_addresses_are_open_up_to_the_edge_of_each_special_block() {
        check(
            Reach::Public,
            &[
                "1.0.0.0",
                "1.1.1.1",
                "8.8.8.8",
                "9.255.255.255",
                "11.0.0.0",
                "100.63.255.255",
                "100.128.0.0",
                "126.255.255.255",
                "128.0.0.0",
                "168.63.129.15",
                "168.63.129.17",
                "169.253.255.255",
                "169.255.0.0",
                "172.15.255.255",
                "172.32.0.0",
                "191.255.255.255",
                "192.0.1.0",
                "192.0.3.0",
                "192.88.98.255",
                "192.88.100.0",
                "192.167.255.255",
                "192.169.0.0",
                "198.17.255.255",
                "198.20.0.0",
                "198.51.99.255",
                "198.51.101.0",
                "203.0.112.255",
                "203.0.114.0",
                "223.255.255.255",
            ],
        );
        check(
            Reach::Public,
            &[
                "2001:200::1",
                "2001:4860:4860::8888",
                "2001:db7:ffff::1",
                "2001:db9::1",
                "2003::1",
                "2606:4700::1111",
                "2a00:1450:4001:80b::200e",
                "2620:0:862:ed1a::1",
                "3ffe::1",
                "3fff:1000::1",
                "2a00::5eff:7f00:1",
            ],
        );
    }

    #[test]
    fn private_addresses_wait_for_the_setting() {
        check(
            Reach::Private,
            &[
                "10.0.0.0",
                "10.255.255.255",
                "127.0.0.0",
                "127.0.0.1",
                "127.255.255.255",
                "172.16.0.0",
                "172.31.255.255",
                "192.168.0.0",
                "192.168.255.255",
                "::1",
                "fc00::1",
                "fd00::1",
                "fdff::ffff",
                "fd00:ec2::253",
                "fd00:ec2::255",
            ],
        );
    }

    #[test]
    fn everything_else_is_closed() {
        check(
            Reach::Closed,
            &[
                "0.0.0.0",
                "0.1.2.3",
                "0.255.255.255",
                "100.64.0.0",
                "100.127.255.255",
                "169.254.0.0",
                "169.254.169.254",
                "169.254.170.2",
                "169.254.255.255",
                "192.0.0.0",
                "192.0.0.8",
                "192.0.0.170",
                "192.0.0.255",
                "192.0.2.0",
                "192.0.2.255",
                "192.88.99.0",
                "192.88.99.255",
                "198.18.0.0",
                "198.19.255.255",
                "198.51.100.0",
                "198.51.100.255",
                "203.0.113.0",
                "203.0.113.255",
                "224.0.0.0",
                "239.255.255.255",
                "240.0.0.0",
                "255.255.255.254",
                "255.255.255.255",
            ],
        );
        check(
            Reach::Closed,
            &[
                "::",
                "::2",
                "100::1",
                "100:0:0:1::1",
                "1fff:ffff::1",
                "2001::1",
                "2001:2::1",
                "2001:10::1",
                "2001:1ff:ffff::1",
                "2001:db8::1",
                "2001:db8:ffff::1",
                "2002::1",
                "3fff::1",
                "3fff:fff::1",
                "4000::1",
                "5f00::1",
                "fe80::1",
                "febf::1",
                "fec0::1",
                "feff::1",
                "ff00::1",
                "ff02::1",
                "ffff::1",
            ],
        );
    }

    #[test]
    fn metadata_services_are_closed_wherever_they_live() {
        check(
            Reach::Closed,
            &[
                "169.254.169.254",
                "168.63.129.16",
                "100.100.100.200",
                "192.0.0.192",
                "fd00:ec2::254",
                "fd00:ec2::23",
                "fd20:ce::254",
            ],
        );
    }

    #[test]
    fn an_ipv4_address_inside_an_ipv6_one_is_closed_even_when_it_is_public() {
        check(
            Reach::Closed,
            &[
                "::ffff:127.0.0.1",
                "::ffff:8.8.8.8",
                "::ffff:0:127.0.0.1",
                "::127.0.0.1",
                "::8.8.8.8",
                "64:ff9b::127.0.0.1",
                "64:ff9b::8.8.8.8",
                "64:ff9b:1::10.0.0.1",
                "2002:7f00:1::",
                "2002:808:808::1",
                "2001:0:7f00:1::",
                "2001:0:4136:e378:8000:63bf:3fff:fdd2",
                "2a00::5efe:7f00:1",
                "2a00::200:5efe:808:808",
                "fe80::5efe:10.0.0.1",
            ],
        );
    }
}
