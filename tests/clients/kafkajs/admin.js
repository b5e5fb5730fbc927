// node admin.js BOOTSTRAP TOPIC GROUP: everything that KafkaJS' admin client can do with a topic, its records, its
// settings, a group and ACLs. Says a line for each step; in the end nothing of it is left.
const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ConfigResourceTypes, Kafka, logLevel, ResourcePatternTypes } =
  require('kafkajs');

const [bootstrap, topic, groupId] = process.argv.slice(2);
const sasl = { mechanism: 'scram-sha-256', username: 'admin', password: 'admin-secret' };
const kafka = new Kafka({ brokers: [bootstrap], clientId: 'kafkajs', sasl, logLevel: logLevel.NOTHING });
const say = (what, answer) => console.log(`${what} ${JSON.stringify(answer)}`);
// A broker of Apache Kafka hears of a change some time after the controller has answered for it: asks until the answer
// is the one that is wanted, or has been another for too long, and says the last one.
const TRIES = 500;
async function settled(what, wanted, ask) {
  let answer;
  for (let tries = 0; tries < TRIES; tries += 1) {
    answer = await ask().catch((error) => error.type);
    if (JSON.stringify(answer) === JSON.stringify(wanted)) break;
    await new Promise((resolve) => { setTimeout(resolve, 20); });
  }
  say(what, answer);
}
// The order of partitions is the broker's.
const byPartition = (list) => [...list].sort((one, other) => one.partition - other.partition);

async function topics(admin) {
  const configEntries = [{ name: 'retention.ms', value: '60000' }];
  // KafkaJS' own wait gives up when the topic is not known at once.
  const wanted = { waitForLeaders: false, topics: [{ topic, numPartitions: 2, configEntries }] };
  say('created', await admin.createTopics(wanted));
  say('created again', await admin.createTopics(wanted));
  await admin.createPartitions({ topicPartitions: [{ topic, count: 3 }] });
  await settled('partitions', 3, async () => {
    const { topics: [described] } = await admin.fetchTopicMetadata({ topics: [topic] });
    return described.partitions.length;
  });
  await settled('listed', true, async () => (await admin.listTopics()).includes(topic));
}

async function settings(admin) {
  const resource = { type: ConfigResourceTypes.TOPIC, name: topic };
  const read = async () => {
    const { resources: [answer] } = await admin.describeConfigs({ resources: [{ ...resource, configNames: ['retention.ms'] }] });
    return answer.configEntries.map(({ configValue, isDefault }) => [configValue, isDefault]);
  };
  await settled('retention.ms', [['60000', false]], read);
  await admin.alterConfigs({ resources: [{ ...resource, configEntries: [{ name: 'retention.ms', value: '70000' }] }] });
  await settled('retention.ms', [['70000', false]], read);
}

async function records(admin) {
  const producer = kafka.producer();
  await producer.connect();
  const now = Date.now();
  const messages = [0, 1000, 2000].map((later) => ({ value: 'x', partition: 0, timestamp: `${now + later}` }));
  await producer.send({ topic, messages });
  await producer.disconnect();
  say('offsets', byPartition(await admin.fetchTopicOffsets(topic)));
  say('offsets by time', byPartition(await admin.fetchTopicOffsetsByTimestamp(topic, now + 500)));
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '2' }] });
  say('offsets', byPartition(await admin.fetchTopicOffsets(topic))[0]);
}

async function groups(admin) {
  await admin.setOffsets({ groupId, topic, partitions: [{ partition: 0, offset: '3' }] });
  const [committed] = await admin.fetchOffsets({ groupId, topics: [topic] });
  say('committed', byPartition(committed.partitions).map(({ offset }) => offset));
  await admin.resetOffsets({ groupId, topic, earliest: true });
  const [reset] = await admin.fetchOffsets({ groupId, topics: [topic], resolveOffsets: true });
  say('reset', byPartition(reset.partitions).map(({ offset }) => offset));
  say('group listed', (await admin.listGroups()).groups.some((group) => group.groupId === groupId));
  const { groups: [described] } = await admin.describeGroups([groupId]);
  say('group', { state: described.state, members: described.members.length });
  say('group deleted', await admin.deleteGroups([groupId]));
}

async function acls(admin) {
  const acl = {
    resourceType: AclResourceTypes.TOPIC, resourceName: topic, resourcePatternType: ResourcePatternTypes.LITERAL,
    principal: 'User:somebody', host: '*', operation: AclOperationTypes.READ, permissionType: AclPermissionTypes.ALLOW,
  };
  say('acl created', await admin.createAcls({ acl: [acl] }));
  const filter = { ...acl, principal: undefined, host: undefined, operation: AclOperationTypes.ANY };
  const principals = async () => {
    const { resources } = await admin.describeAcls(filter);
    return resources.map((resource) => [resource.resourceName, resource.acls.map(({ principal }) => principal)]);
  };
  await settled('acls', [[topic, ['User:somebody']]], principals);
  const { filterResponses } = await admin.deleteAcls({ filters: [filter] });
  say('acls deleted', filterResponses.map(({ errorCode, matchingAcls }) => [errorCode, matchingAcls.length]));
  await settled('acls', [], principals);
}

async function main() {
  const admin = kafka.admin();
  await admin.connect();
  const { brokers, controller, clusterId } = await admin.describeCluster();
  say('cluster', [brokers.length > 0, brokers.some(({ nodeId }) => nodeId === controller), clusterId.length > 0]);
  await topics(admin);
  await settings(admin);
  await records(admin);
  await groups(admin);
  await acls(admin);
  await admin.deleteTopics({ topics: [topic] });
  await settled('listed', false, async () => (await admin.listTopics()).includes(topic));
  await admin.disconnect();
}

main().catch((error) => {
  console.log(`error ${error.type ?? error.name} ${error.message}`);
  process.exit(1);
});
