//! Layers of settings, checked, each value with its source.
