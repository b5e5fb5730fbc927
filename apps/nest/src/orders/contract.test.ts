import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BrokenContract, newOrder, notificationOf, readOrderEvent } from './contract.js';

const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

test('an order is read back as it was written', () => {
  const order = newOrder('pedido-1');
  assert.deepEqual(readOrderEvent(bytes(order)), order);
});

test('a field that nobody knows yet is tolerated', () => {
  assert.equal(readOrderEvent(bytes({ ...newOrder('pedido-1'), loja: 7 })).event, 'PedidoCriado');
});

test('what no retry can mend is told apart', () => {
  const broken: (Buffer | null)[] = [
    null,
    Buffer.from('hello'),
    Buffer.from([0x22, 0xff, 0x22]),
    bytes(null),
    bytes({ ...newOrder('pedido-1'), event: 1 }),
    bytes({ ...newOrder('pedido-1'), data: {} }),
    bytes({ ...newOrder(''), id: 'x' }),
    bytes({ ...newOrder('pedido-1'), id: undefined }),
  ];
  for (const value of broken) {
    assert.throws(() => readOrderEvent(value), BrokenContract, String(value));
  }
});

test('an order that comes again is answered with the same id', () => {
  const [order, other] = [newOrder('pedido-1'), newOrder('pedido-1')];
  const answer = notificationOf(order);
  assert.equal(answer.id, notificationOf(order).id);
  assert.notEqual(answer.id, notificationOf(other).id);
  assert.match(answer.id, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
