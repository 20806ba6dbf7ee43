use super::*;
use crate::Shape;
use crate::network::Network;
use crate::problem::Access;
use crate::rule::{Loss, Preset, Rule};

fn model(text: &str, rule: Rule) -> Model {
    let network = Network::new(text, Shape::new(3, 32, 32), 10, Preset::AsRun).unwrap();
    Model::new(network, rule, Loss::Hinge, Preset::AsRun)
}

fn plan(text: &str, rule: Rule, frozen: &[u32]) -> Plan {
    Plan::new(&Model { frozen: frozen.to_vec(), ..model(text, rule) }, 20)
}

/// Plans of all kinds: every rule, sparse, untied, with all statistics.
fn all_plans() -> Vec<Plan> {
    let mut plans = Vec::new();
    for text in
        ["simpnet", "deepnet", "deepernet", "deepnet_s", "Output", "Local 4 3x3; Conv 4 2x2; SUM; Full 5; Output"]
    {
        for rule in Rule::ALL {
            let model = model(text, rule);
            let sparse = model.sparse_layers();
            plans.push(Plan::new(&Model { delta_statistics: true, ..model.clone() }, 20));
            plans.push(Plan::new(&Model { track_r1: rule.has_r(), sparse, frozen: vec![1], ..model }, 3));
        }
    }
    plans
}

fn names(calls: &[Call]) -> Vec<&str> {
    calls.iter().map(|call| call.name.as_str()).collect()
}

#[test]
fn simpnets_step_is_forward_loss_feedback_updates() {
    let plan = plan("simpnet", Rule::URFB, &[]);
    assert_eq!(
        names(&plan.train),
        [
            "gather images",
            "layer 1 forward",
            "pool forward",
            "drop 1 forward",
            "layer 2 forward",
            "drop 2 forward",
            "layer 3 forward",
            "loss",
            "layer 3 feedback",
            "layer 3 update",
            "drop 2 feedback",
            "layer 2 feedback",
            "layer 2 update",
            "drop 1 feedback",
            "pool feedback",
            "layer 1 update",
            "layer 1 apply"
        ]
    );
    let observed = names(&plan.statistics);
    assert_eq!(observed[..2], ["layer 2 statistics", "layer 3 statistics"]);
    assert_eq!(observed[observed.len() - 2..], ["layer 1 saturation", "layer 2 saturation"]);
    assert!(!names(&plan.evaluate).iter().any(|name| name.starts_with("drop")));
}

#[test]
fn every_problem_gets_tensors_of_its_lengths() {
    for plan in all_plans() {
        for call in [&plan.train, &plan.evaluate, &plan.statistics].into_iter().flatten() {
            let lens: Vec<usize> = call.tensors.iter().map(|&id| plan.tensor(id).len).collect();
            let wanted: Vec<usize> = call.problem.tensors().into_iter().map(|(_, len)| len).collect();
            assert_eq!(lens, wanted, "{}", call.name);
        }
    }
}

#[test]
fn live_tensors_never_share_a_slot() {
    for plan in all_plans() {
        for calls in [&plan.train, &plan.evaluate, &plan.statistics] {
            let mut holder = vec![None; plan.slots.len()];
            for call in calls {
                for (id, access) in call.accesses() {
                    let tensor = plan.tensor(id);
                    assert!(plan.slots[tensor.slot] >= tensor.len);
                    if access == Access::Write {
                        let clash =
                            call.tensors.iter().any(|&other| other != id && plan.tensor(other).slot == tensor.slot);
                        assert!(!clash, "{}: output shares a slot with another tensor", call.name);
                        holder[tensor.slot] = Some(id);
                    } else if tensor.role == Role::Scratch {
                        assert_eq!(holder[tensor.slot], Some(id), "{}: {} was overwritten", call.name, tensor.name);
                    }
                }
            }
        }
    }
}

#[test]
fn memory_is_reused() {
    let plan = plan("deepnet", Rule::URFB, &[]);
    let scratch: usize = plan.tensors.iter().filter(|t| t.role == Role::Scratch).map(|t| t.len).sum();
    assert!(plan.memory() < 4 * scratch as u64);
}

#[test]
fn a_sum_sends_its_delta_to_both_layers() {
    let plan = plan("Conv 4 3x3; Conv 4 3x3; SUM; Maxpool 3; Output", Rule::URFB, &[]);
    let wanted = ["layer 3 feedback", "layer 3 update", "pool feedback", "sum feedback", "layer 2 feedback"];
    let at = names(&plan.train).iter().position(|&name| name == wanted[0]).unwrap();
    assert_eq!(names(&plan.train)[at..at + 5], wanted);
    let feedback = &plan.train[at + 4];
    assert!(matches!(feedback.problem, Problem::ConnectFeedback { skip: true, gate: Some(_), .. }));
    assert_eq!(feedback.tensors[2], plan.train[at + 3].tensors[0], "the second δ is the SUM's own");
}

#[test]
fn signs_are_fresh_before_a_step_and_before_statistics() {
    let plan = plan("simpnet", Rule::FRSF, &[]);
    assert_eq!(names(&plan.statistics)[..2], ["layer 2 signs", "layer 3 signs"]);
    let signs = names(&plan.train).iter().position(|&name| name == "layer 2 signs").unwrap();
    let feedback = names(&plan.train).iter().position(|name| name.ends_with("feedback")).unwrap();
    assert!(signs < feedback);
}

#[test]
fn direct_feedback_reaches_each_hidden_layer() {
    let plan = plan("simpnet", Rule::DFA, &[]);
    let direct: Vec<&str> = names(&plan.train).into_iter().filter(|name| name.ends_with("direct feedback")).collect();
    assert_eq!(direct, ["layer 2 direct feedback", "layer 1 direct feedback"]);
    let b = plan.find(Role::B(1)).unwrap();
    assert_eq!(plan.tensor(b).len, 32 * 32 * 32 * 12, "ten classes, padded");
    assert!(!names(&plan.train).contains(&"pool feedback"));
}

#[test]
fn the_target_goes_to_hidden_layers_and_the_outputs_delta_to_the_last() {
    let plan = plan("simpnet", Rule::DRTP, &[]);
    let source = |name: &str, at: usize| {
        let call = plan.train.iter().find(|call| call.name == name).unwrap();
        plan.tensor(call.tensors[at]).name.as_str()
    };
    assert_eq!(source("layer 1 direct feedback", 1), "delta target");
    assert_eq!(source("layer 2 direct feedback", 1), "delta target");
    assert_eq!(source("layer 3 update", 0), "delta3");
}

#[test]
fn bp_has_no_r_and_frozen_layers_no_update() {
    let plan = plan("simpnet", Rule::BP, &[1, 2]);
    assert!(plan.tensors.iter().all(|tensor| !matches!(tensor.role, Role::R(_))));
    assert!(plan.statistics.iter().all(|call| !matches!(call.problem, Problem::PairStatistics { .. })));
    let updates = names(&plan.train).into_iter().filter(|name| name.ends_with("update")).collect::<Vec<_>>();
    assert_eq!(updates, ["layer 3 update"]);
}
