//! Empty files to fill in: headings, an example, and what each column means.

use super::headings::Column;
use super::kinds::{self, FEATURES_EXAMPLE};
use crate::events::Happening;
use crate::language::{Language, current};
use crate::reason::Reason;
use crate::status::refusal;
use proto::enrolment::GetImportTemplateResponse;
use rust_xlsxwriter::{Color, Format, FormatBorder, Workbook, XlsxError};
use store::ImportKind;
use tonic::{Code, Status};

/// The sheet that explains the columns, in Persian and in English: nobody means it to be taken in.
pub(super) const HELP_SHEETS: [&str; 2] = ["راهنما", "Help"];

/// The template of a kind, in the language of the call.
pub(super) fn template(kind: ImportKind) -> Result<GetImportTemplateResponse, Status> {
    let Some(sheet) = kinds::sheet_kind(kind) else {
        let file_name = format!("paband-{}.geojson", kind.name());
        return Ok(GetImportTemplateResponse { file_name, media_type: "application/geo+json".to_owned(), file: FEATURES_EXAMPLE.into() });
    };
    let file = workbook(sheet.columns, current()).map_err(|error| {
        Happening::RequestFailed { request: "GetImportTemplate", error: &error.to_string() }.tell();
        refusal(Code::Internal, Reason::Internal, &[])
    })?;
    let media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet".to_owned();
    Ok(GetImportTemplateResponse { file_name: format!("paband-{}.xlsx", kind.name()), media_type, file })
}

fn workbook(columns: &[Column], language: Language) -> Result<Vec<u8>, XlsxError> {
    let is_persian = language == Language::Persian;
    let base = || Format::new().set_font_name("Tahoma").set_font_size(10).set_reading_direction(if is_persian { 2 } else { 1 });
    let heading = base().set_bold().set_border(FormatBorder::Thin).set_background_color(Color::RGB(0x00DD_EBF7));
    let (text, wrapped) = (base().set_num_format("@"), base().set_text_wrap());
    let mut workbook = Workbook::new();
    let rows = workbook.add_worksheet();
    rows.set_name(if is_persian { "ردیف‌ها" } else { "Rows" })?.set_right_to_left(is_persian).set_freeze_panes(1, 0)?;
    for (column, at) in columns.iter().zip(0..) {
        // As text a spreadsheet leaves leading zeros and long numbers alone.
        rows.set_column_width(at, 20)?.set_column_format(at, &text)?;
        rows.write_string_with_format(0, at, column.title(language), &heading)?;
        rows.write_string_with_format(1, at, column.example, &text)?;
    }
    let help = workbook.add_worksheet();
    help.set_name(HELP_SHEETS[usize::from(!is_persian)])?.set_right_to_left(is_persian).set_freeze_panes(1, 0)?;
    let titles = if is_persian {
        ["ستون", "نام انگلیسی", "لازم", "توضیح", "Explanation", "گزینه‌ها"]
    } else {
        ["Column", "In Persian", "Needed", "Explanation", "In Persian", "Choices"]
    };
    for ((title, width), at) in titles.iter().zip([24, 24, 10, 70, 70, 50]).zip(0..) {
        help.set_column_width(at, width)?.write_string_with_format(0, at, *title, &heading)?;
    }
    let other = if is_persian { Language::English } else { Language::Persian };
    for (column, row) in columns.iter().zip(1..) {
        let about = |language| if language == Language::Persian { column.about.0 } else { column.about.1 };
        let needed = match (column.is_needed, is_persian) {
            (true, true) => "بله",
            (true, false) => "yes",
            (false, true) => "نه",
            (false, false) => "no",
        };
        let choices: Vec<&str> =
            column.choices.iter().map(|(name, words)| if is_persian { words.first().unwrap_or(name) } else { name }).copied().collect();
        let choices = choices.join(if is_persian { "، " } else { ", " });
        let texts = [column.title(language), column.title(other), needed, about(language), about(other), &choices];
        for (text, at) in texts.into_iter().zip(0..) {
            help.write_string_with_format(row, at, text, &wrapped)?;
        }
    }
    workbook.save_to_buffer()
}
