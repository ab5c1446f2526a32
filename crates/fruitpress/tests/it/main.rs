//! The binary as its users meet it: a process with arguments, variables, signals, files and sockets.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod command_line; // arguments, variables, exit statuses, every fault at once
mod compose; // compose.yaml's services as processes, with its settings
mod convert;
mod convert_each; // `fruitpress convert` on files and pipes
mod faults; // press stopped and killed while it converts
mod inspect; // what images are, and how they would be embedded
mod memory; // what a long list needs
mod readme; // the README's offline example, run as it stands
mod schemathesis; // all that the API's descriptions promise, asked for
mod serve; // both services, durability, signals, the health check
mod smoke; // the script that tries deployments
mod stores; // what press stores in and fetches from
mod support; // starting and asking the binary
mod tmpfs; // a disk that is full
mod transfer; // `fruitpress import` and `export`
