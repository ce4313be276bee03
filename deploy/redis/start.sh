#!/bin/sh
# Redis of the house: start.sh server | start.sh sentinel
#
# Its settings are written once and kept in DATA, since Sentinels change them: who is the master now is in there. The
# data themselves are not kept; the books know everything that Redis does, except which seat was renewed last.
# Needs OWN_ADDRESS, FIRST_MASTER (an address) and the file redis-password in SECRETS. Addresses, not names: a Sentinel
# does not start while the name of a dead server cannot be looked up. PORT and MASTER_PORT may differ in tests.
set -eu

data=${DATA:-/data}
password=$(cat "${SECRETS:-/run/secrets}/redis-password")
settings="$data/$1.conf"

common() {
  cat <<CONF
port $1
bind * -::*
dir $data
requirepass $password
logfile ""
CONF
}

server() {
  common "${PORT:-6379}"
  cat <<CONF
masterauth $password
replica-announce-ip $OWN_ADDRESS
save ""
appendonly no
repl-diskless-sync-delay 0
maxmemory 256mb
maxmemory-policy noeviction
CONF
  [ "$OWN_ADDRESS:${PORT:-6379}" = "$FIRST_MASTER:${MASTER_PORT:-6379}" ] ||
    echo "replicaof $FIRST_MASTER ${MASTER_PORT:-6379}"
}

sentinel() {
  common "${PORT:-26379}"
  cat <<CONF
sentinel announce-ip $OWN_ADDRESS
sentinel sentinel-pass $password
sentinel monitor house $FIRST_MASTER ${MASTER_PORT:-6379} 2
sentinel auth-pass house $password
sentinel down-after-milliseconds house 1000
sentinel failover-timeout house 5000
sentinel parallel-syncs house 1
CONF
}

umask 077
if [ ! -e "$settings" ]; then
  "$1" >"$settings.new"
  mv "$settings.new" "$settings"
fi
case "$1" in
  server) exec redis-server "$settings" ;;
  sentinel) exec redis-server "$settings" --sentinel ;;
esac
