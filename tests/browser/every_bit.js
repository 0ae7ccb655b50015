// Changes every bit of a valid proof, one at a time, and counts the changes that the console does not notice.
async ([base, kind, one]) => {
  const load = (name) => import(`${base}/js/${name}.js`);
  const [bytes, merkle, note, receipt] = await Promise.all(
    ["core/bytes", "proof/merkle", "proof/note", "proof/receipt"].map(load));
  const hex = (text) => Uint8Array.from(text.match(/../g) ?? [], (each) => parseInt(each, 16));
  const kinds = {
    inclusion: [[one.leaf, one.root, ...one.path ?? []].map((each) => hex(each ?? "")),
      ([leaf, root, ...path]) => merkle.verifyInclusion(leaf, one.index, one.size, path, root)],
    consistency: [[one.old_root, one.new_root, ...one.path ?? []].map((each) => hex(each ?? "")),
      ([older, newer, ...path]) => merkle.verifyConsistency(one.old, one.new, path, older, newer)],
    receipt: [[bytes.utf8(one.receipt ?? "")], async ([data]) => {
      const trusted = {statementHash: hex(one.statement), origin: one.origin, verifiers: keys};
      const {ok} = await receipt.checkReceipt(data, trusted);
      if (!ok) throw new Error("refused");
    }],
  };
  const keys = await Promise.all((one.vkeys ?? []).map(note.parseVkey));
  const [parts, verify] = kinds[kind];
  const accepts = (changed) => verify(changed).then(() => true, () => false);
  let [tried, taken] = [0, 0];
  const intact = await accepts(parts);
  for (const part of parts) {
    for (let bit = 0; bit < part.length * 8; bit++) {
      part[bit >> 3] ^= 1 << (bit & 7);
      tried++;
      taken += await accepts(parts);
      part[bit >> 3] ^= 1 << (bit & 7);
    }
  }
  return {intact, tried, taken};
}
