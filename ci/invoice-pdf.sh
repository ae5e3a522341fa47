#!/usr/bin/env bash
# Builds and tests invoice-pdf: ten to twenty minutes on two cores from nothing, seconds afterwards. Installs nothing, and `./run test` does not call it:
# to be run when invoice-pdf/ or billing/ changes. With `lint` clippy looks too, and reads the whole typesetter for that: some minutes more, once.
set -euo pipefail
cd "$(dirname "$0")/../invoice-pdf"

# One profile alone: another would compile the typesetter a second time.
cargo fmt --check
cargo build --release --locked
cargo test --release --locked --quiet
[ "${1:-}" != lint ] || cargo clippy --release --locked --quiet --all-targets
