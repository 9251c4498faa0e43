//! Names of hosts.

/// Do these name the same host? Compared as DNS does: any case, with or without the dot at the end.
pub fn same_host(one: &str, other: &str) -> bool {
    let bare = |name: &str| name.trim().trim_end_matches('.').to_ascii_lowercase();
    bare(one) == bare(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_compared_as_dns_does() {
        for (one, other, same) in [
            ("us.example.com", "us.example.com", true),
            ("US.example.com.", "us.Example.com", true),
            (" us.example.com", "us.example.com", true),
            ("us.example.com", "eu.example.com", false),
            ("us.example.com", "us.example.com.au", false),
        ] {
            assert_eq!(same_host(one, other), same, "{one} and {other}");
        }
    }
}
