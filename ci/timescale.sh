#!/bin/bash
# A private PostgreSQL 17 with TimescaleDB (Apache edition) for tests, on a Debian older than the one that ships it.
#   ci/timescale.sh start DIR PORT   unpacks it into DIR (kept for the next time), starts it on 127.0.0.1:PORT, prints PABAND_TEST_DATABASE_URL=...
#   ci/timescale.sh stop DIR         stops it
# Packages come from the mirror that this machine's apt uses; nothing of the machine itself is changed. Not durable (fsync off): never for real data.
set -euo pipefail

suite=trixie
major=17
account=901 # any number that is no account of this machine

die() { echo "ci/timescale.sh: $*" >&2; exit 1; }
case "${1:-} $#" in
    "start 3" | "stop 2") ;;
    *) die "usage: ci/timescale.sh start DIR PORT | stop DIR" ;;
esac
[ "$(id -u)" = 0 ] || die "it needs root, for chroot: run it as root or with sudo"
for tool in apt-get dpkg-deb chroot; do
    command -v "$tool" >/dev/null || die "$tool is missing: this works on Debian and what derives from it"
done
mkdir -p "$2"
dir=$(cd "$2" && pwd)
tree=$dir/tree

inside() { env -i PATH=/usr/bin:/bin LC_ALL=C.UTF-8 /usr/sbin/chroot --userspec=$account:$account "$tree" "/usr/lib/postgresql/$major/bin/$1" "${@:2}"; }

debian_mirror() { # the address of a Debian archive in apt's sources, old style and new
    cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | grep -v '^[[:space:]]*#' |
        grep -oE '[a-z+]+://[^] ]+/debian/?([[:space:]]|$)' | tr -d '[:space:]' | head -1 || true
}

unpack() { # into a tree of its own: no maintainer script runs
    local mirror apt keys options package
    mirror=$(debian_mirror)
    [ -n "$mirror" ] || die "no Debian mirror is named in /etc/apt/sources.list or /etc/apt/sources.list.d"
    keys=/usr/share/keyrings/debian-archive-keyring.gpg
    [ -e "$keys" ] || die "$keys is missing: apt-get install debian-archive-keyring"
    apt=$dir/apt
    rm -rf "$tree" "$apt"
    mkdir -p "$tree" "$apt"/etc/{apt.conf.d,preferences.d} "$apt"/state/lists/partial "$apt"/cache/archives/partial
    : >"$apt/status"
    echo "deb [signed-by=$keys] $mirror $suite main" >"$apt/etc/sources.list"
    options=(-qq -o Dir::Etc="$apt/etc" -o Dir::Etc::sourcelist="$apt/etc/sources.list" -o Dir::Etc::sourceparts=/dev/null
        -o Dir::State="$apt/state" -o Dir::State::status="$apt/status" -o Dir::Cache="$apt/cache" -o APT::Install-Recommends=false
        -o APT::Sandbox::User=root -o Acquire::Languages=none -o Acquire::Retries=3)
    # The machine's own apt settings, such as a proxy, still hold.
    cp -r /etc/apt/apt.conf.d/. "$apt/etc/apt.conf.d/" 2>/dev/null || true
    apt-get "${options[@]}" update >&2 || die "the package lists of $suite could not be read"
    apt-get "${options[@]}" -y --download-only install "postgresql-$major" "postgresql-$major-timescaledb" dash libc-bin coreutils base-files >/dev/null ||
        die "PostgreSQL $major with TimescaleDB could not be downloaded"
    for place in bin sbin lib lib64; do
        mkdir -p "$tree/usr/$place"
        ln -sfn "usr/$place" "$tree/$place"
    done
    for package in "$apt"/cache/archives/*.deb; do
        dpkg-deb --fsys-tarfile "$package" | tar -x -C "$tree" --keep-directory-symlink --no-same-owner
    done
    mkdir -p "$tree"/{etc,tmp,pg,dev}
    chmod 1777 "$tree/tmp"
    [ -e "$tree/dev/null" ] || mknod -m 666 "$tree/dev/null" c 1 3
    [ -e "$tree/dev/urandom" ] || mknod -m 666 "$tree/dev/urandom" c 1 9
    echo "postgres:x:$account:$account::/pg:/bin/sh" >"$tree/etc/passwd"
    echo "postgres:x:$account:" >"$tree/etc/group"
    echo '127.0.0.1 localhost' >"$tree/etc/hosts"
    chown $account:$account "$tree/pg"
    rm -rf "$apt"
    : >"$dir/unpacked"
}

if [ "$1" = stop ]; then
    [ -s "$tree/pg/data/PG_VERSION" ] || die "no server was started in $dir"
    inside pg_ctl -w -m immediate -D /pg/data stop >/dev/null
    exit
fi
[ -e "$dir/unpacked" ] || unpack
[ -s "$tree/pg/data/PG_VERSION" ] || inside initdb -D /pg/data -A trust -U postgres -N -E UTF8 --locale=C.UTF-8 >"$dir/initdb.log" 2>&1 ||
    die "initdb failed; see $dir/initdb.log"
if ! inside pg_ctl -D /pg/data status >/dev/null 2>&1; then
    inside pg_ctl -w -D /pg/data -l /pg/log -o "-p $3 -k /pg -h 127.0.0.1 -c max_connections=200 -c fsync=off -c full_page_writes=off \
        -c shared_buffers=256MB -c max_wal_size=4GB -c TimeZone=UTC -c shared_preload_libraries=timescaledb -c timescaledb.telemetry_level=off \
        -c timescaledb.max_background_workers=0" start >/dev/null ||
        die "the server did not start; see $tree/pg/log"
fi
echo "PABAND_TEST_DATABASE_URL=postgresql://postgres@127.0.0.1:$3/postgres"
