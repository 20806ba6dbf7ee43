use hebb_spec::connection::Connection;
use hebb_spec::learning::Rate;
use hebb_spec::operand::{Access, Slot};
use hebb_spec::param::{Kind, Param, Weights};
use hebb_spec::plan::{List, Plan, Role};
use hebb_spec::problem::Problem;
use hebb_spec::settings::{Table, Value};
use hebb_spec::step::Outcome;
use hebb_spec::system::{Readings, Sums, System};

use super::*;

fn names(plan: &Plan, list: List) -> Vec<&str> {
    plan.list(list).iter().map(|call| call.name.as_str()).collect()
}

fn small() -> Microcircuit {
    Microcircuit {
        sizes: vec![4, 3, 3, 2],
        lr_up: vec![0.1],
        lr_down: vec![0.1],
        taught: true,
        source: Source::Pairs,
        ..Microcircuit::continuous()
    }
}

fn images() -> Microcircuit {
    let source = Source::Images { shape: Shape::new(1, 2, 2), classes: 2 };
    Microcircuit { sizes: vec![4, 3, 3, 2], source, ..Microcircuit::two_step() }
}

fn read(settings: &[(&str, &str)]) -> Result<Microcircuit, String> {
    let table = settings.iter().map(|&(key, value)| (key.to_owned(), Value::Text(value.to_owned()))).collect();
    Microcircuit::from_table(&Table(table)).map_err(|error| error.to_string())
}

#[test]
fn a_step_reads_all_before_it_changes_anything() {
    let plan = small().plan(1);
    let calls = plan.list(List::TRAIN);
    let is_change = |problem: &Problem| matches!(problem, Problem::ConnectUpdate { .. } | Problem::Integrate { .. });
    let first = calls.iter().position(|call| is_change(&call.problem)).unwrap();
    assert!(calls[first..].iter().all(|call| is_change(&call.problem)), "{:?}", names(&plan, List::TRAIN));
    let wanted = [
        "W1 update",
        "W2 update",
        "W3 update",
        "IP1 update",
        "PI1 update",
        "R2 update",
        "IP2 update",
        "PI2 update",
        "R3 update",
        "layer 1 interneurons",
        "layer 2 interneurons",
        "layer 1 soma",
        "layer 2 soma",
        "layer 3 soma",
        "input",
    ];
    assert_eq!(names(&plan, List::TRAIN)[first..], wanted);
    // Each interneuron reads the cell above before that moves on.
    let at = |name: &str| calls.iter().position(|call| call.name == name).unwrap();
    let inter = &calls[at("layer 1 interneurons")];
    assert_eq!(inter.tensor(Slot::V2), plan.find("u2"));
    assert!(at("layer 1 interneurons") < at("layer 2 soma"));
}

#[test]
fn an_evaluation_changes_no_parameter_and_no_state() {
    for circuit in [small(), images(), Microcircuit { source: Source::Vectors, taught: false, ..small() }] {
        let plan = circuit.plan(1);
        for call in plan.list(List::EVALUATE).iter().chain(plan.list(List::STATISTICS)) {
            for (id, access) in call.accesses().filter(|(_, access)| *access != Access::Read) {
                let role = plan.tensor(id).role;
                assert!(!matches!(role, Role::Param | Role::State), "{}: {access:?} {role:?}", call.name);
            }
        }
    }
    let plan = small().plan(1);
    let back: Vec<String> = plan.readouts(List::EVALUATE).into_iter().map(|id| plan.tensor(id).name.clone()).collect();
    let wanted = ["output", "apical 1", "apical 2", "wanted", "interneurons 1", "followed 1"];
    assert_eq!(back[..6], wanted);
    assert!(plan.readouts(List::TRAIN).is_empty());
}

#[test]
fn what_is_fixed_has_no_update_and_no_trace() {
    let s1 = Microcircuit::continuous();
    let plan = s1.plan(1);
    let updates = names(&plan, List::TRAIN).into_iter().filter(|name| name.ends_with(" update")).collect::<Vec<_>>();
    assert_eq!(updates, ["IP1 update", "PI1 update"]);
    let params: Vec<String> = s1.params().into_iter().map(|param| param.name).collect();
    let wanted = ["W1", "IP1", "PI1", "W2", "R2", "u0", "u1", "u2", "i1", "IP1.trace", "PI1.trace"].map(str::to_owned);
    assert_eq!(params, wanted);
    assert!(s1.params().iter().all(|param| plan.find(&param.name).is_some()));
    let fixed = Microcircuit { lr_ip: vec![0.0], lr_pi: vec![0.0], ..s1 };
    assert_eq!((fixed.plan(1).rates, fixed.rates(0, 1)), (0, Vec::new()));
}

