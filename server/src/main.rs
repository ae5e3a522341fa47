//! The one binary `paband`.

fn main() {}
