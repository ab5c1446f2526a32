//! What holds for the workspace as a whole: the direction of its crates, what ships, and its scripts.

mod build;
mod changed;
mod dependencies;
mod deploy;
mod deployed;
mod entrypoint;
mod publish;
mod release_notes;
mod sandbox;
mod smoke;
mod test_command;
mod tool;
mod workflows;
