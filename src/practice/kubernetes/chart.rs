//! The chart `vcluster-platform` as the practice world serves it, and what it
//! renders to. Its templates use a small part of Go's template language, so
//! that the release that is in the cluster from the start can be rendered here.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Map, Value, json};

/// The chart's name.
pub(super) const NAME: &str = "vcluster-platform";

/// The chart's own file; its version is put in when it is packed.
const CHART: &str = include_str!("../../../assets/practice/chart/Chart.yaml");

/// The chart's values where the user gives none.
const VALUES: &str = include_str!("../../../assets/practice/chart/values.yaml");

/// Stands in `Chart.yaml` for the version.
const PLACEHOLDER: &str = "0.0.0";

/// The templates, in the order in which helm installs their kinds.
pub(super) const TEMPLATES: &[(&str, &str)] = &[
    (
        "templates/serviceaccount.yaml",
        include_str!("../../../assets/practice/chart/templates/serviceaccount.yaml"),
    ),
    ("templates/service.yaml", include_str!("../../../assets/practice/chart/templates/service.yaml")),
    ("templates/deployment.yaml", include_str!("../../../assets/practice/chart/templates/deployment.yaml")),
    ("templates/ingress.yaml", include_str!("../../../assets/practice/chart/templates/ingress.yaml")),
];

/// A release of the chart: what its templates are rendered with.
#[derive(Debug, Clone)]
pub(super) struct Rendering<'a> {
    pub(super) release: &'a str,
    pub(super) namespace: &'a str,
    pub(super) version: &'a str,
    /// The chart's values with the user's over them.
    pub(super) values: Value,
}

/// The chart as a `.tgz`, with `version` as chart and application version.
///
/// The result is empty only if memory cannot be written to.
pub fn chart_archive(version: &str) -> Vec<u8> {
    pack(version).unwrap_or_default()
}

fn pack(version: &str) -> io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    let chart = chart_file(version);
    let mut files = vec![("Chart.yaml", chart.as_str()), ("values.yaml", VALUES)];
    files.extend_from_slice(TEMPLATES);
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, format!("{NAME}/{path}"), content.as_bytes())?;
    }
    let mut packed = archive.into_inner()?;
    packed.flush()?;
    packed.finish()
}

fn chart_file(version: &str) -> String {
    CHART.replace(PLACEHOLDER, version)
}

/// `Chart.yaml` as data.
pub(super) fn metadata(version: &str) -> Value {
    parse(&chart_file(version))
}

/// The chart's own values as data.
pub(super) fn default_values() -> Value {
    parse(VALUES)
}

/// YAML as data; what is no YAML is an empty map, as an empty file is.
pub(super) fn parse(yaml: &str) -> Value {
    serde_saphyr::from_str::<Value>(yaml).ok().filter(Value::is_object).unwrap_or_else(|| json!({}))
}

impl Rendering<'_> {
    /// The manifest in helm's form: every document with the name of its template.
    pub(super) fn manifest(&self) -> String {
        let document = |(path, template): &(&str, &str)| {
            format!("---\n# Source: {NAME}/{path}\n{}\n", self.render(template))
        };
        TEMPLATES.iter().map(document).collect::<Vec<_>>().concat()
    }

    /// The manifest's objects.
    pub(super) fn objects(&self) -> Vec<Value> {
        TEMPLATES.iter().map(|(_, template)| parse(&self.render(template))).collect()
    }

    fn render(&self, template: &str) -> String {
        let mut rendered = String::with_capacity(template.len());
        let mut rest = template;
        while let Some((before, after)) = rest.split_once("{{") {
            let (action, after) = after.split_once("}}").unwrap_or((after, ""));
            rendered.push_str(before);
            rendered.push_str(&self.evaluate(action));
            rest = after;
        }
        rendered.push_str(rest);
        rendered
    }

    /// A pipeline of a path and the functions `default` and `quote`.
    fn evaluate(&self, action: &str) -> String {
        let mut stages = action.split('|').map(str::trim);
        let mut value = stages.next().map(|path| self.look_up(path)).unwrap_or_default();
        for stage in stages {
            match stage.split_once(' ') {
                Some(("default", path)) if value.is_empty() => value = self.look_up(path),
                None if stage == "quote" => value = Value::from(value).to_string(),
                _ => {}
            }
        }
        value
    }

    fn look_up(&self, path: &str) -> String {
        match path.trim() {
            ".Release.Name" => self.release.to_owned(),
            ".Release.Namespace" => self.namespace.to_owned(),
            ".Release.Service" => "Helm".to_owned(),
            ".Chart.Name" => NAME.to_owned(),
            ".Chart.Version" | ".Chart.AppVersion" => self.version.to_owned(),
            path => {
                let pointer = path.trim_start_matches(".Values").replace('.', "/");
                match self.values.pointer(&pointer) {
                    None | Some(Value::Null) => String::new(),
                    Some(Value::String(text)) => text.clone(),
                    Some(other) => other.to_string(),
                }
            }
        }
    }
}

/// Lays the user's values over the chart's, as helm does: maps by key, `null` removes.
pub(super) fn lay_over(values: &mut Value, user: &Value) {
    let (Value::Object(values), Value::Object(user)) = (values, user) else { return };
    for (name, value) in user {
        match values.get_mut(name) {
            Some(below @ Value::Object(_)) if value.is_object() => lay_over(below, value),
            _ if value.is_null() => {
                Map::shift_remove(values, name);
            }
            _ => {
                values.insert(name.clone(), value.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn renders_the_values_into_the_manifest() {
        let user = parse(
            "replicaCount: 5\nconfig: {loftHost: a.example.com}\nmultiRegion: {host: us.a.example.com}\n",
        );
        let mut values = default_values();
        lay_over(&mut values, &user);
        let rendering =
            Rendering { release: "loft", namespace: "vcluster-platform", version: "4.11.2", values };
        let objects = rendering.objects();
        let kinds: Vec<&str> = objects.iter().filter_map(|object| object["kind"].as_str()).collect();
        assert_eq!(kinds, ["ServiceAccount", "Service", "Deployment", "Ingress"]);
        assert_eq!(objects[2]["spec"]["replicas"], 5);
        assert_eq!(
            objects[2]["spec"]["template"]["spec"]["containers"][0]["image"],
            "ghcr.io/loft-sh/vcluster-platform:4.11.2"
        );
        let hosts: Vec<&str> = objects[3]["spec"]["rules"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|rule| rule["host"].as_str())
            .collect();
        assert_eq!(hosts, ["a.example.com", "us.a.example.com"]);
        assert!(!rendering.manifest().contains("{{"));
    }

    #[test]
    fn the_archive_has_the_chart_with_its_version() {
        let packed = chart_archive("4.11.2");
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(&packed[..]));
        let mut chart = String::new();
        let mut paths = Vec::new();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let path = entry.path().unwrap().display().to_string();
            if path.ends_with("Chart.yaml") {
                entry.read_to_string(&mut chart).unwrap();
            }
            paths.push(path);
        }
        assert_eq!(paths.len(), 2 + TEMPLATES.len());
        assert!(paths.contains(&"vcluster-platform/templates/deployment.yaml".to_owned()));
        assert!(chart.contains("version: 4.11.2\nappVersion: 4.11.2"));
    }
}
