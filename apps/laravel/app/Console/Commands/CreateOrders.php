<?php

namespace App\Console\Commands;

use App\Kafka\NotDelivered;
use App\Kafka\OrderEvent;
use App\Kafka\Publisher;
use Illuminate\Console\Command;
use Illuminate\Support\Str;

/** Writes orders, and says where the broker put each. */
class CreateOrders extends Command
{
    protected $signature = 'orders:create
        {--count=1 : How many orders}
        {--topic= : The topic; by default the one of config/kafka.php}';

    protected $description = 'Create orders and show where the broker put each';

    public function handle(Publisher $publisher): int
    {
        $topic = $this->option('topic') ?? config('kafka.topic');

        for ($number = 0; $number < (int) $this->option('count'); $number++) {
            $order = OrderEvent::created('laravel-'.Str::lower(Str::random(8)));
            try {
                // The key decides the partition: all events of one order stay in order.
                $delivery = $publisher->publish($topic, $order->orderId, $order->toBody());
            } catch (NotDelivered $problem) {
                $this->error("not delivered to {$topic}: {$problem->getMessage()}");

                return self::FAILURE;
            }
            $this->info("delivered {$order->event} {$order->orderId}: {$delivery}");
        }

        return self::SUCCESS;
    }
}
