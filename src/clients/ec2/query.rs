//! Requests of the query protocol: signed, page by page, with a limit on what is read.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Query-Requests.html>

use std::time::SystemTime;

use http::{Method, Request, header};

use super::xml::Node;
use super::{Client, SERVICE, facts};
use crate::clients::MAX_ANSWER_BYTES;
use crate::clients::aws::Aws;
use crate::clients::aws::sign::{Scope, signed, uri};
use crate::clients::failure::{of_connection, words};
use crate::runbook::fact::{Peering, RouteTable, SecurityGroup, Subnet};
use crate::runbook::verdict::{Why, WhyKind};

/// The API's version.
const VERSION: &str = "2016-11-15";
/// Entries a page; the most that each of the calls allows.
const PAGE: &str = "100";
/// Pages that are read at most.
const MAX_PAGES: usize = 20;

/// EC2 in one AWS region.
pub(super) struct InRegion<'a> {
    pub(super) aws: &'a Aws,
    pub(super) http: &'a Client,
    pub(super) region: &'a str,
}

/// A filter's name and value.
type Filter<'a> = (&'static str, &'a str);

impl InRegion<'_> {
    /// A VPC's IPv4 ranges, sorted; a VPC that is not there is an error.
    pub(super) async fn cidrs(&self, vpc: &str) -> Result<Vec<String>, Why> {
        let found = self.describe("DescribeVpcs", "vpcSet", ("vpc-id", vpc)).await?;
        match found.iter().find(|node| node.text_of("vpcId") == vpc) {
            Some(node) => Ok(facts::cidrs(node)),
            None => Err(self.missing("VPC", vpc)),
        }
    }

    /// A VPC's subnets, sorted by id.
    pub(super) async fn subnets(&self, vpc: &str) -> Result<Vec<Subnet>, Why> {
        let found = self.describe("DescribeSubnets", "subnetSet", ("vpc-id", vpc)).await?;
        let mut subnets: Vec<Subnet> = found.iter().map(facts::subnet).collect();
        subnets.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        Ok(subnets)
    }

    /// A VPC's route tables, sorted by id.
    pub(super) async fn route_tables(&self, vpc: &str) -> Result<Vec<RouteTable>, Why> {
        let found = self.describe("DescribeRouteTables", "routeTableSet", ("vpc-id", vpc)).await?;
        let mut tables: Vec<RouteTable> = found.iter().map(facts::route_table).collect();
        tables.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        Ok(tables)
    }

    /// Every peering connection of a VPC, sorted by id. Not filtered by status: the broken one must be seen.
    pub(super) async fn peerings(&self, vpc: &str) -> Result<Vec<Peering>, Why> {
        let side =
            |filter| self.describe("DescribeVpcPeeringConnections", "vpcPeeringConnectionSet", (filter, vpc));
        let (requested, accepted) =
            tokio::try_join!(side("requester-vpc-info.vpc-id"), side("accepter-vpc-info.vpc-id"))?;
        let mut peerings: Vec<Peering> = requested.iter().chain(&accepted).map(facts::peering).collect();
        peerings.retain(|peering| peering.requester.vpc_id == vpc || peering.accepter.vpc_id == vpc);
        peerings.sort_by(|a, b| a.id.cmp(&b.id));
        peerings.dedup_by(|a, b| a.id == b.id);
        Ok(peerings)
    }

    /// A security group; one that is not there is an error.
    pub(super) async fn security_group(&self, group: &str) -> Result<SecurityGroup, Why> {
        let found = self.describe("DescribeSecurityGroups", "securityGroupInfo", ("group-id", group)).await?;
        match found.iter().find(|node| node.text_of("groupId") == group) {
            Some(node) => Ok(facts::security_group(node)),
            None => Err(self.missing("security group", group)),
        }
    }

    fn missing(&self, what: &str, id: &str) -> Why {
        Why::new(WhyKind::NotFound, format!("There is no {what} {} in {}", words(id), self.region))
            .remedy("Check the ID in the environment, and that the AWS profile is of its account")
    }

    /// The entries of a list, page by page. A filter that matches nothing gives none, where asking by ID
    /// would give an error.
    async fn describe(&self, action: &'static str, set: &str, filter: Filter<'_>) -> Result<Vec<Node>, Why> {
        let mut found = Vec::new();
        let mut bytes_left = MAX_ANSWER_BYTES;
        let mut token = String::new();
        for _ in 0..MAX_PAGES {
            let body = self.post(action, filter, &token, bytes_left).await?;
            bytes_left -= body.len();
            let answer = Node::parse(&body).map_err(|problem| not_understood(&problem))?;
            if answer.name != format!("{action}Response") {
                let name = words(&answer.name);
                return Err(not_understood(&format!("it is a {name}, no {action}Response")));
            }
            token.clear();
            token.push_str(answer.text_of("nextToken"));
            found.extend(answer.into_items(set));
            if token.is_empty() {
                return Ok(found);
            }
        }
        Err(Why::new(WhyKind::Garbage, format!("{} lists more than is read", SERVICE.name)))
    }

    /// One page's answer.
    async fn post(
        &self,
        action: &str,
        (name, value): Filter<'_>,
        token: &str,
        max_bytes: usize,
    ) -> Result<Vec<u8>, Why> {
        let form = form(action, name, value, token);
        let request = self.request(form.into_bytes()).await?;
        let answer = self.http.execute(request).await;
        let mut answer = answer.map_err(|error| of_connection(SERVICE.name, &error))?;
        let mut body = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(|error| of_connection(SERVICE.name, &error))? {
            if body.len() + part.len() > max_bytes {
                return Err(Why::new(WhyKind::Garbage, format!("Too long an answer from {}", SERVICE.name)));
            }
            body.extend_from_slice(&part);
        }
        if answer.status().is_success() {
            return Ok(body);
        }
        let said = Node::parse(&body).ok();
        let error = said.as_ref().and_then(|said| said.find("Error"));
        let code = error.map(|error| error.text_of("Code")).filter(|code| !code.is_empty());
        let message = error.map_or("", |error| error.text_of("Message"));
        let status = answer.status().as_u16();
        Err(self.aws.refused(SERVICE, &format!("ec2:{action}"), status, code, message))
    }

    async fn request(&self, body: Vec<u8>) -> Result<reqwest::Request, Why> {
        let credentials = self.aws.credentials().await?;
        let endpoint = self.aws.regional_endpoint(SERVICE, self.region)?;
        let mut request = Request::new(body);
        *request.method_mut() = Method::POST;
        *request.uri_mut() = uri(&format!("{}/", endpoint.trim_end_matches('/')))?;
        let form = http::HeaderValue::from_static("application/x-www-form-urlencoded; charset=utf-8");
        request.headers_mut().insert(header::CONTENT_TYPE, form);
        let now = SystemTime::now();
        let scope = Scope { credentials: &credentials, service: SERVICE.id, region: self.region, now };
        reqwest::Request::try_from(signed(request, &scope)?)
            .map_err(|error| of_connection(SERVICE.name, &error))
    }
}

fn form(action: &str, filter: &str, value: &str, token: &str) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("Action", action).append_pair("Version", VERSION).append_pair("MaxResults", PAGE);
    form.append_pair("Filter.1.Name", filter).append_pair("Filter.1.Value.1", value);
    if !token.is_empty() {
        form.append_pair("NextToken", token);
    }
    form.finish()
}

fn not_understood(problem: &str) -> Why {
    Why::new(WhyKind::Garbage, format!("The answer of {} cannot be understood: {problem}", SERVICE.name))
}
