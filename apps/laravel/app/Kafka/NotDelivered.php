<?php

namespace App\Kafka;

use RuntimeException;

/** The broker did not acknowledge a message: it refused it, or its word did not come in time. */
final class NotDelivered extends RuntimeException {}
