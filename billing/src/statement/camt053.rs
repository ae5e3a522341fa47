//! ISO 20022 CAMT.053: account, balances, booked entries and their parts. Every version is read by the names of its elements.

use super::cells::{amount as whole_amount, day};
use super::fault::Why;
use super::letters::plain;
use super::{LINES_MAX, Line, Reading};
use crate::calendar::Day;
use crate::money::Money;
use roxmltree::{Document, Node};

pub(super) fn read(text: &str, reading: &mut Reading) {
    // Without a DTD there is no entity that could blow up.
    let Ok(document) = Document::parse(text) else { return reading.fault(1, Why::OtherFormat) };
    let statements: Vec<Node<'_, '_>> = find(document.root_element(), &["BkToCstmrStmt", "Stmt"]).collect();
    if statements.is_empty() {
        return reading.fault(1, Why::OtherFormat);
    }
    statements.into_iter().for_each(|statement| one(statement, reading));
}

fn one(statement: Node<'_, '_>, reading: &mut Reading) {
    let place = place(statement);
    let account = text(statement, &["Acct", "Id", "IBAN"]).or_else(|| text(statement, &["Acct", "Id", "Othr", "Id"])).unwrap_or_default();
    let known = &mut reading.statement.account;
    if known.is_empty() {
        *known = account;
    } else if *known != account {
        reading.fault(place, Why::OtherAccount(account));
    }
    let opening = balance(statement, &["OPBD", "PRCD"], reading).map(|(opening, _)| opening);
    if let (Some(closing), Some(opening)) = (reading.statement.closing, opening)
        && closing != opening
    {
        reading.fault(place, Why::Gap { opening, closing });
    }
    let first = reading.statement.lines.len();
    for booked in find(statement, &["Ntry"]).filter(|booked| is_booked(*booked)) {
        if reading.statement.lines.len() > LINES_MAX {
            return;
        }
        entry(booked, reading);
    }
    let (closing, closing_day) = balance(statement, &["CLBD"], reading).unzip();
    match (opening, closing) {
        (Some(opening), Some(closing)) => {
            let movements: Vec<Money> = reading.statement.lines[first..].iter().map(|line| line.amount).collect();
            reading.balance(place, (opening, closing), movements.into_iter());
        }
        (None, _) => reading.fault(place, Why::Field("OPBD")),
        (_, None) => reading.fault(place, Why::Field("CLBD")),
    }
    reading.statement.opening = reading.statement.opening.or(opening);
    (reading.statement.closing, reading.statement.closing_day) = (closing, closing_day.flatten());
}

/// What is only expected is not on the account.
fn is_booked(entry: Node<'_, '_>) -> bool {
    let state = text(entry, &["Sts", "Cd"]).or_else(|| text(entry, &["Sts"]));
    state.is_none_or(|state| state == "BOOK")
}

/// The balance of the first of these codes that is there, and its day if it says one.
fn balance(statement: Node<'_, '_>, codes: &[&str], reading: &mut Reading) -> Option<(Money, Option<Day>)> {
    let of_code = |code: &&str| find(statement, &["Bal"]).find(|one| text(*one, &["Tp", "CdOrPrtry", "Cd"]).as_deref() == Some(code));
    let found = codes.iter().find_map(of_code)?;
    let date = ["Dt", "DtTm"].iter().find_map(|kind| text(found, &["Dt", kind]));
    Some((reading.or_note(place(found), moved(found))?, date.and_then(|date| day(&date).ok())))
}

