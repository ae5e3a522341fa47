//! Compiles the schemas with a pure-Rust compiler: no protoc on the machine.

const SCHEMAS: &[&str] = &[
    "paband/tag/v1/tag.proto",
    "paband/access/v1/access.proto",
    "paband/billing/v1/common.proto",
    "paband/billing/v1/runs.proto",
    "paband/billing/v1/tariffs.proto",
    "paband/billing/v1/statements.proto",
    "paband/billing/v1/payments.proto",
    "paband/billing/v1/refunds.proto",
    "paband/billing/v1/deposits.proto",
    "paband/billing/v1/documents.proto",
    "paband/billing/v1/reminders.proto",
    "paband/billing/v1/reports.proto",
    "paband/billing/v1/relief.proto",
    "paband/billing/v1/paying.proto",
    "paband/billing/v1/late_facts.proto",
    "paband/custody/v1/custody.proto",
    "paband/enrolment/v1/common.proto",
    "paband/enrolment/v1/imports.proto",
    "paband/enrolment/v1/statistics.proto",
    "paband/enrolment/v1/fittings.proto",
    "paband/enrolment/v1/inventory.proto",
    "paband/enrolment/v1/inspections.proto",
    "paband/enrolment/v1/leaves.proto",
    "paband/enrolment/v1/zones.proto",
    "paband/enrolment/v1/orders.proto",
    "paband/enrolment/v1/wearers.proto",
    "paband/monitor/v1/alerts.proto",
    "paband/monitor/v1/tracking.proto",
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=proto");
    let mut compiler = protox::Compiler::new(["proto"])?;
    compiler.include_imports(true).include_source_info(true).open_files(SCHEMAS)?;
    let out = std::path::PathBuf::from(std::env::var("OUT_DIR")?);
    // In this form the options of our own (who may call what) are kept.
    std::fs::write(out.join("descriptors.bin"), compiler.encode_file_descriptor_set())?;
    tonic_prost_build::configure().compile_fds(compiler.file_descriptor_set())?;
    Ok(())
}
