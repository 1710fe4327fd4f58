# What ./run and ./test share: saying what is done, installing packages, building the page, a PostgreSQL for tests.
# To be sourced, from the root of the repository, by bash.

stamps=target/stamps

say() { printf '\n── %s\n' "$*"; }

die() { printf '\n%s\n' "$*" >&2; exit 1; }

# Runs a command as root: directly, or through sudo.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else die "This needs root once: $*
Run it as root, or install sudo; then start again."
  fi
}

apt_install() {
  say "Installing $*"
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=400 -o Dpkg::Use-Pty=0)
  command -v apt-get >/dev/null || die "Install these by hand (this is no Debian): $*"
  if ! compgen -G '/var/lib/apt/lists/*_Packages*' >/dev/null; then as_root "${apt[@]}" update -q; fi
  as_root "${apt[@]}" install -y -q --no-install-recommends "$@" && return
  # The lists may be too old to find the files they name.
  as_root "${apt[@]}" update -q
  as_root "${apt[@]}" install -y -q --no-install-recommends "$@" || die "apt-get could not install: $*"
}

need_command() { # COMMAND PACKAGE…: installs the packages where the command is missing
  local command=$1
  shift
  command -v "$command" >/dev/null || apt_install "$@"
}

# The bin directory of the newest PostgreSQL that has PostGIS; nothing when there is none.
pg_bin() {
  local bin major
  while read -r bin; do
    major=$(basename "$(dirname "$bin")")
    if [ -x "$bin/initdb" ] && [ -f "/usr/share/postgresql/$major/extension/postgis.control" ]; then
      echo "$bin"
      return
    fi
  done < <(compgen -G '/usr/lib/postgresql/*/bin' | sort -Vr)
}

# The newest major version of PostgreSQL that is installed; nothing when there is none.
pg_major() {
  local programs
  programs=$(compgen -G '/usr/lib/postgresql/*/bin/initdb') || return 0
  sort -V <<<"$programs" | tail -1 | cut -d/ -f5
}

need_postgis() {
  [ -n "$(pg_bin)" ] && return
  local major
  major=$(pg_major)
  if [ -z "$major" ]; then
    apt_install postgresql
    major=$(pg_major)
  fi
  apt_install "postgresql-$major-postgis-3" "postgresql-$major-postgis-3-scripts"
  [ -n "$(pg_bin)" ] || die "PostGIS was installed, but not for PostgreSQL $major."
}

need_tools() {
  command -v cargo >/dev/null || die "Rust is missing: install it (cargo and rustc 1.90 or newer), then start again."
  command -v npm >/dev/null || die "Node.js (20 or newer) is missing: install it, then start again."
  need_command cc build-essential
}

# A digest of the files given on standard input, one a line.
digest() { sort | xargs -d '\n' -r sha256sum | sha256sum | cut -d' ' -f1; }

# up_to_date NAME DIGEST: whether the step was last done with these very inputs.
up_to_date() { [ -f "$stamps/$1" ] && [ "$(cat "$stamps/$1")" = "$2" ]; }
done_with() { mkdir -p "$stamps" && echo "$2" >"$stamps/$1"; }

web_packages() {
  local inputs
  inputs=$(printf '%s\n' web/package.json web/package-lock.json | digest)
  if [ -d web/node_modules ] && up_to_date npm "$inputs"; then return; fi
  say "Fetching the page's packages"
  (cd web && npm ci --no-audit --no-fund) || return 1
  done_with npm "$inputs"
}

web_build() {
  local inputs
  inputs=$(find web -name node_modules -prune -o -path web/dist -prune -o -path web/e2e -prune -o -type f -print | digest)
  if [ -f web/dist/index.html ] && up_to_date page "$inputs"; then
    echo "The page is built already."
    return
  fi
  say "Building the page"
  (cd web && npm run build) || return 1
  # The binary carries the page inside: have it take the new one in.
  grep -rl --include='*.rs' -e 'RustEmbed' -e 'rust_embed' src | xargs -r touch
  done_with page "$inputs"
}

