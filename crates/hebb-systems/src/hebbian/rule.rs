//! Rules of the Hebbian family.

use std::str::FromStr;

use hebb_spec::learning::Decay;
use hebb_spec::settings::UnknownName;

/// What stands beside y in an increment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pre {
    /// The input: ⟨y xᵀ⟩.
    Input,
    /// What the units cannot unroll back into it: ⟨y (x − Wᵀy)ᵀ⟩.
    Rest,
}

/// How a connection changes in a step: by an increment η ⟨y preᵀ⟩, and by a decay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Update {
    /// What stands beside y.
    pub pre: Pre,
    /// What the decay goes by: η γ for [`Decay::Even`], η ⟨y⟩ or η ⟨x⟩ else; none: there is no decay.
    pub decay: Option<Decay>,
}

/// A rule, made of what W and R do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rule {
    /// Its name.
    pub name: &'static str,
    /// How W changes; none: it stays at its random start.
    pub forward: Option<Update>,
    /// How the feedback connection R, `[unit, input]` as W, changes; none: there is none.
    pub feedback: Option<Update>,
}

const fn increment(decay: Option<Decay>) -> Option<Update> {
    Some(Update { pre: Pre::Input, decay })
}

const REST: Option<Update> = Some(Update { pre: Pre::Rest, decay: None });

impl Rule {
    /// Hebb's (1949): ΔW = η ⟨y xᵀ⟩, which grows without bound.
    pub const HEBB: Self = Self { name: "hebb", forward: increment(None), feedback: None };
    /// Hebb's with linear decay: τẆ = ⟨y xᵀ⟩ − γ W.
    pub const HEBB_DECAY: Self = Self { name: "hebb-decay", forward: increment(Some(Decay::Even)), feedback: None };
    /// Instar (Grossberg 1976): Δw_ji = η ⟨y_j (x_i − w_ji)⟩, at rest ⟨y_j x_i⟩ / ⟨y_j⟩. The weights into a unit compete.
    pub const INSTAR: Self = Self { name: "instar", forward: increment(Some(Decay::ByPost)), feedback: None };
    /// Outstar (Grossberg 1968): ΔR_ij = η ⟨x_i (y_j − R_ij)⟩, at rest ⟨x_i y_j⟩ / ⟨x_i⟩. The feedback weights that lead
    /// to one x_i, over all j, compete; W stays at its start.
    pub const OUTSTAR: Self = Self { name: "outstar", forward: None, feedback: increment(Some(Decay::ByPre)) };
    /// Both at once: W by instar, R by outstar.
    pub const PAIR: Self = Self { name: "pair", forward: Self::INSTAR.forward, feedback: Self::OUTSTAR.feedback };
    /// Oja's (1982), of one unit: Δw = η ⟨y (x − y w)⟩.
    pub const OJA: Self = Self { name: "oja", forward: REST, feedback: None };
    /// Oja's subspace rule (Karhunen and Oja 1982; Oja 1989): ΔW = η ⟨y (x − Wᵀy)ᵀ⟩. At rest the rows of W are an
    /// orthonormal basis of the space of the k leading components.
    pub const OJA_SUBSPACE: Self = Self { name: "oja-subspace", forward: REST, feedback: None };

    /// All rules.
    pub const ALL: [Self; 7] =
        [Self::HEBB, Self::HEBB_DECAY, Self::INSTAR, Self::OUTSTAR, Self::PAIR, Self::OJA, Self::OJA_SUBSPACE];

    /// Names of all rules.
    pub fn names() -> [&'static str; Self::ALL.len()] {
        Self::ALL.map(|rule| rule.name)
    }

    /// Whether something of it goes by what the units cannot unroll.
    pub fn unrolls(&self) -> bool {
        self.updates().any(|update| update.pre == Pre::Rest)
    }

    /// Whether γ has a part in it.
    pub fn takes_gamma(&self) -> bool {
        self.updates().any(|update| update.decay == Some(Decay::Even))
    }

    fn updates(&self) -> impl Iterator<Item = Update> {
        self.forward.into_iter().chain(self.feedback)
    }
}

impl FromStr for Rule {
    type Err = UnknownName;

    /// One of [`Rule::ALL`].
    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let found = Self::ALL.into_iter().find(|rule| rule.name == text);
        found.ok_or_else(|| UnknownName::new("rule", text, &Self::names()))
    }
}
