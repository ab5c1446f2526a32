//! One binary, two services.

fn main() {}
