<?php

namespace App\Http\Controllers;

use App\Kafka\NotDelivered;
use App\Kafka\OrderEvent;
use App\Kafka\Publisher;
use Illuminate\Http\JsonResponse;
use Illuminate\Support\Str;

class OrderController
{
    /** Creates an order. The answer says what the broker said, so the caller waits for it: five seconds when it is away. */
    public function store(Publisher $publisher): JsonResponse
    {
        $order = OrderEvent::created('laravel-'.Str::lower(Str::random(8)));
        try {
            $delivery = $publisher->publish(config('kafka.topic'), $order->orderId, $order->toBody());
        } catch (NotDelivered $problem) {
            return response()->json(['pedido_id' => $order->orderId, 'error' => $problem->getMessage()], 503);
        }

        return response()->json(['pedido_id' => $order->orderId, ...get_object_vars($delivery)], 201);
    }
}
