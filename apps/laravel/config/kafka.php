<?php

// laravel-kafka does not merge a configuration of its own into this one: each key that it reads must be here.
return [
    // Where to begin. The broker answers with the addresses of all brokers, which the client dials from then on.
    'brokers' => env('KAFKA_BROKERS', 'localhost:9094'),

    // Only `artisan kafka:consume` reads these two by itself. `Kafka::publish()` and `Kafka::consumer()` connect without
    // a login unless each is given `withSasl()`, as app/Kafka/Publisher.php and the consumer command do. The package's
    // own defaults, PLAINTEXT for both, name no SASL mechanism at all.
    'securityProtocol' => env('KAFKA_SECURITY_PROTOCOL', 'SASL_PLAINTEXT'),
    'sasl' => [
        'mechanisms' => env('KAFKA_MECHANISMS', 'PLAIN'),
        'username' => env('KAFKA_USERNAME'),
        'password' => env('KAFKA_PASSWORD'),
    ],

    // In production the protocol is SASL_SSL, and this file has the authority that signed the broker's certificate. Without
    // one librdkafka trusts those of the system. The package has no setting for it: it goes to librdkafka as an option.
    'ssl_options' => array_filter(['ssl.ca.location' => env('KAFKA_SSL_CA_FILE')]),

    // The group exactly as the broker sees it: nothing is appended. `artisan kafka:consume` would not use it: its group
    // is `anonymous` unless it is given --groupId.
    'consumer_group_id' => env('KAFKA_CONSUMER_GROUP_ID', 'laravel-pedidos'),

    // One poll. A stop waits for it.
    'consumer_timeout_ms' => env('KAFKA_CONSUMER_DEFAULT_TIMEOUT', 2000),

    // Where to begin in a partition in which the group has committed nothing, and only there. The package's default,
    // `latest`, would never show what was written before the first start.
    'offset_reset' => env('KAFKA_OFFSET_RESET', 'earliest'),

    // Off: the consumer command commits each message itself, once it is done with it. With it on, the package commits
    // also what a handler failed at, and the message is lost.
    'auto_commit' => false,

    // The package's default is snappy, which KafkaJS cannot read: the Nest application would die at the first batch
    // that is worth compressing, and a small test message would not show it.
    'compression' => env('KAFKA_COMPRESSION_TYPE', 'gzip'),

    // How long `send()` waits: ten times a second, and a tenth of a second in between.
    'flush_retries' => 10,
    'flush_timeout_in_ms' => 1000,
    'flush_retry_sleep_in_ms' => 100,

    // Where `artisan kafka:restart-consumers` leaves its signal. The default, `database`, needs a cache table.
    'cache_driver' => env('KAFKA_CACHE_DRIVER', 'file'),

    'message_id_key' => env('MESSAGE_ID_KEY', 'laravel-kafka::message-id'),

    // From here on, this application's own settings.

    'topic' => env('KAFKA_TOPIC', 'integracao-pedidos'),
    'dead_letters_topic' => env('KAFKA_DEAD_LETTERS_TOPIC', 'integracao-pedidos-dlq'),

    // Which partition a key goes to must be agreed with the other application. librdkafka's default is CRC-32; KafkaJS
    // and Java use murmur2.
    'partitioner' => env('KAFKA_PARTITIONER', 'murmur2_random'),

    // How often an order is tried before it is set aside, and the first pause in milliseconds, which doubles.
    'attempts' => (int) env('KAFKA_ATTEMPTS', 3),
    'backoff_ms' => (int) env('KAFKA_BACKOFF_MS', 500),
];
