//! The Kubernetes API of one region of the practice world.
