//! The practice world: a pair of regions on loopback that speaks the real
//! protocols, for rehearsals and as the test bed.
//!
//! It knows nothing of the rest of the program: whoever wants to use it points
//! a client at it, be it ours or the real `kubectl`, `helm` and `aws`.

pub mod clock;
pub mod kubernetes;
pub mod requests;
