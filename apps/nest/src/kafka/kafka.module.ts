import { Module } from '@nestjs/common';
import { ClientsModule, Transport } from '@nestjs/microservices';
import { DeadLetters } from './dead-letters.js';
import { producerOptions } from './options.js';
import { KAFKA_CLIENT, Publisher } from './publisher.js';

@Module({
  imports: [
    ClientsModule.register([{ name: KAFKA_CLIENT, transport: Transport.KAFKA, options: producerOptions }]),
  ],
  providers: [Publisher, DeadLetters],
  exports: [Publisher, DeadLetters],
})
export class KafkaModule {}
