#!/usr/bin/env bash
# Checks what is in the dependency tree by deny.toml: licences, banned crates, sources; known vulnerabilities where their database can be had.
# Installs cargo-deny if it is missing: about five minutes on two cores, once a machine.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo deny --version >/dev/null 2>&1 || cargo install cargo-deny --locked --quiet
# Duplicate versions are warnings and not shown here: `cargo deny check bans` lists them.
cargo deny --log-level error check --hide-inclusion-graph licenses bans sources

# The database is a git repository on the internet, which a closed network does not reach. An earlier copy serves as well.
if timeout 120 cargo deny fetch db >/dev/null 2>&1; then
    cargo deny --log-level error check --hide-inclusion-graph advisories
elif [ -n "$(find ~/.cargo/advisory-dbs -maxdepth 2 -name crates 2>/dev/null)" ]; then
    echo "advisories: their database cannot be fetched from here; an earlier copy is used"
    cargo deny --log-level error --offline check --hide-inclusion-graph advisories
else
    echo "advisories: SKIPPED, their database cannot be fetched from here and there is no earlier copy"
fi
