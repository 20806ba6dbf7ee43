use super::*;
use crate::layered::{Activation, Network, Preset, Rule};
use hebb_spec::Shape;
use hebb_spec::learning::Loss;
use hebb_spec::operand::{Access, Slot};
use hebb_spec::plan::Call;
use hebb_spec::problem::Problem;
use hebb_spec::system::System;

fn model(text: &str, rule: Rule) -> Model {
    let network = Network::new(text, Shape::new(3, 32, 32), 10, Preset::AsRun).unwrap();
    Model::new(network, rule, Loss::Hinge, Preset::AsRun)
}

fn plan(text: &str, rule: Rule, frozen: &[u32]) -> Plan {
    Model { frozen: frozen.to_vec(), ..model(text, rule) }.plan(20)
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
            plans.push(Model { delta_statistics: true, ..model.clone() }.plan(20));
            plans.push(Model { activation: Activation::Identity, ..model.clone() }.plan(5));
            plans.push(Model { track_r1: rule.has_r(), sparse, frozen: vec![1], ..model }.plan(3));
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
        names(plan.list(List::TRAIN)),
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
            "layer 1 update"
        ]
    );
    let observed = names(plan.list(List::STATISTICS));
    assert_eq!(observed[..2], ["layer 2 statistics", "layer 3 statistics"]);
    assert_eq!(observed[observed.len() - 2..], ["layer 1 saturation", "layer 2 saturation"]);
    assert!(!names(plan.list(List::EVALUATE)).iter().any(|name| name.starts_with("drop")));
}

#[test]
fn every_problem_gets_tensors_of_its_layouts() {
    for plan in all_plans() {
        for call in plan.calls() {
            assert_eq!(call.tensors.len(), call.problem.operands().len(), "{}", call.name);
            for (id, operand) in call.operands() {
                assert_eq!(plan.tensor(id).layout, operand.layout, "{}", call.name);
            }
        }
    }
}

#[test]
fn live_tensors_never_share_a_slot() {
    for plan in all_plans() {
        for (_, calls) in &plan.lists {
            let mut holder = vec![None; plan.slots];
            for call in calls {
                for (id, access) in call.accesses() {
                    let tensor = plan.tensor(id);
                    assert!(tensor.slot < plan.slots);
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
fn a_linear_network_has_no_sigma_anywhere() {
    let text = "Conv 4 3x3; Conv 4 3x3; SUM; Maxpool 3; Drop .5; Full 5; Output";
    for rule in [Rule::URFB, Rule::DFA] {
        let linear = Model { activation: Activation::Identity, ..model(text, rule) };
        let clips = |call: &Call| match call.problem {
            Problem::ConnectForward { slope, .. } => slope.is_some(),
            Problem::ConnectFeedback { gate, .. } | Problem::PoolFeedback { gate, .. } => gate.is_some(),
            Problem::SumFeedback { .. } | Problem::Saturation { .. } => true,
            _ => false,
        };
        assert!(!linear.plan(4).calls().any(clips), "{}", rule.name);
        assert!(model(text, rule).plan(4).calls().any(clips));
        assert!(!linear.columns().iter().any(|column| column.starts_with("saturated")));
    }
    let linear = Model { activation: Activation::Identity, ..model(text, Rule::URFB) };
    let plan = linear.plan(4);
    let feedback = plan.list(List::TRAIN).iter().find(|call| call.name == "layer 2 feedback").unwrap();
    assert_eq!(feedback.tensor(Slot::Skip), feedback.tensor(Slot::Delta), "a SUM's δ goes to both layers");
}

#[test]
fn memory_is_reused() {
    let plan = plan("deepnet", Rule::URFB, &[]);
    let scratch: Vec<_> = plan.tensors.iter().filter(|tensor| tensor.role == Role::Scratch).collect();
    let classes: std::collections::BTreeSet<usize> = scratch.iter().map(|tensor| tensor.slot).collect();
    assert!(2 * classes.len() < scratch.len(), "{} classes for {} tensors", classes.len(), scratch.len());
}

#[test]
fn a_sum_sends_its_delta_to_both_layers() {
    let plan = plan("Conv 4 3x3; Conv 4 3x3; SUM; Maxpool 3; Output", Rule::URFB, &[]);
    let wanted = ["layer 3 feedback", "layer 3 update", "pool feedback", "sum feedback", "layer 2 feedback"];
    let at = names(plan.list(List::TRAIN)).iter().position(|&name| name == wanted[0]).unwrap();
    assert_eq!(names(plan.list(List::TRAIN))[at..at + 5], wanted);
    let calls = plan.list(List::TRAIN);
    let feedback = &calls[at + 4];
    assert!(matches!(feedback.problem, Problem::ConnectFeedback { skip: true, gate: Some(_), .. }));
    assert_eq!(feedback.tensor(Slot::Skip), calls[at + 3].tensor(Slot::Delta), "the second δ is the SUM's own");
}

#[test]
fn signs_are_fresh_before_a_step_and_before_statistics() {
    let plan = plan("simpnet", Rule::FRSF, &[]);
    assert_eq!(names(plan.list(List::STATISTICS))[..2], ["layer 2 signs", "layer 3 signs"]);
    let signs = names(plan.list(List::TRAIN)).iter().position(|&name| name == "layer 2 signs").unwrap();
    let feedback = names(plan.list(List::TRAIN)).iter().position(|name| name.ends_with("feedback")).unwrap();
    assert!(signs < feedback);
}

#[test]
fn direct_feedback_reaches_each_hidden_layer() {
    let plan = plan("simpnet", Rule::DFA, &[]);
    let direct: Vec<&str> =
        names(plan.list(List::TRAIN)).into_iter().filter(|name| name.ends_with("direct feedback")).collect();
    assert_eq!(direct, ["layer 2 direct feedback", "layer 1 direct feedback"]);
    let b = plan.find("B1").unwrap();
    assert_eq!(plan.tensor(b).layout.len(), 32 * 32 * 32 * 10);
    assert!(!names(plan.list(List::TRAIN)).contains(&"pool feedback"));
}

#[test]
fn the_target_goes_to_hidden_layers_and_the_outputs_delta_to_the_last() {
    let plan = plan("simpnet", Rule::DRTP, &[]);
    let source = |name: &str| {
        let call = plan.list(List::TRAIN).iter().find(|call| call.name == name).unwrap();
        plan.tensor(call.tensor(Slot::Delta).unwrap()).name.as_str()
    };
    assert_eq!(source("layer 1 direct feedback"), "delta target");
    assert_eq!(source("layer 2 direct feedback"), "delta target");
    assert_eq!(source("layer 3 update"), "delta3");
}

#[test]
fn bp_has_no_r_and_frozen_layers_no_update() {
    let plan = plan("simpnet", Rule::BP, &[1, 2]);
    assert!(plan.tensors.iter().all(|tensor| !tensor.name.starts_with('R')));
    assert!(plan.list(List::STATISTICS).iter().all(|call| !matches!(call.problem, Problem::PairStatistics { .. })));
    let updates = names(plan.list(List::TRAIN)).into_iter().filter(|name| name.ends_with("update")).collect::<Vec<_>>();
    assert_eq!(updates, ["layer 3 update"]);
}
