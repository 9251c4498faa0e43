//! Parameters of AWS's query protocol: a form, in the body or in the URL.

use super::aws::AwsRequest;

/// The parameters of one request, decoded.
#[derive(Debug)]
pub(super) struct Parameters(Vec<(String, String)>);

/// One of EC2's filters.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Filter<'a> {
    /// `Filter.N.Name`
    pub name: &'a str,
    /// `Filter.N.Value.M`, any of which will do.
    pub values: Vec<&'a str>,
}

impl Parameters {
    /// The body's, and the URL's where a client sends them there.
    pub(super) fn of(request: &AwsRequest) -> Self {
        let form = [&request.query, &request.body];
        let pairs = form.into_iter().flat_map(|form| form_urlencoded::parse(form.as_bytes()));
        Self(pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    /// The names, as they were sent.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// The value of a name.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find_map(|(known, value)| (known == name).then_some(value.as_str()))
    }

    /// `Action`, empty where there is none.
    pub(super) fn action(&self) -> &str {
        self.text("Action").unwrap_or_default()
    }

    /// The values of a list, `PREFIX.1`, `PREFIX.2` and so on, by their numbers.
    pub(super) fn list(&self, prefix: &str) -> Vec<&str> {
        let mut found: Vec<(u32, &str)> = self
            .0
            .iter()
            .filter_map(|(name, value)| Some((number_after(name, prefix)?, value.as_str())))
            .collect();
        found.sort_by_key(|(number, _)| *number);
        found.into_iter().map(|(_, value)| value).collect()
    }

    /// EC2's filters, by their numbers.
    pub(super) fn filters(&self) -> Vec<Filter<'_>> {
        let mut found: Vec<(u32, Filter<'_>)> = self
            .0
            .iter()
            .filter_map(|(name, value)| {
                let number = name.strip_prefix("Filter.")?.strip_suffix(".Name")?;
                let values = self.list(&format!("Filter.{number}.Value"));
                Some((number.parse().ok()?, Filter { name: value, values }))
            })
            .collect();
        found.sort_by_key(|(number, _)| *number);
        found.into_iter().map(|(_, filter)| filter).collect()
    }

    #[cfg(test)]
    pub(super) fn parse(form: &str) -> Self {
        Self(form_urlencoded::parse(form.as_bytes()).into_owned().collect())
    }
}

fn number_after(name: &str, prefix: &str) -> Option<u32> {
    name.strip_prefix(prefix)?.strip_prefix('.')?.parse().ok()
}

/// Whether an action only asks, by AWS's habit of naming.
pub(super) fn only_asks(action: &str) -> bool {
    ["Describe", "Get", "List", "Search"].iter().any(|verb| action.starts_with(verb))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_in_the_order_of_their_numbers() {
        let parameters = Parameters::parse("VpcId.10=c&VpcId.2=b&VpcId.1=a&VpcIds.1=x&VpcId=y&VpcId.z=w");
        assert_eq!(parameters.list("VpcId"), ["a", "b", "c"]);
        assert!(parameters.list("SubnetId").is_empty());
        assert_eq!(parameters.text("VpcId"), Some("y"));
    }

    #[test]
    fn filters_have_any_number_of_values() {
        let form = "Action=DescribeVpcs&Filter.2.Name=state&Filter.2.Value.1=available&\
                    Filter.1.Name=vpc-id&Filter.1.Value.2=b&Filter.1.Value.1=a%26";
        let parameters = Parameters::parse(form);
        assert_eq!(parameters.action(), "DescribeVpcs");
        let expected = [
            Filter { name: "vpc-id", values: vec!["a&", "b"] },
            Filter { name: "state", values: vec!["available"] },
        ];
        assert_eq!(parameters.filters(), expected);
    }
}
