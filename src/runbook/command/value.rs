//! What may become a part of a command: plain names, versions, IDs, hosts and paths. Everything else is
//! refused with a sentence in place of the command, which never holds the text itself.

use crate::plain::is_plain;

/// The longest of anything, in bytes: ARNs and paths are shorter.
const MAX_BYTES: usize = 4096;

/// What a text has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A DNS-1123 label, which names a namespace.
    Label,
    /// A DNS-1123 subdomain, which names other objects of Kubernetes.
    Name,
    /// A version of a chart, or a tag of an image: the grammar of the OCI distribution specification with
    /// the `+` of semantic versions.
    ///
    /// <https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests>
    Version,
    /// An ID, ARN or region of AWS, or another name in one word.
    Id,
    /// A name of a host.
    Host,
    /// An address, or a range of such.
    Address,
    /// The URL of a repository.
    Url,
    /// A label selector.
    Selector,
    /// A context, a profile or a path, which may be anything that is seen; the quotes around it hold it.
    Seen,
}

impl Kind {
    /// Is the text one? None begins with a dash: it would be taken for an option.
    pub(super) fn fits(self, text: &str) -> bool {
        let all =
            |more: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || more.as_bytes().contains(&b));
        if text.is_empty() || text.len() > MAX_BYTES || text.starts_with('-') {
            return false;
        }
        match self {
            Self::Label => text.len() <= 63 && is_dns_label(text),
            Self::Name => text.len() <= 253 && text.split('.').all(is_dns_label),
            Self::Version => text.len() <= 128 && all("._+-") && !text.starts_with(['.', '+']),
            Self::Id => {
                text.len() <= 2048 && all("._:/-") && text.starts_with(|c: char| c.is_ascii_alphanumeric())
            }
            Self::Host => text.len() <= 253 && all(".-") && !text.starts_with('.'),
            Self::Address => text.bytes().all(|b| b.is_ascii_hexdigit() || b".:/[]".contains(&b)),
            Self::Url => {
                let schemes = ["https://", "http://", "oci://"];
                schemes.iter().any(|scheme| text.starts_with(scheme)) && all(":/._~%+@,=&?[]-")
            }
            Self::Selector => all("._/=!,() -") && !text.starts_with(' '),
            Self::Seen => is_plain(text),
        }
    }

    /// What it should be, after "is no".
    fn should_be(self) -> &'static str {
        match self {
            Self::Label | Self::Name => "name of an object in Kubernetes",
            Self::Version => "plain version, of letters, digits and . _ + - alone",
            Self::Id => "plain ID, of letters, digits and . _ : / - alone",
            Self::Host => "name of a host",
            Self::Address => "address",
            Self::Url => "URL of a repository",
            Self::Selector => "label selector",
            Self::Seen => {
                "plain text, as it is empty, begins with a dash or has characters that cannot be seen"
            }
        }
    }

    /// Why a text that does not fit is put into no command. `what` names it, as in "the namespace".
    pub(super) fn refusal(self, what: &str) -> String {
        format!("{what} is no {}. It is put into no command", self.should_be())
    }
}

fn is_dns_label(label: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    label.bytes().all(|b| plain(b) || b == b'-')
        && label.bytes().next().is_some_and(plain)
        && label.bytes().last().is_some_and(plain)
}

/// Is it a version that may be put into a command or its comments?
pub fn is_plain_version(text: &str) -> bool {
    Kind::Version.fits(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_texts_fit() {
        for (kind, fits, others) in [
            (
                Kind::Label,
                &["vcluster-platform", "a"] as &[&str],
                &["A", "a.b", "a b", "-a", "a-", "a\n"] as &[&str],
            ),
            (Kind::Name, &["loft", "a.b-c"], &["a..b", "a;b", "$(id)", "a/b"]),
            (
                Kind::Version,
                &["4.11.2", "v4.11.2-rc.1", "1.0.0+g1", "_x", "VERSION"],
                &["4 1", "4;id", "4\n5", "-4", ".4", "$V", "é"],
            ),
            (
                Kind::Id,
                &["vpc-0a1b", "us-east-1", "arn:aws:x:y:1:targetgroup/a/b"],
                &["'x'", "a b", "--x", "a`id`", "a\u{202e}"],
            ),
            (Kind::Host, &["us.multi-region.example.com"], &["a_b", "a/b", "a:1", ".a"]),
            (Kind::Address, &["10.0.0.0/16", "::/0", "[::1]"], &["10.0.0.0;id", "x"]),
            (
                Kind::Url,
                &["https://charts.loft.sh/", "oci://ghcr.io/x"],
                &["file:///x", "https://x y", "https://x'y", "https://x;id"],
            ),
            (Kind::Selector, &["app=loft", "app in (a, b),!c"], &["app=$(id)", "a\nb", " a", "a'b"]),
            (
                Kind::Seen,
                &["my context's", "arn:aws:eks:x", "C:\\k"],
                &["a\u{1b}b", "a\nb", "", "-x", "a\u{202e}b", "a\u{200b}"],
            ),
        ] {
            for text in fits {
                assert!(kind.fits(text), "{kind:?} {text}");
            }
            for text in others {
                assert!(!kind.fits(text), "{kind:?} {text}");
            }
        }
    }
}
