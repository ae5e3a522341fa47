//! The service of wearers' files.

use super::wearer_asked::{change_asked, list_asked, merge_asked, wearer_asked};
use super::{refused, tehran_day};
use crate::accounts::instant;
use crate::alerts::store_failed;
use crate::fields::{Fields, REFERENCE_MAX, date};
use crate::gate::{asked, caller};
use crate::proposals::Proposing;
use crate::reason::Wrong;
use access::{Caller, masked};
use chrono::Utc;
use crc::{CRC_32_ISO_HDLC, Crc};
use enrolment::{ForeignIdKind, NationalId};
use prost::Message;
use proto::access::Proposal;
use proto::enrolment::wearers_server::Wearers;
use proto::enrolment::{
    self as schema, ChangeWearerRequest, CreateWearerRequest, GetWearerHistoryRequest, GetWearerHistoryResponse, GetWearerRequest,
    ListWearersRequest, ListWearersResponse, MergeWearersRequest, SavedWearer, Wearer, WearerVersion,
};
use store::{Act, ContactKind, RiskClass, Store, WearerFile, WearerNow, WearerPlace, WearerState};
use tonic::{Request, Response, Status};

const MERGE_WEARERS: &str = "/paband.enrolment.v1.Wearers/MergeWearers";

const CHECK: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);

/// Finds, reads, opens, changes and proposes to merge.
pub(crate) struct WearerService {
    store: Store,
    proposing: Proposing,
}

impl WearerService {
    pub(crate) fn new(store: Store, proposing: Proposing) -> Self {
        Self { store, proposing }
    }

    /// The file as it is after a change, with those that may be the same person's.
    async fn saved(&self, caller: &Caller, wearer_id: i64) -> Result<Response<SavedWearer>, Status> {
        let now = self.store.wearer_of_number(wearer_id).await.map_err(|error| refused("wearer", &error))?;
        let possible_duplicates = self.store.possible_duplicates(caller, wearer_id).await;
        let possible_duplicates = possible_duplicates.map_err(|error| store_failed("possible_duplicates", &error))?;
        Ok(Response::new(SavedWearer { wearer: Some(wearer(now)), possible_duplicates }))
    }
}

#[tonic::async_trait]
impl Wearers for WearerService {
    async fn list_wearers(&self, request: Request<ListWearersRequest>) -> Result<Response<ListWearersResponse>, Status> {
        let caller = caller(&request)?;
        let asked = request.into_inner();
        let mut fields = Fields::default();
        let mut filter = list_asked(&mut fields, &asked);
        if !asked.page_token.is_empty() {
            filter.after = place(&asked);
            if filter.after.is_none() {
                fields.note("page_token", Wrong::PageTokenForeign, &[]);
            }
        }
        fields.check()?;
        let page = self.store.wearer_list(&caller, &filter).await.map_err(|error| store_failed("ListWearers", &error))?;
        caller.about(format!("{} wearers", page.wearers.len()));
        let next_page_token = page.next.map_or(String::new(), |next| token(&next, &asked));
        Ok(Response::new(ListWearersResponse {
            wearers: page.wearers.into_iter().map(listed).collect(),
            next_page_token,
            is_cut: page.is_cut,
        }))
    }

    async fn get_wearer(&self, request: Request<GetWearerRequest>) -> Result<Response<Wearer>, Status> {
        let caller = caller(&request)?;
        let reference = reference_asked(&request.into_inner().reference)?;
        caller.about_wearer(&reference);
        let now = self.store.wearer_file(&caller, &reference).await.map_err(|error| refused("GetWearer", &error))?;
        caller.about_wearer(&now.file.reference);
        Ok(Response::new(wearer(now)))
    }

    async fn get_wearer_history(&self, request: Request<GetWearerHistoryRequest>) -> Result<Response<GetWearerHistoryResponse>, Status> {
        let caller = caller(&request)?;
        let reference = reference_asked(&request.into_inner().reference)?;
        caller.about_wearer(&reference);
        let versions = self.store.wearer_versions(&caller, &reference).await.map_err(|error| refused("GetWearerHistory", &error))?;
        Ok(Response::new(GetWearerHistoryResponse { versions: versions.into_iter().map(version).collect() }))
    }