fn entry(booked: Node<'_, '_>, reading: &mut Reading) {
    let place = place(booked);
    let date = ["Dt", "DtTm"].iter().find_map(|kind| text(booked, &["BookgDt", kind])).unwrap_or_default();
    let (day, whole) = (reading.or_note(place, day(&date)), reading.or_note(place, moved(booked)));
    let (Some(day), Some(whole)) = (day, whole) else { return };
    if whole.is_zero() {
        return reading.fault(place, Why::InOrOut);
    }
    let parts: Vec<Node<'_, '_>> = find(booked, &["NtryDtls", "TxDtls"]).collect();
    let line = |amount: Money, part: Option<Node<'_, '_>>| {
        let said = part.unwrap_or(booked);
        let reference =
            text(said, &["Refs", "AcctSvcrRef"]).or_else(|| text(booked, &["AcctSvcrRef"])).or_else(|| text(booked, &["NtryRef"]));
        let end_to_end = text(said, &["Refs", "EndToEndId"]).filter(|id| id != "NOTPROVIDED");
        let identifier = text(said, &["RmtInf", "Strd", "CdtrRefInf", "Ref"]).or(end_to_end).unwrap_or_default();
        let words = find(said, &["RmtInf", "Ustrd"]).chain(find(said, &["AddtlTxInf"])).chain(find(booked, &["AddtlNtryInf"]));
        let words: Vec<&str> = words.filter_map(|word| word.text()).collect();
        Line { place, day, amount, identifier, reference: reference.unwrap_or_default(), text: plain(&words.join(" ")) }
    };
    match split(whole, &parts) {
        Some(amounts) => amounts.into_iter().zip(parts).for_each(|(amount, part)| reading.add(line(amount, Some(part)))),
        None => reading.add(line(whole, parts.first().copied().filter(|_| parts.len() == 1))),
    }
}

/// The amounts of several payments in one entry, if each says its own and together they make it.
fn split(whole: Money, parts: &[Node<'_, '_>]) -> Option<Vec<Money>> {
    if parts.len() < 2 {
        return None;
    }
    let one = |part: &Node<'_, '_>| {
        let amount = [&["Amt"][..], &["AmtDtls", "TxAmt", "Amt"]].iter().find_map(|path| find(*part, path).next())?;
        let amount = rials(amount).ok().filter(|amount| amount.is_positive())?;
        if whole.is_negative() { amount.negated().ok() } else { Some(amount) }
    };
    let amounts: Vec<Money> = parts.iter().map(one).collect::<Option<_>>()?;
    (Money::sum(whole.currency(), amounts.iter().copied()) == Ok(whole)).then_some(amounts)
}

/// An amount with its direction. Of a reversal the direction is already that in which the money went.
fn moved(of: Node<'_, '_>) -> Result<Money, Why> {
    let amount = rials(find(of, &["Amt"]).next().ok_or(Why::Field("Amt"))?)?;
    match text(of, &["CdtDbtInd"]).as_deref() {
        Some("CRDT") => Ok(amount),
        Some("DBIT") => amount.negated().map_err(|_| Why::Sum),
        _ => Err(Why::Field("CdtDbtInd")),
    }
}

fn rials(amount: Node<'_, '_>) -> Result<Money, Why> {
    match amount.attribute("Ccy") {
        Some("IRR") => whole_amount(amount.text().unwrap_or_default())
            .and_then(|rials| if rials.is_negative() { Err(Why::Field("Amt")) } else { Ok(rials) }),
        other => Err(Why::Currency(plain(other.unwrap_or_default()))),
    }
}

/// Elements at the end of a path below a node.
fn find<'a, 'input>(node: Node<'a, 'input>, path: &[&str]) -> impl Iterator<Item = Node<'a, 'input>> {
    let named = |node: Node<'a, 'input>, name: &str| {
        let children = node.children().filter(|child| child.is_element() && child.tag_name().name() == name);
        children.collect::<Vec<_>>()
    };
    let step = |nodes: Vec<Node<'a, 'input>>, name: &&str| nodes.into_iter().flat_map(|node| named(node, name)).collect();
    path.iter().fold(vec![node], step).into_iter()
}

/// The text at the end of a path, if it is there and says something.
fn text(node: Node<'_, '_>, path: &[&str]) -> Option<String> {
    find(node, path).next().and_then(|found| found.text()).map(plain).filter(|text| !text.is_empty())
}

fn place(node: Node<'_, '_>) -> usize {
    node.document().text_pos_at(node.range().start).row as usize
}
