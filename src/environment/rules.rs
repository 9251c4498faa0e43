//! What one field's text must look like. Pure: text without space around it →
//! the value, or a sentence that says what is wrong and what it should look like.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::draft::{CHART_NAME, CHART_REPOSITORY, DEPLOYMENT, NAMESPACE, REPLICAS};

mod selector;

pub use selector::selector;

/// Longest name of an environment or a region, in characters.
pub const NAME_MAX: usize = 64;
/// Longest name of a file in bytes, less its ending and what is added while it is written.
const FILE_STEM_MAX: usize = 200;
/// Most pods a region can be asked to run: more is a slip of the finger.
pub const REPLICAS_MAX: u32 = 1000;
/// Longest health check ID (`HealthCheckId` of the Route 53 API).
pub const HEALTH_CHECK_ID_MAX: usize = 64;
/// Longest DNS name of an object in Kubernetes, and of a host.
const DNS_NAME_MAX: usize = 253;
/// Longest part of a DNS name between two dots.
const DNS_LABEL_MAX: usize = 63;
/// Longest free text.
const LINE_MAX: usize = 200;

/// An environment's name, which is also its file's: `[letter or digit][letters, digits, space - _ .]*`.
pub fn name(text: &str) -> Result<String, String> {
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.');
    if text.is_empty() {
        return Err("Missing: a name for the environment, like acme-prod".to_owned());
    }
    if text.chars().count() > NAME_MAX || text.len() > FILE_STEM_MAX {
        return Err(format!("Too long: at most {NAME_MAX} characters"));
    }
    if let Some(wrong) = text.chars().find(|c| !allowed(*c)) {
        let wrong = shown(wrong);
        return Err(format!("Cannot contain {wrong}: use letters, digits, spaces, - _ and ."));
    }
    if !text.starts_with(char::is_alphanumeric) {
        return Err("Must begin with a letter or a digit, like acme-prod".to_owned());
    }
    if text.ends_with('.') {
        return Err("Must not end in a dot: not every system can name a file so".to_owned());
    }
    if ends_in_toml(text) {
        return Err("Must not end in .toml: that would be taken for a file's path".to_owned());
    }
    if windows_device(text) {
        return Err("Reserved by Windows for a device: choose another name".to_owned());
    }
    Ok(text.to_owned())
}

/// Whether a text in the place of a name is meant as a file's path, whatever the case.
pub(super) fn ends_in_toml(text: &str) -> bool {
    text.to_ascii_lowercase().ends_with(".toml")
}

/// Windows takes these for devices, with or without something after a dot.
fn windows_device(text: &str) -> bool {
    let stem = text.split('.').next().unwrap_or_default().trim_end().to_ascii_lowercase();
    let numbered =
        |prefix| stem.strip_prefix(prefix).is_some_and(|rest: &str| rest.len() == 1 && is_digits(rest));
    matches!(stem.as_str(), "con" | "prn" | "aux" | "nul") || numbered("com") || numbered("lpt")
}

/// A region's name: short and plain, because it is typed to confirm.
pub fn region_name(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Err("Missing: the region's name, like us-east-1".to_owned());
    }
    if text.chars().count() > NAME_MAX {
        return Err(format!("Too long: at most {NAME_MAX} characters"));
    }
    let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    if !plain || !starts_alphanumeric(text) {
        return Err(
            "Use letters, digits, - _ and . alone, a letter or digit first, like us-east-1".to_owned()
        );
    }
    Ok(text.to_owned())
}

/// A kubeconfig context: any name, often an ARN. Its region need not be the region's name.
pub fn context(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Err("Missing: the kubeconfig context of this region's cluster".to_owned());
    }
    if text.chars().any(char::is_control) {
        return Err("Must be one line: the context's name as in the kubeconfig".to_owned());
    }
    Ok(text.to_owned())
}

/// A Route 53 health check ID. A UUID today; AWS promises only a string of up to 64 characters.
pub fn health_check_id(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Err("Missing: the ID of the Route 53 health check that watches this region".to_owned());
    }
    if text.len() > HEALTH_CHECK_ID_MAX {
        return Err(format!("Too long: the ID has at most {HEALTH_CHECK_ID_MAX} characters"));
    }
    if !text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') || !starts_alphanumeric(text) {
        return Err("Write the ID alone: letters, digits and dashes, \
                    like 3f1c2d4e-5a6b-4c7d-8e9f-0a1b2c3d4ea9"
            .to_owned());
    }
    Ok(text.to_owned())
}

