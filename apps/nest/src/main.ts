import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Transport, type MicroserviceOptions } from '@nestjs/microservices';
import { filter, take } from 'rxjs';
import { AppModule } from './app.module.js';
import { consumerOptions } from './kafka/options.js';

const app = await NestFactory.createMicroservice<MicroserviceOptions>(AppModule, {
  transport: Transport.KAFKA,
  options: consumerOptions,
});

// On SIGTERM or Ctrl-C: finish the record at hand, commit, leave the group. Without a goodbye the broker keeps the
// partitions for this process until its session times out.
app.enableShutdownHooks();

// Nest says "successfully started" even where the group was denied, and a consumer that crashes leaves the process
// running: nothing is read, and nothing shows it. An end with an exit code does.
app.status
  .pipe(filter((status) => status === 'crashed'), take(1))
  .subscribe(async () => {
    new Logger('main').error('the consumer has crashed, for the reason above: ending');
    await app.close();
    process.exit(1);
  });

await app.listen();
