package main

import (
	_ "embed"
	"os"
	"path/filepath"

	"context"
)

// readme is for who has unpacked an archive.
//
//go:embed readme.txt
var readme []byte

// contents are the files of an archive, and its bill of materials.
type contents struct {
	files []file
	bill  []byte
}

// contents collects what belongs to the two programs of an archive.
func (r release) contents(ctx context.Context, now stamp, t target, bank, sidecar string) (c contents, err error) {
	programs, err := readPrograms(now, bank, sidecar)
	if err != nil {
		return c, err
	}
	texts := make(map[string][]byte)
	for _, name := range []string{"LICENSE", "THIRD_PARTY.md", "server/graphiql/assets/LICENSES.txt"} {
		if texts[name], err = os.ReadFile(filepath.Join(r.root, filepath.FromSlash(name))); err != nil {
			return c, err
		}
	}
	pages := texts["server/graphiql/assets/LICENSES.txt"]
	known, err := readLicences(ctx, r.root, programs)
	if err != nil {
		return c, err
	}
	if c.bill, err = bill(now, t, programs, readBundled(pages), known); err != nil {
		return c, err
	}
	c.files = []file{
		{name: t.executable("corebank"), path: bank},
		{name: t.executable("daprd"), path: sidecar},
		{name: "README.txt", text: readme},
		{name: "LICENSE", text: texts["LICENSE"]},
		{name: "THIRD_PARTY.md", text: texts["THIRD_PARTY.md"]},
		{name: "THIRD_PARTY_LICENSES.txt", text: licenceTexts(known, pages)},
	}
	return c, nil
}

// readPrograms reads what is in corebank and in its sidecar, whose version is Dapr's.
func readPrograms(now stamp, bank, sidecar string) ([]program, error) {
	first, err := readProgram(bank, filepath.Base(bank), now.version)
	if err != nil {
		return nil, err
	}
	second, err := readProgram(sidecar, filepath.Base(sidecar), "")
	if err != nil {
		return nil, err
	}
	second.version = second.versionOf("github.com/dapr/dapr")
	return []program{first, second}, nil
}
