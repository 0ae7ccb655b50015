// The ledger's own HTTP interface, as everybody else uses it. Nothing here decides what an answer means.

/** An answer that is an error: the ledger's problem (RFC 9457), or a failure to reach it. */
export class Problem extends Error {
  constructor({ code, title, detail, mend, status, ...rest }) {
    super(detail || title || code);
    Object.assign(this, { code, title, detail, mend, status, rest });
  }
}

/** The address of a path with a query; members that are null, undefined or "" are left out. */
export function address(path, query = {}) {
  const pairs = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const text = new URLSearchParams(pairs.map(([name, value]) => [name, String(value)])).toString();
  return text ? `${path}?${text}` : path;
}

let renew = async () => false;

/** Names what is asked when an answer says that the session is over: resolves to true once it is open again. */
export const whenSessionEnds = (ask) => (renew = ask);

/**
 * Sends a request and gives its Response; throws Problem for any status of 400 and above. Where the session has ended
 * and is opened anew, the same request is sent again.
 */
export async function send(method, path, options = {}) {
  const response = await request(method, path, options);
  if (response.ok) return response;
  if (response.status === 401 && !path.startsWith("/v1/sessions") && (await renew())) return send(method, path, options);
  throw new Problem(await problemOf(response));
}

async function request(method, path, { query, body, type, accept, signal, headers = {} }) {
  try {
    return await fetch(address(path, query), {
      method,
      body,
      signal,
      credentials: "same-origin",
      headers: { ...headers, ...(type ? { "Content-Type": type } : {}), ...(accept ? { Accept: accept } : {}) },
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem({ code: "network.unreachable", title: "", detail: "", status: 0 });
  }
}

async function problemOf(response) {
  try {
    return { status: response.status, ...(await response.json()) };
  } catch {
    return { code: "http." + response.status, title: response.statusText, status: response.status };
  }
}

/** GET as JSON. */
export async function get(path, query, options = {}) {
  return (await send("GET", path, { query, accept: "application/json", ...options })).json();
}

/** GET as bytes. */
export async function getBytes(path, query, options = {}) {
  return new Uint8Array(await (await send("GET", path, { query, ...options })).arrayBuffer());
}

/** GET as text. */
export async function getText(path, query, options = {}) {
  return (await send("GET", path, { query, ...options })).text();
}

/** Every member of a list, page by page; stops after `most`. */
export async function all(path, member, query, { most = 5000, signal } = {}) {
  const found = [];
  let page = await get(path, query, { signal });
  for (;;) {
    found.push(...page[member]);
    if (!page.next || found.length >= most) return found.slice(0, most);
    page = await get(page.next, undefined, { signal });
  }
}
