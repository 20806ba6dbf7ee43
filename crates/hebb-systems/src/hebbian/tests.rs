use std::sync::Arc;

use hebb_spec::layout::Layout;
use hebb_spec::learning::Competition;
use hebb_spec::operand::Slot;
use hebb_spec::param::{Kind, Weight, Weights};
use hebb_spec::plan::{List, Role};
use hebb_spec::system::{Amount, Readings, Sums, System};

use super::*;

fn calls(hebbian: &Hebbian, list: List) -> Vec<String> {
    hebbian.plan(4).list(list).iter().map(|call| call.name.clone()).collect()
}

#[test]
fn the_state_learns_before_w_and_both_have_rates() {
    let subspace = Hebbian { halving: Some(10), ..Hebbian::new(5, 2, Rule::OJA_SUBSPACE, 0.5) };
    let plan = subspace.plan(4);
    let wanted = ["forward", "unroll", "rest", "power", "covariance", "W update"];
    assert_eq!(calls(&subspace, List::TRAIN), wanted);
    assert_eq!(plan.of_role(Role::State).count(), 1);
    assert_eq!(subspace.rates(0, 4), [0.125, planner::SHARE / 4.0]);
    assert_eq!(subspace.rates(10, 4)[0], 0.0625);
    assert_eq!(plan.rates, 2);
}

#[test]
fn a_rule_is_its_ingredients() {
    let of = |rule| calls(&Hebbian::new(5, 2, rule, 0.5), List::TRAIN)[2..].to_vec();
    assert_eq!(of(Rule::HEBB), ["W update"]);
    assert_eq!(of(Rule::HEBB_DECAY), ["W decay", "W update"]);
    assert_eq!(of(Rule::INSTAR), ["W decay", "W update"]);
    assert_eq!(of(Rule::OUTSTAR), ["R decay", "R update"]);
    assert_eq!(of(Rule::PAIR), ["W decay", "W update", "R decay", "R update"]);
    for rule in Rule::ALL {
        let hebbian = Hebbian::new(5, 2, rule, 0.5);
        let plan = hebbian.plan(3);
        assert_eq!(hebbian.rates(0, 3).len(), plan.rates as usize, "{}", rule.name);
        assert!(hebbian.params().iter().all(|param| plan.find(&param.name).is_some()));
        assert_eq!(hebbian.columns().len(), hebbian.row(&nothing(&Weights::draw(&hebbian.params(), 1))).len());
    }
    let decay = Hebbian { gamma: 3.0, halving: Some(4), ..Hebbian::new(5, 2, Rule::HEBB_DECAY, 0.5) };
    assert_eq!((decay.rates(0, 8), decay.rates(4, 8)), (vec![0.0625, 1.5], vec![0.03125, 0.75]));
    let kinds: Vec<Kind> = Hebbian::new(5, 2, Rule::OUTSTAR, 0.5).params().iter().map(|param| param.kind).collect();
    assert_eq!(kinds, [Kind::Fixed, Kind::Drawn]);
}

static NONE: Sums = Sums { images: 0, amounts: Vec::new() };

fn nothing(weights: &Weights) -> Readings<'_> {
    Readings { train: &NONE, validation: None, observed: None, weights }
}

#[test]
fn competition_stands_between_w_and_what_learns() {
    let hebbian = Hebbian { competition: Some(Competition::Winner), ..Hebbian::new(5, 2, Rule::INSTAR, 0.5) };
    let plan = hebbian.plan(4);
    let train = plan.list(List::TRAIN);
    let names: Vec<&str> = train.iter().map(|call| call.name.as_str()).collect();
    assert_eq!(names, ["forward", "compete", "power", "W decay", "W update"]);
    let won = train[1].tensor(Slot::Y);
    assert_eq!((train[3].tensor(Slot::Y), train[4].tensor(Slot::Delta)), (won, won));
}

#[test]
fn the_activity_of_a_recurrent_connection_is_what_comes_in() {
    let hebbian = Hebbian::recurrent(5, Rule::HEBB_DECAY, 0.5);
    let plan = hebbian.plan(4);
    let update = plan.list(List::TRAIN).last().unwrap();
    assert_eq!((update.tensor(Slot::Delta), update.tensor(Slot::X)), (plan.find("x"), plan.find("x")));
    assert_eq!(calls(&hebbian, List::TRAIN), ["power", "W decay", "W update"]);
    assert_eq!(hebbian.params()[0].layout.len(), 25);
}

#[test]
fn a_row_tells_of_an_orthonormal_basis() {
    let subspace = Hebbian::new(2, 2, Rule::OJA_SUBSPACE, 0.1);
    let weight = |(name, values): (&str, [f32; 4])| Weight {
        name: name.to_owned(),
        layout: Layout::Weights(subspace.lateral()),
        values: Arc::new(values.to_vec()),
    };
    let train = Sums {
        images: 1,
        amounts: vec![("power".to_owned(), Amount::Real(4.0)), ("rest".to_owned(), Amount::Real(1.0))],
    };
    let row = |w, c| {
        let weights = Weights([("W1", w), ("YY", c)].map(weight).to_vec());
        subspace.row(&Readings { train: &train, ..nothing(&weights) })
    };
    assert_eq!(row([0.0, 1.0, 1.0, 0.0], [2.0, 0.0, 0.0, 1.0]), [Some(0.25), None, Some(0.0), Some(0.0), Some(1.0)]);
    assert_eq!(row([2.0, 0.0, 0.0, 1.0], [1.0, 1.0, 1.0, 1.0])[2..], [Some(3.0), Some(0.5), Some(2.5_f64.sqrt())]);
    assert_eq!(row([0.0; 4], [0.0; 4])[3], None, "nothing was seen");
}

#[test]
fn a_row_of_a_pair_compares_w_and_r() {
    let pair = Hebbian::new(2, 2, Rule::PAIR, 0.1);
    assert_eq!(pair.columns(), ["norm", "norm_r", "corr"]);
    let weight = |(name, values): (&str, [f32; 4])| Weight {
        name: name.to_owned(),
        layout: Layout::Weights(pair.connection()),
        values: Arc::new(values.to_vec()),
    };
    let weights = Weights([("W1", [1.0, 2.0, 3.0, 4.0]), ("R1", [2.0, 4.0, 6.0, 8.0])].map(weight).to_vec());
    assert_eq!(pair.row(&nothing(&weights)), [Some(15.0_f64.sqrt()), Some(60.0_f64.sqrt()), Some(1.0)]);
}
