//! What happens at the door that operators may want to know: each is logged and counted here and nowhere else.
//! No line carries a position, a name or a payload.

use crate::counters::Counters;
use std::error::Error;
use std::net::SocketAddr;

pub(crate) fn listening(protocol: &str, address: SocketAddr, tls: bool) {
    tracing::info!(protocol, %address, tls, "listening for tags");
}

pub(crate) fn accept_failed(error: &std::io::Error) {
    tracing::warn!(%error, "a connection could not be accepted; if files ran out, raise the limit of open files");
}

pub(crate) fn connection_refused(counters: &Counters) {
    counters.refuse("too_many_connections");
    tracing::warn!("a connection was refused: connections_max is reached");
}

pub(crate) fn connection_lost(counters: &Counters, peer: SocketAddr, reason: &'static str) {
    counters.refuse(reason);
    tracing::debug!(%peer, reason, "connection closed");
}

pub(crate) fn set_aside(counters: &Counters, peer: SocketAddr, reason: &'static str) {
    counters.refuse(reason);
    tracing::debug!(%peer, reason, "bytes set aside");
}

pub(crate) fn quarantine_full(counters: &Counters) {
    counters.quarantine_dropped.add(1);
}

pub(crate) fn quarantine_failed(error: &(dyn Error + 'static)) {
    tracing::warn!(error, "bytes could not be kept in the quarantine");
}

pub(crate) fn tag_unknown_to_shard(counters: &Counters, tag_id: i64) {
    counters.refuse("tag_unknown_to_shard");
    tracing::error!(tag_id, "a tag logged in before its shard knew it; it will send again");
}

pub(crate) fn batch_failed(counters: &Counters, shard: u16, reports: usize, error: &(dyn Error + 'static)) {
    counters.batches_failed.add(1);
    tracing::error!(shard, reports, error, "the database did not confirm a batch; nothing of it was acknowledged, the tags send it again");
}

pub(crate) fn lookup_failed(shard: u16, error: &(dyn Error + 'static)) {
    tracing::error!(shard, error, "old reports could not be looked up; the tags send them again");
}

pub(crate) fn recovery_waits(shard: u16, error: &(dyn Error + 'static)) {
    tracing::warn!(shard, error, "memory cannot be read back yet; reports are refused until the database answers");
}

pub(crate) fn memory_unreadable(tag_id: i64) {
    tracing::warn!(tag_id, "written memory is of another version: the wearer's past is judged again");
}

pub(crate) fn past_unread(shard: u16, error: &(dyn Error + 'static)) {
    tracing::warn!(shard, error, "the past cannot be judged again yet; tried again shortly");
}

pub(crate) fn past_judged_again(counters: &Counters, shard: u16, wearers: usize, reports: usize) {
    counters.pasts_judged_again.add(wearers as u64);
    counters.reports_judged_again.add(reports as u64);
    tracing::debug!(shard, wearers, reports, "judged again");
}

pub(crate) fn recovered(shard: u16, tags: usize) {
    tracing::debug!(shard, tags, "memory read back");
}

pub(crate) fn memory_not_written(shard: u16, error: &(dyn Error + 'static)) {
    tracing::warn!(shard, error, "memory could not be written down; the next start reads more reports back");
}

pub(crate) fn stopped(connections_abandoned: usize, shards_abandoned: usize) {
    if connections_abandoned + shards_abandoned == 0 {
        tracing::info!("the door is closed; everything taken in is stored and answered");
    } else {
        tracing::warn!(
            connections_abandoned,
            shards_abandoned,
            "the door is closed; what was abandoned was never acknowledged and will be sent again"
        );
    }
}
