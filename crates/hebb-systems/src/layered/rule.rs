//! Learning rules.

use std::str::FromStr;

use hebb_spec::settings::UnknownName;

/// Where a layer's δ comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Feedback {
    /// Through W itself: R is Wᵀ, always.
    Transposed,
    /// Through weights R of their own, drawn at random at the start.
    Separate,
    /// Through R = |M| ⊙ sign(W): only the signs are shared (Liao, Leibo and Poggio 2016; Moskovitz et al. 2018).
    Signs(Magnitude),
    /// From the output's δ straight to each layer, through a fixed random matrix B (Nøkland 2016).
    Direct,
    /// From the label straight to each layer, through a fixed random matrix B: no layer waits for the output (Frenkel,
    /// Lefebvre and Bol 2021).
    Target,
}

/// The magnitudes |M| of sign-symmetric feedback.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Magnitude {
    /// One number for the whole layer: s = √(2 / (fan_in + fan_out)).
    Uniform,
    /// Those of R's random start, kept.
    Kept,
    /// Drawn anew each step from Glorot's range.
    Drawn,
}

/// A learning rule, made of ingredients: where δ comes from, and how W and R change by the increment
/// Δ = η ⟨δ xᵀ⟩ that each step computes once. A rule of one's own is another mixture.
///
/// W ← (1 − decay) W + Δ, and, with feedback through separate weights and ε ≠ 0, R ← (1 − decay) R + ε Δᵀ.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rule {
    /// Its name.
    pub name: &'static str,
    /// Where δ comes from.
    pub feedback: Feedback,
    /// R's share ε of the increment, for separate feedback weights.
    pub epsilon: f32,
    /// The share of W and R that is lost each step, whatever η.
    pub decay: f32,
}

impl Rule {
    /// Back-propagation: δ_l = σ′ ⊙ Wᵀ δ (Rumelhart, Hinton and Williams 1986).
    pub const BP: Self = Self { name: "bp", feedback: Feedback::Transposed, epsilon: 0.0, decay: 0.0 };
    /// Fixed random feedback, or feedback alignment: R stays at its random start (Lillicrap et al. 2016).
    pub const FRFB: Self = Self { name: "frfb", feedback: Feedback::Separate, epsilon: 0.0, decay: 0.0 };
    /// Updated random feedback: R gets W's increment (Amit 2019).
    pub const URFB: Self = Self { name: "urfb", feedback: Feedback::Separate, epsilon: 1.0, decay: 0.0 };
    /// Kolen and Pollack's rule (1994; Akrout et al. 2019): URFB with a decay of both, so that W − R vanishes.
    pub const KP: Self = Self { name: "kp", feedback: Feedback::Separate, epsilon: 1.0, decay: 1e-3 };
    /// Uniform sign-symmetric feedback: R = s · sign(W).
    pub const USF: Self = Self { name: "usf", feedback: Feedback::Signs(Magnitude::Uniform), epsilon: 0.0, decay: 0.0 };
    /// Fixed random-magnitude sign-symmetric feedback: R = |M| ⊙ sign(W), M drawn once.
    pub const FRSF: Self = Self { name: "frsf", feedback: Feedback::Signs(Magnitude::Kept), epsilon: 0.0, decay: 0.0 };
    /// Batchwise random-magnitude sign-symmetric feedback: the same with M drawn each step.
    pub const BRSF: Self = Self { name: "brsf", feedback: Feedback::Signs(Magnitude::Drawn), epsilon: 0.0, decay: 0.0 };
    /// Direct feedback alignment: δ_l = σ′ ⊙ B_l δ_L (Nøkland 2016).
    pub const DFA: Self = Self { name: "dfa", feedback: Feedback::Direct, epsilon: 0.0, decay: 0.0 };
    /// Direct random target projection: δ_l = −σ′ ⊙ B_l y, y the label's one-hot code (Frenkel, Lefebvre and Bol 2021).
    pub const DRTP: Self = Self { name: "drtp", feedback: Feedback::Target, epsilon: 0.0, decay: 0.0 };

    /// All rules, with their own numbers.
    pub const ALL: [Self; 9] =
        [Self::BP, Self::FRFB, Self::URFB, Self::KP, Self::USF, Self::FRSF, Self::BRSF, Self::DFA, Self::DRTP];

    /// Updated random feedback with a share ε of W's increment, from 0 to 1.
    pub const fn urfb(epsilon: f32) -> Self {
        Self { epsilon, ..Self::URFB }
    }

    /// Kolen and Pollack's rule with a decay.
    pub const fn kp(decay: f32) -> Self {
        Self { decay, ..Self::KP }
    }

    /// Names of all rules.
    pub fn names() -> [&'static str; Self::ALL.len()] {
        Self::ALL.map(|rule| rule.name)
    }

    /// Whether its ε is a setting.
    pub fn takes_epsilon(&self) -> bool {
        self.name == Self::URFB.name
    }

    /// Whether its decay is a setting.
    pub fn takes_decay(&self) -> bool {
        self.name == Self::KP.name
    }

    /// Whether δ runs through tensors R.
    pub const fn has_r(&self) -> bool {
        matches!(self.feedback, Feedback::Separate | Feedback::Signs(_))
    }

    /// Whether δ runs through tensors B, from the output or the label straight to each layer.
    pub const fn has_b(&self) -> bool {
        matches!(self.feedback, Feedback::Direct | Feedback::Target)
    }

    /// Whether R is sparse by a mask of its own, rather than by W's.
    pub const fn has_r_mask(&self) -> bool {
        matches!(self.feedback, Feedback::Separate)
    }

    /// The magnitudes of R, where it takes W's signs.
    pub const fn signs(&self) -> Option<Magnitude> {
        match self.feedback {
            Feedback::Signs(magnitude) => Some(magnitude),
            _ => None,
        }
    }

    /// The ε by which R follows W; `None` where no increment changes R.
    pub const fn epsilon(&self) -> Option<f32> {
        match self.feedback {
            Feedback::Separate if self.epsilon != 0.0 => Some(self.epsilon),
            _ => None,
        }
    }
}

impl FromStr for Rule {
    type Err = UnknownName;

    /// One of [`Rule::ALL`], with its own numbers.
    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let found = Self::ALL.into_iter().find(|rule| rule.name == text);
        found.ok_or_else(|| UnknownName::new("rule", text, &Self::names()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_rule_is_named_with_the_known_ones() {
        let error = "hebb".parse::<Rule>().unwrap_err().to_string();
        assert_eq!(error, "unknown rule 'hebb': known are bp, frfb, urfb, kp, usf, frsf, brsf, dfa, drtp");
    }

    #[test]
    fn urfb_with_epsilon_zero_leaves_r_alone() {
        assert_eq!(Rule::urfb(0.0).epsilon(), None);
        assert_eq!(Rule::FRFB.epsilon(), None);
        assert_eq!(Rule::USF.epsilon(), None);
        assert_eq!("urfb".parse::<Rule>().map(|rule| rule.epsilon()), Ok(Some(1.0)));
    }
}
