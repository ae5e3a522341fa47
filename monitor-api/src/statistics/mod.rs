//! Statistics: numbers by unit and period as tables, as calls and as files.

mod counting;
mod csv_file;
mod period;
mod service;
mod tables;
mod words;
mod xlsx_file;

pub(crate) use service::StatisticsService;
