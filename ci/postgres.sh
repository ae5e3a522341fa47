#!/bin/bash
# A private PostgreSQL for tests. Not durable (fsync off): never for real data.
#   ci/postgres.sh start DIR   installs PostgreSQL if it is missing, starts it, prints PABAND_TEST_DATABASE_URL=...
#   ci/postgres.sh install     installs PostgreSQL if it is missing
#   ci/postgres.sh stop DIR    stops it; the directory may then be deleted
set -euo pipefail

die() { echo "ci/postgres.sh: $*" >&2; exit 1; }
case "${1:-} $#" in
    "install 1") ;;
    "start 2" | "stop 2")
        mkdir -p "$2"
        dir=$(cd "$2" && pwd)
        ;;
    *) die "usage: ci/postgres.sh install | start DIR | stop DIR" ;;
esac
[ "${dir:+${#dir}}" = "" ] || [ "${#dir}" -le 85 ] || die "$dir is too long: a socket's path has at most 107 characters; choose a shorter directory"

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }

newest_bin() { # the newest server: /usr/lib/postgresql/17/bin
    find /usr/lib/postgresql -maxdepth 3 -name initdb 2>/dev/null | sort -V | tail -1 | xargs -r dirname
}

install_server() {
    command -v apt-get >/dev/null || die "PostgreSQL is missing and there is no apt-get: install PostgreSQL 15 or newer"
    [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null || die "PostgreSQL is missing: run 'apt-get install postgresql' as root"
    as_root mkdir -p /etc/postgresql-common
    [ -e /etc/postgresql-common/createcluster.conf ] ||
        echo 'create_main_cluster = false' | as_root tee /etc/postgresql-common/createcluster.conf >/dev/null
    as_root apt-get -qq update >&2
    DEBIAN_FRONTEND=noninteractive as_root apt-get -qq install -y --no-install-recommends postgresql >/dev/null
}

as_server() { # PostgreSQL refuses to run as root
    if [ "$(id -u)" = 0 ]; then (cd / && setpriv --reuid=postgres --regid=postgres --clear-groups -- "$@"); else "$@"; fi
}

if [ "$1" = install ]; then
    [ -n "$(newest_bin)" ] || install_server
elif [ "$1" = start ]; then
    bin=$(newest_bin)
    if [ -z "$bin" ]; then install_server; bin=$(newest_bin); fi
    [ -n "$bin" ] || die "PostgreSQL was installed, but no initdb is under /usr/lib/postgresql"
    if [ "$(id -u)" = 0 ]; then
        chown postgres: "$dir"
        as_server test -x "$dir" || die "the user postgres cannot reach $dir: choose a directory below /tmp or /var/tmp"
    fi
    [ -s "$dir/data/PG_VERSION" ] || as_server "$bin/initdb" -D "$dir/data" -A trust -U postgres -N -E UTF8 --locale=C.UTF-8 >"$dir.initdb.log" 2>&1 ||
        die "initdb failed; see $dir.initdb.log"
    rm -f "$dir.initdb.log"
    if ! as_server "$bin/pg_ctl" -D "$dir/data" status >/dev/null 2>&1; then
        as_server "$bin/pg_ctl" -w -D "$dir/data" -l "$dir/log" -o "-k '$dir' -h '' -p 5432 -c max_connections=200 -c fsync=off \
            -c synchronous_commit=on -c full_page_writes=off -c shared_buffers=256MB -c max_wal_size=4GB -c TimeZone=UTC" start >/dev/null ||
            die "the server did not start; see $dir/log"
    fi
    echo "PABAND_TEST_DATABASE_URL=postgresql:///postgres?host=$dir&user=postgres"
else
    bin=$(newest_bin)
    [ -n "$bin" ] && [ -s "$dir/data/PG_VERSION" ] || die "no server was started in $dir"
    as_server "$bin/pg_ctl" -w -m immediate -D "$dir/data" stop >/dev/null
fi
