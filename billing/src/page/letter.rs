//! Letters that remind of open invoices (decision D36): whom, of which invoices, where and how to pay, and whom to turn to who cannot. A letter is about money
//! alone, and says so.

use super::words::Words;
use super::{Head, Language, escaped, html, isolated, said};
use crate::calendar::Day;
use crate::money::{Money, MoneyError};
use std::fmt::Write;

/// An invoice on a letter.
#[derive(Clone, Copy, Debug)]
pub struct Reminded<'a> {
    /// The invoice's number.
    pub number: &'a str,
    /// The day of issue.
    pub issued: Day,
    /// The last day to pay.
    pub due: Day,
    /// What is open.
    pub open: Money,
    /// Which letter of this invoice it is, 1 to 3.
    pub letter: u8,
    /// How to pay it.
    pub head: &'a Head,
}

/// A letter to one person.
#[derive(Clone, Debug)]
pub struct Letter<'a> {
    /// The person, and the centre that writes.
    pub head: &'a Head,
    /// The day of the letter.
    pub day: Day,
    /// Of these invoices.
    pub invoices: Vec<Reminded<'a>>,
}

/// Letters as one page, each on a sheet of its own.
///
/// # Errors
/// If a sum leaves 64 bits, or currencies are mixed.
pub fn letters(letters: &[Letter<'_>], language: Language) -> Result<String, MoneyError> {
    let words = (Words::of(language), LetterWords::of(language));
    let sheets = letters.iter().map(|letter| letter.written(words)).collect::<Result<String, _>>()?;
    Ok(html(words.0, words.1.title, &sheets))
}

impl Letter<'_> {
    fn written(&self, words: (&Words, &LetterWords)) -> Result<String, MoneyError> {
        let (page, own) = words;
        let mut text = format!("<section>\n<h1>{}</h1>\n<table class=\"facts\">\n", own.title);
        let label = &page.labels;
        rows(
            &mut text,
            [
                (label.name, escaped(&self.head.name)),
                (label.reference, escaped(&self.head.reference)),
                (label.centre, escaped(&self.head.centre)),
                (own.day, page.day(self.day)),
            ],
        );
        write!(text, "</table>\n<p>{}</p>\n", own.intro).expect(WRITES);
        text += &self.table(words);
        text += &self.sum(page)?;
        text += &self.ways(page);
        for note in [own.monitoring, own.hardship, own.objection] {
            writeln!(text, "<p class=\"note\">{note}</p>").expect(WRITES);
        }
        Ok(text + "</section>\n")
    }

    fn table(&self, (page, own): (&Words, &LetterWords)) -> String {
        let mut text = String::from("<table>\n<thead><tr>");
        for column in own.columns {
            write!(text, "<th>{column}</th>").expect(WRITES);
        }
        text += "</tr></thead>\n<tbody>\n";
        for one in &self.invoices {
            let days = page.digits(&self.day.days_since(one.due).to_string());
            let letter = page.digits(&one.letter.to_string());
            let (number, payment) = (isolated(one.number), isolated(&one.head.payment));
            let (issued, due, open) = (page.day(one.issued), page.day(one.due), page.money(one.open));
            writeln!(
                text,
                "<tr><td>{number}</td><td>{issued}</td><td>{due}</td><td>{days}</td><td>{letter}</td><td>{payment}</td><td class=\"amount\">{open}</td></tr>"
            )
            .expect(WRITES);
        }
        text + "</tbody>\n</table>\n"
    }

    fn sum(&self, page: &Words) -> Result<String, MoneyError> {
        let Some(first) = self.invoices.first() else { return Ok(String::new()) };
        let total = Money::sum(first.open.currency(), self.invoices.iter().map(|one| one.open))?;
        let spelled = (page.spelled)(total).map_or(String::new(), |words| format!(" <span class=\"words\">({words})</span>"));
        Ok(format!("<p class=\"sum\">{}: <strong>{}</strong>{spelled}</p>\n", page.labels.open, page.money(total)))
    }

    /// Each way to pay once; where there are several, with the invoices that it is for.
    fn ways(&self, page: &Words) -> String {
        let way = |one: &Reminded<'_>| (one.head.account.clone(), one.head.holder.clone(), one.head.how.clone());
        let mut ways = Vec::new();
        for one in &self.invoices {
            if !ways.contains(&way(one)) {
                ways.push(way(one));
            }
        }
        let (mut text, label) = (String::new(), &page.labels);
        for this in &ways {
            let numbers = self.invoices.iter().filter(|one| way(one) == *this).map(|one| isolated(one.number));
            let numbers = if ways.len() > 1 { numbers.collect::<Vec<_>>().join("<br>") } else { String::new() };
            let how = this.2.iter().map(|how| said(how)).collect::<Vec<_>>().join("<br>");
            text += "<table class=\"facts\">\n";
            rows(&mut text, [("", numbers), (label.account, isolated(&this.0)), (label.holder, said(&this.1)), (label.how, how)]);
            text += "</table>\n";
        }
        text
    }
}

/// Rows of a table that say something.
fn rows<const COUNT: usize>(text: &mut String, rows: [(&str, String); COUNT]) {
    for (name, value) in rows.iter().filter(|(_, value)| !value.is_empty()) {
        writeln!(text, "<tr><th>{name}</th><td>{value}</td></tr>").expect(WRITES);
    }
}

