import { Module } from '@nestjs/common';
import { EventsController } from './events/events.controller.js';
import { KafkaModule } from './kafka/kafka.module.js';
import { OrdersController } from './orders/orders.controller.js';

@Module({
  imports: [KafkaModule],
  controllers: [OrdersController, EventsController],
})
export class AppModule {}
