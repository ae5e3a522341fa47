//! Workbooks: how their cells and sheets look.

use crate::language::Language;
use rust_xlsxwriter::{Color, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError};

/// How cells look.
pub(crate) struct Formats {
    pub(crate) title: Format,
    pub(crate) note: Format,
    pub(crate) heading: Format,
    pub(crate) text: Format,
    pub(crate) code: Format,
    pub(crate) number: Format,
    pub(crate) sum_text: Format,
    pub(crate) sum_number: Format,
}

impl Formats {
    pub(crate) fn new(language: Language) -> Self {
        let reading = if language == Language::Persian { 2 } else { 1 };
        let base = || Format::new().set_font_name("Tahoma").set_font_size(10).set_reading_direction(reading);
        let cell = || base().set_border(FormatBorder::Thin).set_border_color(Color::RGB(0x00BF_BFBF));
        let sum = || cell().set_bold().set_background_color(Color::RGB(0x00F2_F2F2));
        let number = "#,##0";
        Self {
            title: base().set_bold().set_font_size(14),
            note: base().set_text_wrap().set_align(FormatAlign::Top),
            heading: cell()
                .set_bold()
                .set_text_wrap()
                .set_align(FormatAlign::Center)
                .set_align(FormatAlign::VerticalCenter)
                .set_background_color(Color::RGB(0x00DD_EBF7)),
            text: cell(),
            code: cell().set_reading_direction(1),
            number: cell().set_num_format(number),
            sum_text: sum(),
            sum_number: sum().set_num_format(number),
        }
    }
}

/// A sheet for an A4 page across, in Persian from right to left.
pub(crate) fn sheet<'a>(workbook: &'a mut Workbook, name: &str, language: Language) -> Result<&'a mut Worksheet, XlsxError> {
    let sheet = workbook.add_worksheet();
    sheet.set_name(name)?.set_right_to_left(language == Language::Persian);
    sheet.set_landscape().set_paper_size(9).set_print_fit_to_pages(1, 0);
    Ok(sheet)
}
