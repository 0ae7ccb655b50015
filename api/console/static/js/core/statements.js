// Signed statements on their way to the log: what would become of one, and recording it.
import { parseVkey } from "../proof/note.js";
import { checkReceipt } from "../proof/receipt.js";
import { get, send } from "./api.js";
import { sha256, utf8 } from "./bytes.js";

const post = async (path, jws) => (await send("POST", path, { body: jws, type: "application/jose" })).json();

/** What would become of a statement now; nothing is recorded. {would_be, status, index, findings, problem?} */
export const checkStatement = (jws) => post("/v1/statements/check", jws);

/** Records a statement: {index, statement, recorded_at, receipt, checkpoint, findings}. Repeating it is safe. */
export const registerStatement = (jws) => post("/v1/statements", jws);

/**
 * Verifies in this browser that a receipt proves the very statement that was sent, with the key that the log states.
 * @returns {Promise<{ok: boolean, failed: string|null}>} `failed` names the step at which it broke.
 */
export async function verifyRegistered(jws, { receipt }) {
  const { origin, vkeys } = await get("/v1/log");
  const verifiers = (await Promise.all(vkeys.map(parseVkey))).filter(Boolean);
  const { ok, verdicts } = await checkReceipt(utf8(receipt), { statementHash: await sha256(utf8(jws)), origin, verifiers });
  return { ok, failed: verdicts.find(({ state }) => state === "failed")?.step ?? null };
}
