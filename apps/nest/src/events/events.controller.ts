import { Controller, Logger } from '@nestjs/common';
import { Ctx, EventPattern, type KafkaContext } from '@nestjs/microservices';
import { settings } from '../kafka/settings.js';

/** Phase 2: shows whatever comes on this application's own topic. */
@Controller()
export class EventsController {
  private readonly logger = new Logger(EventsController.name);

  @EventPattern<string>(settings.eventsTopic)
  onEvent(@Ctx() context: KafkaContext): void {
    const { key, value, offset } = context.getMessage();
    this.logger.log(`event at ${context.getPartition()}/${offset}, key ${key ?? 'none'}: ${value ?? 'none'}`);
  }
}
