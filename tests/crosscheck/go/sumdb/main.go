// Checks a log with the client code of the Go checksum database: sumdb/note and sumdb/tlog.
//
// One JSON request a line on standard input, one JSON answer a line. An answer is {"error": why} where the
// thing is not accepted. Byte strings are hex, notes and keys are text.
//
//	{"do": "open", "note", "vkeys"}                    -> {"text", "signers"}
//	{"do": "sign", "text", "skey"}                     -> {"note"}
//	{"do": "record", "size", "root", "index", "leaf" or "entry", "path"} -> {}
//	{"do": "tree", "size", "root", "old", "old_root", "path"}            -> {}
//	{"do": "tiles", "folder", "size", "root"}          -> {"leaves": SHA-256 over all leaf hashes}
//	{"do": "prove-record", "folder", "size", "root", "index"}            -> {"path"}
//	{"do": "prove-tree", "folder", "size", "root", "old"}                -> {"path"}
package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const tileHeight = 8

type request struct {
	Do      string   `json:"do"`
	Note    string   `json:"note"`
	Text    string   `json:"text"`
	VKeys   []string `json:"vkeys"`
	SKey    string   `json:"skey"`
	Size    int64    `json:"size"`
	Root    string   `json:"root"`
	Index   int64    `json:"index"`
	Entry   *string  `json:"entry"`
	Leaf    string   `json:"leaf"`
	Old     int64    `json:"old"`
	OldRoot string   `json:"old_root"`
	Path    []string `json:"path"`
	Folder  string   `json:"folder"`
}

func main() {
	input := bufio.NewReader(os.Stdin)
	output := json.NewEncoder(os.Stdout)
	for {
		line, err := input.ReadBytes('\n')
		if err != nil {
			return
		}
		var asked request
		if err := json.Unmarshal(line, &asked); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		answer, err := carryOut(asked)
		if err != nil {
			answer = map[string]any{"error": err.Error()}
		}
		if err := output.Encode(answer); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

func carryOut(asked request) (map[string]any, error) {
	switch asked.Do {
	case "open":
		return open(asked)
	case "sign":
		signer, err := note.NewSigner(asked.SKey)
		if err != nil {
			return nil, err
		}
		signed, err := note.Sign(&note.Note{Text: asked.Text}, signer)
		return map[string]any{"note": string(signed)}, err
	case "record":
		return record(asked)
	case "tree":
		root, oldRoot, path, err := hashes(asked)
		if err != nil {
			return nil, err
		}
		return map[string]any{}, tlog.CheckTree(path, asked.Size, root, asked.Old, oldRoot)
	case "tiles", "prove-record", "prove-tree":
		return fromTiles(asked)
	}
	return nil, fmt.Errorf("nothing is done for %q", asked.Do)
}

func open(asked request) (map[string]any, error) {
	var verifiers []note.Verifier
	for _, key := range asked.VKeys {
		verifier, err := note.NewVerifier(key)
		if err != nil {
			return nil, err
		}
		verifiers = append(verifiers, verifier)
	}
	opened, err := note.Open([]byte(asked.Note), note.VerifierList(verifiers...))
	if err != nil {
		return nil, err
	}
	signers := []string{}
	for _, signature := range opened.Sigs {
		signers = append(signers, signature.Name)
	}
	return map[string]any{"text": opened.Text, "signers": signers}, nil
}

func record(asked request) (map[string]any, error) {
	root, _, path, err := hashes(asked)
	if err != nil {
		return nil, err
	}
	var leaf tlog.Hash
	if asked.Entry != nil {
		entry, err := hex.DecodeString(*asked.Entry)
		if err != nil {
			return nil, err
		}
		leaf = tlog.RecordHash(entry)
	} else if leaf, err = hash(asked.Leaf); err != nil {
		return nil, err
	}
	return map[string]any{}, tlog.CheckRecord(path, asked.Size, root, asked.Index, leaf)
}

// fromTiles reads the log out of tile files only; the reader authenticates each tile against the root.
func fromTiles(asked request) (map[string]any, error) {
	root, err := hash(asked.Root)
	if err != nil {
		return nil, err
	}
	reader := tlog.TileHashReader(tlog.Tree{N: asked.Size, Hash: root}, folder(asked.Folder))
	switch asked.Do {
	case "prove-record":
		path, err := tlog.ProveRecord(asked.Size, asked.Index, reader)
		return map[string]any{"path": texts(path)}, err
	case "prove-tree":
		path, err := tlog.ProveTree(asked.Size, asked.Old, reader)
		return map[string]any{"path": texts(path)}, err
	}
	found, err := tlog.TreeHash(asked.Size, reader)
	if err != nil {
		return nil, err
	}
	if found != root {
		return nil, fmt.Errorf("the tiles have another root")
	}
	digest := sha256.New()
	for start := int64(0); start < asked.Size; start += 1024 {
		var indexes []int64
		for index := start; index < asked.Size && index < start+1024; index++ {
			indexes = append(indexes, tlog.StoredHashIndex(0, index))
		}
		leaves, err := reader.ReadHashes(indexes)
		if err != nil {
			return nil, err
		}
		for _, leaf := range leaves {
			digest.Write(leaf[:])
		}
	}
	return map[string]any{"leaves": hex.EncodeToString(digest.Sum(nil))}, nil
}

// A folder holds tiles under the paths of C2SP tlog-tiles. They are those of the checksum database, but for
// the height, which is always 8 and not written: tile/8/0/x001/234.p/5 is tile/0/x001/234.p/5.
type folder string

func (f folder) Height() int { return tileHeight }

func (f folder) SaveTiles([]tlog.Tile, [][]byte) {}

func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var read [][]byte
	for _, tile := range tiles {
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		content, err := os.ReadFile(filepath.Join(string(f), filepath.FromSlash(path)))
		if err != nil {
			return nil, err
		}
		read = append(read, content)
	}
	return read, nil
}

func hashes(asked request) (root, oldRoot tlog.Hash, path []tlog.Hash, err error) {
	if root, err = hash(asked.Root); err != nil {
		return
	}
	if asked.OldRoot != "" {
		if oldRoot, err = hash(asked.OldRoot); err != nil {
			return
		}
	}
	for _, text := range asked.Path {
		value, err := hash(text)
		if err != nil {
			return root, oldRoot, nil, err
		}
		path = append(path, value)
	}
	return
}

func hash(text string) (value tlog.Hash, err error) {
	raw, err := hex.DecodeString(text)
	if err == nil && len(raw) != tlog.HashSize {
		err = fmt.Errorf("a hash has %d bytes, not %d", tlog.HashSize, len(raw))
	}
	copy(value[:], raw)
	return value, err
}

func texts(path []tlog.Hash) []string {
	shown := []string{}
	for _, value := range path {
		shown = append(shown, hex.EncodeToString(value[:]))
	}
	return shown
}
