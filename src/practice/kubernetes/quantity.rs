//! Kubernetes' quantities: `200m`, `4`, `512Mi`.

/// The number a quantity stands for (CPUs, bytes, pods); none where it is no quantity.
pub(super) fn parse(text: &str) -> Option<f64> {
    let end = text.find(|it: char| !(it.is_ascii_digit() || it == '.')).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let factor = match unit {
        "" => 1.0,
        "m" => 0.001,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "Ki" => 1024.0,
        "Mi" => 1_048_576.0,
        "Gi" => 1_073_741_824.0,
        "Ti" => 1_099_511_627_776.0,
        _ => return None,
    };
    number.parse::<f64>().ok().map(|number| number * factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_have_units() {
        for (text, expected) in [
            ("200m", Some(0.2)),
            ("4", Some(4.0)),
            ("1.5", Some(1.5)),
            ("512Mi", Some(536_870_912.0)),
            ("16181700Ki", Some(16_570_060_800.0)),
            ("1G", Some(1e9)),
            ("", None),
            ("Gi", None),
            ("1Xi", None),
        ] {
            assert_eq!(parse(text), expected, "{text}");
        }
    }
}
