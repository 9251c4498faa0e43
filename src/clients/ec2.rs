//! EC2: what lies between a region's cluster and the database (`domain.md`, section 5).
//!
//! By the query protocol, API version 2016-11-15, signed by ourselves: the SDK's crate is 1.2 million
//! lines, and these are a handful of read calls.

mod facts;
mod query;
mod xml;

use std::time::{Duration, Instant};

use reqwest::Client;

use self::query::InRegion;
use super::aws::{Aws, Service};
use super::{USER_AGENT, install_tls_provider, is_loopback, within};
use crate::runbook::fact::{PathFacts, Peering, PeeringSide, RouteTable, SecurityGroup};
use crate::runbook::verdict::{Why, WhyKind};

const SERVICE: Service = Service { name: "EC2", id: "ec2" };
/// How long a connection may take to come to be.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// The EC2 API.
#[derive(Clone)]
pub struct Ec2 {
    aws: Aws,
    http: Client,
}

/// Which way is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathQuery {
    /// The cluster's AWS region.
    pub region: String,
    /// The cluster's VPC, from EKS.
    pub cluster_vpc: String,
    /// The database's VPC; else the other side of the cluster VPC's only peering.
    pub database_vpc: Option<String>,
    /// The database's security group.
    pub security_group: Option<String>,
}

/// What could be read of the database's side; `None` is not asked.
#[derive(Default)]
struct DatabaseSide {
    cidrs: Option<Result<Vec<String>, Why>>,
    routes: Option<Result<Vec<RouteTable>, Why>>,
    group: Option<Result<SecurityGroup, Why>>,
}

impl Ec2 {
    /// A client with these credentials. Nothing is asked yet.
    ///
    /// # Errors
    /// No HTTPS client can be made.
    pub async fn connect(aws: &Aws) -> Result<Self, Why> {
        install_tls_provider();
        let connect_limit = aws.deadline().min(CONNECT_LIMIT);
        let is_local = aws
            .endpoint(SERVICE)
            .and_then(|url| url.parse::<http::Uri>().ok())
            .is_some_and(|url| url.host().is_some_and(is_loopback));
        // Reads the system's trust store.
        let building = tokio::task::spawn_blocking(move || {
            let mut builder = Client::builder()
                .connect_timeout(connect_limit)
                .redirect(reqwest::redirect::Policy::none())
                .user_agent(USER_AGENT);
            if is_local {
                builder = builder.no_proxy();
            }
            builder.build()
        });
        let unmade = |error: &dyn std::error::Error| {
            Why::new(WhyKind::Configuration, format!("No HTTPS client could be made: {error}"))
        };
        let http = building.await.map_err(|error| unmade(&error))?.map_err(|error| unmade(&error))?;
        Ok(Self { aws: aws.clone(), http })
    }

    /// Both ends of the way to the database, and what lies between. At most two round trips one after
    /// another: the database's side in another AWS region is known from the peering only.
    ///
    /// # Errors
    /// The cluster's side could not be read, or not within the deadline. What could not be read of the
    /// database's side is told inside the facts.
    pub async fn path(&self, query: &PathQuery, deadline: Duration) -> Result<PathFacts, Why> {
        // Boxed: several rounds of joined requests.
        within(deadline, SERVICE.name, Box::pin(self.path_until(query, Instant::now() + deadline))).await
    }

    /// The other sides of a VPC's peering connections, whatever their status, sorted by VPC id: what the
    /// database's VPC is chosen from.
    ///
    /// # Errors
    /// The peering connections could not be read.
    pub async fn peered_vpcs(&self, region: &str, vpc: &str) -> Result<Vec<PeeringSide>, Why> {
        let peerings = within(self.aws.deadline(), SERVICE.name, async {
            Box::pin(self.in_region(region).peerings(vpc)).await
        });
        let mut sides: Vec<PeeringSide> =
            peerings.await?.iter().map(|peering| peering.other_side(vpc).clone()).collect();
        // Of two connections to one VPC the one that still has ranges tells more.
        sides.sort_by(|a, b| a.vpc_id.cmp(&b.vpc_id).then(b.cidrs.len().cmp(&a.cidrs.len())));
        sides.dedup_by(|a, b| a.vpc_id == b.vpc_id);
        Ok(sides)
    }

    fn in_region<'a>(&'a self, region: &'a str) -> InRegion<'a> {
        InRegion { aws: &self.aws, http: &self.http, region }
    }

