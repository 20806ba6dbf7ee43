//! Every kind of run: rules, sparse and untied layers. Each repeats, resumes, and keeps to its rule's laws.

use std::sync::atomic::AtomicBool;

use hebb_engine::trainer::Ending;
use hebb_spec::layout::Layout;
use hebb_spec::param::{Kind, Weights};
use hebb_spec::start::uniform_magnitude;
use hebb_spec::system::System;
use hebb_systems::layered::Rule;

use crate::fixture::{
    EPOCH_STEPS, Place, Settings, StopAt, epochs, kinds, last, layer, letter, resume, start, start_with,
};

#[test]
fn a_stop_leaves_no_trace_in_any_kind_of_run() {
    for (kind, settings) in kinds() {
        let whole = Place::new();
        start(&whole, &settings).unwrap();
        // Within an epoch, at its end, and right behind it.
        for step in [2, EPOCH_STEPS, EPOCH_STEPS + 1, 3 * EPOCH_STEPS - 1] {
            let place = Place::new();
            let stop = AtomicBool::new(false);
            let ending = start_with(&place, &settings, &stop, &mut StopAt::step(step, &stop)).unwrap();
            assert_eq!(ending, Ending::Interrupted);
            assert_eq!(resume(&place, None).unwrap(), Ending::Finished);
            assert_eq!(place.bytes(), whole.bytes(), "{kind}, stopped after step {step}");
        }
    }
}

#[test]
fn what_is_no_weight_stays_zero_and_what_is_fixed_stays() {
    for (kind, settings) in kinds() {
        let place = Place::new();
        let begun = settings.drawn();
        start(&place, &settings).unwrap();
        let (done, model) = last(&place);
        for param in model.params() {
            let (before, after) = (begun.get(&param.name).unwrap(), done.get(&param.name).unwrap());
            match param.kind {
                Kind::Fixed => assert_eq!(before, after, "{kind}: {}", param.name),
                Kind::Learned => assert_ne!(before, after, "{kind}: {}", param.name),
                Kind::Drawn | Kind::State => {}
            }
            let Layout::Weights(connection) = param.layout else { continue };
            let mut is_weight = vec![true; connection.len()];
            connection.each_outside(|at| is_weight[at] = false);
            let mask = param.mask.map(|mask| done.get(&mask).unwrap());
            for (at, value) in after.iter().enumerate() {
                let there = is_weight[at] && mask.is_none_or(|mask| mask[at] == 1.0);
                assert!(there || value.to_bits() == 0, "{kind}: {value} where there is no weight");
            }
        }
        let masks = model.params().iter().filter(|param| param.mask.is_some()).count();
        assert_eq!(masks > 0, kind.contains("sparse") || kind == "all", "{kind}");
    }
}

/// W and R of layers 2 and 3.
fn pairs(weights: &Weights) -> Vec<(f32, f32)> {
    let pair = |number| {
        let (w, r) = (weights.get(&format!("W{number}")).unwrap(), weights.get(&format!("R{number}")).unwrap());
        w.iter().copied().zip(r.to_vec())
    };
    [2, 3].into_iter().flat_map(pair).collect()
}

#[test]
fn r_in_a_file_has_the_signs_of_its_own_w() {
    for rule in [Rule::USF, Rule::FRSF, Rule::BRSF] {
        let settings = epochs(3).rule(rule).with(|settings| settings.spec.lr = 8.0);
        let begun = settings.drawn();
        let (ended, stopped) = (Place::new(), Place::new());
        start(&ended, &settings).unwrap();
        let stop = AtomicBool::new(false);
        start_with(&stopped, &settings, &stop, &mut StopAt::step(EPOCH_STEPS + 2, &stop)).unwrap();
        for place in [&ended, &stopped] {
            let (weights, model) = last(place);
            let turned = pairs(&begun).iter().zip(pairs(&weights)).filter(|(a, b)| a.0 * b.0 < 0.0).count();
            assert!(turned > 0, "{rule:?}: no W changed its sign, so nothing is tested");
            assert!(pairs(&weights).iter().all(|(w, r)| w * r > 0.0), "{rule:?}");
            let size = |weights: &Weights| pairs(weights).iter().map(|(_, r)| r.abs()).collect::<Vec<_>>();
            match rule.name {
                "frsf" => assert_eq!(size(&weights), size(&begun), "magnitudes are kept"),
                "brsf" => assert_ne!(size(&weights), size(&begun), "magnitudes are drawn anew"),
                _ => {
                    let connections: Vec<_> = model.network.connections().collect();
                    for (number, connection) in (1..).zip(connections).skip(1) {
                        let s = uniform_magnitude(&connection);
                        let r = weights.get(&format!("R{number}")).unwrap();
                        assert!(r.iter().all(|r| r.abs() == s));
                    }
                }
            }
        }
    }
}

#[test]
fn brsf_draws_the_magnitudes_of_the_step_to_come() {
    let settings = |count| epochs(count).rule(Rule::BRSF);
    let (one, two) = (Place::new(), Place::new());
    start(&one, &settings(1)).unwrap();
    start(&two, &settings(2)).unwrap();
    let size = |place: &Place| pairs(&last(place).0).iter().map(|(_, r)| r.abs()).collect::<Vec<_>>();
    assert_ne!(size(&one), size(&two));
    // Another path to the same step: the same draw, whatever W is by then.
    let other = Place::new();
    start(&other, &settings(1).with(|settings| settings.spec.lr = 0.01)).unwrap();
    assert_ne!(last(&one).0, last(&other).0);
    assert_eq!(size(&one), size(&other));
}

#[test]
fn r_learns_as_its_rule_says() {
    let end = |rule, track_r1| {
        let settings = epochs(2).rule(rule).with(|settings: &mut Settings| settings.spec.track_r1 = track_r1);
        let place = Place::new();
        start(&place, &settings).unwrap();
        (settings.drawn(), last(&place).0)
    };
    let gap = |weights: &Weights, number: u32| {
        let [w, r] = &layer(weights, number)[..] else { panic!("layer {number} has W and R") };
        w.values.iter().zip(&*r.values).map(|(w, r)| f64::from(w - r).powi(2)).sum::<f64>().sqrt()
    };
    let (begun, urfb) = end(Rule::URFB, true);
    let (_, kp) = end(Rule::kp(0.1), true);
    let left = 0.9_f64.powi(2 * EPOCH_STEPS as i32);
    for number in 1..=3 {
        assert!((gap(&urfb, number) / gap(&begun, number) - 1.0).abs() < 1e-5, "W − R is constant, R1's too");
        assert!((gap(&kp, number) / gap(&begun, number) / left - 1.0).abs() < 1e-4, "W − R shrinks by the decay");
    }
    let (begun, frfb) = end(Rule::FRFB, false);
    assert_eq!(letter(&begun, 'R'), letter(&frfb, 'R'));
    let (_, traced) = end(Rule::URFB, false);
    assert_eq!(letter(&traced, 'W'), letter(&urfb, 'W'), "R1 sends nothing");
    assert_eq!((letter(&traced, 'R').len(), letter(&urfb, 'R').len()), (2, 3));
}
