<?php

namespace App\Console\Commands;

use App\Kafka\BrokenContract;
use App\Kafka\Bytes;
use App\Kafka\DeadLetters;
use App\Kafka\OrderEvent;
use Illuminate\Console\Command;
use Junges\Kafka\Contracts\ConsumerMessage;
use Junges\Kafka\Contracts\MessageConsumer;
use Junges\Kafka\Facades\Kafka;
use Throwable;

/**
 * Reads the orders' events with a group, until it is stopped. A consumer is a process of its own that runs for long:
 * it has no place in a web request.
 */
class ConsumeOrders extends Command
{
    protected $signature = 'orders:consume
        {--topic= : The topic; by default the one of config/kafka.php}
        {--group= : The group; by default the one of config/kafka.php}';

    protected $description = 'React to the events of the Nest application';

    /** Whether a message could be neither processed nor set aside. */
    private bool $stuck = false;

    public function handle(DeadLetters $deadLetters): int
    {
        $topic = $this->option('topic') ?? config('kafka.topic');

        // With ext-pcntl, SIGTERM and Ctrl-C end the loop after the current poll, and the group is left with a goodbye.
        Kafka::consumer([$topic], $this->option('group'))
            ->withSasl(...config('kafka.sasl'), securityProtocol: config('kafka.securityProtocol'))
            ->withOptions(config('kafka.ssl_options'))
            ->withManualCommit()
            ->usingDeserializer(new Bytes)
            ->withHandler(fn (ConsumerMessage $message, MessageConsumer $consumer) => $this->receive(
                $message,
                $consumer,
                $deadLetters,
            ))
            ->build()
            ->consume();

        return $this->stuck ? self::FAILURE : self::SUCCESS;
    }

    private function receive(ConsumerMessage $message, MessageConsumer $consumer, DeadLetters $deadLetters): void
    {
        try {
            $this->tryToProcess($message);
        } catch (Throwable $problem) {
            try {
                $place = $deadLetters->put($message, $problem);
            } catch (Throwable $lost) {
                // Whoever committed a later message would commit this one with it, since a group remembers one offset
                // for each partition. So nothing more is read; after a start it is the first one again.
                $this->stuck = true;
                $consumer->stopConsuming();

                throw $lost;
            }
            $this->warn("{$this->placeOf($message)} set aside in {$place}: {$problem->getMessage()}");
        }

        // At least once: if the process dies before this line, the message comes again.
        $consumer->commit($message);
    }

    /** Tries again after a pause what may succeed later. The pauses hold up the whole partition, so they are short. */
    private function tryToProcess(ConsumerMessage $message): void
    {
        retry(
            config('kafka.attempts'),
            fn () => $this->process(OrderEvent::read($message->getBody()), $this->placeOf($message)),
            fn (int $attempt) => config('kafka.backoff_ms') * 2 ** ($attempt - 1),
            fn (Throwable $problem) => ! $problem instanceof BrokenContract,
        );
    }

    private function process(OrderEvent $event, string $place): void
    {
        // Its own events come back on the same topic.
        if ($event->source === 'laravel') {
            $this->line("passed over {$event->event} {$event->orderId} of laravel at {$place}");

            return;
        }

        $this->info("received {$event->event} {$event->orderId} of {$event->source} at {$place}");
    }

    private function placeOf(ConsumerMessage $message): string
    {
        return "{$message->getTopicName()} {$message->getPartition()}/{$message->getOffset()}";
    }
}
