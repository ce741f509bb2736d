package main

import (
	"github.com/spf13/cobra"

	"corebank/internal/view/viewstore"
)

// viewsHelp ends the help of the commands that use the views.
const viewsHelp = `The views are kept in MongoDB if MONGODB_URI is set (a replica set; the database
is MONGODB_DATABASE, or "corebank" without it), otherwise in the SQLite file of
--views.`

// viewsFlag adds the flag that names the file of the views.
func viewsFlag(c *cobra.Command, config *viewstore.Config) {
	c.Flags().StringVar(&config.SQLite, "views", "", "SQLite file of the views, if MONGODB_URI is not set")
}
