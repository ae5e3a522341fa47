//! The schemas: what a tag says (native frames), what people and machines ask (gRPC), and who may ask it. Generated types; no logic.

/// paband's own tag protocol, see docs/wire-protocol.md.
#[expect(missing_docs, reason = "generated; the comments are in the .proto file")]
pub mod tag {
    tonic::include_proto!("paband.tag.v1");
}

// The generated code refers from one package to another by these paths.
#[expect(missing_docs, clippy::all, reason = "generated; the comments are in the .proto files")]
mod generated {
    pub mod paband {
        pub mod access {
            pub mod v1 {
                tonic::include_proto!("paband.access.v1");
            }
        }
        pub mod billing {
            pub mod v1 {
                tonic::include_proto!("paband.billing.v1");
            }
        }
        pub mod custody {
            pub mod v1 {
                tonic::include_proto!("paband.custody.v1");
            }
        }
        pub mod enrolment {
            pub mod v1 {
                tonic::include_proto!("paband.enrolment.v1");
            }
        }
        pub mod monitor {
            pub mod v1 {
                tonic::include_proto!("paband.monitor.v1");
            }
        }
    }
}

pub use generated::paband::access::v1 as access;
pub use generated::paband::billing::v1 as billing;
pub use generated::paband::custody::v1 as custody;
pub use generated::paband::enrolment::v1 as enrolment;
pub use generated::paband::monitor::v1 as monitor;

/// Every schema with its comments, for gRPC reflection; with the options of the methods, for who may call what.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

/// The method option that says who may call it.
pub const ACCESS_OPTION: &str = "paband.access.v1.access";
