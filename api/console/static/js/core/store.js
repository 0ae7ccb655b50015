// A value that views follow: the one kind of state that is shared between them.
import { useEffect, useState } from "preact/hooks";

/** A shared value: get(), set(next), subscribe(listener) -> a function that ends it. */
export function store(value) {
  const listeners = new Set();
  return {
    get: () => value,
    set(next) {
      value = next;
      for (const listener of [...listeners]) listener(value);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** The store's value, in a view that is drawn anew when it changes. */
export function useStore(shared) {
  const [value, setValue] = useState(shared.get());
  useEffect(() => {
    setValue(shared.get());
    return shared.subscribe(setValue);
  }, [shared]);
  return value;
}
