// The checkpoint: a tree head as a signed note, with the log's own signature; as ledger/log/checkpoint.py.
import { ED25519, openNote } from "./note.js";
import { Refused } from "./refused.js";
import { parseTreeHead } from "./tree_head.js";

/**
 * The tree head that the log of this origin signed.
 * @param {object[]} verifiers Trusted keys from parseVkey; witnesses' may be among them.
 */
export async function openCheckpoint(bytes, origin, verifiers) {
  const note = await openNote(bytes, verifiers);
  const own = verifiers.filter((key) => key.name === origin && key.kind === ED25519).map((key) => key.id);
  if (!note.signatures.some(({ name, id }) => name === origin && own.includes(id))) {
    throw new Refused("note.unsigned", "log_has_not_signed", { origin });
  }
  const head = parseTreeHead(note.text);
  if (head.origin !== origin) throw new Refused("checkpoint.malformed", "other_origin", { origin: head.origin });
  return { ...head, signatures: note.signatures };
}
