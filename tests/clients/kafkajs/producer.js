// node producer.js BOOTSTRAP PRINCIPAL TOPIC KEY...: sends a record for each key, its value the key, idempotent and
// with gzip. Says "sent PARTITION" for each partition that got records.
const { CompressionTypes, Kafka, logLevel } = require('kafkajs');

const [bootstrap, principal, topic, ...keys] = process.argv.slice(2);
const sasl = { mechanism: 'scram-sha-256', username: principal, password: `${principal}-secret` };
const kafka = new Kafka({
  brokers: [bootstrap], clientId: 'kafkajs', sasl, logLevel: logLevel.NOTHING,
});

async function main() {
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  const messages = keys.map((key) => ({ key, value: key, headers: { source: 'nest' } }));
  const answers = await producer.send({ topic, compression: CompressionTypes.GZIP, messages });
  answers.forEach((answer) => console.log(`sent ${answer.partition}`));
  await producer.disconnect();
}

main().catch((error) => {
  console.log(`error ${error.type ?? error.name}`);
  process.exit(1);
});
