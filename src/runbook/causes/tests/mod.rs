//! Each cause by its facts, as tables: two regions, of which us-east-1 is the failed one, and one thing
//! after another is broken.

mod world;

use proptest::prelude::*;
use proptest::sample::select;

use self::world::{EU, Facing, US, World};
use crate::runbook::cause::{self, Advice, Explains, Strength, rank};
use crate::runbook::fact::{EksFacts, FoundBy};
use crate::runbook::fits;
use crate::runbook::question::Question;
use crate::runbook::verdict::{Why, WhyKind};

/// What is broken, and the cause that has to rank first with its advice.
type Row = (&'static str, Option<Advice>, fn(&mut World));

const GUIDANCE: Option<Advice> = Some(Advice::Guidance);

const ROWS: [Row; 25] = [
    ("crash-loop", Some(Advice::Restart), |w| w.crash(US, "Error", "panic: nil pointer dereference")),
    ("resource-exhaustion", Some(Advice::Reapply), |w| w.crash(US, "OOMKilled", "starting")),
    ("image-pull", Some(Advice::Reapply), |w| {
        w.image(US, "4.11.9");
        w.pods(US, Facing::Waiting("ImagePullBackOff"));
    }),
    ("database-unreachable", GUIDANCE, |w| w.crash(US, "Error", world::TIMEOUT)),
    ("peering-inactive", GUIDANCE, |w| {
        w.crash(US, "Error", world::TIMEOUT);
        w.path(US, |path| {
            path.peerings[0].status = "deleted".to_owned();
            path.cluster_routes[0].routes[0].state = "blackhole".to_owned();
        });
    }),
    ("route-missing", GUIDANCE, |w| {
        w.crash(US, "Error", world::TIMEOUT);
        w.path(US, |path| path.cluster_routes[0].routes.clear());
    }),
    ("security-group-closed", GUIDANCE, |w| {
        w.crash(US, "Error", world::TIMEOUT);
        w.path(US, |path| {
            let Some(Ok(group)) = &mut path.security_group else { panic!("no group") };
            group.ingress.clear();
        });
    }),
    ("database-identity", GUIDANCE, |w| {
        w.crash(US, "Error", "Error 1045 (28000): Access denied for user 'kine'@'10.0.1.5'");
    }),
    ("database-down", Some(Advice::Stop), |w| {
        for region in [US, EU] {
            w.health(region, 0);
            w.crash(region, "Error", world::REFUSED);
        }
    }),
    ("scaled-to-zero", Some(Advice::Scale), |w| {
        w.replicas(US, 0);
        w.pods(US, Facing::None);
    }),
    ("deployment-missing", Some(Advice::Reapply), |w| {
        w.no_deployment(US);
        w.pods(US, Facing::None);
    }),
    ("nodes-not-ready", GUIDANCE, |w| {
        w.nodes(US, 0);
        w.pods(US, Facing::Unscheduled("0/3 nodes are available: 3 node(s) had untolerated taint(s)"));
    }),
    ("unschedulable", GUIDANCE, |w| {
        w.pods(US, Facing::Unscheduled("0/3 nodes are available: 3 Insufficient cpu."));
    }),
    ("targets-unhealthy", GUIDANCE, |w| w.targets(US, "unhealthy", 3)),
    ("ingress-not-reconciled", GUIDANCE, |w| {
        w.ingress_event(US, "FailedDeployModel");
        w.targets(US, "healthy", 0);
    }),
    ("cluster-down", GUIDANCE, |w| {
        w.eks(US, "FAILED");
        w.unreachable(US);
    }),
    ("cluster-unreachable", GUIDANCE, |w| w.unreachable(US)),
    ("credentials-expired", GUIDANCE, |w| {
        let expired = Why::new(WhyKind::Unauthenticated, "ExpiredToken");
        for question in [Question::HealthCheck(US), Question::HealthCheck(EU), Question::Identity] {
            w.answer(question, Err(expired.clone()));
        }
    }),
    ("permission-missing", GUIDANCE, |w| {
        let forbidden = Why::new(WhyKind::Forbidden, "pods is forbidden");
        for question in [Question::Deployment(US), Question::Pods(US), Question::Logs(US)] {
            w.answer(question, Err(forbidden.clone()));
        }
    }),
    ("version-skew", Some(Advice::Reapply), |w| {
        w.image(US, "4.8.0");
        w.crash(US, "Error", "leader election: refusing to join");
    }),
    ("all-regions-failing", Some(Advice::Stop), |w| {
        w.health(EU, 0);
        w.pods(EU, Facing::None);
    }),
    ("nothing-failing", None, |w| w.health(US, 16)),
    ("wrong-region", GUIDANCE, |w| {
        w.health(US, 16);
        w.health(EU, 0);
    }),
    ("health-check-misconfigured", GUIDANCE, |w| w.inverted(US)),
    ("release-pending", Some(Advice::Rollback), |w| {
        w.release(US, "pending-upgrade");
        w.image(US, "4.8.0");
        w.pods(US, Facing::None);
    }),
];

fn ranked(world: &World) -> Vec<&'static str> {
    rank(&world.case()).iter().map(|assessment| assessment.id).collect()
}

