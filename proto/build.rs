//! Compiles the schemas with a pure-Rust compiler: no protoc on the machine.

use prost::Message;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let schemas = ["proto/paband/tag/v1/tag.proto", "proto/paband/monitor/v1/alerts.proto"];
    println!("cargo:rerun-if-changed=proto");
    let descriptors = protox::compile(schemas, ["proto"])?;
    let out = std::path::PathBuf::from(std::env::var("OUT_DIR")?);
    std::fs::write(out.join("descriptors.bin"), descriptors.encode_to_vec())?;
    tonic_prost_build::configure().compile_fds(descriptors)?;
    Ok(())
}
