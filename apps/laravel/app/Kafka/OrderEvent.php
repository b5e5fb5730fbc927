<?php

namespace App\Kafka;

use Illuminate\Support\Str;
use JsonException;

/** A message of `integracao-pedidos`, as phases/phase3/contract.json says. Its key is the order's id. */
final readonly class OrderEvent
{
    /** @param  array<string, mixed>  $data  never empty, since PHP writes an empty array as a list */
    public function __construct(
        public string $event,
        public string $orderId,
        public array $data,
        public string $id,
        public string $source,
    ) {}

    /** A new order of this application. Its `id` is made here, once: a consumer tells a repetition by it. */
    public static function created(string $orderId): self
    {
        // Money in integer cents: 10.50 is not the same number in every language.
        $data = ['pedido_id' => $orderId, 'cliente' => 'João', 'total_centavos' => 1050];

        return new self('PedidoCriado', $orderId, $data, Str::uuid()->toString(), 'laravel');
    }

    /**
     * Reads what this application needs and tolerates the rest: fields may be added without breaking it.
     *
     * @throws BrokenContract
     */
    public static function read(?string $value): self
    {
        if ($value === null) {
            throw new BrokenContract('a tombstone: the message has no value');
        }
        try {
            $event = json_decode($value, associative: true, flags: JSON_THROW_ON_ERROR);
        } catch (JsonException) {
            throw new BrokenContract('the value is not JSON in UTF-8');
        }
        foreach (['event', 'data.pedido_id', 'id', 'source'] as $field) {
            $found = is_array($event) ? data_get($event, $field) : null;
            if (! is_string($found) || $found === '') {
                throw new BrokenContract("`{$field}` is not a string");
            }
        }

        return new self($event['event'], $event['data']['pedido_id'], $event['data'], $event['id'], $event['source']);
    }

    /** @return array<string, mixed> */
    public function toBody(): array
    {
        return [
            'event' => $this->event,
            'data' => $this->data,
            'timestamp' => now('UTC')->toISOString(),
            'id' => $this->id,
            'version' => 1,
            'source' => $this->source,
        ];
    }
}
