// npm run order -- [--count N] [--topic TOPIC]: writes orders, and says where the broker put each.
import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import { NestFactory } from '@nestjs/core';
import { KafkaModule } from './kafka/kafka.module.js';
import { Publisher } from './kafka/publisher.js';
import { settings } from './kafka/settings.js';
import { newOrder } from './orders/contract.js';

const { values } = parseArgs({
  options: {
    count: { type: 'string', short: 'n', default: '1' },
    topic: { type: 'string', short: 't', default: settings.ordersTopic },
  },
});

// No HTTP and no consumer: an application context is enough to write.
try {
  const app = await NestFactory.createApplicationContext(KafkaModule, {
    logger: ['error', 'warn'],
    // Let the `catch` below have the error, in place of a stack trace.
    abortOnError: false,
  });
  const publisher = app.get(Publisher);
  for (let number = 0; number < Number(values.count); number += 1) {
    const order = newOrder(`nest-${randomUUID().slice(0, 8)}`);
    // The key decides the partition: all events of one order stay in order.
    const key = order.data.pedido_id;
    const place = await publisher.publish(values.topic, { key, value: order });
    console.log(`written ${order.event} ${key} to ${values.topic} ${place.partition}/${place.offset}`);
  }
  await app.close();
} catch (error) {
  console.error(`not written: ${error instanceof Error ? error.message : error}`);
  // Not left to run out: the connection would keep the process alive.
  process.exit(1);
}
