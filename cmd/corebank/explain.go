package main

import (
	"embed"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"corebank/check/bench"
	"corebank/internal/contract"
	"corebank/internal/statement"
)

// helpFiles have the explanations and the examples of commands, by name.
//
//go:embed help/*.txt
var helpFiles embed.FS

// columns is the width of a terminal that every help text fits.
const columns = 80

// explain takes the explanation of a command from its file, if it has one, and
// breaks lines between words.
func explain(c *cobra.Command) {
	if text, err := helpFiles.ReadFile("help/" + c.Name() + ".txt"); err == nil {
		explanation, examples, _ := strings.Cut(helpTexts().Replace(string(text)), "\nExamples:\n")
		c.Long, c.Example = strings.TrimSpace(explanation), strings.TrimRight(examples, "\n")
	}
	c.SetUsageTemplate(strings.NewReplacer(
		"{{.LocalFlags.FlagUsages", "{{wrapped .LocalFlags",
		"{{.InheritedFlags.FlagUsages", "{{wrapped .InheritedFlags").Replace(c.UsageTemplate()))
}

// helpTexts are what several explanations have in common, and what the program
// knows better than a file.
func helpTexts() *strings.Replacer {
	return strings.NewReplacer("{identity}", identityHelp, "{views}", viewsHelp, "{projector}", projectorHelp,
		"{topic}", contract.Topic, "{max lines}", strconv.Itoa(statement.MaxLines),
		"{scenarios}", strings.TrimSuffix(bench.ScenarioHelp(), "\n"))
}

func init() {
	cobra.AddTemplateFunc("wrapped", func(flags *pflag.FlagSet) string { return flags.FlagUsagesWrapped(columns) })
}

// explainEnvironment adds the variables to the help of a command's own flags.
func explainEnvironment(c *cobra.Command) {
	add := func(f *pflag.Flag) { f.Usage += " (env " + variable(f.Name) + ")" }
	c.LocalNonPersistentFlags().VisitAll(add)
	c.PersistentFlags().VisitAll(add)
}
