// The records of one partition, fetched page by page as a list asks for them; only the pages used last are kept.
// The index of a record in the list is its offset minus the log's start.

const SIZE = 200;
const KEPT = 20;
// Scrolling through many pages asks for none of them until it rests.
const REST_MS = 100;
const AGAIN_MS = 2000;

export function pages(fetchPage, trouble, changed) {
  const kept = new Map();
  const asked = new Map();
  let start = 0;
  let end = 0;
  let wanted = [];
  let timer = null;
  let closed = false;

  function complete(page, number) {
    return page && page.until >= Math.min((number + 1) * SIZE, end);
  }

  function ask() {
    timer = null;
    for (const [number, controller] of asked) if (!wanted.includes(number)) controller.abort();
    for (const number of wanted) if (!asked.has(number) && !complete(kept.get(number), number)) load(number);
  }

  async function load(number) {
    const controller = new AbortController();
    asked.set(number, controller);
    try {
      const from = Math.max(number * SIZE, start);
      const answer = await fetchPage(from, SIZE, controller.signal);
      if (closed) return;
      const until = Math.min((number + 1) * SIZE, answer.end);
      const records = new Map(answer.records.filter(({ offset }) => offset < until).map((record) => [record.offset, record]));
      kept.delete(number);
      kept.set(number, { records, until });
      while (kept.size > KEPT) kept.delete(kept.keys().next().value);
      asked.delete(number);
      trouble.clear();
      grow(answer);
    } catch (problem) {
      if (problem.name === 'AbortError') {
        asked.delete(number);
        return;
      }
      if (closed) return;
      trouble.show(problem);
      // Stays among the asked for a while: drawing the list again must not ask again at once.
      setTimeout(() => {
        asked.delete(number);
        if (!closed) changed();
      }, AGAIN_MS);
    }
  }

  function grow(now) {
    const gone = Math.max(now.start - start, 0);
    start = Math.max(start, now.start);
    end = Math.max(end, now.end, start);
    changed(-gone);
  }

  return {
    count: () => end - start,
    id: (index) => start + index,
    indexOf: (offset) => Math.min(Math.max(offset - start, 0), Math.max(end - start - 1, 0)),

    // A record; null where the log has none at this offset; undefined while it is not here yet.
    at(index) {
      const offset = start + index;
      const page = kept.get(Math.floor(offset / SIZE));
      return page && offset < page.until ? page.records.get(offset) ?? null : undefined;
    },

    want(first, last) {
      const before = wanted;
      wanted = [];
      for (let number = Math.floor((start + first) / SIZE); number <= Math.floor((start + last) / SIZE); number += 1) {
        wanted.push(number);
        const page = kept.get(number);
        if (!page) continue;
        kept.delete(number);
        kept.set(number, page);
      }
      if (wanted.every((number) => complete(kept.get(number), number))) return;
      // A list that is drawn again where it stands goes on waiting for the same pages.
      if (timer && wanted.every((number) => before.includes(number))) return;
      clearTimeout(timer);
      timer = setTimeout(ask, REST_MS);
    },

    // A record that has just arrived extends its page, if that is here.
    put(record) {
      const page = kept.get(Math.floor(record.offset / SIZE));
      if (page && page.until === record.offset) {
        page.records.set(record.offset, record);
        page.until += 1;
      }
      end = Math.max(end, record.offset + 1);
    },

    bounds: grow,

    // The log as a new stream found it. One that is shorter than before is another log of the same name.
    begin(now) {
      if (now.end < end || now.start < start) {
        kept.clear();
        start = now.start;
        end = now.end;
      }
      grow(now);
    },

    close() {
      closed = true;
      clearTimeout(timer);
      for (const controller of asked.values()) controller.abort();
    },
  };
}
