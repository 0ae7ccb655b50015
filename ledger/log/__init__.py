"""The log as bytes and hashes: entry, tree, tiles, signed note, checkpoint, receipt. Never does I/O."""
