<?php

namespace App\Kafka;

use Junges\Kafka\Contracts\ConsumerMessage;
use Throwable;

/**
 * Sets aside what could not be processed. The package's `withDlq()` does too, but does not look whether the broker took
 * the copy before it commits, and does not keep where the message came from.
 */
final readonly class DeadLetters
{
    public function __construct(private Publisher $publisher) {}

    /**
     * Returns when the broker has the copy: only then may the message be committed.
     *
     * @throws NotDelivered
     */
    public function put(ConsumerMessage $message, Throwable $reason): Delivery
    {
        $headers = [
            // The three that the package writes.
            'kafka_throwable_message' => $reason->getMessage(),
            'kafka_throwable_code' => (string) $reason->getCode(),
            'kafka_throwable_class_name' => $reason::class,
            // Where it came from, in the Nest application's words.
            'dlq.origin.topic' => $message->getTopicName(),
            'dlq.origin.partition' => (string) $message->getPartition(),
            'dlq.origin.offset' => (string) $message->getOffset(),
        ];

        return $this->publisher->publish(
            config('kafka.dead_letters_topic'),
            $message->getKey(),
            $message->getBody(),
            array_merge($message->getHeaders() ?? [], $headers),
            new Bytes,
        );
    }
}
