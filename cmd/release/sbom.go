package main

import (
	"bytes"
	"crypto/sha256"
	"debug/buildinfo"
	"fmt"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

// program is one of the executables of a release, and what is in it.
type program struct {
	name    string
	sum     []byte // SHA-256
	version string
	build   *debug.BuildInfo
}

// module is a Go module in a program.
type module struct{ path, version string }

func readProgram(path, name, version string) (program, error) {
	build, err := buildinfo.ReadFile(path)
	if err != nil {
		return program{}, fmt.Errorf("what is in %s: %w", name, err)
	}
	sum, err := sumOf(path)
	return program{name: name, sum: sum, version: version, build: build}, err
}

// modules are those in the program, under the names by which Go downloads them.
func (p program) modules() []module {
	var all []module
	for _, m := range p.build.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		all = append(all, module{m.Path, m.Version})
	}
	return all
}

// std is Go's own library, which every program has a part of.
func (p program) std() module { return module{"std", strings.TrimPrefix(p.build.GoVersion, "go")} }

// versionOf is the version of a module, without its v.
func (p program) versionOf(path string) string {
	for _, m := range p.modules() {
		if m.path == path {
			return strings.TrimPrefix(m.version, "v")
		}
	}
	return ""
}

// ref names a part of the bill.
func (m module) ref() string { return "pkg:golang/" + m.path + "@" + m.version }

// bundled is a package of the page with GraphiQL.
type bundled struct{ name, version, licence string }

var bundledLine = regexp.MustCompile(`(?m)^(@?[\w./-]+) (\d\S*) \((.+)\)$`)

// readBundled reads the list of packages in the file with their licences.
func readBundled(text []byte) []bundled {
	var all []bundled
	for _, m := range bundledLine.FindAllSubmatch(text, -1) {
		all = append(all, bundled{string(m[1]), string(m[2]), string(m[3])})
	}
	return all
}

func (b bundled) ref() string {
	return "pkg:npm/" + strings.Replace(b.name, "@", "%40", 1) + "@" + b.version
}

// bill is the bill of materials of an archive, in CycloneDX. licences has the
// licence of each module.
func bill(now stamp, t target, programs []program, pages []bundled, licences map[module]licence) ([]byte, error) {
	whole := now.archive(t)
	bom := cdx.NewBOM()
	bom.Metadata = &cdx.Metadata{Timestamp: now.date.Format(time.RFC3339), Component: &cdx.Component{
		Type: cdx.ComponentTypeApplication, BOMRef: whole, Name: "corebank", Version: now.version,
		Licenses:   licensed("Apache-2.0"),
		Properties: &[]cdx.Property{{Name: "commit", Value: now.commit}, {Name: "target", Value: t.String()}}}}
	parts := map[string]cdx.Component{}
	needs := map[string][]string{}
	for _, p := range programs {
		ref := whole + "/" + p.name
		needs[whole] = append(needs[whole], ref)
		parts[ref] = cdx.Component{Type: cdx.ComponentTypeApplication, BOMRef: ref, Name: p.name, Version: p.version,
			Hashes: &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: fmt.Sprintf("%x", p.sum)}}}
		for _, m := range append(p.modules(), p.std()) {
			needs[ref] = append(needs[ref], m.ref())
			parts[m.ref()] = cdx.Component{Type: cdx.ComponentTypeLibrary, BOMRef: m.ref(), Name: m.path, Version: m.version,
				PackageURL: m.ref(), Licenses: licensed(licences[m].id)}
		}
	}
	console := whole + "/" + programs[0].name
	for _, b := range pages {
		needs[console] = append(needs[console], b.ref())
		parts[b.ref()] = cdx.Component{Type: cdx.ComponentTypeLibrary, BOMRef: b.ref(), Name: b.name, Version: b.version,
			PackageURL: b.ref(), Licenses: licensed(b.licence)}
	}
	components, dependencies := sorted(parts, needs)
	bom.Components, bom.Dependencies = &components, &dependencies
	bom.SerialNumber = serial(whole, programs)
	var text bytes.Buffer
	if err := cdx.NewBOMEncoder(&text, cdx.BOMFileFormatJSON).SetPretty(true).Encode(bom); err != nil {
		return nil, err
	}
	return text.Bytes(), nil
}

// sorted are the parts of the bill in an order that is always the same.
func sorted(parts map[string]cdx.Component, needs map[string][]string) (all []cdx.Component, edges []cdx.Dependency) {
	for _, part := range parts {
		all = append(all, part)
	}
	slices.SortFunc(all, func(a, b cdx.Component) int { return strings.Compare(a.BOMRef, b.BOMRef) })
	for ref, needed := range needs {
		slices.Sort(needed)
		needed = slices.Compact(needed)
		edges = append(edges, cdx.Dependency{Ref: ref, Dependencies: &needed})
	}
	slices.SortFunc(edges, func(a, b cdx.Dependency) int { return strings.Compare(a.Ref, b.Ref) })
	return all, edges
}

// licensed is a choice of one licence, or of an expression of several.
func licensed(id string) *cdx.Licenses {
	switch {
	case id == "":
		return nil
	case strings.Contains(id, " "):
		return &cdx.Licenses{{Expression: id}}
	}
	return &cdx.Licenses{{License: &cdx.License{ID: id}}}
}

// serial is a UUID that follows from what the bill is about.
func serial(whole string, programs []program) string {
	hash := sha256.New()
	fmt.Fprintln(hash, whole)
	for _, p := range programs {
		fmt.Fprintf(hash, "%s %x\n", p.name, p.sum)
	}
	u := hash.Sum(nil)[:16]
	u[6], u[8] = u[6]&0x0f|0x80, u[8]&0x3f|0x80 // version 8, which is for ids of one's own making
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}
