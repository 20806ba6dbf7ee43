//! The theory of Amit (2019): section 5's linear networks with feedback weights that learn too, and the appendices. Plain
//! f64, apart from what trains.
//!
//! [`scalar`] has the systems (10) and (15) that a linear network falls apart into, with their invariants (16);
//! [`integrate`](mod@integrate) the integrator that solves them; [`svd`] what lays a network out so that it does fall apart;
//! [`circuits`] the two local networks of appendix 1.

pub mod circuits;
pub mod integrate;
pub mod scalar;
pub mod svd;
