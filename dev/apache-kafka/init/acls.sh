#!/bin/bash
# The lab's ACLs: what `kafkalab acl render` prints, made from acls/*.toml. Running it again changes nothing.
#
# BOOTSTRAP_SERVER   a listener that takes the administrator
# COMMAND_CONFIG     a file of client properties with the administrator's login
set -eu

# User:ANONYMOUS
kafka-acls.sh --bootstrap-server "$BOOTSTRAP_SERVER" --command-config "$COMMAND_CONFIG" --add \
  --allow-principal User:ANONYMOUS --operation READ --operation WRITE --operation CREATE \
  --resource-pattern-type prefixed --topic phase0- --topic test
kafka-acls.sh --bootstrap-server "$BOOTSTRAP_SERVER" --command-config "$COMMAND_CONFIG" --add \
  --allow-principal User:ANONYMOUS --operation READ \
  --resource-pattern-type prefixed --group console-consumer- --group phase0-

# User:laravel
kafka-acls.sh --bootstrap-server "$BOOTSTRAP_SERVER" --command-config "$COMMAND_CONFIG" --add \
  --allow-principal User:laravel --operation READ --operation WRITE --operation DESCRIBE \
  --topic integracao-pedidos --topic integracao-pedidos-dlq --topic laravel-events
kafka-acls.sh --bootstrap-server "$BOOTSTRAP_SERVER" --command-config "$COMMAND_CONFIG" --add \
  --allow-principal User:laravel --operation READ --operation WRITE --operation DESCRIBE \
  --resource-pattern-type prefixed --topic phase4-
kafka-acls.sh --bootstrap-server "$BOOTSTRAP_SERVER" --command-config "$COMMAND_CONFIG" --add \
  --allow-principal User:laravel --operation READ \
  --resource-pattern-type prefixed --group laravel- --group pedidos-shared- --group phase4-

# User:nest
kafka-acls.sh --bootstrap-server "$BOOTSTRAP_SERVER" --command-config "$COMMAND_CONFIG" --add \
  --allow-principal User:nest --operation READ --operation WRITE --operation DESCRIBE \
  --topic integracao-pedidos --topic integracao-pedidos-dlq --topic nest-events
kafka-acls.sh --bootstrap-server "$BOOTSTRAP_SERVER" --command-config "$COMMAND_CONFIG" --add \
  --allow-principal User:nest --operation READ --operation WRITE --operation DESCRIBE \
  --resource-pattern-type prefixed --topic phase4-
kafka-acls.sh --bootstrap-server "$BOOTSTRAP_SERVER" --command-config "$COMMAND_CONFIG" --add \
  --allow-principal User:nest --operation READ \
  --resource-pattern-type prefixed --group nest- --group pedidos-shared- --group phase4-
