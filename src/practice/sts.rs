//! STS, as far as a responder asks who they are. Query protocol, version 2011-06-15.

use axum::http::StatusCode;

use super::{
    aws::{AwsError, AwsRequest, parameter},
    places::ACCOUNT,
    xml::Element,
};

const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";
/// The responder's role, as it stands in messages about permissions.
pub(super) const CALLER_ARN: &str = "arn:aws:sts::123456789012:assumed-role/OnCall/responder";

/// Answers `GetCallerIdentity`, signed or presigned.
pub(super) fn answer(
    request: &AwsRequest,
    access_key_id: &str,
    request_id: &str,
) -> Result<Element, AwsError> {
    let action = parameter(&request.body, "Action").or_else(|| parameter(&request.query, "Action"));
    let action = action.unwrap_or_default();
    if action != "GetCallerIdentity" {
        let message = format!("Could not find operation {action} for version 2011-06-15");
        return Err(AwsError::new(StatusCode::BAD_REQUEST, "InvalidAction", message));
    }
    let result = Element::parent(
        "GetCallerIdentityResult",
        [
            Element::text("Arn", CALLER_ARN),
            Element::text("UserId", format!("{access_key_id}:responder")),
            Element::text("Account", ACCOUNT),
        ],
    );
    let metadata = Element::parent("ResponseMetadata", [Element::text("RequestId", request_id)]);
    Ok(Element::parent("GetCallerIdentityResponse", [result, metadata]).in_namespace(NAMESPACE))
}

#[cfg(test)]
mod tests {
    use axum::http::Method;

    use super::*;

    #[test]
    fn answers_who_the_caller_is_and_nothing_else() {
        let cases = [
            (Method::POST, "", "Action=GetCallerIdentity&Version=2011-06-15", true),
            (Method::GET, "Action=GetCallerIdentity&Version=2011-06-15", "", true),
            (Method::POST, "", "Action=AssumeRole&Version=2011-06-15", false),
            (Method::POST, "", "", false),
        ];
        for (method, query, body, known) in cases {
            let request = AwsRequest { method, path: "/".into(), query: query.into(), body: body.into() };
            match answer(&request, "AKID", "id") {
                Ok(element) => assert!(known && element.document().contains(CALLER_ARN), "{body}"),
                Err(error) => assert!(!known && error.code == "InvalidAction", "{body}"),
            }
        }
    }
}
