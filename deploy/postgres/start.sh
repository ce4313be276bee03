#!/bin/sh
# One of two PostgreSQL servers that hold the books. Which of them is the primary is not written down anywhere: it is
# the one that was promoted last.
#
#   start.sh create   makes empty books; once in the life of a house, on one server
#   start.sh          runs the server as what its files make it; without files, as a standby of the other one
#
# Empty books are never made by accident: a server that lost its files waits for the other one and copies it.
# Needs PGDATA, OTHER_SERVER (its host name), SERVER_NAME (as in synchronous_standby_names), and the files
# postgres-password and replication-password in SECRETS. PGPORT, OTHER_PORT, LISTEN and SETTINGS may differ in tests.
set -eu

secrets=${SECRETS:-/run/secrets}
settings=${SETTINGS:-/etc/crupier/postgresql.conf}
export PGPORT="${PGPORT:-5432}"
other="host=$OTHER_SERVER port=${OTHER_PORT:-5432} user=replicator connect_timeout=3"
PGPASSWORD=$(cat "$secrets/replication-password")
export PGPASSWORD

other_is_primary() {
  [ "$(psql "$other dbname=postgres" -qAtc 'select not pg_is_in_recovery()' 2>&1)" = t ]
}

say() {
  echo "start.sh: $*" >&2
}

create() {
  if [ -e "$PGDATA" ]; then say "there are books in $PGDATA already" && exit 1; fi
  if other_is_primary; then say "$OTHER_SERVER has the books already" && exit 1; fi
  # Under another name until they are whole.
  new="$PGDATA.new"
  rm -rf "$new"
  initdb --pgdata="$new" --username=postgres --data-checksums --encoding=UTF8 --locale=C.UTF-8 \
    --auth-local=peer --auth-host=scram-sha-256 >/dev/null
  echo "include '$settings'" >>"$new/postgresql.conf"
  cat >"$new/pg_hba.conf" <<HBA
local all         postgres             peer
host  all         all        samenet   scram-sha-256
host  replication replicator samenet   scram-sha-256
HBA
  # Nobody follows yet, so nobody is waited for.
  pg_ctl start --pgdata="$new" --wait --silent \
    --options="-c listen_addresses='' -c unix_socket_directories='$new' -c synchronous_standby_names=''"
  psql -h "$new" -U postgres -d postgres -q -v ON_ERROR_STOP=1 <<SQL
\set house \`cat "$secrets/postgres-password"\`
\set replication \`cat "$secrets/replication-password"\`
create role crupier login password :'house';
create role replicator login replication password :'replication';
create database crupier owner crupier;
revoke all on database crupier from public;
SQL
  pg_ctl stop --pgdata="$new" --wait --silent --mode=fast
  mv "$new" "$PGDATA"
  say "the books are made"
}

copy_other() {
  until other_is_primary; do
    say "$PGDATA is empty: waiting until $OTHER_SERVER is a primary, to copy it"
    sleep 2
  done
  rm -rf "$PGDATA.new"
  # Not under this server's own name: a copy that is still being made must not vouch for commits.
  pg_basebackup --pgdata="$PGDATA.new" --write-recovery-conf --wal-method=stream --checkpoint=fast --dbname="$other"
  mv "$PGDATA.new" "$PGDATA"
}

run() {
  [ -e "$PGDATA" ] || copy_other
  if [ ! -e "$PGDATA/standby.signal" ] && other_is_primary; then
    say "this server was the primary, and now $OTHER_SERVER is: remove its volume, and it becomes a standby"
    exit 1
  fi
  # A standby calls itself by its cluster_name.
  exec postgres -D "$PGDATA" -c "cluster_name=$SERVER_NAME" -c "listen_addresses=${LISTEN:-*}"
}

umask 077
case "${1:-run}" in
  create) create ;;
  run) run ;;
  *) say "start.sh [create]" && exit 2 ;;
esac