#[test]
fn each_cause_ranks_first_by_its_facts_with_its_advice() {
    for (id, advice, break_it) in ROWS {
        let mut world = World::failing();
        break_it(&mut world);
        let causes = rank(&world.case());
        let first = causes.first().unwrap_or_else(|| panic!("nothing found for {id}"));
        assert_eq!((first.id, first.advice), (id, advice), "{:?}", ranked(&world));
        assert!(first.strength >= Strength::Likely, "{id} is only {:?}", first.strength);
        assert!(!first.evidence_for.is_empty(), "{id} has no evidence");
        let helped = first.advice != GUIDANCE || !first.guidance.is_empty();
        assert!(helped, "{id} says nothing to do");
        assert_eq!(Some(first.fits), fits::of(id), "{id} has another row in the table");
    }
}

#[test]
fn dead_pods_of_long_ago_change_no_judgement() {
    for (id, _, break_it) in ROWS {
        let mut world = World::failing();
        break_it(&mut world);
        let judged = |world: &World| {
            let case = world.case();
            let causes: Vec<_> = rank(&case)
                .into_iter()
                .map(|it| (it.id, it.strength, it.evidence_for, it.evidence_against, it.not_checked))
                .collect();
            let findings: Vec<_> = crate::runbook::steps::diagnose::checks(&case)
                .into_iter()
                .chain(crate::runbook::steps::verify::checks(&case))
                .map(|check| (check.id, check.region, check.finding))
                .collect();
            (causes, findings, case.ready_pods(US), case.ready_pods(EU))
        };
        let before = judged(&world);
        for region in [US, EU] {
            world.leftovers(region);
        }
        assert_eq!(judged(&world), before, "{id}");
    }
}

#[test]
fn an_eviction_speaks_of_now_for_an_hour() {
    for (hours, strength, unknown) in
        [(Some(0), Strength::Likely, 0), (Some(50), Strength::RuledOut, 0), (None, Strength::RuledOut, 1)]
    {
        let mut world = World::failing();
        world.replicas(US, 3);
        world.pods(US, Facing::Waiting("ContainerCreating"));
        world.evicted(US, hours);
        let cause = super::resource_exhaustion::assess(&world.case());
        assert_eq!((cause.strength, cause.not_checked.len()), (strength, unknown), "{hours:?}: {cause:?}");
    }
}

#[test]
fn every_cause_has_a_row_here() {
    let world = World::failing();
    let mut known: Vec<&str> = super::ALL.iter().map(|assess| assess(&world.case()).id).collect();
    let mut tested: Vec<&str> = ROWS.iter().map(|row| row.0).collect();
    known.sort_unstable();
    tested.sort_unstable();
    assert_eq!(known, tested);
}

#[test]
fn without_an_answer_no_cause_is_named() {
    assert!(ranked(&World::silent()).is_empty());
}

