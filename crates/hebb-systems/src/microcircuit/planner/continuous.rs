//! Continuous dynamics: a list is one step of Euler's.

use hebb_spec::layout::Layout;
use hebb_spec::operand::Slot;
use hebb_spec::plan::{List, Role, TensorId};
use hebb_spec::problem::Problem;
use hebb_spec::transfer::{Euler, Noise, TransferFunction};

use super::super::{Dynamics, Input, Microcircuit};
use super::{Change, OUTPUT, Planner};

/// The readout of an interneurons' potential, and of the pyramidal cells' that each of them follows.
pub(in super::super) fn followers(layer: u32) -> [String; 2] {
    [format!("interneurons {layer}"), format!("followed {layer}")]
}

/// The readout of a population's trace.
fn ring(name: &str) -> String {
    format!("trace {name}")
}

/// Somata: u_0 … u_N and u_I,1 … u_I,N−1; of an evaluation there is no u_0.
struct Somata {
    input: Option<TensorId>,
    /// From layer 1.
    pyramidal: Vec<TensorId>,
    /// From layer 1.
    inter: Vec<TensorId>,
}

/// What dendrites and rates are at a time t. All from the lowest layer.
struct Flow {
    /// r_0 … r_N.
    r: Vec<TensorId>,
    /// r_I,1 … r_I,N−1.
    ri: Vec<TensorId>,
    /// v_B,1 … v_B,N.
    vb: Vec<TensorId>,
    /// v_I,1 … v_I,N−1.
    vi: Vec<TensorId>,
    /// R_{k+1}ᵀ r_{k+1} alone.
    vtd: Vec<TensorId>,
    /// v_A,1 … v_A,N−1.
    va: Vec<TensorId>,
}

/// How somata are integrated.
#[derive(Clone, Copy)]
struct Way {
    /// Whether there is noise.
    noise: bool,
    /// Whether the output is nudged.
    taught: bool,
}

impl Microcircuit {
    /// What is left of a trace from step to step; none where changes are made at once.
    pub(super) fn trace_keep(&self) -> Option<f32> {
        let keep = 1.0 - f64::from(self.dt) / f64::from(self.tau_weights);
        (self.dynamics == Dynamics::Continuous).then_some(keep as f32)
    }
}

