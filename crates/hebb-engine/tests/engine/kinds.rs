//! Every kind of run: rules, sparse and untied layers. Each repeats, resumes, and keeps to its rule's laws.

use std::sync::atomic::AtomicBool;

use hebb_engine::init::draw;
use hebb_engine::settings::Settings;
use hebb_engine::trainer::Ending;
use hebb_engine::weights::Weights;
use hebb_spec::init::uniform_magnitude;
use hebb_spec::rule::Rule;

use crate::fixture::{EPOCH_STEPS, Place, StopAt, epochs, job, kinds, last, resume, start, start_with};

#[test]
fn a_stop_leaves_no_trace_in_any_kind_of_run() {
    for (kind, settings) in kinds() {
        let whole = Place::new();
        start(&whole, settings.clone()).unwrap();
        // Within an epoch, at its end, and right behind it.
        for step in [2, EPOCH_STEPS, EPOCH_STEPS + 1, 3 * EPOCH_STEPS - 1] {
            let place = Place::new();
            let stop = AtomicBool::new(false);
            let ending = start_with(&place, settings.clone(), &stop, &mut StopAt::step(step, &stop)).unwrap();
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
        let job = job(settings.clone());
        let begun = draw(&job.model, &settings.drawing());
        start(&place, settings).unwrap();
        let (weights, model) = last(&place);
        let stages = begun.layers.iter().zip(&weights.layers).zip(model.network.connections());
        for ((begun, done), connection) in stages {
            assert_eq!(begun.fixed, done.fixed, "{kind}");
            assert_ne!(begun.w, done.w, "{kind}");
            let mut is_weight = vec![true; connection.len()];
            connection.each_outside(|at| is_weight[at] = false);
            let masks = [done.fixed.mask_w.as_ref(), done.fixed.mask_r.as_ref().or(done.fixed.mask_w.as_ref())];
            for (values, mask) in [Some(&done.w), done.r.as_ref()].into_iter().zip(masks) {
                for (at, value) in values.into_iter().flatten().enumerate() {
                    let there = is_weight[at] && mask.is_none_or(|mask| mask[at] == 1);
                    assert!(there || value.to_bits() == 0, "{kind}: {value} where there is no weight");
                }
            }
        }
    }
}

/// W and R of layers 2 and 3.
fn pairs(weights: &Weights) -> Vec<(f32, f32)> {
    let layers = weights.layers[1..].iter();
    layers.flat_map(|layer| layer.w.iter().copied().zip(layer.r.clone().unwrap())).collect()
}

#[test]
fn r_in_a_file_has_the_signs_of_its_own_w() {
    for rule in [Rule::USF, Rule::FRSF, Rule::BRSF] {
        let settings = Settings { rule, lr: 8.0, ..epochs(3) };
        let begun = draw(&job(settings.clone()).model, &settings.drawing());
        let (ended, stopped) = (Place::new(), Place::new());
        start(&ended, settings.clone()).unwrap();
        let stop = AtomicBool::new(false);
        start_with(&stopped, settings, &stop, &mut StopAt::step(EPOCH_STEPS + 2, &stop)).unwrap();
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
                    for (layer, connection) in weights.layers.iter().zip(connections).skip(1) {
                        let s = uniform_magnitude(&connection);
                        assert!(layer.r.iter().flatten().all(|r| r.abs() == s));
                    }
                }
            }
        }
    }
}

#[test]
fn brsf_draws_the_magnitudes_of_the_step_to_come() {
    let settings = |epochs_| Settings { rule: Rule::BRSF, ..epochs(epochs_) };
    let (one, two) = (Place::new(), Place::new());
    start(&one, settings(1)).unwrap();
    start(&two, settings(2)).unwrap();
    let size = |place: &Place| pairs(&last(place).0).iter().map(|(_, r)| r.abs()).collect::<Vec<_>>();
    assert_ne!(size(&one), size(&two));
    // Another path to the same step: the same draw, whatever W is by then.
    let other = Place::new();
    start(&other, Settings { lr: 0.01, ..settings(1) }).unwrap();
    assert_ne!(last(&one).0, last(&other).0);
    assert_eq!(size(&one), size(&other));
}

#[test]
fn r_learns_as_its_rule_says() {
    let end = |rule, track_r1| {
        let settings = Settings { rule, track_r1, ..epochs(2) };
        let begun = draw(&job(settings.clone()).model, &settings.drawing());
        let place = Place::new();
        start(&place, settings).unwrap();
        (begun, last(&place).0)
    };
    let gap = |weights: &Weights, at: usize| {
        let layer = &weights.layers[at];
        let r = layer.r.clone().unwrap();
        layer.w.iter().zip(r).map(|(w, r)| f64::from(w - r).powi(2)).sum::<f64>().sqrt()
    };
    let (begun, urfb) = end(Rule::URFB, true);
    let (_, kp) = end(Rule::kp(0.1), true);
    let left = 0.9_f64.powi(2 * EPOCH_STEPS as i32);
    for at in 0..3 {
        assert!((gap(&urfb, at) / gap(&begun, at) - 1.0).abs() < 1e-5, "W − R is constant, R1's too");
        assert!((gap(&kp, at) / gap(&begun, at) / left - 1.0).abs() < 1e-4, "W − R shrinks by the decay");
    }
    let (begun, frfb) = end(Rule::FRFB, false);
    assert!(begun.layers.iter().zip(&frfb.layers).all(|(begun, done)| begun.r == done.r));
    let (_, traced) = end(Rule::URFB, false);
    let forward = |weights: &Weights| weights.layers.iter().map(|layer| layer.w.clone()).collect::<Vec<_>>();
    assert_eq!(forward(&traced), forward(&urfb), "R1 sends nothing");
}
