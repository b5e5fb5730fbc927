#!/bin/bash
# Prepares a broker for the lab: SCRAM credentials, the profiles' topics, the ACLs. Running it again changes nothing
# that counts and succeeds.
#
# BOOTSTRAP_SERVER   a listener that takes admin over SASL PLAIN
# KAFKA_BIN          the folder of Kafka's command-line tools, which the image does not have on its PATH
set -euo pipefail
cd "$(dirname "$0")"
export PATH="$KAFKA_BIN:$PATH"
export COMMAND_CONFIG="$PWD/admin.properties"
admin=(--bootstrap-server "$BOOTSTRAP_SERVER" --command-config "$COMMAND_CONFIG")

for user in admin laravel nest analytics; do
  kafka-configs.sh "${admin[@]}" --alter --entity-type users --entity-name "$user" \
    --add-config "SCRAM-SHA-256=[iterations=4096,password=$user-secret]"
done

for topic in laravel-events nest-events integracao-pedidos integracao-pedidos-dlq; do
  kafka-topics.sh "${admin[@]}" --create --if-not-exists --partitions 3 --topic "$topic"
done

source ./acls.sh
