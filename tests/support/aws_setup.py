"""Makes a cluster, its load balancer, and a database in another region at an AWS endpoint.

Prints the IDs as one line of JSON.
"""

import json
import sys

import boto3


def client(service, region):
    return boto3.client(
        service,
        region_name=region,
        endpoint_url=sys.argv[1],
        aws_access_key_id="setup",
        aws_secret_access_key="setup",
    )


us, eu = client("ec2", "us-east-1"), client("ec2", "eu-west-1")
vpc = us.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
us.associate_vpc_cidr_block(VpcId=vpc, CidrBlock="10.2.0.0/16")
database_vpc = eu.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]


def subnet(zone, cidr):
    made = us.create_subnet(VpcId=vpc, CidrBlock=cidr, AvailabilityZone=zone)
    return made["Subnet"]["SubnetId"]


subnets = [subnet("us-east-1a", "10.1.0.0/24"), subnet("us-east-1b", "10.1.1.0/24")]
# The first request was rejected, the second one accepted.
rejected = us.create_vpc_peering_connection(VpcId=vpc, PeerVpcId=database_vpc, PeerRegion="eu-west-1")
rejected = rejected["VpcPeeringConnection"]["VpcPeeringConnectionId"]
eu.reject_vpc_peering_connection(VpcPeeringConnectionId=rejected)
peering = us.create_vpc_peering_connection(VpcId=vpc, PeerVpcId=database_vpc, PeerRegion="eu-west-1")
peering = peering["VpcPeeringConnection"]["VpcPeeringConnectionId"]
eu.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)


def main_table(ec2, of):
    found = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [of]}])
    return found["RouteTables"][0]["RouteTableId"]


own_table = us.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
us.associate_route_table(RouteTableId=own_table, SubnetId=subnets[0])
us.create_route(RouteTableId=own_table, DestinationCidrBlock="10.9.0.0/16", VpcPeeringConnectionId=peering)
back_table = main_table(eu, database_vpc)
eu.create_route(RouteTableId=back_table, DestinationCidrBlock="10.1.0.0/16", VpcPeeringConnectionId=peering)
group = eu.create_security_group(GroupName="database", Description="database", VpcId=database_vpc)["GroupId"]
ports = {"IpProtocol": "tcp", "FromPort": 3306, "ToPort": 3306, "IpRanges": [{"CidrIp": "10.1.0.0/16"}]}
eu.authorize_security_group_ingress(GroupId=group, IpPermissions=[ports])

client("eks", "us-east-1").create_cluster(
    name="platform",
    version="1.33",
    roleArn="arn:aws:iam::123456789012:role/eks",
    resourcesVpcConfig={"subnetIds": subnets, "endpointPublicAccess": True},
)

elb = client("elbv2", "us-east-1")
balancer = elb.create_load_balancer(Name="loft", Subnets=subnets)["LoadBalancers"][0]
target_group = elb.create_target_group(
    Name="k8s-loft", Protocol="HTTP", Port=8080, VpcId=vpc, TargetType="ip"
)["TargetGroups"][0]["TargetGroupArn"]
elb.create_listener(
    LoadBalancerArn=balancer["LoadBalancerArn"],
    Protocol="HTTP",
    Port=80,
    DefaultActions=[{"Type": "forward", "TargetGroupArn": target_group}],
)
elb.register_targets(
    TargetGroupArn=target_group, Targets=[{"Id": "10.1.1.9", "Port": 8080}, {"Id": "10.1.0.7", "Port": 8080}]
)

made = {
    "vpc": vpc,
    "subnets": subnets,
    "main_table": main_table(us, vpc),
    "own_table": own_table,
    "database_vpc": database_vpc,
    "back_table": back_table,
    "rejected": rejected,
    "peering": peering,
    "group": group,
    "dns": balancer["DNSName"],
    "target_group": target_group,
}
print(json.dumps(made))
