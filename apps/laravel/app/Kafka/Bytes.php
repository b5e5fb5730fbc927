<?php

namespace App\Kafka;

use Junges\Kafka\Contracts\ConsumerMessage;
use Junges\Kafka\Contracts\MessageDeserializer;
use Junges\Kafka\Contracts\MessageSerializer;
use Junges\Kafka\Contracts\ProducerMessage;

/**
 * Leaves a value as it is. The package's own deserializer throws at what is not JSON before any handler of ours is
 * called, so that it could be neither set aside nor left uncommitted; and a dead letter must hold the very bytes that
 * could not be read.
 */
final class Bytes implements MessageDeserializer, MessageSerializer
{
    public function deserialize(ConsumerMessage $message): ConsumerMessage
    {
        return $message;
    }

    public function serialize(ProducerMessage $message): ProducerMessage
    {
        return $message;
    }
}