    async fn path_until(&self, query: &PathQuery, until: Instant) -> Result<PathFacts, Why> {
        let vpc = query.cluster_vpc.as_str();
        let here = self.in_region(&query.region);
        let (cluster, asked_here) = tokio::join!(
            async {
                tokio::try_join!(
                    here.cidrs(vpc),
                    here.subnets(vpc),
                    here.route_tables(vpc),
                    here.peerings(vpc)
                )
            },
            // Perhaps the database is in this region too: that saves a round trip.
            database_side(&here, query.database_vpc.as_deref(), query.security_group.as_deref()),
        );
        let (cluster_cidrs, cluster_subnets, cluster_routes, peerings) = cluster?;
        let known = database_of(query, &peerings);
        let (database_region, side) = match &known {
            Some((database, region)) => {
                let left = until.saturating_duration_since(Instant::now()).mul_f64(0.9);
                self.database(query, database, region.as_deref(), asked_here, left).await
            }
            None => (None, DatabaseSide { cidrs: None, routes: None, ..asked_here }),
        };
        Ok(PathFacts {
            cluster_vpc: vpc.to_owned(),
            cluster_cidrs,
            cluster_subnets,
            cluster_routes,
            peerings,
            database_vpc_is_guess: query.database_vpc.is_none() && known.is_some(),
            database_vpc: known.map(|(database, _)| database),
            database_region,
            database_cidrs: side.cidrs.map(|read| read.map_err(|why| why.message)),
            database_routes: side.routes.map(|read| read.map_err(|why| why.message)),
            security_group: side.group.map(|read| read.map_err(|why| why.message)),
        })
    }

    /// The database's AWS region and side: as the first round has it, else by a second one.
    async fn database(
        &self,
        query: &PathQuery,
        vpc: &str,
        region: Option<&str>,
        asked_here: DatabaseSide,
        left: Duration,
    ) -> (Option<String>, DatabaseSide) {
        let is_found_here = matches!(asked_here.cidrs, Some(Ok(_)));
        match region {
            Some(region) if region != query.region => {
                let there = self.in_region(region);
                let asking = database_side(&there, Some(vpc), query.security_group.as_deref());
                (Some(region.to_owned()), in_time(left, asking, query.security_group.is_some()).await)
            }
            Some(region) if asked_here.cidrs.is_none() => {
                let here = self.in_region(region);
                let side = in_time(left, database_side(&here, Some(vpc), None), false).await;
                (Some(region.to_owned()), DatabaseSide { group: asked_here.group, ..side })
            }
            Some(region) => (Some(region.to_owned()), asked_here),
            None if is_found_here => (Some(query.region.clone()), asked_here),
            None => (None, asked_here),
        }
    }
}

/// The database's VPC and, where a peering tells, its AWS region.
fn database_of(query: &PathQuery, peerings: &[Peering]) -> Option<(String, Option<String>)> {
    let sides = |is_wanted: fn(&Peering) -> bool| {
        let mut sides: Vec<&PeeringSide> = peerings
            .iter()
            .filter(|peering| is_wanted(peering))
            .map(|peering| peering.other_side(&query.cluster_vpc))
            .collect();
        // Two connections to one VPC are one side; the later entry may have lost its region.
        sides.sort_by(|a, b| (&a.vpc_id, &b.region).cmp(&(&b.vpc_id, &a.region)));
        sides.dedup_by(|a, b| a.vpc_id == b.vpc_id);
        sides
    };
    let region_of = |side: &PeeringSide| (!side.region.is_empty()).then(|| side.region.clone());
    let all = sides(|_| true);
    if let Some(vpc) = &query.database_vpc {
        let region = all.iter().find(|side| side.vpc_id == *vpc).and_then(|side| region_of(side));
        return Some((vpc.clone(), region));
    }
    // A guess only where there never was a choice: of two peerings the broken one may be the database's.
    let [only] = all.as_slice() else { return None };
    // Without a region the connection is of this one.
    Some((only.vpc_id.clone(), region_of(only).or_else(|| Some(query.region.clone()))))
}

async fn database_side(region: &InRegion<'_>, vpc: Option<&str>, group: Option<&str>) -> DatabaseSide {
    let read_vpc = async {
        let Some(vpc) = vpc else { return (None, None) };
        let (cidrs, routes) = tokio::join!(region.cidrs(vpc), region.route_tables(vpc));
        (Some(cidrs), Some(routes))
    };
    let read_group = async {
        match group {
            Some(group) => Some(region.security_group(group).await),
            None => None,
        }
    };
    let ((cidrs, routes), group) = tokio::join!(read_vpc, read_group);
    DatabaseSide { cidrs, routes, group }
}

/// The second round, ended a moment before the whole, so that what the first one found is not lost.
async fn in_time(
    left: Duration,
    asking: impl Future<Output = DatabaseSide>,
    with_group: bool,
) -> DatabaseSide {
    let late = || Why::new(WhyKind::Timeout, "no answer in time");
    tokio::time::timeout(left, Box::pin(asking)).await.unwrap_or_else(|_| DatabaseSide {
        cidrs: Some(Err(late())),
        routes: Some(Err(late())),
        group: with_group.then(|| Err(late())),
    })
}

#[cfg(test)]
mod tests;