    async fn create_wearer(&self, request: Request<CreateWearerRequest>) -> Result<Response<SavedWearer>, Status> {
        let (caller, asked) = asked(request)?;
        let mut fields = Fields::default();
        let new = wearer_asked(&mut fields, &asked);
        fields.check()?;
        let opened = self.store.wearer_open(&caller, &new, Utc::now()).await.map_err(|error| refused("CreateWearer", &error))?;
        self.saved(&caller, opened).await
    }

    async fn change_wearer(&self, request: Request<ChangeWearerRequest>) -> Result<Response<SavedWearer>, Status> {
        let (caller, asked) = asked(request)?;
        caller.about_wearer(&asked.reference);
        let mut fields = Fields::default();
        let change = change_asked(&mut fields, &asked);
        fields.check()?;
        let changed = self.store.wearer_change(&caller, &change, Utc::now()).await.map_err(|error| refused("ChangeWearer", &error))?;
        self.saved(&caller, changed).await
    }

    async fn merge_wearers(&self, request: Request<MergeWearersRequest>) -> Result<Response<Proposal>, Status> {
        self.proposing.propose(MERGE_WEARERS, request).await
    }
}

/// The act that a proposed merge means.
pub(crate) fn merge_act(asked: &MergeWearersRequest) -> Result<Act, Status> {
    let mut fields = Fields::default();
    let merge = merge_asked(&mut fields, asked);
    fields.check().map(|()| Act::MergeWearers(merge))
}

/// A reference in a request that has nothing else.
pub(super) fn reference_asked(reference: &str) -> Result<String, Status> {
    let mut fields = Fields::default();
    let reference = fields.text("reference", reference, REFERENCE_MAX);
    fields.check().map(|()| reference)
}

/// A file as its page shows it.
fn wearer(now: WearerNow) -> Wearer {
    Wearer {
        imei: now.imei,
        state: state(now.state).into(),
        merged_from: now.merged_from,
        photo_id: now.photo_id.unwrap_or_default(),
        ..file(now.file)
    }
}

/// The same in a list, where nobody named a purpose.
fn listed(now: WearerNow) -> Wearer {
    let whole = wearer(now);
    let fields =
        whole.fields.map(|fields| schema::WearerFields { national_id: String::new(), foreign_id: None, contacts: Vec::new(), ..fields });
    Wearer { national_id: masked(&whole.national_id), fields, ..whole }
}

fn version(version: store::WearerVersion) -> WearerVersion {
    let merged = version.file.merged.clone();
    let (merged_into, merged_by, merge_reason) = merged.map(|merged| (merged.into, merged.by, merged.reason)).unwrap_or_default();
    WearerVersion {
        wearer: Some(file(version.file)),
        what: version.what,
        recorded_at: Some(instant(version.recorded_at)),
        recorded_on: Some(date(tehran_day(version.recorded_at))),
        recorded_by: version.recorded_by,
        merged_into,
        merged_by,
        merge_reason,
    }
}

fn file(file: WearerFile) -> Wearer {
    let registered_at = file.registered_at;
    Wearer {
        reference: file.reference,
        unit: file.unit,
        name: file.name,
        national_id: file.national_id,
        version: file.version,
        fields: Some(said(file.fields)),
        registered_at: Some(instant(registered_at)),
        registered_on: Some(date(tehran_day(registered_at))),
        registered_by: file.registered_by,
        ..Wearer::default()
    }
}

