// What this browser keeps beyond a page: one store of records in a database of its own.

/**
 * A store in IndexedDB.
 * @param {string} name The database's name; it holds this one store.
 * @param {string} keyPath The member that tells records apart.
 * @returns {{get(key), all(), put(record), remove(key)}} All give promises.
 */
export function keptIn(name, keyPath) {
  const open = () =>
    new Promise((resolve, reject) => {
      const request = indexedDB.open(name, 1);
      request.onupgradeneeded = () => request.result.createObjectStore("records", { keyPath });
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
      request.onblocked = () => reject(new Error("blocked"));
    });
  const ask = async (mode, question) => {
    const database = await open();
    try {
      return await new Promise((resolve, reject) => {
        const request = question(database.transaction("records", mode).objectStore("records"));
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    } finally {
      database.close();
    }
  };
  return {
    get: (key) => ask("readonly", (records) => records.get(key)),
    all: () => ask("readonly", (records) => records.getAll()),
    put: (record) => ask("readwrite", (records) => records.put(record)),
    remove: (key) => ask("readwrite", (records) => records.delete(key)),
  };
}
