import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { ClientKafka } from '@nestjs/microservices';
import type { RecordMetadata } from 'kafkajs';
import { lastValueFrom } from 'rxjs';

export const KAFKA_CLIENT = Symbol('KAFKA_CLIENT');

export interface OutgoingRecord {
  key: string | null;
  /** An object is written as JSON. */
  value: object | Buffer | null;
  headers?: Record<string, string>;
}

/** Where the broker put a record. */
export interface Place {
  partition: number;
  offset: string;
}

/** Writes records, and reports what the broker acknowledged. */
@Injectable()
export class Publisher implements OnApplicationBootstrap {
  constructor(@Inject(KAFKA_CLIENT) private readonly client: ClientKafka) {}

  // The first `emit()` would connect too; a wrong address or password should show at the start.
  async onApplicationBootstrap(): Promise<void> {
    await this.client.connect();
  }

  /** Resolves when the broker has the record and rejects when it refuses it. */
  async publish(topic: string, record: OutgoingRecord): Promise<Place> {
    // Nest takes any object with a `key` or a `value` for a whole record, and everything else for a value. With the
    // record spelled out, a field of that name inside the value is safe.
    // `emit()` sends whether or not somebody listens, so whoever does not wait for its answer never learns of a refusal.
    const [written] = await lastValueFrom(this.client.emit<RecordMetadata[]>(topic, record));
    if (written?.baseOffset === undefined) {
      throw new Error(`the broker did not say where it put the record for ${topic}`);
    }
    return { partition: written.partition, offset: written.baseOffset };
  }
}
