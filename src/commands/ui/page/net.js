// All that goes over the wire: one JSON answer (getJson), or a stream of events that reports its own trouble (stream).

const AGAIN_MS = 3000;
// A browser tries again after three seconds or so; only what lasts longer is worth a word.
const LOST_MS = 4000;
const HIDDEN_MS = 60_000;

const lost = new Set();
let sayLost = () => {};
let lostTimer = null;

// Calls back with true when a stream has lost the server, and with false when all have found it again.
export function onLost(callback) {
  sayLost = () => callback(lost.size > 0);
  sayLost();
}

function tellLost() {
  if (lost.size === 0) {
    clearTimeout(lostTimer);
    lostTimer = null;
    sayLost();
  } else {
    lostTimer ??= setTimeout(sayLost, LOST_MS);
  }
}

function address(path, query) {
  const given = Object.entries(query ?? {}).filter(([, value]) => value !== null && value !== undefined && value !== '');
  return given.length ? `${path}?${new URLSearchParams(given)}` : path;
}

// Rejects with a Problem as the contract has it; one without `doing` means that the server was not reached.
export async function getJson(path, query, signal) {
  let response;
  try {
    response = await fetch(address(path, query), { signal });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw { kind: 'lost', parts: [] };
  }
  const body = await response.json().catch(() => null);
  if (response.ok && body !== null && !body.problem) return body;
  throw body?.problem ?? { kind: 'http', parts: [{ label: 'HTTP', text: String(response.status) }] };
}

// `handlers` is keyed by the name of the event; `opened` is called each time the stream begins, also after a loss.
// Trouble is { show(problem), clear() }. A stream that `rests` is closed while the page is out of sight: browsers open
// six connections to a server at most, so a few forgotten tabs would take them all. Returns a function that closes it.
export function stream(path, query, handlers, trouble, { opened = () => {}, rests = false } = {}) {
  const me = {};
  let source;
  let again;
  let hidden;

  function found(yes) {
    if (yes) lost.delete(me);
    else lost.add(me);
    tellLost();
  }

  function connect() {
    source = new EventSource(address(path, query));
    source.onopen = () => {
      found(true);
      opened();
    };
    source.onerror = () => {
      found(false);
      // Some browsers give up after a refused connection, where others try again by themselves.
      if (source.readyState === EventSource.CLOSED) again = setTimeout(connect, AGAIN_MS);
    };
    source.addEventListener('problem', (event) => trouble.show(JSON.parse(event.data)));
    for (const [name, handle] of Object.entries(handlers)) {
      source.addEventListener(name, (event) => {
        trouble.clear();
        handle(JSON.parse(event.data));
      });
    }
  }

  function disconnect() {
    clearTimeout(again);
    source.close();
    source = null;
    found(true);
  }

  function seen() {
    clearTimeout(hidden);
    if (document.hidden) hidden = setTimeout(disconnect, HIDDEN_MS);
    else if (source === null) connect();
  }

  connect();
  if (rests) document.addEventListener('visibilitychange', seen);
  return () => {
    document.removeEventListener('visibilitychange', seen);
    clearTimeout(hidden);
    if (source) disconnect();
  };
}