fn said(fields: store::WearerFields) -> schema::WearerFields {
    let contact = |contact: store::Contact| {
        let kind = match contact.kind {
            ContactKind::Phone => schema::ContactKind::Phone,
            ContactKind::Address => schema::ContactKind::Address,
            ContactKind::Email => schema::ContactKind::Email,
        };
        schema::Contact { kind: kind.into(), value: contact.value, whose: contact.whose }
    };
    let foreign_id = fields.foreign_id.map(|id| {
        let kind = match id.kind() {
            ForeignIdKind::Passport => schema::ForeignIdKind::Passport,
            ForeignIdKind::Universal => schema::ForeignIdKind::Universal,
            ForeignIdKind::RefugeeCard => schema::ForeignIdKind::RefugeeCard,
            ForeignIdKind::Other => schema::ForeignIdKind::Other,
        };
        schema::ForeignId { kind: kind.into(), number: id.number().to_owned() }
    });
    let risk_class = match fields.risk_class {
        RiskClass::Low => schema::RiskClass::Low,
        RiskClass::Medium => schema::RiskClass::Medium,
        RiskClass::High => schema::RiskClass::High,
    };
    schema::WearerFields {
        given_name: fields.given_name,
        family_name: fields.family_name,
        father_name: fields.father_name,
        national_id: fields.national_id.as_ref().map(NationalId::as_str).unwrap_or_default().to_owned(),
        foreign_id,
        birth_date: fields.birth_date.map(date),
        language: fields.language,
        risk_class: risk_class.into(),
        file_numbers: fields.file_numbers,
        contacts: fields.contacts.into_iter().map(contact).collect(),
    }
}

fn state(state: WearerState) -> schema::WearerState {
    match state {
        WearerState::Registered => schema::WearerState::Registered,
        WearerState::UnderOrder => schema::WearerState::UnderOrder,
        WearerState::Monitored => schema::WearerState::Monitored,
    }
}

/// Where the next page starts: 8 hexadecimal digits of a check over it and the filter, 2 of the stretch, 16 of the wearer, and the name.
fn token(place: &WearerPlace, asked: &ListWearersRequest) -> String {
    let said = format!("{:02x}{:016x}{}", place.stretch, place.wearer_id, place.sort_name);
    format!("{:08x}{said}", check(&said, asked))
}

/// Where the request's page starts; `None` = the token is none of ours, or was made for another filter.
fn place(asked: &ListWearersRequest) -> Option<WearerPlace> {
    let (found, said) = asked.page_token.split_at_checked(8)?;
    if u32::from_str_radix(found, 16).ok()? != check(said, asked) {
        return None;
    }
    let stretch = u8::from_str_radix(said.get(..2)?, 16).ok()?;
    let wearer_id = i64::from_str_radix(said.get(2..18)?, 16).ok()?;
    Some(WearerPlace { stretch, sort_name: said.get(18..)?.to_owned(), wearer_id })
}

/// Against slips, not against forgery: a forged token shows nothing that a filter could not.
fn check(said: &str, asked: &ListWearersRequest) -> u32 {
    let filter = ListWearersRequest { page_token: String::new(), page_size: 0, ..asked.clone() };
    let mut digest = CHECK.digest();
    digest.update(said.as_bytes());
    digest.update(&filter.encode_to_vec());
    digest.finalize()
}

#[cfg(test)]
mod tests {
    use super::{ListWearersRequest, WearerPlace, place, token};

    #[test]
    fn a_token_leads_back_with_the_same_filter_alone() {
        let asked =
            |text: &str, page_token: &str| ListWearersRequest { text: text.into(), page_token: page_token.into(), ..Default::default() };
        for stretch in [0, 1, 8] {
            let at = WearerPlace { stretch, sort_name: "کریمی علی".into(), wearer_id: 4711 };
            let token = token(&at, &asked("کریمی", ""));
            assert_eq!(place(&asked("کریمی", &token)), Some(at));
            assert_eq!(place(&asked("رضایی", &token)), None);
            assert_eq!(place(&asked("کریمی", &token.replace("1267", "1268"))), None);
        }
        for foreign in ["x", "شششششششش", "0000000000", "0000000", "00000000000000000000001267"] {
            assert_eq!(place(&asked("کریمی", foreign)), None, "{foreign}");
        }
    }
}
