//! Imports and statistics as others try them.

use super::{Probe, Told, changes, shows};
use proto::enrolment as schema;
use proto::enrolment::get_statistics_request::Period;

/// The import that Tehran's clerk began: the first of the database.
const IMPORT: i64 = 1;

/// Every try.
pub fn probes() -> Vec<Probe> {
    let import_id = IMPORT;
    let (kind, file_name) = (schema::ImportKind::Tags.into(), "qom.csv".to_owned());
    let piece = schema::AddPieceRequest { import_id, offset: 0, piece: b"a".to_vec() };
    let harmless = |probe: Probe| Probe { shows: false, ..probe };
    let mut probes = vec![
        harmless(shows("/paband.enrolment.v1.Imports/GetImportTemplate", &schema::GetImportTemplateRequest { kind }, Told::Nothing)),
        // Which kinds a role takes in is not its gate's to say: some of these are refused.
        harmless(shows(
            "/paband.enrolment.v1.Imports/BeginImport",
            &schema::BeginImportRequest { kind, file_name, bytes: 1 },
            Told::Whatever,
        )),
        harmless(shows("/paband.enrolment.v1.Imports/ListImports", &schema::ListImportsRequest::default(), Told::Nothing)),
        changes("/paband.enrolment.v1.Imports/AddPiece", &piece, "UNKNOWN_IMPORT"),
        changes("/paband.enrolment.v1.Imports/CheckImport", &schema::CheckImportRequest { import_id }, "UNKNOWN_IMPORT"),
        changes("/paband.enrolment.v1.Imports/RunImport", &schema::RunImportRequest { import_id }, "UNKNOWN_IMPORT"),
        changes("/paband.enrolment.v1.Imports/AbandonImport", &schema::AbandonImportRequest { import_id }, "UNKNOWN_IMPORT"),
        changes("/paband.enrolment.v1.Imports/GetImport", &schema::GetImportRequest { import_id }, "UNKNOWN_IMPORT"),
    ];
    probes.extend(of_statistics());
    probes
}

fn of_statistics() -> Vec<Probe> {
    let year = schema::GetStatisticsRequest {
        kind: schema::StatisticsKind::Yearbook.into(),
        unit: String::new(),
        period: Some(Period::Year(1402)),
    };
    let tehran = schema::GetStatisticsRequest { unit: "tehran".to_owned(), ..year.clone() };
    let export = schema::ExportStatisticsRequest {
        statistics: Some(year.clone()),
        format: schema::StatisticsFormat::Csv.into(),
        language: schema::StatisticsLanguage::English.into(),
    };
    vec![
        Probe { shows: false, ..shows("/paband.enrolment.v1.Statistics/GetStatistics", &year, Told::Nothing) },
        changes("/paband.enrolment.v1.Statistics/GetStatistics", &tehran, "UNKNOWN_UNIT"),
        shows("/paband.enrolment.v1.Statistics/ExportStatistics", &export, Told::Nothing),
    ]
}
