//! The service of statistics.

use super::counting::{Asked, Counted, Kind, count};
use super::period::Period;
use super::tables::{Heading, Table};
use super::{csv_file, words, xlsx_file};
use crate::accounts::instant;
use crate::alerts::store_failed;
use crate::events::Happening;
use crate::fields::{self, Fields};
use crate::gate::caller;
use crate::language::{Language, current};
use crate::reason::{Reason, Wrong};
use crate::status::{database_away, refusal};
use access::Caller;
use chrono::Utc;
use proto::enrolment::statistics_server::Statistics;
use proto::enrolment::{
    ExportStatisticsRequest, ExportStatisticsResponse, GetStatisticsRequest, GetStatisticsResponse, StatisticsColumn, StatisticsDays,
    StatisticsFormat, StatisticsLanguage, StatisticsRow, StatisticsTable,
};
use std::sync::Arc;
use std::time::Duration;
use store::Store;
use tokio::sync::Semaphore;
use tokio_stream::Iter;
use tonic::{Code, Request, Response, Status};

/// Longest code of a unit, characters.
const UNIT_CHARACTERS_MAX: usize = 40;

/// Longest count. The yearly report of a million wearers looks at every one of them for each month.
const COUNT_WAIT_MAX: Duration = Duration::from_secs(120);

/// Counts at a time; another one waits. The rooms' own queries come first.
const AT_A_TIME: usize = 1;

/// Bytes of one piece of a file.
const PIECE_BYTES: usize = 64 * 1024;

/// Counts, and writes files of it.
pub(crate) struct StatisticsService {
    store: Store,
    turns: Arc<Semaphore>,
}

impl StatisticsService {
    pub(crate) fn new(store: Store) -> Self {
        Self { store, turns: Arc::new(Semaphore::new(AT_A_TIME)) }
    }

    async fn counted(
        &self,
        caller: &Caller,
        asked: GetStatisticsRequest,
        language: Language,
        mut fields: Fields,
    ) -> Result<Counted, Status> {
        let kind = Kind::read(asked.kind);
        if kind.is_none() {
            fields.note("kind", Wrong::UnknownChoice, &[("value", asked.kind.to_string())]);
        }
        let unit = fields.optional_text("unit", &asked.unit, UNIT_CHARACTERS_MAX);
        let period = Period::read(asked.period.as_ref(), &mut fields);
        fields.check()?;
        let (Some(kind), Some(period)) = (kind, period) else { return Err(refusal(Code::Internal, Reason::Internal, &[])) };
        let failed = |error| store_failed("statistics", &error);
        let units = self.store.statistics_units(caller, &unit).await.map_err(failed)?;
        let top = units.iter().find(|one| one.code == unit);
        let scope = match top {
            // A unit above the caller's is none of the caller's, though some below it are.
            None if units.is_empty() || !unit.is_empty() => return Err(refusal(Code::NotFound, Reason::UnknownUnit, &[])),
            Some(top) if language == Language::Persian => top.name_fa.clone(),
            Some(top) => top.name_en.clone(),
            None => words::ALL_UNITS.of(language).to_owned(),
        };
        let asked = Asked { kind, period, units, scope, who: caller.name().to_owned(), now: Utc::now() };
        let _turn = self.turns.acquire().await.map_err(|_| refusal(Code::Internal, Reason::Internal, &[]))?;
        let counting = tokio::time::timeout(COUNT_WAIT_MAX, count(&self.store, asked, language));
        counting.await.map_err(|_| database_away())?.map_err(failed)
    }
}

#[tonic::async_trait]
impl Statistics for StatisticsService {
    type ExportStatisticsStream = Iter<std::vec::IntoIter<Result<ExportStatisticsResponse, Status>>>;

    async fn get_statistics(&self, request: Request<GetStatisticsRequest>) -> Result<Response<GetStatisticsResponse>, Status> {
        let caller = caller(&request)?;
        let counted = self.counted(&caller, request.into_inner(), current(), Fields::default()).await?;
        let days = StatisticsDays { from: Some(fields::date(counted.period.from)), to: Some(fields::date(counted.period.to)) };
        let counted_at = Some(instant(counted.counted_at));
        let tables = counted.tables.into_iter().map(table).collect();
        Ok(Response::new(GetStatisticsResponse { tables, days: Some(days), counted_at }))
    }

    async fn export_statistics(&self, request: Request<ExportStatisticsRequest>) -> Result<Response<Self::ExportStatisticsStream>, Status> {
        let caller = caller(&request)?;
        let ExportStatisticsRequest { statistics, format, language } = request.into_inner();
        let mut fields = Fields::default();
        let format = StatisticsFormat::try_from(format).unwrap_or_default();
        if format == StatisticsFormat::Unspecified {
            fields.note("format", Wrong::Missing, &[]);
        }
        let language = match StatisticsLanguage::try_from(language) {
            Ok(StatisticsLanguage::Persian) => Language::Persian,
            Ok(StatisticsLanguage::English) => Language::English,
            _ => current(),
        };
        let counted = self.counted(&caller, statistics.unwrap_or_default(), language, fields).await?;
        let file = file(&counted, format)?;
        let mut pieces: Vec<_> =
            file.chunks(PIECE_BYTES).map(|piece| ExportStatisticsResponse { piece: piece.to_vec(), ..Default::default() }).collect();
        if let Some(first) = pieces.first_mut() {
            (first.file_name, first.media_type) = named(&counted, format);
        }
        Ok(Response::new(tokio_stream::iter(pieces.into_iter().map(Ok).collect::<Vec<_>>())))
    }
}

fn file(counted: &Counted, format: StatisticsFormat) -> Result<Vec<u8>, Status> {
    let written = match format {
        StatisticsFormat::Csv => csv_file::write(counted).map_err(|error| error.to_string()),
        _ => xlsx_file::write(counted).map_err(|error| error.to_string()),
    };
    written.map_err(|error| {
        Happening::RequestFailed { request: "ExportStatistics", error: &error }.tell();
        refusal(Code::Internal, Reason::Internal, &[])
    })
}

/// `paband-1404-01-01-1404-12-29.xlsx`, and its type.
fn named(counted: &Counted, format: StatisticsFormat) -> (String, String) {
    let last = counted.period.to.pred_opt().unwrap_or(counted.period.to);
    let day = |day| crate::calendar::solar_hijri_day(day).unwrap_or_default().replace('/', "-");
    let (ending, media_type) = match format {
        StatisticsFormat::Csv => ("csv", "text/csv; charset=utf-8"),
        _ => ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    };
    (format!("paband-{}-{}.{ending}", day(counted.period.from), day(last)), media_type.to_owned())
}

fn table(table: Table) -> StatisticsTable {
    let column = |Heading { code, title }| StatisticsColumn { code, title };
    let row = |row: super::tables::TableRow| StatisticsRow { code: row.heading.code, title: row.heading.title, numbers: row.numbers };
    StatisticsTable {
        code: table.code,
        title: table.title,
        note: table.note,
        columns: table.columns.into_iter().map(column).collect(),
        rows: table.rows.into_iter().map(row).collect(),
    }
}