#[test]
fn rates_come_in_the_plans_order_and_the_lateral_ones_that_silence_go_down() {
    let circuit = Microcircuit { lr_ip: vec![0.0, 0.25], lr_pi: vec![0.5], lr_down: vec![0.125], ..small() };
    let circuit = Microcircuit { dt: 0.5, tau_weights: 1.0, lr_up: vec![1.0, 2.0, 4.0], ..circuit };
    let plan = circuit.plan(2);
    let rate = |name: &str| {
        let call = plan.list(List::TRAIN).iter().find(|call| call.name == format!("{name} update"))?;
        let Problem::ConnectUpdate { learning, .. } = call.problem else { return None };
        assert_eq!(learning.trace, Some(0.5));
        let Rate(at) = learning.rate;
        Some(circuit.rates(7, 2)[at as usize])
    };
    // η · dt · dt / τ_w over the batch: an eighth.
    let of = |names: [&str; 3]| names.map(rate);
    assert_eq!(of(["W1", "W2", "W3"]), [0.125, 0.25, 0.5].map(Some));
    assert_eq!(of(["IP1", "IP2", "PI1"]), [None, Some(0.03125), Some(-0.0625)]);
    assert_eq!(of(["PI2", "R2", "R3"]), [-0.0625, 0.015_625, 0.015_625].map(Some));
    let most = Microcircuit { sizes: vec![2; 9], lr_down: vec![1.0], lr_up: vec![1.0], ..small() };
    assert_eq!((most.check(), most.plan(1).rates), (Ok(()), 29));
}

#[test]
fn two_steps_go_up_and_down_and_end_with_all_changes() {
    let plan = images().plan(5);
    let wanted = [
        "gather images",
        "input rates",
        "layer 1 basal",
        "layer 1 rates",
        "layer 2 basal",
        "layer 2 rates",
        "layer 3 basal",
        "layer 3 rates",
        "loss",
        "target",
        "layer 3 soma",
        "layer 2 interneurons' dendrites",
        "layer 2 interneurons",
        "layer 2 top-down",
        "layer 2 apical",
        "layer 2 soma",
        "layer 1 interneurons' dendrites",
        "layer 1 interneurons",
        "layer 1 top-down",
        "layer 1 apical",
        "layer 1 soma",
        "W1 update",
        "W2 update",
        "W3 update",
        "IP1 update",
        "IP2 update",
    ];
    assert_eq!(names(&plan, List::TRAIN), wanted);
    assert_eq!(plan.readouts(List::STATISTICS).len(), 2);
    let update = plan.list(List::TRAIN).iter().find(|call| call.name == "W2 update").unwrap();
    let rates = plan.list(List::TRAIN).iter().find(|call| call.name == "layer 1 rates").unwrap();
    assert_eq!(update.tensor(Slot::X), rates.tensor(Slot::Y), "the rate before anything is nudged");
    let bp = Microcircuit { learner: Learner::Bp, ..images() };
    let plan = bp.plan(5);
    let changes = ["W1 update", "W2 update", "W3 update"];
    assert_eq!(
        names(&plan, List::TRAIN)[11..],
        [&["layer 2 feedback", "layer 2 error", "layer 1 feedback", "layer 1 error"], &changes[..]].concat()
    );
    assert_eq!((bp.columns().len(), bp.check(), plan.position(List::STATISTICS)), (4, Ok(()), None));
}

#[test]
fn figure_3s_rates_follow_from_the_mixing_factors() {
    let close = |is: f64, wanted: f64| assert!((is / wanted - 1.0).abs() < 1e-6, "{is} for {wanted}");
    let circuit = Microcircuit::two_step();
    for (layer, wanted) in [(3, 0.01), (2, 0.01 / 0.3), (1, 0.01 / 0.09)] {
        close(circuit.rate_up(layer), wanted);
    }
    close(circuit.rate_ip(2), 0.02);
    close(circuit.rate_ip(1), 0.02 / 0.3);
    let bp = Microcircuit { learner: Learner::Bp, ..circuit };
    close(bp.rate_up(1), 0.01);
    let [high, low] = bp.label_potentials();
    close(high, 4.0_f64.ln());
    close(low, -(9.0_f64.ln()));
}

