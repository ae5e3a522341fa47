//! The only gRPC.
