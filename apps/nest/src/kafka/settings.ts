import { existsSync, readFileSync } from 'node:fs';

// Nest itself reads no environment variables: these names are this application's own choice. A variable that is set
// already wins over the file.
if (existsSync('.env')) {
  process.loadEnvFile('.env');
}

const required = (name: string): string => {
  const value = process.env[name];
  if (!value) {
    throw new Error(`${name} is not set: copy .env.example to .env, or set it in the environment`);
  }
  return value;
};

/** As in production: everything through TLS. The authorities to trust are in a file, or those of the system. */
const tls = () => {
  const authorities = process.env.KAFKA_SSL_CA_FILE;
  return authorities ? { ca: [readFileSync(authorities, 'utf8')] } : true;
};

const ordersTopic = process.env.KAFKA_ORDERS_TOPIC ?? 'integracao-pedidos';

export const settings = {
  /** Where to begin; the broker answers with the addresses of all brokers, which the client dials from then on. */
  brokers: required('KAFKA_BROKERS').split(','),
  username: required('KAFKA_SASL_USERNAME'),
  password: required('KAFKA_SASL_PASSWORD'),
  mechanism: process.env.KAFKA_SASL_MECHANISM ?? 'plain',
  /** KafkaJS knows no `security.protocol`: it speaks TLS where it is given `ssl`. */
  ssl: process.env.KAFKA_SECURITY_PROTOCOL === 'SASL_SSL' && tls(),

  /** What is typed here is not what the broker sees: Nest appends `-server`. */
  groupId: process.env.KAFKA_GROUP_ID ?? 'nest-pedidos',
  /** For how long the broker waits for a consumer that died without a word, before others get its partitions. */
  sessionTimeoutMs: Number(process.env.KAFKA_SESSION_TIMEOUT_MS ?? 30_000),

  /** Phase 3: shared with the Laravel application. */
  ordersTopic,
  deadLettersTopic: process.env.KAFKA_DEAD_LETTERS_TOPIC ?? `${ordersTopic}-dlq`,
  /** Phase 2: this application's own. */
  eventsTopic: process.env.KAFKA_EVENTS_TOPIC ?? 'nest-events',
};
