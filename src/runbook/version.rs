//! Which version of the platform a Deployment is of: by the label that its chart gave it, else by the tag of
//! the platform's own container (`domain.md`, T2 and T3, and section 9).
//!
//! A chart's version is what Helm is given to install, so nothing is offered that is only near it: a tag
//! that a mirror added to (`4.11.2-mirror.3`), a digest, another chart's label, or two that disagree.
//! Helm's records name no chart in what is read of them, their labels.

use std::fmt;

use super::fact::Deployment;

/// Labels are cut to this many characters, by charts and by Kubernetes.
const LABEL_CHARS: usize = 63;
/// What a version of the platform that is no final one begins with, after its numbers.
const PRE_RELEASES: [&str; 3] = ["alpha", "beta", "rc"];

/// A version by the rules of semantic versioning, without a leading `v`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    numbers: [u64; 3],
    /// What follows the numbers, as it was written: `-rc.1`, `-mirror.3`, `+build`, or nothing.
    rest: String,
}

impl Version {
    /// Reads `4.11.2`, `v4.12.0-rc.1`, `4.11.2+build`; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let (core, rest) = text.split_at(text.find(['-', '+']).unwrap_or(text.len()));
        let number = |part: &str| {
            let plain = part.len() < 10 && part.bytes().all(|b| b.is_ascii_digit());
            part.parse().ok().filter(|_| plain && (part == "0" || !part.starts_with('0')))
        };
        let mut parts = core.split('.').map(number);
        let numbers = [parts.next()??, parts.next()??, parts.next()??];
        let identifiers = rest.get(1..).map(|rest| rest.split(['.', '+']));
        let named =
            |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let sound = identifiers.is_none_or(|mut identifiers| identifiers.all(named));
        (parts.next().is_none() && sound && rest.matches('+').count() <= 1)
            .then(|| Self { numbers, rest: rest.to_owned() })
    }

    /// The pre-release of the platform that it is, and what others added: `-rc.1` and `-ecr` of `-rc.1-ecr`.
    fn split_rest(&self) -> (&str, &str) {
        let known = self.rest.strip_prefix('-').and_then(|rest| {
            let word = PRE_RELEASES.iter().find(|word| rest.starts_with(**word))?;
            let number = rest[word.len()..].find(|c: char| !c.is_ascii_digit() && c != '.');
            Some(1 + word.len() + number.unwrap_or(rest.len() - word.len()))
        });
        self.rest.split_at(known.unwrap_or(0))
    }

    /// Is it a version of the platform and nothing more?
    fn is_plain(&self) -> bool {
        self.split_rest().1.is_empty()
    }

    /// Are both the same version of the platform, whatever a mirror added to one of them?
    pub fn is_same(&self, other: &Self) -> bool {
        self.numbers == other.numbers && self.split_rest().0 == other.split_rest().0
    }

    /// Is it an older version than the other? Of two with the same numbers a pre-release is.
    pub fn is_older(&self, other: &Self) -> bool {
        let is_final = |version: &Self| version.split_rest().0.is_empty();
        (self.numbers, is_final(self)) < (other.numbers, is_final(other))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.numbers;
        write!(f, "{major}.{minor}.{patch}{}", self.rest)
    }
}

/// Are both the same version of the platform? What is no version is the same only as itself.
pub fn same(one: &str, other: &str) -> bool {
    match (Version::parse(one), Version::parse(other)) {
        (Some(one), Some(other)) => one.is_same(&other),
        _ => one == other,
    }
}

/// The version in a chart's label, `vcluster-platform-4.11.2`: `+` stands there as `_`.
fn of_label(label: &str, chart: &str) -> Option<Version> {
    let version = label.strip_prefix(chart)?.strip_prefix('-')?;
    // One that may have been cut is none; a trailing dash is cut as well.
    (label.len() < LABEL_CHARS - 1).then(|| Version::parse(&version.replacen('_', "+", 1)))?
}