#[test]
fn the_self_predicting_start_has_the_same_words() {
    for circuit in [images(), Microcircuit { self_predicting: true, ..small() }] {
        let weights = Weights::draw(&circuit.params(), 3);
        for layer in circuit.hidden() {
            let f = circuit.ip_factor(layer);
            let (ip, w) =
                (weights.get(&format!("IP{layer}")).unwrap(), weights.get(&format!("W{}", layer + 1)).unwrap());
            assert!(ip.iter().zip(w).all(|(ip, w)| (f64::from(*ip) - f * f64::from(*w)).abs() < 1e-7), "IP{layer}");
            let (pi, r) =
                (weights.get(&format!("PI{layer}")).unwrap(), weights.get(&format!("R{}", layer + 1)).unwrap());
            assert!(pi.iter().zip(r).all(|(pi, r)| *pi == -r), "PI{layer}");
            assert!(circuit.ip_distance(&weights, layer).unwrap() < 1e-12);
            assert_eq!(circuit.pi_distance(&weights, layer), Some(0.0));
        }
    }
    let factors = |circuit: &Microcircuit| [1, 2].map(|layer| circuit.ip_factor(layer));
    let near = |is: [f64; 2], wanted: [f64; 2]| is.iter().zip(wanted).all(|(is, wanted)| (is - wanted).abs() < 1e-7);
    assert!(near(factors(&images()), [0.7, 1.0]));
    assert!(near(factors(&small()), [1.1 / 1.9, 1.0]));
    let weights = Weights::draw(&small().params(), 3);
    assert!(small().pi_distance(&weights, 1).unwrap() > 0.1, "at random");
}

#[test]
fn networks_side_by_side_are_places_with_weights_of_their_own() {
    let circuit = Microcircuit { sizes: vec![3, 2, 2], networks: 4, ..Microcircuit::continuous() };
    assert_eq!(circuit.check(), Ok(()));
    assert_eq!(circuit.up(1), Connection::conv(Shape::new(3, 4, 1), 2, 1, 1).untie());
    assert_eq!((circuit.units(0), circuit.units(2)), (12, 8));
    let weights = Weights::draw(&circuit.params(), 1);
    assert_eq!(weights.get("W1").unwrap().len(), 4 * 6);
    // The mean of four angles.
    let angles: Vec<f64> = (0..4)
        .map(|at| {
            let of = |name| &weights.get(name).unwrap()[4 * at..][..4];
            crate::layered::statistics::PairSums::of(of("W2"), of("R2")).angle().unwrap()
        })
        .collect();
    assert!((circuit.angle(&weights, 2).unwrap() - angles.iter().sum::<f64>() / 4.0).abs() < 1e-9);
}

#[test]
fn an_angle_leaves_thresholds_out() {
    let circuit = Microcircuit { sizes: vec![2, 2, 1], ..images() };
    let param = |name: &str, layout| Param {
        name: name.to_owned(),
        layer: 2,
        layout,
        kind: Kind::Learned,
        start: hebb_spec::start::Start::Zero,
        mask: None,
    };
    use hebb_spec::layout::Layout;
    let params = [param("W2", Layout::Weights(circuit.up(2))), param("R2", Layout::Weights(circuit.down(2)))];
    let mut weights = Weights::draw(&params, 1);
    *weights.get_mut("W2").unwrap() = vec![1.0, 0.0, 5.0];
    *weights.get_mut("R2").unwrap() = vec![1.0, 1.0];
    assert!((circuit.angle(&weights, 2).unwrap() - 45.0).abs() < 1e-9);
}