/// The causes in their order, and what is broken.
type Order<'a> = (&'a [&'a str], fn(&mut World));

/// Two things broken at once: both are named, in this order.
#[test]
fn a_cause_that_explains_another_ranks_above_it() {
    let table: [Order; 6] = [
        (&["security-group-closed", "image-pull"], |w| {
            ROWS[6].2(w);
            w.pods(US, Facing::Waiting("ImagePullBackOff"));
            w.image(US, "4.11.9");
        }),
        (&["health-check-misconfigured", "crash-loop"], |w| {
            w.crash(US, "Error", "panic: x");
            w.disabled(EU);
        }),
        (&["peering-inactive", "database-unreachable", "crash-loop"], |w| ROWS[4].2(w)),
        (&["nodes-not-ready", "unschedulable"], |w| ROWS[11].2(w)),
        (&["cluster-down", "cluster-unreachable"], |w| ROWS[15].2(w)),
        (&["database-down", "all-regions-failing"], |w| ROWS[8].2(w)),
    ];
    for (order, break_it) in table {
        let mut world = World::failing();
        break_it(&mut world);
        let all = ranked(&world);
        let found: Vec<&str> = all.iter().copied().filter(|id| order.contains(id)).collect();
        assert_eq!(found, order, "{all:?}");
    }
}

#[test]
fn the_clusters_own_word_and_ours_are_told_apart() {
    let strength = |break_it: fn(&mut World), id: &str| {
        let mut world = World::failing();
        break_it(&mut world);
        rank(&world.case()).iter().find(|cause| cause.id == id).map(|cause| cause.strength)
    };
    // EKS knows no cluster of that name, and it answers all the same: the ARN may be wrong.
    let odd = |w: &mut World| w.answer(Question::Eks(US), Ok(EksFacts::Missing.into()));
    assert_eq!(strength(odd, "cluster-down"), Some(Strength::Possible));
    // A check that is not permitted is a gap, no cause of an outage.
    let gap = |w: &mut World| {
        w.crash(US, "Error", "panic: x");
        w.answer(Question::Targets(US), Err(Why::new(WhyKind::Forbidden, "not permitted")));
    };
    assert_eq!(strength(gap, "permission-missing"), Some(Strength::Possible));
    // Our sign-in to one cluster says nothing of the cluster itself.
    let lost =
        |w: &mut World| w.answer(Question::Cluster(US), Err(Why::new(WhyKind::Unauthenticated, "401")));
    assert_eq!(strength(lost, "cluster-unreachable"), None);
    // Unhealthy targets of pods that are not ready are an effect.
    let effect = |w: &mut World| {
        w.crash(US, "Error", "panic: x");
        w.targets(US, "unhealthy", 3);
    };
    assert_eq!(strength(effect, "targets-unhealthy"), None);
    // Healthy targets and a failing health check: nobody gets to the load balancer.
    assert_eq!(strength(|w| w.probe(US, 503), "targets-unhealthy"), Some(Strength::Likely));
    assert_eq!(strength(|_| (), "targets-unhealthy"), Some(Strength::Possible), "our own look is missing");
    // Unless it answers us: then the health check is only late.
    assert_eq!(strength(|w| w.probe(US, 200), "targets-unhealthy"), None);
    let no_balancer = |w: &mut World| w.targets_found(US, FoundBy::Nothing(None));
    assert_eq!(strength(no_balancer, "targets-unhealthy"), Some(Strength::Certain));
}

#[test]
fn no_two_causes_explain_each_other() {
    let world = World::failing();
    let mut causes: Vec<_> = super::ALL.iter().map(|assess| assess(&world.case())).collect();
    // As the cause says where it applies, which some rows bring about.
    for (id, _, break_it) in ROWS {
        let mut world = World::failing();
        break_it(&mut world);
        let found = rank(&world.case()).into_iter().find(|cause| cause.id == id);
        let place = causes.iter().position(|cause| cause.id == id);
        causes[place.unwrap()] = found.unwrap();
    }
    let known: Vec<&str> = causes.iter().map(|cause| cause.id).collect();
    for cause in &mut causes {
        cause.strength = Strength::Certain;
        if let Explains::These(ids) = cause.explains {
            assert!(ids.iter().all(|id| known.contains(id)), "{} explains something unknown", cause.id);
        }
    }
    for (index, one) in causes.iter().enumerate() {
        for other in &causes[..index] {
            let mutual = one.is_explained_by(other) && other.is_explained_by(one);
            assert!(!mutual, "{} and {}", one.id, other.id);
        }
    }
}

proptest! {
    /// The ranking is a function of the facts: no order of their arrival changes it.
    #[test]
    fn no_order_of_arrival_changes_the_ranking(
        (row, order) in (0..ROWS.len()).prop_flat_map(|row| {
            let mut world = World::failing();
            ROWS[row].2(&mut world);
            let questions: Vec<Question> = world.questions();
            (Just(row), Just(questions).prop_shuffle())
        }),
        first in select(vec![0_usize, 3, 9]),
    ) {
        let mut world = World::failing();
        ROWS[row].2(&mut world);
        let expected = ranked(&world);
        // Some arrive, are judged in between, and the rest arrives after.
        let mut arriving = World::silent();
        for question in &order[..first.min(order.len())] {
            arriving.take_from(&world, *question);
        }
        _ = ranked(&arriving);
        for question in &order[first.min(order.len())..] {
            arriving.take_from(&world, *question);
        }
        prop_assert_eq!(ranked(&arriving), expected);
    }
}

#[test]
fn an_image_of_the_right_version_is_not_installed_again() {
    for (tag, advice) in [("4.11.9", Some(Advice::Reapply)), ("4.11.2", GUIDANCE)] {
        let mut world = World::failing();
        world.image(US, tag);
        world.pods(US, Facing::Waiting("ImagePullBackOff"));
        let causes = rank(&world.case());
        assert_eq!((causes[0].id, causes[0].advice), ("image-pull", advice), "{tag}");
    }
}

#[test]
fn a_second_cause_stands_beside_the_first_and_an_effect_does_not() {
    let beside = |world: &World| {
        let causes = rank(&world.case());
        cause::also(&causes).iter().map(|cause| cause.id).collect::<Vec<_>>()
    };
    let mut world = World::failing();
    world.crash(US, "Error", world::TIMEOUT);
    assert_eq!(beside(&world), Vec::<&str>::new(), "the crashes follow from the database");
    world.inverted(EU);
    assert_eq!(beside(&world), ["database-unreachable"], "{:?}", ranked(&world));
    let mut stop = World::failing();
    for region in [US, EU] {
        stop.health(region, 0);
        stop.crash(region, "Error", world::REFUSED);
    }
    assert_eq!(ranked(&stop)[0], "database-down");
    assert_eq!(beside(&stop), Vec::<&str>::new(), "nothing else matters before that");
}
