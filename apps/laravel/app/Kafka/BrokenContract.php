<?php

namespace App\Kafka;

use RuntimeException;

/** A message that breaks the contract: no retry can mend it. */
final class BrokenContract extends RuntimeException {}