# A PostgreSQL for one run of the tests: nothing of it survives, so it need not write to the disk with care.
# Sets test_url (postgres://…, the superuser's way into database postgres) and test_cluster (its directory).
test_cluster_start() {
  local bin socket password
  bin=$(pg_bin)
  test_cluster=$(mktemp -d "${TMPDIR:-/tmp}/maplebridge-test.XXXXXX")
  socket=$test_cluster/run
  mkdir "$test_cluster/run" && chmod 711 "$test_cluster" && chmod 700 "$socket"
  # A long TMPDIR would not fit into the address of a socket.
  if [ ${#socket} -gt 90 ]; then rm -rf "$test_cluster"; TMPDIR=/tmp test_cluster_start; return; fi
  password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  [ "$(id -u)" != 0 ] || chown postgres "$test_cluster" "$socket"
  as_postgres env LC_ALL=C bash -ec '
    bin=$1 dir=$2 password=$3
    cd "$dir"
    "$bin/initdb" -D data -U postgres -A scram-sha-256 --pwfile=<(printf %s "$password") -E UTF8 --lc-collate=C --lc-ctype=C.UTF-8 --no-sync >initdb.log
    printf "%s\n" "listen_addresses = '\'\''" "unix_socket_directories = '\''$dir/run'\''" "fsync = off" "synchronous_commit = off" \
      "full_page_writes = off" "max_connections = 300" "shared_buffers = 256MB" "max_wal_size = 2GB" "jit = off" "timezone = UTC" \
      "max_locks_per_transaction = 128" >>data/postgresql.conf
    "$bin/pg_ctl" -s -w -t 120 -D data -l server.log start
  ' _ "$bin" "$test_cluster" "$password" || { cat "$test_cluster"/*.log >&2; return 1; }
  test_url="postgres://postgres:$password@localhost/postgres?host=$socket&port=5432"
  # In template1, so that each test's own database is born with them.
  PGOPTIONS='-c client_min_messages=warning' "$bin/psql" -X -q -v ON_ERROR_STOP=1 "${test_url/\/postgres\?//template1?}" \
    -c 'create extension if not exists postgis' -c 'create extension if not exists btree_gist'
}

test_cluster_stop() {
  [ -n "${test_cluster:-}" ] || return 0
  as_postgres "$(pg_bin)/pg_ctl" -s -m immediate -D "$test_cluster/data" stop 2>/dev/null
  rm -rf "$test_cluster"
  test_cluster=
}

# Runs a command as the user PostgreSQL accepts: postgres where we are root.
as_postgres() {
  if [ "$(id -u)" = 0 ]; then (cd / && runuser -u postgres -- "$@"); else "$@"; fi
}

# schemathesis in an environment of its own under target/.
api_tool() {
  local venv=target/schemathesis version=4.32.5
  up_to_date schemathesis "$version" && [ -x "$venv/bin/schemathesis" ] && return
  need_command python3 python3
  python3 -c 'import ensurepip' 2>/dev/null || apt_install python3-venv
  say "Fetching schemathesis"
  rm -rf "$venv" && python3 -m venv "$venv" && "$venv/bin/pip" install -q --disable-pip-version-check "schemathesis==$version" || return 1
  done_with schemathesis "$version"
}

# A server of this build with the invented township, on a port of its own. Sets api_address and api_home.
api_server_start() {
  local seconds
  api_home=$(mktemp -d "${TMPDIR:-/tmp}/maplebridge-api.XXXXXX") && chmod 711 "$api_home"
  target/debug/maplebridge serve --demo township --ephemeral --data-dir "$api_home/data" --listen 127.0.0.1:0 --json \
    >"$api_home/said" 2>"$api_home/log" &
  api_pid=$!
  for seconds in $(seq 120); do
    api_address=$(sed -n 's/^{"address":"\([^"]*\)".*/\1/p' "$api_home/said")
    [ -z "$api_address" ] || return 0
    kill -0 "$api_pid" 2>/dev/null || break
    sleep 1
  done
  echo "no address after $seconds s" >&2
  cat "$api_home/log" >&2
  return 1
}

api_server_stop() {
  [ -n "${api_pid:-}" ] || return 0
  kill "$api_pid" 2>/dev/null
  wait "$api_pid" 2>/dev/null
  rm -rf "$api_home"
  api_pid=
}

# api_token everything|security: makes an account with these roles in the running server; prints a token of it.
api_token() {
  local roles=$1 county password token jar=$api_home/cookies own='correct horse battery 9' grants
  local command=(target/debug/maplebridge user --data-dir "$api_home/data" --ephemeral)
  local ask=(curl -sf -b "$jar" -c "$jar" -H 'content-type: application/json' -H "origin: $api_address")
  county=$("${command[@]}" list | sed -n 's/^demo-centre\t.*centre:\([0-9]*\).*/\1/p')
  case $roles in
    everything) grants=(system:all auditor:all "centre:$county" "planner:$county" "official:$county") ;;
    security) grants=(security:all) ;;
  esac
  password=$("${command[@]}" add "api-$roles" "${grants[@]/#/--grant=}" | sed -n 's/.*one-time password //p')
  "${ask[@]}" -d "{\"account\":\"api-$roles\",\"password\":\"$password\"}" "$api_address/api/session" >/dev/null || return 1
  "${ask[@]}" -X PUT -d "{\"current\":\"$password\",\"new\":\"$own\"}" "$api_address/api/session/password" >/dev/null || return 1
  token=$("${ask[@]}" -d '{"name":"schemathesis"}' "$api_address/api/tokens" | sed -n 's/.*"token":"\([^"]*\)".*/\1/p')
  [ -n "$token" ] && echo "$token"
}