/// The version of a chart that a Deployment was installed from, or why it is not known, in a clause.
///
/// `chart` is the chart's name.
pub fn installed(deployment: &Deployment, chart: &str) -> Result<String, String> {
    let tag = deployment.image_tag();
    let tagged = tag.and_then(Version::parse);
    let Some(label) = deployment.chart.as_deref() else {
        return match (tagged, tag, &deployment.image) {
            (Some(version), ..) if version.is_plain() => Ok(version.to_string()),
            (_, Some(tag), _) => {
                Err(format!("no label names its chart, and the tag {tag} of its image is no plain version"))
            }
            (_, None, Some(_)) => Err("no label names its chart, and its image has no tag".to_owned()),
            (_, None, None) => {
                Err("no label names its chart, and which of its containers is the platform's is not known"
                    .to_owned())
            }
        };
    };
    let Some(version) = of_label(label, chart) else {
        return Err(format!("its label says that it is of chart {label}, which is no version of {chart}"));
    };
    match tagged {
        Some(tagged) if !tagged.is_same(&version) => {
            Err(format!("its label says chart {label}, and its image is of version {tagged}"))
        }
        _ => Ok(version.to_string()),
    }
}

/// The version that a Deployment's pods are of: its image's tag, else the one that its chart's label names.
pub fn wanted(deployment: &Deployment, chart: &str) -> Option<String> {
    let labelled = || Some(of_label(deployment.chart.as_deref()?, chart)?.to_string());
    deployment.image_tag().map(str::to_owned).or_else(labelled)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deployment(chart: Option<&str>, image: Option<&str>) -> Deployment {
        let image = image.map(|image| format!("registry:5000/loft-sh/vcluster-platform{image}"));
        Deployment { image, chart: chart.map(str::to_owned), ..Deployment::default() }
    }

    #[test]
    fn the_version_offered_is_the_charts_or_a_plain_tag_or_none() {
        let digest = Some("@sha256:abc");
        for (chart, label, image, expected) in [
            // Label and tag agree; either alone is enough.
            ("vcluster-platform", Some("vcluster-platform-4.11.2"), Some(":4.11.2"), Ok("4.11.2")),
            ("vcluster-platform", Some("vcluster-platform-4.11.2"), Some(":v4.11.2"), Ok("4.11.2")),
            ("vcluster-platform", Some("vcluster-platform-4.11.2"), digest, Ok("4.11.2")),
            ("vcluster-platform", Some("vcluster-platform-4.11.2"), Some(":latest"), Ok("4.11.2")),
            ("vcluster-platform", Some("vcluster-platform-4.11.2"), None, Ok("4.11.2")),
            ("vcluster-platform", None, Some(":4.11.2"), Ok("4.11.2")),
            ("vcluster-platform", None, Some(":v4.11.2@sha256:abc"), Ok("4.11.2")),
            ("vcluster-platform", None, Some(":4.12.0-rc.1"), Ok("4.12.0-rc.1")),
            ("vcluster-platform", None, Some(":v4.12.0-beta3"), Ok("4.12.0-beta3")),
            // A mirror's suffix is no part of a chart's version, and a label is right beside it.
            (
                "vcluster-platform",
                None,
                Some(":4.11.2-mirror.3"),
                Err("4.11.2-mirror.3 of its image is no plain"),
            ),
            ("vcluster-platform", None, Some(":v4.11.2-ecr"), Err("no plain version")),
            ("vcluster-platform", None, Some(":4.12.0-rc.1-ecr"), Err("no plain version")),
            ("vcluster-platform", None, Some(":4.11.2_acme"), Err("no plain version")),
            ("vcluster-platform", Some("vcluster-platform-4.11.2"), Some(":v4.11.2-ecr"), Ok("4.11.2")),
            (
                "vcluster-platform",
                Some("vcluster-platform-4.12.0-rc.1"),
                Some(":4.12.0-rc.1-ecr"),
                Ok("4.12.0-rc.1"),
            ),
            // They disagree.
            (
                "vcluster-platform",
                Some("vcluster-platform-4.11.2"),
                Some(":4.12.0"),
                Err("chart vcluster-platform-4.11.2, and its image is of version 4.12.0"),
            ),
            (
                "vcluster-platform",
                Some("vcluster-platform-4.12.0"),
                Some(":4.12.0-rc.1"),
                Err("is of version 4.12.0-rc.1"),
            ),
            // Nothing to read a version in.
            ("vcluster-platform", None, digest, Err("no tag")),
            ("vcluster-platform", None, Some(":latest"), Err("latest of its image is no plain version")),
            ("vcluster-platform", None, Some(":4.11"), Err("no plain version")),
            ("vcluster-platform", None, None, Err("which of its containers")),
            // Another chart, and names with digits and dashes.
            (
                "vcluster-platform",
                Some("umbrella-1.2.3"),
                Some(":4.11.2"),
                Err("no version of vcluster-platform"),
            ),
            ("vcluster-platform", Some("vcluster-platform-ha-4.11.2"), Some(":4.11.2"), Err("no version of")),
            ("platform-2-4.1", Some("platform-2-4.1-4.11.2"), digest, Ok("4.11.2")),
            ("k8s-1.2.3", Some("k8s-1.2.3-4.11.2"), digest, Ok("4.11.2")),
            // A chart's own pre-release and build, which a label holds with `_`; what was cut is none.
            ("vcluster-platform", Some("vcluster-platform-4.11.2_acme.5"), digest, Ok("4.11.2+acme.5")),
            (
                "vcluster-platform",
                Some("vcluster-platform-4.11.2-acme.5"),
                Some(":4.11.2"),
                Ok("4.11.2-acme.5"),
            ),
            (
                "p",
                Some("p-4.11.2-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
                digest,
                Err("no version of p"),
            ),
        ] {
            let found = installed(&deployment(label, image), chart);
            match expected {
                Ok(version) => assert_eq!(found.as_deref(), Ok(version), "{label:?} {image:?}"),
                Err(part) => {
                    let why = found.unwrap_err();
                    assert!(why.contains(part), "{label:?} {image:?}: {why}");
                }
            }
        }
    }

    #[test]
    fn versions_are_compared_by_what_they_are_of_the_platform() {
        for (one, other, is_same) in [
            ("4.11.2", "v4.11.2", true),
            ("4.11.2", "4.11.2-ecr", true),
            ("4.11.2-mirror.3", "v4.11.2-ecr", true),
            ("4.12.0-rc.1", "4.12.0-rc.1-ecr", true),
            ("4.12.0-rc.1", "4.12.0-rc.2", false),
            ("4.12.0-rc.1", "4.12.0", false),
            ("4.11.2", "4.11.20", false),
            ("latest", "latest", true),
            ("latest", "4.11.2", false),
        ] {
            assert_eq!(same(one, other), is_same, "{one} {other}");
        }
        for (one, other, older) in [
            ("4.8.0", "4.11.2", true),
            ("4.11.2", "4.8.0", false),
            ("4.12.0-rc.1", "4.12.0", true),
            ("4.12.0-ecr", "4.12.0", false),
        ] {
            let parse = |text| Version::parse(text).unwrap();
            assert_eq!(parse(one).is_older(&parse(other)), older, "{one} {other}");
        }
        for text in [
            "",
            "v",
            "4",
            "4.11",
            "4.11.2.1",
            "04.11.2",
            "4.11.2-",
            "4.11.2-a..b",
            "4.11.2+a+b",
            "4.x.2",
            "4.11.2-a b",
            "4.11.2\n",
            "99999999999.1.1",
            "4.11.2-é",
        ] {
            assert_eq!(Version::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn pods_are_of_the_tags_version_else_of_the_labels() {
        for (label, image, expected) in [
            (Some("p-4.11.2"), Some(":4.12.0"), Some("4.12.0")),
            (Some("p-4.11.2"), Some("@sha256:abc"), Some("4.11.2")),
            (None, Some(":v4.11.2-ecr"), Some("v4.11.2-ecr")),
            (None, None, None),
        ] {
            assert_eq!(wanted(&deployment(label, image), "p").as_deref(), expected, "{label:?} {image:?}");
        }
    }
}
