//! Files of wearers, orders, zones and tags that are taken in as a whole.

mod csv_file;
mod findings;
mod headings;
mod kinds;
mod reading;
mod running;
mod service;
mod sheet;
mod template;
mod xlsx_file;

pub(crate) use service::ImportService;
