// Package lessons embeds the built-in lessons, one folder each.
package lessons

import "embed"

// FS has one folder a lesson at its root.
//
//go:embed all:*
var FS embed.FS
