// Package assets embeds the tables and schemas that the program reads. The pictures beside them are the README's.
package assets

import "embed"

// FS has the tables and schemas.
//
//go:embed *.yaml *.json
var FS embed.FS
