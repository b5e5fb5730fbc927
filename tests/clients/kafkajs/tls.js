// node tls.js BOOTSTRAP PRINCIPAL CA TOPIC VALUE: over TLS, trusting the authority in the file CA (none: those of the
// system), sends a record and reads the topic from its start until it comes. Says "read VALUE", or "error NAME CODE".
const fs = require('fs');
const { Kafka, logLevel } = require('kafkajs');

const [bootstrap, principal, ca, topic, value] = process.argv.slice(2);
const kafka = new Kafka({
  brokers: [bootstrap], clientId: 'kafkajs', logLevel: logLevel.NOTHING,
  // A certificate that does not hold gets no better; the coordinator of a new cluster's first group does.
  retry: { retries: ca === 'none' ? 0 : 10 },
  ssl: ca === 'none' ? true : { ca: [fs.readFileSync(ca, 'utf-8')] },
  sasl: { mechanism: 'plain', username: principal, password: `${principal}-secret` },
});

async function main() {
  const producer = kafka.producer();
  await producer.connect();
  await producer.send({ topic, messages: [{ value }] });
  await producer.disconnect();

  const consumer = kafka.consumer({ groupId: `phase4-${topic}` });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await new Promise((resolve, reject) => {
    // It starts again by itself while the coordinator of the cluster's first group still loads.
    consumer.on(consumer.events.CRASH, ({ payload }) => payload.restart || reject(payload.error));
    consumer.run({ eachMessage: async ({ message }) => message.value.toString() === value && resolve() });
  });
  await consumer.disconnect();
  console.log(`read ${value}`);
}

main().catch((error) => {
  const cause = error.cause ?? error;
  console.log(`error ${error.name} ${cause.code ?? cause.message}`);
  process.exit(1);
});
