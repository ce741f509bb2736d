package contract_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/golden"
)

// goldenFile holds a record as the log keeps it.
func goldenFile(shape, variant string) string {
	if variant != "" {
		shape += "." + variant
	}
	return filepath.Join("testdata", shape+".json")
}

func shapeOf(r contract.Record) string { return fmt.Sprintf("%s.v%d", r.Type, r.Schema) }

// readGolden reads a golden file.
func readGolden(t *testing.T, file string) (text []byte, record contract.Record) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; if the event is new, run go generate ./internal/contract", err)
	}
	if err := json.Unmarshal(text, &record); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return text, record
}

//go:generate env GENERATE=1 go test -count=1 -run TestStoredEventsNeverChange .

// TestStoredEventsNeverChange holds today's encoder to the bytes that are in
// everybody's logs, and today's decoder to what they mean.
func TestStoredEventsNeverChange(t *testing.T) {
	for i, e := range examples() {
		record := stored(t, int64(i+1), e.event)
		file := goldenFile(shapeOf(record), e.variant)
		t.Run(filepath.Base(file), func(t *testing.T) {
			encoded, err := json.Marshal(record)
			if err != nil {
				t.Fatal(err)
			}
			encoded = append(encoded, '\n')
			golden.Add(t, file, string(encoded))
			text, back := readGolden(t, file)
			if !bytes.Equal(encoded, text) {
				t.Errorf("the event is now stored as\n%s, logs hold\n%s; give the new shape a schema version of its own",
					encoded, text)
			}
			if !reflect.DeepEqual(back, record) {
				t.Errorf("read back\n%+v, stored was\n%+v", back, record)
			}
			if got, err := back.Event(); err != nil || !reflect.DeepEqual(got, e.event) {
				t.Errorf("read back\n%+v, %v, stored was\n%+v", got, err, e.event)
			}
		})
	}
}

// TestTheCorpusOfEveryEventEverStored replays all golden files: each means
// today what is written here, folds into an account, and is stored again in
// the shape of today. Files are added, never taken away.
func TestTheCorpusOfEveryEventEverStored(t *testing.T) {
	means := make(map[string]bank.Event)
	for shape, event := range lifted() {
		means[goldenFile(shape, "")] = event
	}
	for i, e := range examples() {
		means[goldenFile(shapeOf(stored(t, int64(i+1), e.event)), e.variant)] = e.event
	}
	files, err := filepath.Glob("testdata/*.json") // beside them, fuzzing keeps what failed
	if err != nil {
		t.Fatal(err)
	}
	if want := slices.Sorted(maps.Keys(means)); !slices.Equal(files, want) {
		t.Fatalf("the corpus is %v, the tests know %v", files, want)
	}
	for _, file := range files {
		_, record := readGolden(t, file)
		event, err := record.Event()
		if err != nil || !reflect.DeepEqual(event, means[file]) {
			t.Errorf("%s means\n%+v, %v; it meant\n%+v", file, event, err, means[file])
			continue
		}
		again := stored(t, record.Version, event)
		if today := contract.ShapesToday()[reflect.TypeOf(event)]; shapeOf(again) != today {
			t.Errorf("%s is stored again as %s, want %s", file, shapeOf(again), today)
		}
		if got, err := again.Event(); err != nil || !reflect.DeepEqual(got, event) {
			t.Errorf("%s, stored again, is %+v, %v", file, got, err)
		}
		if err := bank.CheckBalanced(event.PostingLines()); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		before := bank.Account{Version: record.Version - 1}
		want := withID(before).Apply(event, record.At)
		if after, err := contract.Fold(before, record); err != nil || !reflect.DeepEqual(after, want) {
			t.Errorf("%s folds to %+v, %v", file, after, err)
		}
	}
}

func withID(a bank.Account) bank.Account {
	a.ID = ada
	return a
}

// sources are the parsed files of a folder by path, tests aside.
func sources(t *testing.T, folder string) map[string]*ast.File {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no Go files in %s: %v", folder, err)
	}
	files := make(map[string]*ast.File)
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files[path] = file
	}
	return files
}

