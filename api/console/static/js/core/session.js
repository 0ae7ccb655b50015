// Who is signed in. The key stays in this browser; the server learns a signature over its challenge.
import { Problem, get, send } from "./api.js";
import { signSessionProof } from "./jws.js";
import { keyOf } from "./keys.js";
import { store } from "./store.js";

/** undefined: not asked yet; null: nobody; else {party, organisation, roles, kid, issued, expires, idle_expires}. */
export const session = store(undefined);

// Whether this browser opened a session that it has not ended: a stranger's first page asks the server nothing.
const OPENED = "reledger.session";

function remember(open) {
  try {
    if (open) localStorage.setItem(OPENED, "open");
    else localStorage.removeItem(OPENED);
  } catch {
    // Without storage every page load begins signed out.
  }
}

function remembered() {
  try {
    return localStorage.getItem(OPENED) !== null;
  } catch {
    return false;
  }
}

function begin(opened) {
  remember(opened !== null);
  session.set(opened);
  return opened;
}

/** Asks the server who this is. */
export async function refresh() {
  if (!remembered()) return begin(null);
  try {
    return begin(await get("/v1/sessions/current"));
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 401) throw error;
    return begin(null);
  }
}

/** Opens a session with a key of keys.js. */
export async function signIn(key) {
  const challenge = await (await send("POST", "/v1/sessions/challenges")).json();
  const proof = await signSessionProof(key, challenge);
  const opened = await send("POST", "/v1/sessions", { body: proof, type: "application/jose" });
  return begin(await opened.json());
}

/** Ends this session, or all of this key's. */
export async function signOut({ everywhere = false } = {}) {
  await send("DELETE", everywhere ? "/v1/sessions" : "/v1/sessions/current");
  begin(null);
}

/** Whether the party signed in holds one of these roles. */
export const holds = (...roles) => roles.some((role) => session.get()?.roles.includes(role));

/** Whether the party signed in sees everything. */
export const seesAll = () => holds("regulator", "authority");

/** The signed-in party's key in this browser; null where it is not here (then nothing can be signed). */
export async function signingKey() {
  const who = session.get();
  return who ? keyOf(who.kid) : null;
}
