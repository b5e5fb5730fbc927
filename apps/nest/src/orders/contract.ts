import { createHash, randomUUID } from 'node:crypto';

/** A message of `integracao-pedidos`, as phases/phase3/contract.json says. Its key is the order's id. */
export interface OrderEvent {
  event: string;
  data: { pedido_id: string; [field: string]: unknown };
  /** RFC 3339 in UTC. */
  timestamp: string;
  /** A UUID, made once by the producer: how a consumer tells a repetition. */
  id: string;
  version: number;
  source: 'laravel' | 'nest';
}

/** What no retry can mend. */
export class BrokenContract extends Error {
  override readonly name = 'BrokenContract';
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Reads what this application needs and tolerates the rest: fields may be added without breaking it. */
export function readOrderEvent(value: Buffer | null): OrderEvent {
  if (value === null) {
    throw new BrokenContract('a tombstone: the record has no value');
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(utf8.decode(value));
  } catch {
    throw new BrokenContract('the value is not JSON in UTF-8');
  }
  const event = parsed as Partial<OrderEvent> | null;
  if (typeof event?.event !== 'string') {
    throw new BrokenContract('`event` is not a string');
  }
  if (typeof event.data?.pedido_id !== 'string' || event.data.pedido_id === '') {
    throw new BrokenContract('`data.pedido_id` is not a string');
  }
  if (typeof event.id !== 'string') {
    throw new BrokenContract('`id` is not a string');
  }
  return event as OrderEvent;
}

/** A new order of this application. */
export function newOrder(pedidoId: string): OrderEvent {
  return {
    event: 'PedidoCriado',
    // Money in integer cents: 10.50 is not the same number in every language.
    data: { pedido_id: pedidoId, cliente: 'João', total_centavos: 1050 },
    timestamp: new Date().toISOString(),
    id: randomUUID(),
    version: 1,
    source: 'nest',
  };
}

/**
 * The answer to an order. Its id is made from the order's: if the order comes again, after a crash between answer and
 * commit, the answer that is sent again has the same id, and who receives both can tell.
 */
export function notificationOf(order: OrderEvent): OrderEvent {
  return {
    event: 'PedidoNotificado',
    data: { pedido_id: order.data.pedido_id },
    timestamp: new Date().toISOString(),
    id: uuidFrom(`PedidoNotificado of ${order.id}`),
    version: 1,
    source: 'nest',
  };
}

/** A UUID of version 8 (RFC 9562: the application's own scheme): the same for the same name. */
function uuidFrom(name: string): string {
  const bytes = createHash('sha256').update(name).digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
