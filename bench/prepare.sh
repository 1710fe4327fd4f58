#!/usr/bin/env bash
# bench/prepare.sh NAME [SCALE]: makes database NAME, migrates it as maplebridge_owner and, with SCALE (1: a million
# addresses), fills it. Connects by PGHOST, PGPORT, PGUSER (a superuser), PGPASSWORD; the three roles exist. Drops nothing.
set -euo pipefail
name=${1:?usage: bench/prepare.sh NAME [SCALE]}
[[ $name =~ ^[a-z_][a-z0-9_]{0,60}$ ]] || { echo "prepare: bad name $name" >&2; exit 2; }
here=$(cd "$(dirname "$0")/.." && pwd)
ask() { psql -X -q -v ON_ERROR_STOP=1 "$@"; }
ask -d postgres -c "create database $name owner maplebridge_owner encoding 'UTF8' template template0"
ask -d "$name" -c 'create extension postgis' -c 'create extension btree_gist' -c 'alter schema public owner to maplebridge_owner'
for file in "$here"/migrations/*.sql; do
  { echo 'set role maplebridge_owner;'; cat "$file"; } | ask -d "$name" -1 -f - >/dev/null
done
if [ -n "${2:-}" ]; then ask -d "$name" -v scale="$2" -f "$here/bench/fill.sql"; fi