const WRITES: &str = "writing to a text never fails";

/// What a letter says beside the words of every page.
struct LetterWords {
    title: &'static str,
    day: &'static str,
    intro: &'static str,
    /// Number, issued, due, days past due, which letter, bill and payment id, open.
    columns: [&'static str; 7],
    monitoring: &'static str,
    hardship: &'static str,
    objection: &'static str,
}

impl LetterWords {
    const fn of(language: Language) -> &'static Self {
        match language {
            Language::Persian => &PERSIAN,
            Language::English => &ENGLISH,
        }
    }
}

const PERSIAN: LetterWords = LetterWords {
    title: "یادآوری پرداخت",
    day: "تاریخ نامه",
    intro: "مهلت پرداخت صورت‌حساب‌های زیر گذشته و تا امروز همهٔ مبلغ آنها نرسیده است. اگر در این روزها پرداخت کرده‌اید، رسید آن را به واحد مالی مرکز نشان دهید.",
    columns: ["شمارهٔ سند", "تاریخ صدور", "مهلت پرداخت", "روز پس از مهلت", "نوبت یادآوری", "شناسهٔ قبض و پرداخت", "مانده برای پرداخت"],
    monitoring: "این نامه تنها دربارهٔ پول است و به مراقبت شما کاری ندارد: بدهی به‌خودی‌خود نقض مراقبت نیست و از آن هیچ هشداری داده و هیچ تخلفی ثبت نمی‌شود.",
    hardship: "اگر توان پرداخت ندارید، پیش از هر کار به واحد مالی مرکز بگویید یا از مرجع قضایی خود بخواهید: با تصمیم مرجع، نرخ کاهش‌یافته یا بخشودگی ممکن است، از جمله برای کسانی که زیر پوشش کمیتهٔ امداد یا بهزیستی‌اند.",
    objection: "اگر با صورت‌حسابی موافق نیستید، به واحد مالی مرکز اعتراض کنید؛ اعتراض ثبت و پاسخ آن در همین پرونده داده می‌شود.",
};

const ENGLISH: LetterWords = LetterWords {
    title: "Reminder of a payment",
    day: "Date of the letter",
    intro: "The last day to pay these invoices is over, and not all of them has come by today. If you have paid in these days, show the receipt to the centre's finance unit.",
    columns: ["Number", "Issued on", "To be paid by", "Days past due", "Letter", "Bill and payment identifier", "Still to pay"],
    monitoring: "This letter is about money alone and does not touch your monitoring: a debt is no breach of it, and sets off no alarm and no violation.",
    hardship: "If you cannot pay, tell the centre's finance unit or ask your judicial authority: by its decision a reduced price or a waiver is possible, also for who is under the care of the Emdad Committee or Behzisti.",
    objection: "If you do not agree with an invoice, object to the centre's finance unit: the objection is recorded and answered in this file.",
};

#[cfg(test)]
mod tests {
    use super::*;

    fn written(language: Language) -> String {
        let head = Head { name: "<Ali>".into(), reference: "w-1".into(), centre: "Tehran".into(), ..Head::default() };
        let to =
            |account: &str| Head { account: account.into(), how: vec!["at the bank".into()], payment: "1 / 2".into(), ..Head::default() };
        let (one, other) = (to("IR1"), to("IR2"));
        let day = |day: &str| day.parse::<Day>().unwrap();
        let invoice = |number, due: &str, open, head| Reminded {
            number,
            issued: day("1403/02/01"),
            due: day(due),
            open: Money::rials(open),
            letter: 2,
            head,
        };
        let invoices = vec![invoice("INV-1", "1403/02/10", 3_000_000, &one), invoice("INV-2", "1403/02/15", 100_000, &other)];
        letters(&[Letter { head: &head, day: day("1403/02/22"), invoices }], language).unwrap()
    }

    #[test]
    fn a_letter_says_what_is_open_since_when_where_to_pay_and_that_monitoring_is_another_thing() {
        let html = written(Language::Persian);
        for part in [
            "dir=\"rtl\"",
            "&lt;Ali&gt;",
            "INV-1",
            "INV-2",
            "۱۴۰۳/۰۲/۱۰",
            "<td>۱۲</td>",
            "۳٬۱۰۰٬۰۰۰",
            "سه میلیون و صد هزار ریال",
            "IR1",
            "IR2",
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
        assert!(html.contains(PERSIAN.monitoring) && html.contains(PERSIAN.hardship));
        let html = written(Language::English);
        for part in ["dir=\"ltr\"", "2024-04-29 (1403/02/10)", "<td>12</td>", "3,100,000 IRR", ENGLISH.monitoring, ENGLISH.hardship] {
            assert!(html.contains(part), "{part} in {html}");
        }
    }

    #[test]
    fn one_way_to_pay_is_told_once() {
        let head = Head { account: "IR1".into(), ..Head::default() };
        let day: Day = "1403/02/01".parse().unwrap();
        let invoice = |number| Reminded { number, issued: day, due: day, open: Money::rials(1), letter: 1, head: &head };
        let letter = Letter { head: &head, day, invoices: vec![invoice("INV-1"), invoice("INV-2")] };
        let html = letters(&[letter], Language::English).unwrap();
        assert_eq!(html.matches("IR1").count(), 1, "{html}");
        assert_eq!(html.matches("INV-1").count(), 1, "{html}");
    }
}
