import { Controller, Logger } from '@nestjs/common';
import { Ctx, EventPattern, type KafkaContext } from '@nestjs/microservices';
import { DeadLetters } from '../kafka/dead-letters.js';
import { Publisher } from '../kafka/publisher.js';
import { settings } from '../kafka/settings.js';
import { BrokenContract, notificationOf, readOrderEvent, type OrderEvent } from './contract.js';

/** Phase 3: answers each order of the Laravel application with an event of its own. */
@Controller()
export class OrdersController {
  private readonly logger = new Logger(OrdersController.name);

  constructor(
    private readonly publisher: Publisher,
    private readonly deadLetters: DeadLetters,
  ) {}

  // The pattern is the topic: every event of the topic comes here, and telling them apart is up to us. The record is
  // taken from the context: where the value is null, Nest hands over the whole record as the payload.
  @EventPattern<string>(settings.ordersTopic)
  async onOrderEvent(@Ctx() context: KafkaContext): Promise<void> {
    let event: OrderEvent;
    try {
      event = readOrderEvent(context.getMessage().value);
    } catch (error) {
      if (error instanceof BrokenContract) {
        return this.deadLetters.put(context, error);
      }
      throw error;
    }
    await this.react(event, `${context.getPartition()}/${context.getMessage().offset}`);
  }

  // What is thrown from here reaches KafkaJS, which calls again after a pause: right for a broker or a database that is
  // away. When its retries are used up the consumer crashes, and the order is there again at the next start.
  private async react(event: OrderEvent, place: string): Promise<void> {
    // Its own events come back on the same topic. Answering them would never end.
    if (event.source === 'nest' || event.event !== 'PedidoCriado') {
      this.logger.log(`passed over ${event.event} ${event.data.pedido_id} of ${event.source} at ${place}`);
      return;
    }
    const answer = notificationOf(event);
    const written = await this.publisher.publish(settings.ordersTopic, { key: event.data.pedido_id, value: answer });
    this.logger.log(
      `received ${event.event} ${event.data.pedido_id} at ${place}, answered ${answer.event} at ${written.partition}/${written.offset}`,
    );
  }
}
