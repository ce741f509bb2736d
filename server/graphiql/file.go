package graphiql

import (
	"embed"
	"path"
	"strings"

	"corebank/server/asset"
)

//go:embed assets
var assets embed.FS

// assetNames lists the embedded files by their names before compression.
func assetNames() []string {
	entries, err := assets.ReadDir("assets")
	if err != nil {
		panic("graphiql: " + err.Error()) // the folder is embedded
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = strings.TrimSuffix(e.Name(), ".gz")
	}
	return names
}

// embeddedFiles maps each URL path to its embedded file. The names of assets
// carry a hash of their content, so an asset never changes under its name.
func embeddedFiles() map[string]asset.File {
	files := make(map[string]asset.File)
	for _, name := range assetNames() {
		switch name {
		case "index.html":
			files["/"] = embeddedFile(name, asset.Revalidate)
		case "LICENSES.txt":
			files["/LICENSES.txt"] = embeddedFile(name, asset.Revalidate)
		default:
			files[path.Join("/assets", name)] = embeddedFile(name, asset.Immutable)
		}
	}
	return files
}

// embeddedFile reads an asset. The licences are not compressed.
func embeddedFile(name, cacheControl string) asset.File {
	if packed, err := assets.ReadFile("assets/" + name + ".gz"); err == nil {
		return asset.Packed(packed, name, cacheControl)
	}
	plain, err := assets.ReadFile("assets/" + name)
	if err != nil {
		panic("graphiql: " + err.Error()) // the name comes from assetNames
	}
	return asset.New(plain, name, cacheControl)
}

func dynamicFile(v any) asset.File {
	return asset.New(mustJSON(v), ".json", asset.Revalidate)
}
