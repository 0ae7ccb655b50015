// What the console's proof modules say of each vector: "ok" or the code of the error.
async ([base, kind, cases]) => {
  const load = (name) => import(`${base}/js/${name}.js`);
  const [bytes, entry, merkle, note, checkpoint, receipt, tiles] = await Promise.all(
    ["core/bytes", ...["entry", "merkle", "note", "checkpoint", "receipt", "tiles"].map((name) => `proof/${name}`)].map(load),
  );
  const hex = (text) => Uint8Array.from(text.match(/../g) ?? [], (each) => parseInt(each, 16));
  const octets = (one, name) => one[name + "_hex"] !== undefined ? hex(one[name + "_hex"]) : bytes.utf8(one[name]);
  const keys = (texts) => Promise.all(texts.map(note.parseVkey));
  const right = (condition) => { if (!condition) throw new Error("read, but not as written"); };
  const checks = {
    inclusion: (c) => merkle.verifyInclusion(hex(c.leaf), c.index, c.size, c.path.map(hex), hex(c.root)),
    consistency: (c) => merkle.verifyConsistency(c.old, c.new, c.path.map(hex), hex(c.old_root), hex(c.new_root)),
    entry: (c) => {
      const data = c.hex !== undefined ? hex(c.hex) : bytes.utf8(c.text);
      right(bytes.same(bytes.utf8(entry.encodeEntry(entry.parseEntry(data))), data));
    },
    note: async (c) => {
      const opened = await note.openNote(octets(c, "note"), await keys(c.vkeys));
      if (c.signers) right(JSON.stringify(opened.signatures.map((line) => line.name)) === JSON.stringify(c.signers));
    },
    vkey: async (c) => {
      const key = await note.parseVkey(c.vkey);
      if (!key) throw Object.assign(new Error("no vkey"), {code: c.expect === "ok" ? "not a vkey" : c.expect});
    },
    checkpoint: async (c) => {
      const opened = await checkpoint.openCheckpoint(bytes.utf8(c.note), c.origin, await keys(c.vkeys));
      const text = `${c.origin}\n${opened.size}\n${bytes.toBase64(opened.root)}\n`;
      right(opened.origin === c.origin && c.note.startsWith(`${text}\n`));
    },
    receipt: async (c) => {
      const checked = await receipt.checkReceipt(octets(c, "receipt"),
        {statementHash: hex(c.statement), origin: c.origin, verifiers: await keys(c.vkeys)});
      const failed = checked.verdicts.find(({state}) => state === "failed");
      if (failed) throw failed.error;
      right(checked.ok && checked.verdicts.every(({state}) => state === "ok"));
    },
    "tile-path": (c) => {
      const found = tiles.parseTilePath(c.path);
      right(found.level === c.level && found.index === BigInt(c.index) && found.width === c.width);
      right(tiles.tilePath(c.level ?? "entries", c.index, c.width) === c.path);
    },
    "entry-bundle": (c) => right(tiles.parseEntryBundle(hex(c.hex), c.width).length === c.width),
  };
  const verdicts = [];
  for (const one of cases) {
    try {
      await checks[kind](one);
      verdicts.push("ok");
    } catch (error) {
      verdicts.push(error.code ?? `${error}`);
    }
  }
  return verdicts;
}
