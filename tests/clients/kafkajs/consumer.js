// node consumer.js BOOTSTRAP PRINCIPAL GROUP TOPIC COUNT: reads COUNT records with a group, commits and leaves.
// Says what happens a line each: "joined LEADER PROTOCOL PARTITIONS", "record PARTITION OFFSET VALUE", "left",
// "crash ERROR".
const { Kafka, logLevel } = require('kafkajs');

const [bootstrap, principal, group, topic, count] = process.argv.slice(2);
const sasl = { mechanism: 'plain', username: principal, password: `${principal}-secret` };
const kafka = new Kafka({
  brokers: [bootstrap], clientId: 'kafkajs', sasl, logLevel: logLevel.NOTHING, retry: { retries: 1 },
});
const consumer = kafka.consumer({ groupId: group });
let read = 0;

consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
  const partitions = payload.memberAssignment[topic] ?? [];
  console.log(`joined ${payload.isLeader} ${payload.groupProtocol} ${partitions.join(',')}`);
});
consumer.on(consumer.events.CRASH, ({ payload }) => {
  console.log(`crash ${payload.error.type ?? payload.error.name}`);
  process.exit(1);
});

async function main() {
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ partition, message }) => {
      console.log(`record ${partition} ${message.offset} ${message.value}`);
      read += 1;
      if (read === Number(count)) {
        // Not awaited: disconnecting waits for this handler, and commits what it has processed.
        setImmediate(async () => {
          await consumer.disconnect();
          console.log('left');
        });
      }
    },
  });
}

main().catch((error) => {
  console.log(`crash ${error.type ?? error.name}`);
  process.exit(1);
});