/// A VPC's ID.
pub fn vpc_id(text: &str) -> Result<String, String> {
    resource_id(text, "vpc-", "the VPC's ID")
}

/// A security group's ID.
pub fn security_group_id(text: &str) -> Result<String, String> {
    resource_id(text, "sg-", "the security group's ID, not its name")
}

/// EC2's IDs: a prefix and 8 or 17 hexadecimal digits.
fn resource_id(text: &str, prefix: &str, what: &str) -> Result<String, String> {
    let digits = text.strip_prefix(prefix).unwrap_or_default();
    if matches!(digits.len(), 8 | 17) && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return Ok(text.to_owned());
    }
    Err(format!(
        "Write {what}: {prefix} and 8 or 17 digits or letters a to f, like {prefix}0a1b2c3d4e5f60718"
    ))
}

/// A TCP port.
pub fn port(text: &str) -> Result<u16, String> {
    match text.parse() {
        Ok(port) if port > 0 => Ok(port),
        _ => Err("Must be a port from 1 to 65535, usually 3306".to_owned()),
    }
}

/// A DNS-1123 label, which names a namespace.
pub fn dns_label(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Err(format!("Missing: usually {NAMESPACE}"));
    }
    if text.len() > DNS_LABEL_MAX {
        return Err(format!("Too long: at most {DNS_LABEL_MAX} characters"));
    }
    if !is_dns_1123(text) {
        return Err(format!(
            "Use lower-case letters, digits and dashes, a letter or digit first and last, like {NAMESPACE}"
        ));
    }
    Ok(text.to_owned())
}

/// A DNS-1123 subdomain, which names a Deployment or an Ingress.
pub fn dns_subdomain(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Err(format!("Missing: usually {DEPLOYMENT}"));
    }
    if text.len() > DNS_NAME_MAX {
        return Err(format!("Too long: at most {DNS_NAME_MAX} characters"));
    }
    if !text.split('.').all(is_dns_1123) {
        return Err(format!(
            "Use lower-case letters, digits, dashes and dots, a letter or digit first and last, \
             like {DEPLOYMENT}"
        ));
    }
    Ok(text.to_owned())
}

/// How many pods a region should run.
pub fn replicas(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(count) if is_digits(text) && (1..=REPLICAS_MAX).contains(&count) => Ok(count),
        _ => Err(format!("Must be a whole number from 1 to {REPLICAS_MAX}, usually {REPLICAS}")),
    }
}

/// The name of a host: no scheme, port or path, and no address.
pub fn host(text: &str) -> Result<String, String> {
    let example = "like us.multi-region.example.com";
    if text.contains("://") {
        return Err(format!("Write the host's name alone, without scheme, {example}"));
    }
    if text.contains('/') {
        return Err(format!("Write the host's name alone, without path, {example}"));
    }
    if text.parse::<std::net::IpAddr>().is_ok() || text.parse::<SocketAddr>().is_ok() {
        return Err(format!("An address is no host's name: write the name, {example}"));
    }
    if text.contains(':') {
        return Err(format!("Write the host's name alone, without port, {example}"));
    }
    if text.len() > DNS_NAME_MAX {
        return Err(format!("Too long: a host's name has at most {DNS_NAME_MAX} characters"));
    }
    let label = |label: &str| {
        label.len() <= DNS_LABEL_MAX
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && starts_alphanumeric(label)
            && !label.ends_with('-')
    };
    if !text.split('.').all(label) || text.rsplit('.').next().is_some_and(is_digits) {
        return Err(format!("Not a host's name: letters, digits, dashes and dots, {example}"));
    }
    Ok(text.to_owned())
}

/// Where to connect: an IP address and a port.
pub fn probe_address(text: &str) -> Result<String, String> {
    match text.parse::<SocketAddr>() {
        Ok(address) if address.port() != 0 => Ok(text.to_owned()),
        _ => Err("Must be an IP address and a port, like 127.0.0.1:8443 or [::1]:8443".to_owned()),
    }
}

