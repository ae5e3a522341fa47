//! The schemas: what a tag says (native frames), what a room asks (gRPC). Generated types; no logic.

/// paband's own tag protocol, see docs/wire-protocol.md.
#[expect(missing_docs, reason = "generated; the comments are in the .proto file")]
pub mod tag {
    tonic::include_proto!("paband.tag.v1");
}

/// What monitoring rooms ask over gRPC.
#[expect(missing_docs, clippy::all, reason = "generated; the comments are in the .proto file")]
pub mod monitor {
    tonic::include_proto!("paband.monitor.v1");
}

/// Every schema with its comments, for gRPC reflection.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
