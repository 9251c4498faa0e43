//! Lines of one output, one after another: a private key goes over many of them.

use super::{MASK, Secret, redact};

/// The longest private key that is believed in, in lines: RSA with 16384 bits has some 200.
const MAX_KEY_LINES: u16 = 400;

/// Masks the lines of an output in their order.
#[derive(Debug, Default)]
pub struct LineMask {
    /// Lines left of a private key that has begun; 0 outside of one.
    in_key: u16,
}

impl LineMask {
    /// The line with its secrets masked, as [`redact`] does; inside a private key nothing is left of it.
    pub fn line(&mut self, line: &str, secrets: &[Secret]) -> String {
        let begins = line.rfind("-----BEGIN ").filter(|at| line[*at..].contains("PRIVATE KEY"));
        let ends = line.rfind("-----END ");
        if self.in_key > 0 && begins.is_none() {
            self.in_key -= 1;
            let Some(end) = ends else { return MASK.to_owned() };
            self.in_key = 0;
            return format!("{MASK}{}", redact(&line[end..], secrets));
        }
        if begins.is_some() {
            self.in_key = if ends > begins { 0 } else { MAX_KEY_LINES };
        }
        redact(line, secrets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_key_is_masked_over_all_its_lines() {
        let mut mask = LineMask::default();
        let lines = [
            ("tls: -----BEGIN RSA PRIVATE KEY-----", "tls: ***"),
            ("MIIEowIBAAKCAQ", MASK),
            ("short", MASK),
            ("-----END RSA PRIVATE KEY-----", "***-----END RSA PRIVATE KEY-----"),
            ("listening on :8080", "listening on :8080"),
            ("-----BEGIN CERTIFICATE-----", "-----BEGIN CERTIFICATE-----"),
            ("abc", "abc"),
        ];
        for (line, expected) in lines {
            assert_eq!(mask.line(line, &[]), expected);
        }
    }
}
