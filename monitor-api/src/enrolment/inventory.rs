//! The service of the inventory. Says nothing of who wears a tag.

use super::refused;
use super::tags_asked::{count, event, imeis, key_change, label, new_tag, state_change, state_sought, tag, transfer};
use crate::accounts::page_size_violation;
use crate::fields::{Fields, REASON_MAX, REFERENCE_MAX};
use crate::gate::{asked, caller};
use crate::status::check;
use chrono::Utc;
use proto::enrolment::inventory_server::Inventory;
use proto::enrolment::{
    CancelTransferRequest, ChangeTagRequest, CountTagsRequest, CountTagsResponse, GetTagRequest, GetTagResponse, ListTagsRequest,
    ListTagsResponse, ListTransfersRequest, ListTransfersResponse, ReceiveTagsRequest, RegisterTagRequest, SendTagsRequest,
    SetTagKeyRequest, SetTagStateRequest, Tag, TagTransfer,
};
use store::{Store, TagChange, TagFilter};
use tonic::{Request, Response, Status};

/// Tags of a page where the caller does not say.
const PAGE_UNSAID: u32 = 100;

/// Registers, describes, moves and hands over tags.
pub(crate) struct InventoryService {
    store: Store,
}

impl InventoryService {
    pub(crate) fn new(store: Store) -> Self {
        Self { store }
    }

    async fn change(
        &self,
        request: &'static str,
        caller: &access::Caller,
        (imei, expected_version): (&str, i64),
        change: TagChange,
    ) -> Result<Response<Tag>, Status> {
        let changed = self.store.tag_change(caller, imei.trim(), expected_version, &change, Utc::now()).await;
        Ok(Response::new(tag(changed.map_err(|error| refused(request, &error))?)))
    }
}

#[tonic::async_trait]
impl Inventory for InventoryService {
    async fn register_tag(&self, request: Request<RegisterTagRequest>) -> Result<Response<Tag>, Status> {
        let (caller, asked) = asked(request)?;
        let added = self.store.tag_add(&caller, &new_tag(asked)?, Utc::now()).await;
        Ok(Response::new(tag(added.map_err(|error| refused("RegisterTag", &error))?)))
    }

    async fn list_tags(&self, request: Request<ListTagsRequest>) -> Result<Response<ListTagsResponse>, Status> {
        let caller = caller(&request)?;
        let asked = request.into_inner();
        let mut fields = Fields::default();
        let unit = fields.optional_text("unit", &asked.unit, REFERENCE_MAX);
        let search = fields.optional_text("search", &asked.search, REFERENCE_MAX);
        let after = fields.optional_text("after_imei", &asked.after_imei, REFERENCE_MAX);
        let mut violations = fields.into_wrong();
        violations.extend(page_size_violation(asked.page_size));
        check(violations)?;
        let limit = if asked.page_size == 0 { PAGE_UNSAID } else { asked.page_size };
        let filter = TagFilter { unit, state: state_sought(asked.state()), search, after, limit };
        let tags = self.store.tag_list(&caller, &filter).await.map_err(|error| refused("ListTags", &error))?;
        Ok(Response::new(ListTagsResponse { tags: tags.into_iter().map(tag).collect() }))
    }

    async fn count_tags(&self, request: Request<CountTagsRequest>) -> Result<Response<CountTagsResponse>, Status> {
        let counts = self.store.tag_count(&caller(&request)?).await.map_err(|error| refused("CountTags", &error))?;
        Ok(Response::new(CountTagsResponse { counts: counts.into_iter().map(count).collect() }))
    }

    async fn get_tag(&self, request: Request<GetTagRequest>) -> Result<Response<GetTagResponse>, Status> {
        let caller = caller(&request)?;
        let imei = request.into_inner().imei.replace('\0', "");
        let (found, events) = self.store.tag(&caller, imei.trim()).await.map_err(|error| refused("GetTag", &error))?;
        Ok(Response::new(GetTagResponse { tag: Some(tag(found)), events: events.into_iter().map(event).collect() }))
    }

    async fn change_tag(&self, request: Request<ChangeTagRequest>) -> Result<Response<Tag>, Status> {
        let (caller, asked) = asked(request)?;
        let change = label(&asked)?;
        self.change("ChangeTag", &caller, (&asked.imei, asked.expected_version), change).await
    }

    async fn set_tag_state(&self, request: Request<SetTagStateRequest>) -> Result<Response<Tag>, Status> {
        let (caller, asked) = asked(request)?;
        let change = state_change(&asked)?;
        self.change("SetTagState", &caller, (&asked.imei, asked.expected_version), change).await
    }

    async fn set_tag_key(&self, request: Request<SetTagKeyRequest>) -> Result<Response<Tag>, Status> {
        let (caller, asked) = asked(request)?;
        let change = key_change(&asked)?;
        self.change("SetTagKey", &caller, (&asked.imei, asked.expected_version), change).await
    }

    async fn send_tags(&self, request: Request<SendTagsRequest>) -> Result<Response<TagTransfer>, Status> {
        let (caller, asked) = asked(request)?;
        let mut fields = Fields::default();
        let (from, to) = (fields.text("from", &asked.from, REFERENCE_MAX), fields.text("to", &asked.to, REFERENCE_MAX));
        if from == to && !to.is_empty() {
            fields.note("to", crate::reason::Wrong::NamedTwice, &[]);
        }
        let imeis = imeis(&mut fields, &asked.imeis, 1);
        let note = fields.optional_text("note", &asked.note, REASON_MAX);
        fields.check()?;
        let sent = self.store.tags_send(&caller, (&from, &to), &imeis, &note, Utc::now()).await;
        Ok(Response::new(transfer(sent.map_err(|error| refused("SendTags", &error))?)))
    }

    async fn receive_tags(&self, request: Request<ReceiveTagsRequest>) -> Result<Response<TagTransfer>, Status> {
        let (caller, asked) = asked(request)?;
        let mut fields = Fields::default();
        let imeis = imeis(&mut fields, &asked.imeis, 0);
        let note = fields.optional_text("note", &asked.note, REASON_MAX);
        fields.check()?;
        let received = self.store.tags_receive(&caller, asked.transfer_id, &imeis, &note, Utc::now()).await;
        Ok(Response::new(transfer(received.map_err(|error| refused("ReceiveTags", &error))?)))
    }

    async fn cancel_transfer(&self, request: Request<CancelTransferRequest>) -> Result<Response<TagTransfer>, Status> {
        let (caller, asked) = asked(request)?;
        let mut fields = Fields::default();
        let reason = fields.text("reason", &asked.reason, REASON_MAX);
        fields.check()?;
        let cancelled = self.store.transfer_cancel(&caller, asked.transfer_id, &reason, Utc::now()).await;
        Ok(Response::new(transfer(cancelled.map_err(|error| refused("CancelTransfer", &error))?)))
    }

    async fn list_transfers(&self, request: Request<ListTransfersRequest>) -> Result<Response<ListTransfersResponse>, Status> {
        let caller = caller(&request)?;
        let transfers = self.store.transfer_list(&caller, request.get_ref().open_only).await;
        let transfers = transfers.map_err(|error| refused("ListTransfers", &error))?;
        Ok(Response::new(ListTransfersResponse { transfers: transfers.into_iter().map(transfer).collect() }))
    }
}