/// The URL of a chart repository, without credentials: the file holds no secrets.
pub fn chart_repository(text: &str) -> Result<String, String> {
    let scheme = ["https://", "http://", "oci://"].into_iter().find_map(|scheme| text.strip_prefix(scheme));
    let Some(rest) = scheme else {
        return Err(format!(
            "Must be a URL that begins with https://, http:// or oci://, like {CHART_REPOSITORY}"
        ));
    };
    if rest.contains(['?', '#']) || rest.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(format!("Must be a URL without ?, # or spaces, like {CHART_REPOSITORY}"));
    }
    let authority = rest.split('/').next().unwrap_or_default();
    if authority.contains('@') {
        return Err("Leave out user and password: nothing secret is saved here".to_owned());
    }
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let host_fits = match address {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => host.parse::<std::net::Ipv4Addr>().is_ok() || self::host(host).is_ok(),
    };
    let port_fits =
        port.is_none_or(|port| is_digits(port) && port.parse::<u16>().is_ok_and(|port| port != 0));
    if !host_fits || !port_fits {
        return Err(format!("Its host or port cannot be right: the URL looks like {CHART_REPOSITORY}"));
    }
    Ok(text.to_owned())
}

/// A chart's name within its repository.
pub fn chart_name(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Err(format!("Missing: usually {CHART_NAME}"));
    }
    let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    if text.len() > DNS_NAME_MAX || !plain || !starts_alphanumeric(text) {
        return Err(format!(
            "Write the chart's name alone, without repository or version, like {CHART_NAME}"
        ));
    }
    Ok(text.to_owned())
}

/// A chart's version in full: a part of it would let Helm choose another one in each region.
pub fn chart_version(text: &str) -> Result<String, String> {
    if let Some(rest) = text.strip_prefix(['v', 'V'])
        && is_semantic(rest)
    {
        return Err(format!("Write it without the v: {rest}"));
    }
    if !is_semantic(text) {
        return Err("Must be a version in full, like 4.11.2".to_owned());
    }
    Ok(text.to_owned())
}

/// `MAJOR.MINOR.PATCH[-pre-release][+build]` (semver.org, 2.0.0).
fn is_semantic(text: &str) -> bool {
    let identifier =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let number = |part: &str| is_digits(part) && (part == "0" || !part.starts_with('0'));
    let (text, build) = text.split_once('+').map_or((text, None), |(text, build)| (text, Some(build)));
    let (core, pre) = text.split_once('-').map_or((text, None), |(core, pre)| (core, Some(pre)));
    core.split('.').count() == 3
        && core.split('.').all(number)
        && pre.is_none_or(|pre| {
            pre.split('.').all(|part| identifier(part) && (!is_digits(part) || number(part)))
        })
        && build.is_none_or(|build| build.split('.').all(identifier))
}

/// One line of free text.
pub fn line(text: &str) -> Result<String, String> {
    if text.chars().any(char::is_control) {
        return Err("Must be one line of text".to_owned());
    }
    if text.chars().count() > LINE_MAX {
        return Err(format!("Too long: at most {LINE_MAX} characters"));
    }
    Ok(text.to_owned())
}

/// A whole path; `~` at its start is the home directory.
pub fn path(text: &str, home: Option<&Path>) -> Result<PathBuf, String> {
    if text.chars().any(char::is_control) {
        return Err("Must be one line: the path of a file".to_owned());
    }
    let Some(rest) = text.strip_prefix('~') else {
        let path = PathBuf::from(text);
        return if path.is_absolute() {
            Ok(path)
        } else {
            Err("Write the whole path, from the root or from ~/".to_owned())
        };
    };
    let Some(below) = rest.strip_prefix(std::path::is_separator) else {
        return Err(
            "Write ~/ and then the path; other users' home directories must be written out".to_owned()
        );
    };
    match home {
        Some(home) => Ok(home.join(below)),
        None => Err("There is no home directory that ~ could stand for: write the whole path".to_owned()),
    }
}

fn is_dns_1123(label: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    label.bytes().all(|b| plain(b) || b == b'-')
        && label.bytes().next().is_some_and(plain)
        && label.bytes().last().is_some_and(plain)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn starts_alphanumeric(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
}

fn shown(c: char) -> String {
    if c.is_control() || c.is_whitespace() { "line breaks or tabs".to_owned() } else { c.to_string() }
}

#[cfg(test)]
mod tests;
