// One check of the whole log: the worker that does it, and how far it is, for the page that shows it.
import { useEffect, useRef, useState } from "../../core/html.js";
import { keepOfLog } from "../../proof/trust.js";
import { TILE_WIDTH } from "../../proof/tiles.js";

export const UNKNOWN = 0;
export const GOOD = 1;
export const BAD = 2;

const IDLE = { phase: "idle", done: 0, start: 0, size: 0, tiles: new Uint8Array(0), faults: [], total: 0, counts: {}, ms: 0 };

/** The newest state of a check and what can be done with it: {state, start(position), pause(), go(), cancel()}. */
export function useCheck(kept, onKept) {
  const [state, setState] = useState(IDLE);
  const current = useRef(IDLE);
  const worker = useRef(null);
  const show = (changes) => {
    const { phase, ms, since } = current.current;
    const spent = phase === "running" ? ms + performance.now() - since : ms;
    current.current = { ...current.current, ms: spent, since: performance.now(), ...changes };
    setState(current.current);
  };
  const end = () => {
    worker.current?.terminate();
    worker.current = null;
  };
  useEffect(() => end, []);
  const take = {
    head: ({ size, root, start }) => {
      const tiles = new Uint8Array(Math.ceil(size / TILE_WIDTH)).fill(GOOD, 0, start / TILE_WIDTH);
      show({ size, root, start, done: start, tiles });
    },
    progress: ({ tiles, faults, done, counts, total }) => {
      for (const [index, good] of tiles) current.current.tiles[index] = good ? GOOD : BAD;
      show({ done, counts, total, faults: faults.length ? [...current.current.faults, ...faults] : current.current.faults });
    },
    position: ({ position }) => keepOfLog(kept.origin, { position }),
    done: async (found) => {
      end();
      show({ phase: "done", found });
      if (!found.ok) return;
      const { size, root, note, position } = found;
      await keepOfLog(kept.origin, { head: { size, root, note, at: new Date().toISOString() }, ...(position ? { position } : {}) });
      onKept();
    },
    stopped: ({ unreachable, message }) => {
      end();
      show({ phase: "stopped", unreachable, message });
    },
  };
  return {
    state,
    start(position) {
      end();
      current.current = { ...IDLE, phase: "running", since: performance.now() };
      show({});
      worker.current = new Worker(new URL("../../proof/chain_worker.js", import.meta.url), { type: "module" });
      worker.current.onmessage = ({ data }) => take[data.type](data);
      worker.current.onerror = (event) => take.stopped({ message: event.message });
      worker.current.postMessage({ type: "start", origin: kept.origin, vkey: kept.vkey, kept: kept.head, position });
    },
    pause() {
      worker.current?.postMessage({ type: "pause" });
      show({ phase: "paused" });
    },
    go() {
      worker.current?.postMessage({ type: "go" });
      show({ phase: "running" });
    },
    cancel() {
      end();
      show({ phase: "cancelled" });
      onKept();
    },
  };
}

/** Neighbouring tiles of one state as [{first, last, state}], by entries. */
export function runsOf(tiles, size) {
  const runs = [];
  tiles.forEach((state, index) => {
    const last = Math.min(size, (index + 1) * TILE_WIDTH) - 1;
    if (runs.at(-1)?.state === state) runs.at(-1).last = last;
    else runs.push({ first: index * TILE_WIDTH, last, state });
  });
  return runs;
}