func TestDecodingRefusesWhatItDoesNotUnderstand(t *testing.T) {
	const money, postings = `{"minor":1,"currency":"EUR"}`, `[]`
	whole := `{"amount":` + money + `,"balance":` + money + `,"postings":` + postings + `}`
	replaced := func(old, text string) string { return strings.Replace(whole, old, text, 1) }
	for name, test := range map[string]struct {
		kind   string
		schema int
		data   string
		reason string // "" for none: it is understood
	}{
		"a whole deposit":         {"money-deposited", 1, whole, ""},
		"spaces":                  {"money-deposited", 1, " \n" + whole + "\t ", ""},
		"a whole withdrawal":      {"money-withdrawn", 1, whole, ""},
		"another event":           {"money-burnt", 1, whole, "newer corebank"},
		"a shape of today":        {"money-deposited", 2, whole, ""},
		"a later schema":          {"money-deposited", 3, whole, "newer corebank"},
		"today's field, long ago": {"money-deposited", 1, replaced(`{`, `{"externalId":"x",`), `unknown field "externalId"`},
		"a kind, long ago": {"account-opened", 1, `{"owner":"Ada","currency":"EUR","kind":"CURRENT"}`,
			`unknown field "kind"`},
		"no kind, today": {"account-opened", 2, `{"owner":"Ada","currency":"EUR"}`,
			"without an owner, a currency or a kind"},
		"a transfer to nowhere":   {"transfer-sent", 1, whole, "without an id or a destination"},
		"no schema":               {"money-deposited", 0, whole, "newer corebank"},
		"the name of the Go type": {"MoneyDeposited", 1, whole, "newer corebank"},
		"no name":                 {"", 1, whole, "newer corebank"},
		"a field too many":        {"money-deposited", 1, replaced(`{`, `{"fee":1,`), `unknown field "fee"`},
		"a field too many inside": {"money-deposited", 1, replaced(`"minor"`, `"scale":2,"minor"`), `unknown field "scale"`},
		"the fields of another":   {"account-opened", 1, whole, "unknown field"},
		"no amount":               {"money-deposited", 1, `{"balance":` + money + `,"postings":[]}`, "not positive"},
		"no balance":              {"money-withdrawn", 1, `{"amount":` + money + `,"postings":[]}`, "a balance of"},
		"nothing at all":          {"money-deposited", 1, `{}`, "not positive"},
		"null":                    {"account-opened", 1, `null`, "without an owner"},
		"no data":                 {"account-opened", 1, ``, "ends too early"},
		"half":                    {"money-deposited", 1, whole[:20], "ends too early"},
		"twice":                   {"money-deposited", 1, whole + whole, "malformed JSON"},
		"rubbish after it":        {"money-deposited", 1, whole + "x", "malformed JSON"},
		"a list":                  {"money-deposited", 1, "[" + whole + "]", "cannot be read as"},
		"a fraction of a cent":    {"money-deposited", 1, strings.ReplaceAll(whole, `:1,`, `:1.5,`), "cannot be read as"},
		"money as a text":         {"money-deposited", 1, strings.ReplaceAll(whole, `:1,`, `:"1",`), "cannot be read as"},
		"more money than there is": {"money-deposited", 1,
			strings.ReplaceAll(whole, `:1,`, `:9223372036854775808,`), "cannot be read as"},
	} {
		t.Run(name, func(t *testing.T) {
			r := contract.Record{Position: 7, Account: ada, Version: 1,
				Type: test.kind, Schema: test.schema, Data: []byte(test.data)}
			event, err := r.Event()
			if (err == nil) != (test.reason == "") || err != nil && !strings.Contains(err.Error(), test.reason) {
				t.Fatalf("%+v, error %v, want %q", event, err, test.reason)
			}
			if err == nil {
				return
			}
			before := bank.Account{ID: ada}
			if after, err := contract.Fold(before, r); err == nil || !reflect.DeepEqual(after, before) {
				t.Errorf("folding it makes %+v, %v", after, err)
			}
		})
	}
}

