import { Injectable, Logger } from '@nestjs/common';
import type { KafkaContext } from '@nestjs/microservices';
import { Publisher } from './publisher.js';
import { settings } from './settings.js';

/**
 * Sets aside what can never be processed. Nest has nothing of the kind: a handler that throws gets the same record
 * again, for ever, and no record behind it in that partition is read.
 */
@Injectable()
export class DeadLetters {
  private readonly logger = new Logger(DeadLetters.name);

  constructor(private readonly publisher: Publisher) {}

  /** Resolves when the broker has the copy: only then may the record be passed over. */
  async put(context: KafkaContext, reason: Error): Promise<void> {
    const { key, value, offset } = context.getMessage();
    const topic = context.getTopic();
    const partition = context.getPartition();
    const place = await this.publisher.publish(settings.deadLettersTopic, {
      key: key as string | null,
      value,
      headers: {
        // The three that laravel-kafka writes, so that both applications' dead letters read alike.
        kafka_throwable_message: reason.message,
        kafka_throwable_code: '0',
        kafka_throwable_class_name: reason.name,
        // Where it came from, which laravel-kafka does not keep.
        'dlq.origin.topic': topic,
        'dlq.origin.partition': String(partition),
        'dlq.origin.offset': offset,
      },
    });
    this.logger.warn(
      `${topic} ${partition}/${offset} set aside in ${settings.deadLettersTopic} ${place.partition}/${place.offset}: ${reason.message}`,
    );
  }
}
