//! Laws over random machines: the world checks them after each step of every run.