#[test]
fn a_row_has_a_value_for_each_column() {
    let circuit = small();
    let weights = Weights::draw(&circuit.params(), 1);
    let layer = |name: &str, values: &[f32]| (name.to_owned(), values.to_vec());
    let readouts = vec![
        layer("output", &[1.0, 2.0]),
        layer("wanted", &[1.0, 4.0]),
        layer("apical 1", &[1.0, -2.0, 3.0]),
        layer("apical 2", &[0.0; 3]),
        layer("interneurons 1", &[1.0, 2.0, 3.0]),
        layer("followed 1", &[2.0, 4.0, 6.0]),
        layer("interneurons 2", &[1.0, 2.0]),
        layer("followed 2", &[2.0, 1.0]),
    ];
    let mut sums = Sums::zero(&circuit.amounts());
    for step in 0..2 {
        sums.add(1, &circuit.tally(&Outcome { step, images: 1, readouts: readouts.clone() }));
    }
    let none = Sums::zero(&circuit.amounts());
    let row = circuit.row(&Readings { train: &none, validation: Some(&sums), observed: None, weights: &weights });
    let columns = circuit.columns();
    assert_eq!(columns.len(), row.len());
    let of = |name: &str| row[columns.iter().position(|column| column == name).unwrap()].unwrap();
    assert_eq!([of("validation_error"), of("apical_1"), of("apical_2")], [4.0, 2.0, 0.0]);
    assert!((of("inter_1") - 1.0).abs() < 1e-12 && (of("inter_2") + 1.0).abs() < 1e-12);
    let wanted = [
        "validation_error",
        "apical_1",
        "apical_2",
        "inter_1",
        "inter_2",
        "angle_2",
        "angle_3",
        "ip_1",
        "ip_2",
        "pi_1",
        "pi_2",
    ];
    assert_eq!(columns, wanted);
    let two_step = images();
    let weights = Weights::draw(&two_step.params(), 1);
    let observed = Outcome { step: 0, images: 1, readouts: vec![layer("apical 1", &[3.0, 0.0, 0.0, 9.0, 9.0, 9.0])] };
    let row = two_step.row(&Readings { train: &none, validation: None, observed: Some(&observed), weights: &weights });
    assert_eq!((row.len(), row[4], row[5]), (two_step.columns().len(), Some(3.0_f64.sqrt()), None));
    assert_eq!((two_step.score(), circuit.score()), (Some("wrong"), None));
}

#[test]
fn traces_of_all_populations_come_back_where_they_are_asked_for() {
    let circuit = Microcircuit { record: 10, ..Microcircuit::continuous() };
    let plan = circuit.plan(1);
    let names: Vec<&str> = plan.readouts(List::TRAIN).into_iter().map(|id| plan.tensor(id).name.as_str()).collect();
    assert_eq!(names, ["trace u0", "trace u1", "trace u2", "trace i1", "trace vA1"]);
    assert_eq!(plan.tensor(plan.find("trace u1").unwrap()).layout.len(), 100 * 20);
}

#[test]
fn settings_read_back_as_they_were() {
    for settings in [
        &[][..],
        &[("sizes", "4-3-3-2"), ("lr-up", "0.1,0.25,1"), ("taught", "true"), ("input", "rates"), ("sigma", "0.3")],
        &[("networks", "7"), ("gamma", "0.1"), ("theta", "3"), ("self-predicting", "true"), ("dt", "0.05")],
        &[("dynamics", "two-step")],
        &[("dynamics", "two-step"), ("sizes", "9-5-4-3"), ("lambda-hidden", "0.2,0.3"), ("transfer", "softplus")],
        &[("dynamics", "two-step"), ("learner", "bp"), ("lambda-output", "0.25")],
        &[("dynamics", "two-step"), ("self-predicting", "false"), ("start-ip", "0.5"), ("lr-pi", "0.5")],
    ] {
        let circuit = read(settings).unwrap();
        assert_eq!(Microcircuit::from_table(&circuit.table()), Ok(circuit.clone()), "{settings:?}");
        for (key, value) in settings {
            let kept = circuit.table().get(key).map(|kept| Table(vec![((*key).to_owned(), kept.clone())]));
            assert!(kept.is_some(), "{key} = {value}");
        }
    }
    let table = read(&[("dynamics", "two-step")]).unwrap().table();
    assert_eq!(table.get("lr-up"), Some(&Value::Text("0.1111111,0.03333333,0.01".to_owned())));
    assert_eq!((table.get("dt"), table.get("start-ip"), table.get("gamma")), (None, None, None));
    assert!(read(&[]).unwrap().table().get("lambda-output").is_none());
}

