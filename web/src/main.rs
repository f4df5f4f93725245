//! The `stepwright` command.

fn main() {}
