<?php

namespace App\Kafka;

use Junges\Kafka\Contracts\MessageSerializer;
use Junges\Kafka\Exceptions\CouldNotPublishMessage;
use Junges\Kafka\Facades\Kafka;
use Junges\Kafka\Message\Serializers\JsonSerializer;
use RdKafka\Message;

/** Writes messages, and reports what the broker acknowledged. */
final class Publisher
{
    /**
     * `send()` returns true also when the broker refuses the message: it means that the queue is empty. The delivery
     * report, which librdkafka hands to a callback for each message, is the only truth.
     *
     * @param  array<string, string>  $headers
     *
     * @throws NotDelivered
     */
    public function publish(
        string $topic,
        ?string $key,
        mixed $body,
        array $headers = [],
        MessageSerializer $serializer = new JsonSerializer,
    ): Delivery {
        $report = null;

        $message = Kafka::publish()
            ->onTopic($topic)
            ->withHeaders($headers)
            ->withBody($body)
            ->usingSerializer($serializer)
            ->withSasl(...config('kafka.sasl'), securityProtocol: config('kafka.securityProtocol'))
            ->withConfigOptions([
                ...config('kafka.ssl_options'),
                'partitioner' => config('kafka.partitioner'),
                // Less than `send()` waits for, so that a broker that is away ends in a report too. The default is five
                // minutes: `send()` would give up before, and nobody would know what became of the message.
                'message.timeout.ms' => 5000,
            ])
            ->withDrMsgCb(function ($producer, Message $delivered) use (&$report): void {
                $report = $delivered;
            });

        if ($key !== null) {
            $message->withKafkaKey($key);
        }

        try {
            $message->send();
        } catch (CouldNotPublishMessage $problem) {
            throw new NotDelivered($problem->getMessage(), previous: $problem);
        }

        return match ($report?->err) {
            RD_KAFKA_RESP_ERR_NO_ERROR => new Delivery($topic, $report->partition, $report->offset),
            null => throw new NotDelivered('no delivery report came'),
            default => throw new NotDelivered(rd_kafka_err2str($report->err), $report->err),
        };
    }
}
