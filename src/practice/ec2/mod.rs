//! EC2, as far as the way to the database needs it: query protocol, API
//! version 2016-11-15 (`domain.md`, section 5).
//!
//! An operation is a row of [`OPERATIONS`]: what it lists, by which id it can be
//! asked, and which filters it has. A filter is the path of what it looks at in
//! the answer itself, so that no filter can disagree with what is shown.

mod operations;
mod shapes;

use std::sync::Arc;

use axum::http::StatusCode;

use self::operations::{OPERATIONS, Operation};
use super::{
    aws::{AwsError, AwsRequest},
    network::Network,
    query_protocol::{Filter, Parameters},
    region::Region,
    sts::CALLER_ARN,
    xml::Element,
};

const NAMESPACE: &str = "http://ec2.amazonaws.com/doc/2016-11-15/";
/// The smallest and the largest page that a client may ask for (`MaxResults`).
const PAGE: std::ops::RangeInclusive<usize> = 5..=1000;

/// The account's EC2.
pub(super) struct Ec2 {
    regions: Arc<[Arc<Region>]>,
}

impl Ec2 {
    /// What is around these regions' clusters.
    pub(super) fn new(regions: &Arc<[Arc<Region>]>) -> Self {
        Self { regions: Arc::clone(regions) }
    }

    /// Answers a request of a known caller to EC2 in a region.
    pub(super) fn answer(
        &self,
        request: &AwsRequest,
        region: &str,
        request_id: &str,
    ) -> Result<Element, AwsError> {
        let parameters = Parameters::of(request);
        let action = parameters.action();
        let operation = OPERATIONS.iter().find(|operation| operation.action == action);
        let operation = operation.ok_or_else(|| {
            let message = format!(
                "You are not authorized to perform this operation. User: {CALLER_ARN} is not authorized to \
                 perform: ec2:{action} because no identity-based policy allows the ec2:{action} action"
            );
            AwsError::new(StatusCode::FORBIDDEN, "UnauthorizedOperation", message)
        })?;
        let ways: Vec<_> = self.regions.iter().map(|region| (region.place, region.network())).collect();
        let (page, next) = select(operation, &parameters, (operation.items)(&Network::of(&ways), region))?;
        let mut children = vec![Element::text("requestId", request_id), Element::parent(operation.set, page)];
        children.extend(next.map(|next| Element::text("nextToken", next)));
        Ok(Element::parent(operation.response, children).in_namespace(NAMESPACE))
    }
}

/// The page of items that the parameters ask for, and where the next one begins.
fn select(
    operation: &Operation,
    parameters: &Parameters,
    mut items: Vec<Element>,
) -> Result<(Vec<Element>, Option<String>), AwsError> {
    refuse_unknown(operation, parameters)?;
    if parameters.text("DryRun") == Some("true") {
        let message = "Request would have succeeded, but DryRun flag is set.";
        return Err(AwsError::new(StatusCode::PRECONDITION_FAILED, "DryRunOperation", message));
    }
    let ids = parameters.list(operation.id.parameter);
    if !ids.is_empty() {
        let known = |id: &str| items.iter().any(|item| item.texts_at(operation.id.path).contains(&id));
        if let Some(unknown) = ids.iter().find(|id| !known(id)) {
            let message = format!("The {} '{unknown}' does not exist", operation.id.noun);
            return Err(AwsError::new(StatusCode::BAD_REQUEST, operation.id.not_found, message));
        }
        items.retain(|item| item.texts_at(operation.id.path).iter().any(|id| ids.contains(id)));
    }
    for filter in parameters.filters() {
        let look = Look::of(operation, filter.name)?;
        items.retain(|item| look.matches(item, &filter));
    }
    page(parameters, items)
}

/// A parameter that EC2 does not know is an error, not a wish that goes unheard.
fn refuse_unknown(operation: &Operation, parameters: &Parameters) -> Result<(), AwsError> {
    let known = |name: &str| {
        let list = name.split('.').next().unwrap_or_default();
        ["Action", "Version", "DryRun", "MaxResults", "NextToken"].contains(&name)
            || list == "Filter"
            || list == operation.id.parameter
            || name.starts_with("X-Amz-")
    };
    match parameters.names().find(|name| !known(name)) {
        None => Ok(()),
        Some(name) => {
            let message = format!("The parameter {name} is not recognized");
            Err(AwsError::new(StatusCode::BAD_REQUEST, "UnknownParameter", message))
        }
    }
}

fn page(parameters: &Parameters, items: Vec<Element>) -> Result<(Vec<Element>, Option<String>), AwsError> {
    let size = match parameters.text("MaxResults") {
        None => *PAGE.end(),
        Some(text) => text.parse().ok().filter(|size| PAGE.contains(size)).ok_or_else(|| {
            let (least, most) = PAGE.into_inner();
            invalid(format!(
                "Value ( {text} ) for parameter maxResults is invalid. Expecting {least} to {most}."
            ))
        })?,
    };
    let begin = match parameters.text("NextToken").filter(|token| !token.is_empty()) {
        None => 0,
        Some(token) => token
            .strip_prefix("item-")
            .and_then(|number| number.parse().ok())
            .ok_or_else(|| invalid(format!("The token '{token}' is invalid")))?,
    };
    let next = (begin + size < items.len()).then(|| format!("item-{}", begin + size));
    Ok((items.into_iter().skip(begin).take(size).collect(), next))
}

fn invalid(message: String) -> AwsError {
    AwsError::new(StatusCode::BAD_REQUEST, "InvalidParameterValue", message)
}

/// What a filter looks at.
enum Look<'a> {
    /// The texts at a path.
    Path(&'static str),
    /// The value of a tag.
    Tag(&'a str),
}

impl<'a> Look<'a> {
    fn of(operation: &Operation, name: &'a str) -> Result<Self, AwsError> {
        if let Some(key) = name.strip_prefix("tag:") {
            return Ok(Self::Tag(key));
        }
        if name == "tag-key" {
            return Ok(Self::Path("tagSet/item/key"));
        }
        let known = operation.filters.iter().find(|(known, _)| *known == name);
        known
            .map(|(_, path)| Self::Path(path))
            .ok_or_else(|| invalid(format!("The filter '{name}' is invalid")))
    }

    fn matches(&self, item: &Element, filter: &Filter<'_>) -> bool {
        let texts = match self {
            Self::Path(path) => item.texts_at(path),
            Self::Tag(key) => {
                let (keys, values) = (item.texts_at("tagSet/item/key"), item.texts_at("tagSet/item/value"));
                keys.into_iter().zip(values).filter_map(|(k, value)| (k == *key).then_some(value)).collect()
            }
        };
        texts.iter().any(|text| filter.values.iter().any(|pattern| fits(pattern, text)))
    }
}

/// EC2's wildcards: `*` for any characters, `?` for one.
fn fits(pattern: &str, text: &str) -> bool {
    let Some(first) = pattern.chars().next() else { return text.is_empty() };
    let rest = &pattern[first.len_utf8()..];
    let mut chars = text.chars();
    match first {
        '*' => fits(rest, text) || text.char_indices().any(|(at, c)| fits(rest, &text[at + c.len_utf8()..])),
        '?' => chars.next().is_some() && fits(rest, chars.as_str()),
        _ => chars.next() == Some(first) && fits(rest, chars.as_str()),
    }
}

#[cfg(test)]
mod tests;