#[test]
fn what_is_wrong_is_named() {
    let error = |settings: &[(&str, &str)]| read(settings).unwrap_err();
    for wrong in ["", "4", "0-3", "3--2", "3-x", "70000-2", "65536-65536", &"2-".repeat(200)] {
        assert!(error(&[("sizes", wrong)]).contains("are no sizes: write the cells"), "{wrong}");
    }
    assert_eq!(
        error(&[("dynamics", "onestep")]),
        "dynamics = onestep: unknown dynamics 'onestep': known are continuous, two-step"
    );
    assert_eq!(
        error(&[("lambda-output", "0.1")]),
        "lambda-output = 0.1: it belongs to two-step dynamics, but the dynamics are continuous: leave one of them out"
    );
    let two_step = |key, value| error(&[("dynamics", "two-step"), (key, value)]);
    for key in ["dt", "sigma", "networks", "pattern-steps", "taught", "input", "g-apical", "tau-weights"] {
        assert!(two_step(key, "1").contains("it belongs to continuous dynamics"), "{key}");
    }
    assert!(two_step("gamma", "1").contains("it belongs to softplus, but the transfer function is logistic"));
    assert!(two_step("start-pi", "1").contains("it belongs to a random start"));
    assert!(error(&[("learner", "bp")]).contains("it belongs to two-step dynamics"));
    let bp = [("dynamics", "two-step"), ("learner", "bp"), ("lr-ip", "1")];
    assert!(error(&bp).contains("it belongs to microcircuits, but the learner is bp"));
    assert_eq!(
        error(&[("lr-up", "0.1,x")]),
        "lr-up = 0.1,x: write a number of 0 or more, or one for each layer, separated by commas"
    );
    for (key, value) in [("gamma", "0"), ("dt", "-1"), ("start-up", "nan"), ("sigma", "inf"), ("g-basal", "0")] {
        assert!(error(&[(key, value)]).starts_with(&format!("{key} = {value}: write a number ")), "{key}");
    }
    assert!(error(&[("self-predicting", "yes")]).contains("it is a switch: write true or false"));
}

#[test]
fn what_does_not_go_together_is_named() {
    let error = |circuit: Microcircuit| circuit.check().unwrap_err().to_string();
    assert_eq!((small().check(), images().check()), (Ok(()), Ok(())));
    assert_eq!(
        error(Microcircuit { lr_up: vec![0.1; 2], ..small() }),
        "lr-up = 0.1,0.1: there are 3 weighted layers: write one number for all, or 3, as in 0.1,0.2,0.3"
    );
    assert!(error(Microcircuit { lr_pi: vec![], ..small() }).starts_with("lr-pi = : there are 2 hidden layers"));
    assert!(error(Microcircuit { dt: 4.0, ..small() }).contains("it is more than tau-input = 3.0"));
    assert_eq!(
        error(Microcircuit { dt: 1.0, ..small() }),
        "dt = 1.0: with conductances of 1.900 in all a step is at most 0.526"
    );
    assert!(
        error(Microcircuit { source: Source::Vectors, ..small() }).starts_with("taught = true: there are no targets")
    );
    let continuous = Microcircuit { source: images().source, ..small() };
    assert!(error(continuous).starts_with("dynamics = continuous: it takes vectors"));
    assert!(error(Microcircuit { source: Source::Vectors, ..images() }).contains("vectors with targets"));
    assert_eq!(
        error(Microcircuit { sizes: vec![4, 3, 3], lr_up: vec![], ..images() }),
        "sizes = 4-3-3: images of 1x2x2 in 2 classes need 4-…-2"
    );
    assert!(error(Microcircuit { networks: 40_000, ..small() }).contains("makes 160000 cells"));
    assert!(error(Microcircuit { networks: 2, ..images() }).starts_with("networks = 2: "));
    assert!(error(Microcircuit { learner: Learner::Bp, ..small() }).starts_with("learner = bp: "));
    assert!(error(Microcircuit { lr_up: vec![f32::NAN], ..small() }).starts_with("lr-up = NaN: write a number"));
    // Without a hidden layer there is nothing but W.
    let shallow = Microcircuit { sizes: vec![4, 2], ..images() };
    assert_eq!((shallow.check(), shallow.columns().len(), shallow.params().len()), (Ok(()), 4, 1));
    assert_eq!(shallow.plan(3).position(List::STATISTICS), None);
}
