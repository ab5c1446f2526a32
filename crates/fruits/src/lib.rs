//! The catalogue service: list, get and add fruits.