impl Planner<'_> {
    pub(super) fn continuous(&mut self) {
        self.builder.list(List::TRAIN);
        self.train();
        self.builder.list(List::EVALUATE);
        self.evaluate();
    }

    /// One step: dendrites and rates, changes of weights, then somata.
    fn train(&mut self) {
        let circuit = self.circuit;
        let x = self.given_x();
        let somata = self.somata(Role::State, "");
        let u0 = somata.input.unwrap_or(x);
        let flow = self.flow(u0, &somata, Role::Scratch);
        let changes = self.changes(&flow);
        self.learn(&changes);
        let way = Way { noise: circuit.sigma > 0.0, taught: circuit.taught };
        self.integrate(&somata, &flow, way);
        let filter = f64::from(circuit.dt) / f64::from(circuit.tau_input);
        let euler =
            Euler { keep: (1.0 - filter) as f32, first: filter as f32, second: None, noise: None, restart: false };
        let (units, batch) = (circuit.units(0), self.builder.batch());
        self.builder.call("input", Problem::Integrate { units, batch, euler }, &[(Slot::V, x), (Slot::U, u0)], "");
        self.record(u0, &somata, &flow);
    }

    /// The same without noise, teacher and learning, on somata of its own that start at 0; the input is there at once.
    fn evaluate(&mut self) {
        let circuit = self.circuit;
        let x = self.given_x();
        let somata = self.somata(Role::Carried, "evaluated ");
        let flow = self.flow(x, &somata, Role::Readout);
        self.integrate(&somata, &flow, Way { noise: false, taught: false });
        self.wanted();
        for layer in circuit.hidden() {
            let at = layer as usize - 1;
            let pair = [somata.inter[at], somata.pyramidal[at + 1]];
            let units = circuit.units(layer + 1);
            for (name, of) in followers(layer).iter().zip(pair) {
                let out = self.output(Role::Readout, name, units);
                self.rate(name, of, (TransferFunction::Identity, units, false), out);
            }
        }
    }

    fn somata(&mut self, role: Role, of: &str) -> Somata {
        let circuit = self.circuit;
        let mut soma = |name: String, units| {
            let layout = Layout::Activity { units, batch: self.builder.batch() };
            self.builder.shared(role, &format!("{of}{name}"), layout)
        };
        Somata {
            input: (role == Role::State).then(|| soma("u0".to_owned(), circuit.units(0))),
            pyramidal: (1..=circuit.layers()).map(|layer| soma(format!("u{layer}"), circuit.units(layer))).collect(),
            inter: circuit.hidden().map(|layer| soma(format!("i{layer}"), circuit.units(layer + 1))).collect(),
        }
    }

    /// Dendrites and rates, equations (3), (4) and (5): nothing but what is seen at a time t. `role` is that of what an
    /// evaluation brings back; its somata are set to 0 in the first repeat, before their rates are read.
    fn flow(&mut self, u0: TensorId, somata: &Somata, role: Role) -> Flow {
        let (circuit, phi) = (self.circuit, self.transfer());
        let (top, is_evaluation) = (circuit.layers(), role == Role::Readout);
        let mut r = vec![u0];
        if circuit.input == Input::Potentials {
            r[0] = self.output(Role::Scratch, "r0", circuit.units(0));
            self.rate("input rates", u0, (phi, circuit.units(0), false), r[0]);
        }
        let mut flow = Flow { r, ri: Vec::new(), vb: Vec::new(), vi: Vec::new(), vtd: Vec::new(), va: Vec::new() };
        for (layer, &u) in (1..).zip(&somata.pyramidal) {
            let (units, w, below) = (circuit.units(layer), self.up(layer), flow.r[layer as usize - 1]);
            let vb = self.builder.forward(&format!("layer {layer} basal"), w, below, None, &format!("vB{layer}"));
            flow.vb.push(vb);
            let y = match layer == top && is_evaluation {
                true => self.output(Role::Readout, OUTPUT, units),
                false => self.output(Role::Scratch, &format!("r{layer}"), units),
            };
            if is_evaluation {
                self.restart(&format!("layer {layer} start"), (u, units), vb);
            }
            self.rate(&format!("layer {layer} rates"), u, (phi, units, false), y);
            flow.r.push(y);
        }
        for (layer, &u) in (1..).zip(&somata.inter) {
            let (units, ip, of) = (circuit.units(layer + 1), self.ip(layer), flow.r[layer as usize]);
            let name = format!("layer {layer} interneurons' dendrites");
            let vi = self.builder.forward(&name, ip, of, None, &format!("vI{layer}"));
            flow.vi.push(vi);
            let y = self.output(Role::Scratch, &format!("rI{layer}"), units);
            if is_evaluation {
                self.restart(&format!("layer {layer} interneurons' start"), (u, units), vi);
            }
            self.rate(&format!("layer {layer} interneurons' rates"), u, (phi, units, false), y);
            flow.ri.push(y);
        }
        for layer in circuit.hidden() {
            let ends = (flow.r[layer as usize + 1], flow.ri[layer as usize - 1]);
            let (vtd, va) = self.apical(layer, ends, role);
            flow.vtd.push(vtd);
            flow.va.push(va);
        }
        flow
    }

    /// U = 0 in the first repeat, and as it was in all others. `v` is a tensor of its size, of which nothing is taken.
    fn restart(&mut self, name: &str, of: (TensorId, u32), v: TensorId) {
        let euler = Euler { keep: 1.0, first: 0.0, second: None, noise: None, restart: true };
        self.soma(name, of, (v, None), euler);
    }

    /// What learns from what, equations (7) to (10).
    fn changes(&mut self, flow: &Flow) -> Vec<Change> {
        let circuit = self.circuit;
        let mut changes = Vec::new();
        for layer in 1..=circuit.layers() {
            let at = layer as usize - 1;
            if let Some(rate) = self.rates.up[at] {
                let ends = (flow.r[at + 1], flow.vb[at]);
                let what = format!("layer {layer} basal error");
                let delta = self.error(&what, ends, circuit.units(layer), circuit.basal_factor(layer));
                let (name, connection) = (format!("W{layer}"), circuit.up(layer));
                changes.push(Change { name, connection, rate, delta, x: flow.r[at] });
            }
        }
        for layer in circuit.hidden() {
            let (at, above) = (layer as usize - 1, layer as usize + 1);
            if let Some(rate) = self.rates.ip[at] {
                let what = format!("layer {layer} interneurons' error");
                let ends = (flow.ri[at], flow.vi[at]);
                let delta = self.error(&what, ends, circuit.units(layer + 1), circuit.inter_factor());
                let (name, connection) = (format!("IP{layer}"), circuit.up(layer + 1));
                changes.push(Change { name, connection, rate, delta, x: flow.r[above - 1] });
            }
            if let Some(rate) = self.rates.pi[at] {
                let (name, connection) = (format!("PI{layer}"), circuit.down(layer + 1));
                changes.push(Change { name, connection, rate, delta: flow.ri[at], x: flow.va[at] });
            }
            if let Some(rate) = self.rates.down[above - 1] {
                let what = format!("layer {layer} top-down error");
                let x = self.error(&what, (flow.r[above - 1], flow.vtd[at]), circuit.units(layer), 1.0);
                let (name, connection) = (format!("R{above}"), circuit.down(layer + 1));
                changes.push(Change { name, connection, rate, delta: flow.r[above], x });
            }
        }
        changes
    }

    /// Somata, equations (1) and (2): first the interneurons, which read the layer above as it was, then the pyramidal
    /// cells.
    fn integrate(&mut self, somata: &Somata, flow: &Flow, way: Way) {
        let (circuit, top) = (self.circuit, self.circuit.layers());
        let scale = (f64::from(circuit.sigma) * f64::from(circuit.dt).sqrt()) as f32;
        let noise = |layer| way.noise.then_some(Noise { scale, layer });
        let (leak, soma) = (circuit.g_leak, circuit.g_soma);
        for layer in circuit.hidden() {
            let at = layer as usize - 1;
            let euler = Euler {
                keep: circuit.left(&[leak, circuit.g_dendrite, soma]),
                first: circuit.share(circuit.g_dendrite),
                second: Some(circuit.share(soma)),
                noise: noise(top + layer),
                restart: false,
            };
            let ends = (flow.vi[at], Some(somata.pyramidal[at + 1]));
            self.soma(
                &format!("layer {layer} interneurons"),
                (somata.inter[at], circuit.units(layer + 1)),
                ends,
                euler,
            );
        }
        for layer in 1..=top {
            let at = layer as usize - 1;
            let (nudge, conductance) = match layer {
                _ if layer < top => (Some(flow.va[at]), circuit.g_apical),
                _ if way.taught => (Some(self.given_target()), soma),
                _ => (None, 0.0),
            };
            let euler = Euler {
                keep: circuit.left(&[leak, circuit.g_basal, conductance]),
                first: circuit.share(circuit.g_basal),
                second: nudge.map(|_| circuit.share(conductance)),
                noise: noise(layer),
                restart: false,
            };
            let of = (somata.pyramidal[at], circuit.units(layer));
            self.soma(&format!("layer {layer} soma"), of, (flow.vb[at], nudge), euler);
        }
    }

    fn soma(&mut self, name: &str, (u, units): (TensorId, u32), (v, v2): (TensorId, Option<TensorId>), euler: Euler) {
        let mut given = vec![(Slot::V, v), (Slot::U, u)];
        given.extend(v2.map(|v2| (Slot::V2, v2)));
        self.builder.call(name, Problem::Integrate { units, batch: self.builder.batch(), euler }, &given, "");
    }

    /// Traces of all populations, where they are asked for.
    fn record(&mut self, u0: TensorId, somata: &Somata, flow: &Flow) {
        let (circuit, batch) = (self.circuit, self.builder.batch());
        let (every, rows) = (circuit.record, circuit.rows());
        if rows == 0 {
            return;
        }
        let mut populations = vec![("u0".to_owned(), u0, circuit.units(0))];
        populations.extend((1..).zip(&somata.pyramidal).map(|(k, &u)| (format!("u{k}"), u, circuit.units(k))));
        populations.extend((1..).zip(&somata.inter).map(|(k, &u)| (format!("i{k}"), u, circuit.units(k + 1))));
        populations.extend((1..).zip(&flow.va).map(|(k, &v)| (format!("vA{k}"), v, circuit.units(k))));
        for (name, x, units) in populations {
            let name = ring(&name);
            let len = rows as usize * units as usize * batch as usize;
            let out = self.builder.shared(Role::Readout, &name, Layout::Flat(len));
            let problem = Problem::Record { units, batch, every, rows };
            self.builder.call(&name, problem, &[(Slot::X, x), (Slot::Ring, out)], "");
        }
    }
}
