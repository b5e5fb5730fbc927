// What the tests of the page work with: the browser, kafkalab and kcat on the cluster that the page shows.

import { execFile, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';

export const stage = JSON.parse(process.env.STAGE);
const run = promisify(execFile);

/** Runs kafkalab on the same cluster; fails if it does. */
export const kafkalab = (...args) => run(stage.kafkalab, args, { env: { ...process.env, ...stage.env } });

/** Pastes a command of the page into a shell. */
export const paste = (command) =>
  run('sh', ['-c', `kafkalab() { "$PROGRAM" "$@" --yes; }\n${command}`], {
    env: { ...process.env, ...stage.env, PROGRAM: stage.kafkalab },
  });

const login = [
  '-b', stage.server, '-X', 'security.protocol=SASL_PLAINTEXT', '-X', 'sasl.mechanism=PLAIN',
  '-X', 'sasl.username=admin', '-X', 'sasl.password=admin-secret',
];

/** Writes one record with kcat, and returns when the broker has it. */
export function produce(topic, value, { key, partition, headers = [] } = {}) {
  const options = headers.flatMap((header) => ['-H', header]);
  if (key !== undefined) options.push('-k', key);
  if (partition !== undefined) options.push('-p', String(partition));
  return feed(['-P', ...login, '-t', topic, ...options], value);
}

/** Writes many records with kcat, one a line. */
export const produceLines = (topic, lines) => feed(['-P', ...login, '-t', topic], lines.join('\n'));

/** Writes records with keys, given as pairs. */
export const producePairs = (topic, pairs) =>
  feed(['-P', ...login, '-t', topic, '-K', '|'], pairs.map((pair) => pair.join('|')).join('\n'));

function feed(args, input) {
  return new Promise((resolve, reject) => {
    const kcat = spawn('kcat', args, { stdio: ['pipe', 'ignore', 'pipe'] });
    let said = '';
    kcat.stderr.on('data', (data) => (said += data));
    kcat.on('close', (code) => (code === 0 ? resolve() : reject(new Error(said))));
    kcat.stdin.end(input);
  });
}

/** Writes a record every so many milliseconds, until it is stopped. */
export function feeder(topic, every) {
  const kcat = spawn('kcat', ['-P', '-u', ...login, '-X', 'linger.ms=0', '-t', topic], { stdio: ['pipe', 'ignore', 'ignore'] });
  const gone = new Promise((resolve) => kcat.on('close', resolve));
  const timer = setInterval(() => kcat.stdin.write('more\n'), every);
  return { stop: () => (clearInterval(timer), kcat.stdin.end(), gone) };
}

/** A member of a group, until it is stopped. */
export function consumer(group, topic) {
  const kcat = spawn('kcat', ['-G', group, ...login, '-X', 'auto.offset.reset=earliest', topic], { stdio: 'ignore' });
  const gone = new Promise((resolve) => kcat.on('close', resolve));
  return { stop: () => (kcat.kill('SIGTERM'), gone) };
}

/** A new topic of its own. */
export async function newTopic(name, partitions) {
  const topic = `${name}-${process.pid}`;
  await kafkalab('topics', 'create', topic, '--partitions', String(partitions));
  return topic;
}

/** A browser that writes down everything that goes wrong in a page. */
export async function browser() {
  const chrome = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  const troubles = [];
  const open = async (hash, options = {}) => {
    const context = await chrome.newContext({ viewport: { width: 1280, height: 800 }, ...options });
    const page = await context.newPage();
    page.on('console', (message) => message.type() === 'error' && troubles.push(message.text()));
    page.on('pageerror', (error) => troubles.push(String(error)));
    page.on('dialog', (dialog) => (troubles.push(`dialog: ${dialog.message()}`), dialog.dismiss()));
    page.on('request', (request) => {
      if (!request.url().startsWith(new URL(stage.url).origin) && !request.url().startsWith('data:')) {
        troubles.push(`asked ${request.url()}`);
      }
    });
    await page.goto(stage.url + hash);
    return page;
  };
  return { open, troubles, close: () => chrome.close() };
}

/** The element with this mark, and these data. */
export function marked(name, data = {}) {
  const more = Object.entries(data).map(([key, value]) => `[data-${key}="${value}"]`);
  return `[data-test="${name}"]${more.join('')}`;
}

/** The most memory that the page's server has held, in bytes. */
export function peakOfServer() {
  const status = readFileSync(`/proc/${stage.pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)[1]) * 1024;
}
