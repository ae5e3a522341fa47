//! The service as rooms meet it: a real server, a real PostgreSQL, real connections.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

mod accounts;
mod alerts;
mod audited;
mod cable;
mod custody;
mod enrolment_files;
mod enrolment_fittings;
mod enrolment_inspections;
mod enrolment_inventory;
mod enrolment_leave;
mod enrolment_leave_batches;
mod enrolment_orders;
mod enrolment_races;
mod enrolment_removals;
mod enrolment_returns;
mod enrolment_zones;
mod finance_deposits;
mod finance_files;
mod finance_house;
mod finance_papers;
mod finance_payments;
mod finance_refunds;
mod finance_relief;
mod finance_reports;
mod finance_runs;
mod finance_statements;
mod fitting_room;
mod four_eyes;
mod guessing;
mod health;
mod house;
mod imports;
mod isolation;
mod money_room;
mod outage;
mod probes;
mod purpose;
mod raw;
mod rights;
mod sessions;
mod statistics;
mod streams;
mod tags;
mod watch;
