//! A fleet of tags: a demo town, load, replay of recorded tracks. Never knows the server's insides: it speaks to it only through sockets.

pub mod client;
pub mod identity;
pub mod load;
mod progress;
pub mod replay;
pub mod town;
pub mod wire;
