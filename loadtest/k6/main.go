// The k6 that the load tests run on, pinned by go.mod and go.sum. Built by scripts/load.ts when it is missing.
package main

import "go.k6.io/k6/v2/cmd"

func main() { cmd.Execute() }
