//! IPv4 ranges: which contains which.

use std::fmt;
use std::net::Ipv4Addr;

/// A range like `10.1.0.0/16`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cidr {
    network: u32,
    /// Bits of the network, 0 to 32.
    pub prefix: u8,
}

impl Cidr {
    /// Reads `ADDRESS/PREFIX`, or an address alone; `None` for anything else, IPv6 included.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = text.split_once('/').unwrap_or((text, "32"));
        let address: Ipv4Addr = address.parse().ok()?;
        let prefix: u8 = prefix.parse().ok().filter(|prefix| *prefix <= 32)?;
        Some(Self { network: u32::from(address) & mask(prefix), prefix })
    }

    /// Have they an address in common?
    pub fn overlaps(self, other: Self) -> bool {
        self.contains(other) || other.contains(self)
    }

    /// Does it contain all of the other?
    pub fn contains(self, other: Self) -> bool {
        self.prefix <= other.prefix && other.network & mask(self.prefix) == self.network
    }
}

fn mask(prefix: u8) -> u32 {
    u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0)
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", Ipv4Addr::from(self.network), self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_contain_what_lies_in_them() {
        for (outer, inner, expected) in [
            ("10.1.0.0/16", "10.1.2.3", true),
            ("10.1.0.0/16", "10.1.2.0/24", true),
            ("10.1.0.0/16", "10.1.0.0/16", true),
            ("10.1.2.0/24", "10.1.0.0/16", false),
            ("10.1.0.0/16", "10.2.0.0/24", false),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("10.1.2.3/16", "10.1.9.9", true),
        ] {
            let parse = |text| Cidr::parse(text).unwrap();
            assert_eq!(parse(outer).contains(parse(inner)), expected, "{inner} in {outer}");
        }
    }

    #[test]
    fn anything_else_is_none() {
        for text in ["", "10.1.0.0/33", "10.1.0/16", "fd00::/8", "pl-0a1b2c", "10.1.0.0/x"] {
            assert_eq!(Cidr::parse(text), None, "{text}");
        }
        assert_eq!(Cidr::parse("10.1.2.3/16").unwrap().to_string(), "10.1.0.0/16");
    }
}
