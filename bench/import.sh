#!/usr/bin/env bash
# bench/import.sh FULL BENCH [ORDER]: measures the import of the addresses of database FULL (made by bench/prepare.sh FULL 1)
# with the bench binary BENCH (target/release/deps/main-…). ORDER: `file` (village by village, as files are; the default) or
# `shuffled`. Connects by PGHOST, PGPORT, PGUSER (a superuser), PGPASSWORD=dev. Makes and drops FULL_import and FULL_copy.
set -euo pipefail
full=${1:?usage: bench/import.sh FULL BENCH [file|shuffled]}
bench=${2:?usage: bench/import.sh FULL BENCH [file|shuffled]}
order=${3:-file}
here=$(cd "$(dirname "$0")/.." && pwd)
ask() { psql -X -q -v ON_ERROR_STOP=1 "$@"; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
case $order in
  file) by=id ;;
  shuffled) by='md5(id::text)' ;;
  *) echo "import: $order is no order" >&2; exit 2 ;;
esac
ask -d "$full" -c "\\copy (select row_number() over (order by $by) as n, ST_X(geom) as lon, ST_Y(geom) as lat, household_count, population_band, dwelling_kind from households order by 1) to '$work/doors.csv' csv header"
ask -d "$full" -c "\\copy (select code_lo, level, name_zh, name_en from areas order by id) to '$work/areas'"
ask -d "$full" -c "\\copy (select code, valid_from, name_zh, name_en, short_name, geom, area_m2 from cells order by id) to '$work/cells'"
for name in "${full}_import" "${full}_copy"; do
  ask -d postgres -c "drop database if exists $name with (force)"
  "$here/bench/prepare.sh" "$name"
  ask -d "$name" <<SQL
begin;
set local session_replication_role = replica;
\\copy areas (code_lo, level, name_zh, name_en) from '$work/areas'
\\copy cells (code, valid_from, name_zh, name_en, short_name, geom, area_m2) from '$work/cells'
commit;
SQL
  ask -d "$name" -c 'vacuum analyze'
done
ask -d postgres -c checkpoint
url=postgres://$PGUSER:$PGPASSWORD@$PGHOST:$PGPORT
MAPLEBRIDGE_BENCH_URL=$url/${full}_import MAPLEBRIDGE_BENCH_COPY_URL=$url/${full}_copy MAPLEBRIDGE_BENCH_FILE=$work/doors.csv "$bench" import
for name in "${full}_import" "${full}_copy"; do ask -d postgres -c "drop database $name with (force)"; done