func TestStoringRefusesWhatCouldNotBeRead(t *testing.T) {
	half := bank.Movement{Amount: eur(2), Balance: eur(1), Postings: moved(1, 1, "x").Postings[:1]}
	for name, event := range map[string]bank.Event{
		"nothing": nil, "an empty opening": bank.AccountOpened{}, "a deposit of nothing": bank.MoneyDeposited{},
		"what does not balance": bank.MoneyWithdrawn{Movement: half},
	} {
		t.Run(name, func(t *testing.T) {
			var r contract.Record
			if err := r.SetEvent(event); err == nil || !reflect.DeepEqual(r, contract.Record{}) {
				t.Errorf("%v, stored %+v", err, r)
			}
		})
	}
}

func TestFoldTakesTheNextRecordOnly(t *testing.T) {
	opening, deposit := stored(t, 1, events()[0]), stored(t, 2, events()[1])
	opened, err := contract.Fold(bank.Account{}, opening)
	if err != nil || opened.ID != ada || opened.Version != 1 || opened.OpenedAt != decidedAt {
		t.Fatalf("%+v, %v", opened, err)
	}
	paid, err := contract.Fold(opened, deposit)
	if err != nil || paid.Balance != eur(9223372036854775807) || paid.Version != 2 {
		t.Fatalf("%+v, %v", paid, err)
	}
	for name, fold := range map[string]func() (bank.Account, error){
		"the first again":  func() (bank.Account, error) { return contract.Fold(opened, opening) },
		"one too early":    func() (bank.Account, error) { return contract.Fold(bank.Account{}, deposit) },
		"the second again": func() (bank.Account, error) { return contract.Fold(paid, deposit) },
	} {
		if after, err := fold(); err == nil {
			t.Errorf("%s: %+v", name, after)
		}
	}
}

// FuzzRecord reads records as they might come from anywhere: what is
// understood means the same when it is stored again, in the shape of today, and
// nothing panics.
func FuzzRecord(f *testing.F) {
	for i, event := range events() {
		seed, err := json.Marshal(stored(f, int64(i+1), event))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(seed)
		f.Add(bytes.Replace(seed, []byte(`"minor":`), []byte(`"minor":-`), 1))
		f.Add(bytes.Replace(seed, []byte(`"schema":1`), []byte(`"schema":2`), 1))
		f.Add(bytes.Replace(seed, []byte(`"currency"`), []byte(`"CURRENCY"`), 1))
	}
	old, err := filepath.Glob("testdata/*.v1.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range old {
		seed, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(seed)
	}
	f.Add([]byte(`{"type":"account-opened","schema":1,"version":1,"data":null}`))
	f.Add([]byte(`{"type":"money-deposited","schema":1,"version":1,"data":{"amount":null}}`))
	f.Add([]byte(`{"type":"money-withdrawn","schema":1,"version":9223372036854775807,"data":{}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var r contract.Record
		if json.Unmarshal(text, &r) != nil {
			return
		}
		event, err := r.Event()
		if err != nil || bank.CheckBalanced(event.PostingLines()) != nil { // the audit finds what does not balance
			return
		}
		again := r
		if err := again.SetEvent(event); err != nil || shapeOf(again) != contract.ShapesToday()[reflect.TypeOf(event)] {
			t.Fatalf("%s is read %+v and stored %s version %d, %v", text, event, again.Type, again.Schema, err)
		}
		twice := r
		if got, err := again.Event(); err != nil || twice.SetEvent(got) != nil || !bytes.Equal(again.Data, twice.Data) {
			t.Fatalf("%s is read %+v, stored and read %+v, %v", text, event, got, err)
		}
		if after, err := contract.Fold(bank.Account{Version: r.Version - 1}, r); err != nil || after.Version != r.Version {
			t.Fatalf("%s folds to %+v, %v", text, after, err)
		}
	})
}
