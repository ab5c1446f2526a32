//! What holds for the workspace as a whole: the direction of its crates, what ships, and its scripts.

mod dependencies;
mod entrypoint;
mod publish;
mod sandbox;
mod test_command;
