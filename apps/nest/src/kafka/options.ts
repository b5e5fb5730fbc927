import type { KafkaOptions } from '@nestjs/microservices';
import { Partitioners, type KafkaConfig, type SASLOptions } from 'kafkajs';
import { settings } from './settings.js';

type Options = NonNullable<KafkaOptions['options']>;

const client: KafkaConfig = {
  clientId: 'nest',
  brokers: settings.brokers,
  ssl: settings.ssl,
  // A `sasl` that is forgotten shows no cause: the broker only closes the connection.
  sasl: {
    mechanism: settings.mechanism,
    username: settings.username,
    password: settings.password,
  } as SASLOptions,
};

const producer: Options['producer'] = {
  allowAutoTopicCreation: false,
  // The default since KafkaJS 2: murmur2 of the key, as Java clients do. Laravel's client has another default (CRC-32);
  // with that, the events of one order would lie in two partitions and lose their order.
  createPartitioner: Partitioners.DefaultPartitioner,
};

/** The microservice: a member of the group `<groupId>-server`. */
export const consumerOptions: Options = {
  client,
  // Nest makes a microservice a producer of its own, for the replies of `@MessagePattern`; here it writes nothing.
  producer,
  consumer: {
    groupId: settings.groupId,
    sessionTimeout: settings.sessionTimeoutMs,
    // How long the broker may hold a request for records when there are none. A stop waits for it; the default is 5 s.
    maxWaitTimeInMs: 1_000,
    // A topic is created by whoever operates the cluster. Without this, a missing topic is reported as one that may
    // not be used, because the broker is asked to create it and the ACLs do not allow that.
    allowAutoTopicCreation: false,
    retry: {
      // KafkaJS would begin again by itself after some errors, and stay dead after others with the process alive.
      // Here every crash ends the process (main.ts) and whoever started it starts it again.
      restartOnFailure: async () => false,
    },
  },
  subscribe: {
    // Where to begin in a partition in which the group has committed nothing, and only there. The default is the end:
    // orders written before the first start would never be seen.
    fromBeginning: true,
  },
  run: {
    // The default commits after a whole batch from the broker, which may be hundreds of orders: all of them would come
    // again after a crash. Committing after each one costs a round trip and leaves one.
    autoCommitThreshold: 1,
  },
  // The value stays as it was written. The default parses JSON quietly and leaves what does not parse as a string, and
  // a dead letter would not hold the bytes that could not be read.
  parser: { keepBinary: true },
};

/** The producer, for reactions, dead letters and the `order` command. */
export const producerOptions: Options = {
  client,
  // Without it a ClientKafka joins the group `<groupId>-client` although it reads nothing, and needs READ on that.
  producerOnlyMode: true,
  producer,
};
