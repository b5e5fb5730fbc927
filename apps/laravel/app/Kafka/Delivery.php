<?php

namespace App\Kafka;

/** Where the broker put a message: its acknowledgement. */
final readonly class Delivery
{
    public function __construct(
        public string $topic,
        public int $partition,
        public int $offset,
    ) {}

    public function __toString(): string
    {
        return "{$this->topic} {$this->partition}/{$this->offset}";
    }
}
