//! Attention, computed and traced.
