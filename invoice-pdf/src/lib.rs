//! Documents of billing as PDF files: an invoice on paper, in Persian or English. Never reckons an amount, and never knows a database or a socket.
//!
//! [`case`] reads what `paband billing case --explain` prints, [`sheet`] says it in words, [`print`] lays it out. What is on a page, and in which words,
//! is that of billing's own HTML page (`billing::page`).

pub mod case;
pub mod print;
mod run;
pub mod sheet;
mod words;
mod world;
