// node partitions.js BOOTSTRAP PRINCIPAL TOPIC... <KEYS: sends a record for each line of standard input, its key the
// line, and then as many without a key, their values 0, 1, 2 and so on; the same to each topic. KafkaJS as it comes.
const { Kafka, logLevel } = require('kafkajs');

const [bootstrap, principal, ...topics] = process.argv.slice(2);
const keys = require('fs').readFileSync(0, 'utf8').split('\n').filter(Boolean);
const sasl = { mechanism: 'plain', username: principal, password: `${principal}-secret` };
const kafka = new Kafka({ brokers: [bootstrap], clientId: 'kafkajs', sasl, logLevel: logLevel.NOTHING });

async function main() {
  const producer = kafka.producer();
  await producer.connect();
  for (const topic of topics) {
    await producer.send({ topic, messages: keys.map((key) => ({ key, value: key })) });
    await producer.send({ topic, messages: keys.map((key, index) => ({ value: `${index}` })) });
  }
  await producer.disconnect();
}

main().catch((error) => {
  console.log(`error ${error.type ?? error.name}`);
  process.exit(1);
});
